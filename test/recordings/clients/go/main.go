package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/log/global"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
)

// startTelemetry takes endpoint and protocol from the environment, which exporters that are made by hand may not.
func startTelemetry(ctx context.Context) (stop func(context.Context) error, err error) {
	spans, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return nil, err
	}
	metrics, err := autoexport.NewMetricReader(ctx)
	if err != nil {
		return nil, err
	}
	logs, err := autoexport.NewLogExporter(ctx)
	if err != nil {
		return nil, err
	}
	tracing := trace.NewTracerProvider(trace.WithBatcher(spans))
	metering := metric.NewMeterProvider(metric.WithReader(metrics))
	logging := log.NewLoggerProvider(log.WithProcessor(log.NewBatchProcessor(logs)))
	otel.SetTracerProvider(tracing)
	otel.SetMeterProvider(metering)
	global.SetLoggerProvider(logging)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	stop = func(ctx context.Context) error {
		return errors.Join(tracing.Shutdown(ctx), metering.Shutdown(ctx), logging.Shutdown(ctx))
	}
	return stop, runtime.Start()
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	stop, err := startTelemetry(ctx)
	if err != nil {
		panic(err)
	}
	logger := otelslog.NewLogger("orders")
	read := func(response http.ResponseWriter, request *http.Request) {
		order := request.PathValue("order")
		if order == "13" {
			err := errors.New("the shelf is empty")
			logger.ErrorContext(request.Context(), "order not found", "order_id", order, "error", err)
			http.Error(response, err.Error(), http.StatusInternalServerError)
			return
		}
		if order == "7" {
			logger.WarnContext(request.Context(), "order is far back", "order_id", order)
			time.Sleep(300 * time.Millisecond)
		}
		logger.InfoContext(request.Context(), "order found", slog.String("order_id", order))
		fmt.Fprintf(response, `{"id":%q}`, order)
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /orders/{order}", read)
	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), Handler: otelhttp.NewHandler(routes, "orders")}
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		panic(err)
	}
	_ = stop(context.Background())
}

import { OTLPLogExporter as GrpcLogExporter } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPLogExporter as HttpLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as GrpcMetricExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPMetricExporter as HttpMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as GrpcTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as HttpTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import type { LogRecordExporter } from "@opentelemetry/sdk-logs";
import type { PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import type { DeliveryProtocol } from "./exporter-settings.ts";

/** Makes exporters; each reads the `OTEL_EXPORTER_OTLP_*` variables itself. */
export interface ExporterFactories {
  readonly logs: () => LogRecordExporter;
  readonly spans: () => SpanExporter;
  readonly metrics: () => PushMetricExporter;
}

/** The exporters of each protocol. */
export const exporterFactories: Readonly<Record<Exclude<DeliveryProtocol, "http/json">, ExporterFactories>> = {
  grpc: {
    logs: () => new GrpcLogExporter(),
    spans: () => new GrpcTraceExporter(),
    metrics: () => new GrpcMetricExporter(),
  },
  "http/protobuf": {
    logs: () => new HttpLogExporter(),
    spans: () => new HttpTraceExporter(),
    metrics: () => new HttpMetricExporter(),
  },
};

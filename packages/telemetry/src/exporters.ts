import type { PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { LogRecordExporter } from "@opentelemetry/sdk-logs";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import { OTLPLogExporter as GrpcLogs } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPLogExporter as HttpLogs } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as GrpcMetrics } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPMetricExporter as HttpMetrics } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as GrpcTraces } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as HttpTraces } from "@opentelemetry/exporter-trace-otlp-proto";
export interface ExporterFactories { logs(): LogRecordExporter; spans(): SpanExporter; metrics(): PushMetricExporter }
export function exporterFactories(protocol: "grpc" | "http/protobuf"): ExporterFactories {
  return protocol === "grpc"
    ? { logs: () => new GrpcLogs(), spans: () => new GrpcTraces(), metrics: () => new GrpcMetrics() }
    : { logs: () => new HttpLogs(), spans: () => new HttpTraces(), metrics: () => new HttpMetrics() };
}

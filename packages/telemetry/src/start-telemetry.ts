import { createRequire } from "node:module";
import { metrics } from "@opentelemetry/api";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { RuntimeNodeInstrumentation } from "@opentelemetry/instrumentation-runtime-node";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import { envDetector } from "@opentelemetry/resources";
import { BatchLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace";
import type { Logger } from "pino";
import { configFromEnv } from "./config-from-env.ts";
import { exporterFactories } from "./exporters.ts";
import { createLogger, otlpSink, stdoutSink } from "./logger.ts";
import { RequeueingExporter } from "./requeueing-exporter.ts";
export interface Telemetry { readonly exporting: boolean; readonly logger: Logger; onShutdown(cb: () => Promise<void> | void): void; shutdown(): Promise<void> }
let started: Telemetry | undefined;
export function startTelemetry(): Telemetry { return (started ??= start()); }
function start(): Telemetry {
  const config = configFromEnv(process.env);
  const callbacks: (() => Promise<void> | void)[] = [];
  const level = process.env["LOG_LEVEL"] ?? "info";
  let sdk: NodeSDK | undefined;
  let reqs: RequeueingExporter<never>[] = [];
  if (config.exporting) {
    const make = exporterFactories(config.protocol);
    const logsExporter = new RequeueingExporter({ createInner: () => make.logs() as never, maxQueueSize: config.maxQueuedLogs, itemName: "log records" });
    const spansExporter = new RequeueingExporter({ createInner: () => make.spans() as never, maxQueueSize: config.maxQueuedSpans, itemName: "spans" });
    reqs = [logsExporter, spansExporter];
    sdk = new NodeSDK({
      resourceDetectors: [envDetector],
      logRecordProcessors: [new BatchLogRecordProcessor({ exporter: logsExporter as never, scheduledDelayMillis: Number(process.env["OTEL_BLRP_SCHEDULE_DELAY"] ?? 1000), maxQueueSize: config.maxQueuedLogs, maxExportBatchSize: 1024 })],
      spanProcessors: [new BatchSpanProcessor(spansExporter as never, { scheduledDelayMillis: Number(process.env["OTEL_BSP_SCHEDULE_DELAY"] ?? 1000), maxQueueSize: config.maxQueuedSpans, maxExportBatchSize: 1024 })],
      metricReaders: [new PeriodicExportingMetricReader({ exporter: make.metrics(), exportIntervalMillis: Number(process.env["OTEL_METRIC_EXPORT_INTERVAL"] ?? 60000) })],
      instrumentations: [
        new HttpInstrumentation({ ignoreIncomingRequestHook: (request) => ["/healthz", "/readyz"].includes(request.url ?? "") }),
        new UndiciInstrumentation(), new RuntimeNodeInstrumentation()],
    });
    sdk.start();
    createRequire(import.meta.url)("node:http");
  }
  void reqs; void metrics;
  const logger = createLogger(process.env["OTEL_SERVICE_NAME"], level, config.exporting ? [stdoutSink, otlpSink] : [stdoutSink]);
  let ending: Promise<void> | undefined;
  const shutdown = (): Promise<void> => (ending ??= (async () => { for (const cb of callbacks) await cb(); await sdk?.shutdown(); })());
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => { void shutdown().then(() => process.exit(0)); });
  return { exporting: config.exporting, logger, onShutdown: (cb) => { callbacks.push(cb); }, shutdown };
}

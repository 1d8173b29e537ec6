import { createRequire } from "node:module";
import { metrics } from "@opentelemetry/api";
import { callWithTimeout } from "@opentelemetry/core";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { RuntimeNodeInstrumentation } from "@opentelemetry/instrumentation-runtime-node";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import {
  resourceAttributesEnvDetector,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import { BatchLogRecordProcessor, type ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { BatchSpanProcessor, type ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Logger } from "pino";
import { configFromEnv, type ExportingConfig } from "./environment/config-from-env.ts";
import { exporterFactories } from "./delivery/exporters.ts";
import { createLogger, otlpSink, stdoutSink } from "./logging/logger.ts";
import { RequeueingExporter, type LossReason } from "./delivery/requeueing-exporter.ts";

/** The telemetry of this process. */
export interface Telemetry {
  /** Whether anything is sent; otherwise logs go to stdout and nothing else happens. */
  readonly exporting: boolean;
  /** Writes JSON lines to stdout and, if `exporting`, sends each as one log record. */
  readonly logger: Logger;
  /**
   * Calls back before the telemetry is flushed at the end of the process: the place to stop taking work. Callbacks run
   * one after the other, in the order they were given.
   */
  readonly onShutdown: (callback: () => Promise<void> | void) => void;
  /** Runs the callbacks and delivers what waits, for at most 20 s. Does it once, however often it is called. */
  readonly shutdown: () => Promise<void>;
}

/**
 * How long logs and spans, and then the last metrics, may take at the end, in milliseconds. With 5 s for the callbacks
 * it stays below the 30 s after which Docker and Kubernetes kill a process.
 */
const shutdownMillis = 20_000;
const lastMetricsMillis = 4_000;

/** Requests for these paths are asked by the platform every few seconds and say nothing about users. */
const healthPaths: ReadonlySet<string> = new Set(["/healthz", "/livez", "/readyz"]);

/** Survives a second copy of this module in one process, as bundlers make. */
const processKey = Symbol.for("@observability/telemetry");
const shared: typeof globalThis & { [processKey]?: Telemetry } = globalThis;

/**
 * Starts logs, traces and metrics of this process, by OpenTelemetry's own environment variables; the README has the
 * list. Call it first thing: HTTP clients and servers that exist before are not traced. Further calls give what the
 * first one started.
 *
 * SIGTERM, SIGINT and an uncaught exception end the process after everything was delivered.
 *
 * @throws Error that names every environment variable whose value cannot be used.
 */
export function startTelemetry(): Telemetry {
  return (shared[processKey] ??= start());
}

function start(): Telemetry {
  const config = configFromEnv(process.env);
  const delivery = config.exporting ? startExporting(config) : undefined;
  const logger = createLogger(config.serviceName, delivery === undefined ? [stdoutSink] : [stdoutSink, otlpSink]);
  logger.level = "info";

  const callbacks: (() => Promise<void> | void)[] = [];
  let ending: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    for (const callback of callbacks) {
      try {
        await callback();
      } catch (err) {
        logger.error({ err }, "a shutdown callback failed");
        process.exitCode = 1;
      }
    }
    await delivery?.end();
  };
  const shutdown = (): Promise<void> => (ending ??= end());
  endWithProcess(logger, shutdown);
  return {
    exporting: config.exporting,
    logger,
    onShutdown: (callback) => {
      callbacks.push(callback);
    },
    shutdown,
  };
}

function endWithProcess(logger: Logger, shutdown: () => Promise<void>): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      void shutdown().then(() => process.exit());
    });
  }
  process.once("uncaughtException", (err) => {
    logger.fatal({ err }, "uncaught exception");
    void shutdown().then(() => process.exit(1));
  });
  process.once("beforeExit", () => void shutdown());
}

/** What was started; `end` delivers what waits. */
function startExporting(config: ExportingConfig): { readonly end: () => Promise<void> } {
  const { protocol, endpoint } = config;
  const make = exporterFactories[protocol];
  const report = (message: string): void => {
    process.stderr.write(`telemetry: ${message} (${endpoint}, ${protocol})\n`);
  };
  const logExporter = new RequeueingExporter<ReadableLogRecord>({
    createInner: make.logs,
    maxQueueSize: config.logs.maxQueueSize,
    itemName: "log records",
    count: deliveryCounter("log", "{log_record}"),
    report,
  });
  const spanExporter = new RequeueingExporter<ReadableSpan>({
    createInner: make.spans,
    maxQueueSize: config.spans.maxQueueSize,
    itemName: "spans",
    count: deliveryCounter("span", "{span}"),
    report,
  });
  const logProcessor = new BatchLogRecordProcessor({ exporter: logExporter, ...config.logs });
  const spanProcessor = new BatchSpanProcessor({ exporter: spanExporter, ...config.spans });
  const sdk = new NodeSDK({
    // Left to OTEL_NODE_RESOURCE_DETECTORS if that is set. The SDK's own default adds the command line, which may hold
    // secrets.
    ...(process.env["OTEL_NODE_RESOURCE_DETECTORS"] === undefined && {
      resourceDetectors: [serviceInstanceIdDetector, resourceAttributesEnvDetector, serviceNameEnvDetector],
    }),
    logRecordProcessors: [logProcessor],
    spanProcessors: [spanProcessor],
    metricReaders: [
      new PeriodicExportingMetricReader({
        exporter: make.metrics(),
        exportIntervalMillis: config.metricExportIntervalMillis,
        exportTimeoutMillis: Math.min(config.metricExportIntervalMillis, 10_000),
      }),
    ],
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: ({ url = "/" }) => healthPaths.has(url.split("?", 1)[0] ?? url),
      }),
      new UndiciInstrumentation(),
      new RuntimeNodeInstrumentation(),
    ],
  });
  sdk.start();
  // An instrumented module is changed when it is first required; an ES module's import alone does not do it.
  createRequire(import.meta.url)("node:http");
  return {
    end: async () => {
      logExporter.endWithin(shutdownMillis);
      spanExporter.endWithin(shutdownMillis);
      // A processor whose last batch was given up rejects and does not get as far as its exporter.
      await Promise.allSettled([logProcessor.shutdown(), spanProcessor.shutdown()]);
      await Promise.all([logExporter.shutdown(), spanExporter.shutdown()]);
      // Last, so that the metrics say what became of the rest.
      try {
        await callWithTimeout(sdk.shutdown(), lastMetricsMillis);
      } catch (error) {
        report(`the last metrics were not delivered: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  };
}

/** Counts what was delivered and what was lost, as OpenTelemetry names it (opentelemetry.io/docs/specs/semconv/otel). */
function deliveryCounter(signal: "log" | "span", unit: string): (items: number, lost?: LossReason) => void {
  return (items, lost) => {
    metrics
      .getMeter("@observability/telemetry")
      .createCounter(`otel.sdk.exporter.${signal}.exported`, {
        unit,
        description: "Items that were delivered, or lost by the reason in error.type",
      })
      .add(items, lost === undefined ? {} : { "error.type": lost });
  };
}

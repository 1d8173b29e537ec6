import { createRequire } from "node:module";
import { setTimeout as delay } from "node:timers/promises";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { RuntimeNodeInstrumentation } from "@opentelemetry/instrumentation-runtime-node";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import {
  resourceAttributesEnvDetector,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { NodeSDK } from "@opentelemetry/sdk-node";
import type { Logger } from "pino";
import { createDelivery, type AllCounts } from "./delivery/delivery.ts";
import { takePartInEnd } from "./delivery/end-of-process.ts";
import type { ExporterSettings } from "./delivery/exporter-settings.ts";
import { processMemoryBytes } from "./delivery/memory-limit.ts";
import { configFromEnv, type ExportingConfig } from "./environment/config-from-env.ts";
import { exporterSettingsFromEnv, temporalityFromEnv } from "./environment/exporter-settings-from-env.ts";
import { guardApi, guardingSpanProcessor } from "./logging/guard-api.ts";
import { logBridgeNames, startLogging } from "./logging/start-logging.ts";
import { createRedactor, type Redactor } from "./redaction/redactor.ts";
import { createSignalRedaction } from "./redaction/signals.ts";

/** The telemetry of this process. */
export interface Telemetry {
  /** Whether anything is sent; otherwise logs go to stdout and nothing else happens. */
  readonly exporting: boolean;
  /** Writes JSON lines to stdout and, if `exporting`, sends each as one log record. */
  readonly logger: Logger;
  /**
   * Calls back before the telemetry is flushed at the end of the process: the place to stop taking work. Callbacks run
   * one after the other, in the order they were given, each for 10 s at most. What a callback returns is waited for: a
   * promise, or a server of `node:http` or `node:net` that is being closed.
   *
   * @example telemetry.onShutdown(() => server.close())
   */
  readonly onShutdown: (callback: () => unknown) => void;
  /** Runs the callbacks and delivers what waits, for at most 25 s. Does it once, however often it is called. */
  readonly shutdown: () => Promise<void>;
  /** What has become of all log records, spans and metric data points so far; nothing if nothing is sent. */
  readonly counts: () => AllCounts | undefined;
}

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
 * SIGTERM and SIGINT, if nobody else listens for them, and an uncaught exception end the process after everything was
 * delivered.
 *
 * @throws Error that names every environment variable whose value cannot be used.
 */
export function startTelemetry(): Telemetry {
  return (shared[processKey] ??= start());
}

/** How long stdout may take for the last lines, in milliseconds. */
const lastLinesMillis = 1_000;

function report(message: string): void {
  process.stderr.write(`telemetry: ${message}\n`);
}

function start(): Telemetry {
  const config = configFromEnv(process.env);
  const redactor = createRedactor();
  const delivery = config.exporting ? startExporting(config, redactor) : undefined;
  const { logger, flush: flushLines } = startLogging({
    serviceName: config.serviceName,
    redactor,
    settings: {},
    sending: config.exporting,
    bridges: logBridgeNames,
    report,
  });

  const { onShutdown, shutdown } = takePartInEnd({
    options: {},
    flush: async (millis) => delivery?.flush(millis),
    shutdown: async (millis) => {
      await delivery?.shutdown(millis);
      await flushLines(lastLinesMillis);
    },
    giveUp: (why) => delivery?.giveUp(why),
    onCrash: (err) => {
      logger.fatal({ err }, "uncaught exception");
    },
    onCallbackFailure: (err) => {
      logger.error({ err }, "a shutdown callback failed");
    },
  });
  return { exporting: config.exporting, logger, onShutdown, shutdown, counts: () => delivery?.counts() };
}

/** What was started. */
interface Exporting {
  /** Delivers what waits, and what comes later without waiting for company. */
  readonly flush: (millis: number) => Promise<void>;
  /** Delivers what waits and ends. */
  readonly shutdown: (millis: number) => Promise<void>;
  readonly giveUp: (why: string) => void;
  readonly counts: () => AllCounts;
}

function startExporting(config: ExportingConfig, redactor: Redactor): Exporting {
  const settingsOf = (signal: "logs" | "metrics" | "traces"): ExporterSettings =>
    exporterSettingsFromEnv(process.env, signal, config.protocol);
  const delivery = createDelivery({
    logs: { exporter: settingsOf("logs"), batch: config.logs },
    spans: { exporter: settingsOf("traces"), batch: config.spans },
    metrics: { exporter: settingsOf("metrics"), temporality: temporalityFromEnv(process.env) },
    processMemoryBytes: processMemoryBytes(),
    redaction: createSignalRedaction(redactor),
    report,
  });
  const metricReader = new PeriodicExportingMetricReader({
    exporter: delivery.metricExporter,
    exportIntervalMillis: config.metricExportIntervalMillis,
    exportTimeoutMillis: Math.min(config.metricExportIntervalMillis, 10_000),
  });
  const sdk = new NodeSDK({
    // Left to OTEL_NODE_RESOURCE_DETECTORS if that is set. The SDK's own default adds the command line, which may hold
    // secrets.
    ...(process.env["OTEL_NODE_RESOURCE_DETECTORS"] === undefined && {
      resourceDetectors: [serviceInstanceIdDetector, resourceAttributesEnvDetector, serviceNameEnvDetector],
    }),
    logRecordProcessors: [delivery.logRecordProcessor],
    spanProcessors: [guardingSpanProcessor(), delivery.spanProcessor],
    metricReaders: [metricReader],
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: ({ url = "/" }) => healthPaths.has(url.split("?", 1)[0] ?? url),
      }),
      new UndiciInstrumentation(),
      new RuntimeNodeInstrumentation(),
    ],
  });
  sdk.start();
  guardApi();
  // An instrumented module is changed when it is first required; an ES module's import alone does not do it.
  createRequire(import.meta.url)("node:http");
  return {
    flush: async (millis) => {
      await atMost(millis, metricReader.forceFlush());
      await delivery.hurry(millis);
    },
    shutdown: async (millis) => {
      const until = performance.now() + millis;
      await delivery.shutdown(millis * 0.8, ["logs", "spans"]);
      // Last, so that the metrics say what became of the rest.
      await atMost(until - performance.now(), sdk.shutdown());
      await delivery.shutdown(Math.max(0, until - performance.now()), ["metrics"]);
    },
    giveUp: delivery.giveUp,
    counts: delivery.counts,
  };
}

/** Waits for something, but not longer than so many milliseconds. */
async function atMost(millis: number, work: Promise<void>): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work, delay(millis, undefined, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}

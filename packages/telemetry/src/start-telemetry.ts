import { setTimeout as delay } from "node:timers/promises";
import { diag, type Attributes } from "@opentelemetry/api";
import type { Instrumentation } from "@opentelemetry/instrumentation";
import { envDetector, resourceFromAttributes, serviceInstanceIdDetector } from "@opentelemetry/resources";
import { SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { PeriodicExportingMetricReader, type ViewOptions } from "@opentelemetry/sdk-metrics";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { SimpleSpanProcessor, type Sampler, type SpanProcessor } from "@opentelemetry/sdk-trace";
import type { Logger } from "pino";
import { createDelivery, type AllCounts } from "./delivery/delivery.ts";
import { takePartInEnd, type ShutdownOptions } from "./delivery/end-of-process.ts";
import { processMemoryBytes } from "./delivery/memory-limit.ts";
import { readEnvironment, type TelemetryConfig } from "./environment/read-environment.ts";
import { instrument } from "./instrumentations/instrument.ts";
import { guardApi, guardingSpanProcessor } from "./logging/guard-api.ts";
import { bridgedModules } from "./logging/bridges/index.ts";
import { logBridgeNames, startLogging, type LoggerSettings } from "./logging/start-logging.ts";
import {
  RedactedConsoleLogRecordExporter,
  RedactedConsoleMetricExporter,
  RedactedConsoleSpanExporter,
} from "./redaction/console-exporters.ts";
import { createRedactor, type Redactor } from "./redaction/redactor.ts";
import { createSignalRedaction } from "./redaction/signals.ts";
import type { RedactionOptions } from "./redaction/user-rules.ts";

/** What a program can ask of its telemetry beside what the environment says. All of it may be left out. */
export interface TelemetryOptions {
  /** Added to what the environment says of the service; where both say something, the environment wins. */
  readonly resourceAttributes?: Attributes;
  /**
   * Instrumentations of your own. One of a package that the library instruments takes the place of the library's:
   * `new HttpInstrumentation({...})` for example.
   */
  readonly instrumentations?: readonly Instrumentation[];
  /** See every span before it is delivered, in this order. */
  readonly spanProcessors?: readonly SpanProcessor[];
  /** Change what is counted, how, and with which attributes. */
  readonly views?: readonly ViewOptions[];
  /** Which traces are recorded. @default what `OTEL_TRACES_SAMPLER` says */
  readonly sampler?: Sampler;
  /** How the telemetry takes part in the end of the process. */
  readonly shutdown?: ShutdownOptions;
  /** What is a secret beside what the library knows, and what is none. */
  readonly redaction?: RedactionOptions;
  /** The level of the logger, and where it writes lines beside sending them. @default `info`, `stdout` */
  readonly logger?: LoggerSettings;
}

/** The telemetry of this process. */
export interface Telemetry {
  /** Whether anything is sent; otherwise logs go to stdout and nothing else happens. */
  readonly exporting: boolean;
  /** Writes JSON lines to stdout and, if log records are sent, each as one of them. */
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

/** Survives a second copy of this module in one process, as bundlers make. */
const processKey = Symbol.for("@observability/telemetry");
const shared: typeof globalThis & { [processKey]?: Telemetry } = globalThis;

/**
 * Starts logs, traces and metrics of this process, by OpenTelemetry's own environment variables; the README has the
 * list. Call it first thing: libraries that are loaded before are not traced. Further calls give what the first one
 * started, and so does the first one after `node --import @observability/telemetry/register`.
 *
 * SIGTERM and SIGINT, if nobody else listens for them, and an uncaught exception end the process after everything was
 * delivered.
 *
 * Nothing that is wrong with the environment makes it throw: what cannot be used is said on stderr and left out.
 */
export function startTelemetry(options: TelemetryOptions = {}): Telemetry {
  return (shared[processKey] ??= start(options));
}

/** How long stdout may take for the last lines, in milliseconds. */
const lastLinesMillis = 1_000;

function report(message: string): void {
  process.stderr.write(`telemetry: ${message}\n`);
}

function start(options: TelemetryOptions): Telemetry {
  const config = readEnvironment(process.env);
  const redactor = createRedactor(options.redaction, report);
  const exporting = startExporting(config, options, redactor);
  for (const problem of config.problems) {
    report(problem);
    diag.warn(problem);
  }
  const {
    logger,
    drain,
    flush: flushLines,
  } = startLogging({
    serviceName: config.serviceName,
    redactor,
    settings: options.logger ?? {},
    // Without a logger provider the records go nowhere; a test's own one collects them.
    sending: true,
    bridges: logBridgeNames.filter((name) => exporting?.instrumented.includes(name)),
    report,
  });

  const { onShutdown, shutdown } = takePartInEnd({
    options: options.shutdown ?? {},
    flush: async (millis) => {
      drain();
      await exporting?.flush(millis);
    },
    shutdown: async (millis) => {
      drain();
      await exporting?.shutdown(millis);
      await flushLines(lastLinesMillis);
    },
    giveUp: (why) => {
      drain();
      exporting?.giveUp(why);
    },
    onCrash: (err) => {
      logger.fatal({ err }, "uncaught exception");
    },
    onCallbackFailure: (err) => {
      logger.error({ err }, "a shutdown callback failed");
    },
  });
  return {
    exporting: exporting !== undefined,
    logger,
    onShutdown,
    shutdown,
    counts: () => {
      drain();
      return exporting?.counts();
    },
  };
}

/** What was started. */
interface Exporting {
  /** Delivers what waits, and what comes later without waiting for company. */
  readonly flush: (millis: number) => Promise<void>;
  /** Delivers what waits and ends. */
  readonly shutdown: (millis: number) => Promise<void>;
  readonly giveUp: (why: string) => void;
  readonly counts: () => AllCounts;
  /** Names of the instrumentations that work, those of log libraries included. */
  readonly instrumented: readonly string[];
}

/** The oldest Node.js that has what OpenTelemetry's line 3.x and the hooks of modules need, as in `engines`. */
export const oldestNode = { major: 22, minor: 15 };

/** Nothing if nothing is to be sent, or if it cannot be: that is said, and the program goes on. */
function startExporting(config: TelemetryConfig, options: TelemetryOptions, redactor: Redactor): Exporting | undefined {
  if ([config.logs, config.traces, config.metrics].every(({ exporters }) => exporters.length === 0)) return undefined;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < oldestNode.major || (major === oldestNode.major && minor < oldestNode.minor)) {
    // Before anything is started: it would fail in the middle, and what is started would go on.
    report(
      `nothing is sent: Node.js must be ${oldestNode.major}.${oldestNode.minor} or newer, got ${process.versions.node}; use a newer one, or OpenTelemetry's own packages of line 2.x`,
    );
    return undefined;
  }
  try {
    return startSdk(config, options, redactor);
  } catch (error) {
    report(`nothing is sent: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function startSdk(
  { logs, traces, metrics, ...config }: TelemetryConfig,
  options: TelemetryOptions,
  redactor: Redactor,
): Exporting {
  const redaction = createSignalRedaction(redactor);
  const delivery = createDelivery({
    logs: { exporter: logs.otlp, batch: logs.batch },
    spans: { exporter: traces.otlp, batch: traces.batch },
    metrics: { exporter: metrics.otlp, temporality: metrics.temporality, histograms: metrics.histograms },
    processMemoryBytes: processMemoryBytes(),
    redaction,
    report,
  });
  const metricReaders = metrics.exporters.map(
    (exporter) =>
      new PeriodicExportingMetricReader({
        exporter: exporter === "otlp" ? delivery.metricExporter : new RedactedConsoleMetricExporter(redaction),
        exportIntervalMillis: metrics.intervalMillis,
        exportTimeoutMillis: metrics.timeoutMillis,
      }),
  );
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({ ...options.resourceAttributes, "service.name": config.serviceName }),
    // Left to OTEL_NODE_RESOURCE_DETECTORS if that is set. The SDK's own default adds the command line, which may hold
    // secrets.
    ...(process.env["OTEL_NODE_RESOURCE_DETECTORS"] === undefined && {
      resourceDetectors: [serviceInstanceIdDetector, envDetector],
    }),
    logRecordProcessors: logs.exporters.map((exporter) =>
      exporter === "otlp"
        ? delivery.logRecordProcessor
        : new SimpleLogRecordProcessor({ exporter: new RedactedConsoleLogRecordExporter(redaction) }),
    ),
    spanProcessors: [
      guardingSpanProcessor(),
      ...(options.spanProcessors ?? []),
      ...traces.exporters.map((exporter) =>
        exporter === "otlp"
          ? delivery.spanProcessor
          : new SimpleSpanProcessor({ exporter: new RedactedConsoleSpanExporter(redaction) }),
      ),
    ],
    metricReaders,
    views: [...(options.views ?? [])],
    sampler: options.sampler,
    spanLimits: {
      attributePerEventCountLimit: config.attributesPerEvent,
      attributePerLinkCountLimit: config.attributesPerLink,
    },
  });
  sdk.start();
  guardApi();
  const instrumented = instrument({
    env: process.env,
    own: options.instrumentations ?? [],
    others: logBridgeNames,
    modulesOfOthers: bridgedModules,
    report,
  });
  return {
    flush: async (millis) => {
      await atMost(millis, Promise.all(metricReaders.map((reader) => reader.forceFlush())));
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
    instrumented,
  };
}

/** Waits for something, but not longer than so many milliseconds. */
async function atMost(millis: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work, delay(millis, undefined, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}

import { AssertionError } from "node:assert";
import { isDeepStrictEqual } from "node:util";
import { context, logs, metrics, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import {
  collectedLog,
  collectedPart,
  collectedSpan,
  type CollectedLog,
  type CollectedMetric,
  type CollectedPart,
  type CollectedPoint,
  type CollectedSpan,
  type ExpectedLog,
  type ExpectedMetric,
  type ExpectedSpan,
} from "./collected.ts";

/** What a process has written since {@link collectTelemetry}, kept in memory. */
export interface TelemetryCollector {
  /** Spans that have ended. */
  readonly spans: () => readonly CollectedSpan[];
  readonly logs: () => readonly CollectedLog[];
  readonly metrics: () => Promise<readonly CollectedMetric[]>;
  /** The first span that is as expected. @throws AssertionError if there is none, with what there is instead */
  readonly expectSpan: (expected: ExpectedSpan) => CollectedSpan;
  /** The first log record that is as expected. @throws AssertionError if there is none, with what there is instead */
  readonly expectLog: (expected: ExpectedLog) => CollectedLog;
  /** The first point that is as expected. @throws AssertionError if there is none, with what there is instead */
  readonly expectMetric: (expected: ExpectedMetric) => Promise<CollectedPoint>;
  /** Forgets what there is, and collects anew. */
  readonly reset: () => Promise<void>;
}

/** What is installed once in a process, since instruments keep to the provider that they have found first. */
interface Installed {
  readonly spans: InMemorySpanExporter;
  readonly logs: InMemoryLogRecordExporter;
  readonly metrics: InMemoryMetricExporter;
  readonly reader: PeriodicExportingMetricReader;
}

const processKey = Symbol.for("@observability/telemetry/testing");
const shared: typeof globalThis & { [processKey]?: Installed } = globalThis;

/** Done when this module is imported: an instrument that is made before is deaf for ever. */
shared[processKey] ??= install();

/**
 * Collects the spans, log records and metrics of this process in memory instead of sending them. Import it before the
 * modules that it is to watch, and call it before each test: what an earlier one has left is forgotten. It needs no test
 * runner, and fails by Node.js's `AssertionError`.
 *
 * @throws Error if the process sends its telemetry already
 */
export async function collectTelemetry(): Promise<TelemetryCollector> {
  const installed = shared[processKey];
  if (installed === undefined) {
    throw new Error(
      "collectTelemetry: must be called in a process that does not send its telemetry; leave OTEL_EXPORTER_OTLP_ENDPOINT out of the tests' environment",
    );
  }
  const collector = collectorOf(installed);
  await collector.reset();
  return collector;
}

/** Nothing if something else is installed, as `startTelemetry()` does. */
function install(): Installed | undefined {
  const spans = new InMemorySpanExporter();
  const records = new InMemoryLogRecordExporter();
  // Each collection has what was added since the last one, so that a test does not see the counts of another.
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  // It collects when it is asked to: the longest interval there is comes after the tests.
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 2 ** 31 - 1 });
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] });
  const installed =
    trace.setGlobalTracerProvider(tracerProvider) &&
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()) &&
    propagation.setGlobalPropagator(new W3CTraceContextPropagator()) &&
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  logs.setGlobalLoggerProvider(
    new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: records })] }),
  );
  if (!installed) return undefined;
  return { spans, logs: records, metrics: metricExporter, reader };
}

function collectorOf(installed: Installed): TelemetryCollector {
  const spans = (): readonly CollectedSpan[] => installed.spans.getFinishedSpans().map(collectedSpan);
  const records = (): readonly CollectedLog[] => installed.logs.getFinishedLogRecords().map(collectedLog);
  const collected = async (): Promise<readonly CollectedMetric[]> => {
    await installed.reader.forceFlush();
    const all = installed.metrics
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics.map(collectedPart)));
    return sumUp(all);
  };
  return {
    spans,
    logs: records,
    metrics: collected,
    expectSpan: (expected) =>
      found("span", spans(), expected, (span) => {
        const { name, attributes, ...others } = expected;
        return matches(span.name, name) && contains(span, others) && contains(span.attributes, attributes);
      }),
    expectLog: (expected) =>
      found("log record", records(), expected, (record) => {
        const { message, fields, ...others } = expected;
        return matches(record.message, message) && contains(record, others) && contains(record.fields, fields);
      }),
    expectMetric: async (expected) => {
      const { name, attributes, ...others } = expected;
      const points = (await collected()).flatMap((metric) =>
        metric.points.map((point) => ({ name: metric.name, ...point })),
      );
      const { name: _, ...point } = found(
        "metric",
        points,
        expected,
        (one) => one.name === name && contains(one, others) && contains(one.attributes, attributes),
      );
      return point;
    },
    reset: async () => {
      await installed.reader.forceFlush();
      installed.spans.reset();
      installed.logs.reset();
      installed.metrics.reset();
    },
  };
}

/** One metric of each name, since every collection has what is new only. */
function sumUp(all: readonly CollectedPart[]): readonly CollectedMetric[] {
  const byName = new Map<string, CollectedMetric>();
  for (const { isGauge, ...metric } of all) {
    const points = [...(byName.get(metric.name)?.points ?? [])];
    for (const point of metric.points) {
      const index = points.findIndex(({ attributes }) => isDeepStrictEqual(attributes, point.attributes));
      const before = points[index];
      if (before === undefined) points.push(point);
      else if (isGauge) points[index] = point;
      else points[index] = { ...point, value: before.value + point.value, count: before.count + point.count };
    }
    byName.set(metric.name, { ...metric, points });
  }
  return [...byName.values()];
}

function found<Item>(
  what: string,
  items: readonly Item[],
  expected: object,
  isExpected: (item: Item) => boolean,
): Item {
  const item = items.find(isExpected);
  if (item !== undefined) return item;
  throw new AssertionError({
    message: `no ${what} is ${JSON.stringify(expected, asText)}; there are ${items.length}:\n${items.map((one) => `  ${JSON.stringify(one)}`).join("\n")}`,
    actual: items,
    expected,
    operator: `expect ${what}`,
  });
}

function asText(_key: string, value: unknown): unknown {
  return value instanceof RegExp ? String(value) : value;
}

function matches(text: string, expected: RegExp | string | undefined): boolean {
  if (expected === undefined) return true;
  return typeof expected === "string" ? text === expected : expected.test(text);
}

function contains(whole: object, part: object = {}): boolean {
  return Object.entries(part).every(
    ([key, value]) => value === undefined || isDeepStrictEqual(Reflect.get(whole, key), value),
  );
}

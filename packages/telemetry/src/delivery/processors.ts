import { ExportResultCode, type ExportResult } from "@opentelemetry/core";
import { TraceFlags, type Attributes } from "@opentelemetry/api";
import type { LogRecordProcessor, ReadableLogRecord } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  AggregationType,
  InstrumentType,
  type AggregationOption,
  type MetricData,
  type PushMetricExporter,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { SignalRedaction } from "../redaction/signals.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import type { MetricPreferences } from "./exporter-settings.ts";
import { SmallBatches } from "./small-batches.ts";

/**
 * Puts log records straight into the queue. The SDK's own processor for batches has a queue in front of its exporter
 * which drops silently. What is put there is redacted.
 */
export class DeliveryLogRecordProcessor implements LogRecordProcessor {
  private readonly queue: DeliveryQueue<ReadableLogRecord>;
  private readonly redact: SignalRedaction["logRecord"];

  constructor(queue: DeliveryQueue<ReadableLogRecord>, redact: SignalRedaction["logRecord"]) {
    this.queue = queue;
    this.redact = redact;
  }

  onEmit(given: ReadableLogRecord): void {
    const record = this.redact(given);
    this.queue.add(record, 1, record.resource, record.instrumentationScope);
  }

  forceFlush(): Promise<void> {
    return this.queue.flush();
  }

  /** Only flushes: the queue is ended by whoever has made it, within the time that it has. */
  shutdown(): Promise<void> {
    return this.queue.flush();
  }
}

/**
 * The same for spans, a few at a time, since many end at once and nobody changes one that has ended. Those that are not
 * sampled are not delivered.
 */
export class DeliverySpanProcessor implements SpanProcessor {
  private readonly queue: DeliveryQueue<ReadableSpan>;
  private readonly ended: SmallBatches<ReadableSpan>;

  constructor(queue: DeliveryQueue<ReadableSpan>, redact: SignalRedaction["span"]) {
    this.queue = queue;
    this.ended = new SmallBatches((given) => {
      const span = redact(given);
      queue.add(span, 1, span.resource, span.instrumentationScope);
    });
  }

  onStart(): void {
    // A span is of interest when it has ended.
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    this.ended.add(span, charactersOf(span));
  }

  /** Puts what has ended so far into the queue. */
  drain(): void {
    this.ended.drain();
  }

  forceFlush(): Promise<void> {
    this.drain();
    return this.queue.flush();
  }

  /** See {@link DeliveryLogRecordProcessor.shutdown}. */
  shutdown(): Promise<void> {
    return this.forceFlush();
  }
}

/** How long the texts of a span are; `Infinity` if there is anything in it that the application may still change. */
function charactersOf({ attributes, events, links }: ReadableSpan): number {
  let characters = charactersIn(attributes);
  for (const event of events) characters += charactersIn(event.attributes);
  return links.length === 0 ? characters : Infinity;
}

function charactersIn(attributes: Attributes = {}): number {
  let characters = 0;
  for (const key in attributes) {
    const value = attributes[key];
    if (typeof value === "string") characters += value.length;
    else if (typeof value === "object") return Infinity;
  }
  return characters;
}

/** So many data points of a metric are put into the queue as one item, which is then far from what is too large. */
const dataPointsAtOnce = 100;

/** Metrics are written for at most so long before everybody else has a turn, in milliseconds. */
const turnMillis = 5;

/** The same for metrics, each with at most 100 of its data points at once. */
export class DeliveryMetricExporter implements PushMetricExporter {
  private readonly queue: DeliveryQueue<MetricData>;
  private readonly preferences: MetricPreferences;
  private readonly redact: SignalRedaction["resourceMetrics"];

  constructor(
    queue: DeliveryQueue<MetricData>,
    preferences: MetricPreferences,
    redact: SignalRedaction["resourceMetrics"],
  ) {
    this.queue = queue;
    this.preferences = preferences;
    this.redact = redact;
  }

  export(metrics: ResourceMetrics, resultCallback: (result: ExportResult) => void): void {
    void this.enqueue(this.redact(metrics)).then(() => {
      resultCallback({ code: ExportResultCode.SUCCESS });
    });
  }

  selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    const isDelta = deltaTypes[this.preferences.temporality].has(type);
    return isDelta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
  }

  selectAggregation(type: InstrumentType): AggregationOption {
    const isExponential =
      type === InstrumentType.HISTOGRAM && this.preferences.histograms === "base2_exponential_bucket_histogram";
    return { type: isExponential ? AggregationType.EXPONENTIAL_HISTOGRAM : AggregationType.DEFAULT };
  }

  forceFlush(): Promise<void> {
    return this.queue.flush();
  }

  /** See {@link DeliveryLogRecordProcessor.shutdown}. */
  shutdown(): Promise<void> {
    return this.queue.flush();
  }

  private async enqueue({ resource, scopeMetrics }: ResourceMetrics): Promise<void> {
    let turn = performance.now();
    for (const { scope, metrics } of scopeMetrics) {
      for (const metric of metrics) {
        for (let start = 0; start < metric.dataPoints.length; start += dataPointsAtOnce) {
          const part = withDataPoints(metric, start, start + dataPointsAtOnce);
          this.queue.add(part, part.dataPoints.length, resource, scope);
          if (performance.now() - turn < turnMillis) continue;
          await new Promise((resolve) => setImmediate(resolve));
          turn = performance.now();
        }
      }
    }
  }
}

/** Types of instruments that are reported as differences (opentelemetry.io/docs/specs/otel/metrics/sdk_exporters/otlp). */
const deltaTypes: Readonly<Record<MetricPreferences["temporality"], ReadonlySet<InstrumentType>>> = {
  cumulative: new Set(),
  delta: new Set([InstrumentType.COUNTER, InstrumentType.OBSERVABLE_COUNTER, InstrumentType.HISTOGRAM]),
  lowmemory: new Set([InstrumentType.COUNTER, InstrumentType.HISTOGRAM]),
};

/** A metric with some of its data points; the types of metrics differ in theirs. */
function withDataPoints(metric: MetricData, start: number, end: number): MetricData {
  if (start === 0 && metric.dataPoints.length <= end) return metric;
  return { ...metric, dataPoints: metric.dataPoints.slice(start, end) } as MetricData;
}

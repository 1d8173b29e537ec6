import type { LogRecordProcessor, ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { MetricData, PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { SignalRedaction } from "../redaction/signals.ts";
import { DeliveryTally, type DeliveryCounts } from "./delivery-counters.ts";
import { DeliveryQueue, type DeliveryQueueOptions } from "./delivery-queue.ts";
import type { ExporterSettings, MetricPreferences } from "./exporter-settings.ts";
import { createGrpcTransport } from "./grpc-transport.ts";
import { createHttpTransport } from "./http-transport.ts";
import { memoryLimits } from "./memory-limit.ts";
import { jsonEncoding, protobufEncoding } from "./otlp-encoding.ts";
import { logSignal, metricSignal, spanSignal, type OtlpSignal } from "./otlp-signals.ts";
import { DeliveryLogRecordProcessor, DeliveryMetricExporter, DeliverySpanProcessor } from "./processors.ts";

/** How one signal is delivered. */
export interface SignalSettings {
  readonly exporter: ExporterSettings;
  readonly batch: Pick<DeliveryQueueOptions, "maxExportBatchSize" | "maxQueueSize" | "scheduledDelayMillis">;
}

/** How all of them are. */
export interface DeliverySettings {
  readonly logs: SignalSettings;
  readonly spans: SignalSettings;
  readonly metrics: MetricPreferences & { readonly exporter: ExporterSettings };
  /** Takes secrets out of everything on its way into a queue. */
  readonly redaction: SignalRedaction;
  /** How much memory this process can have, in bytes; a part of it is for what waits. */
  readonly processMemoryBytes: number;
  /** Told, in a sentence, what people have to know. */
  readonly report: (message: string) => void;
}

/** The delivery of all signals of this process. */
export interface Delivery {
  /** Last among the processors: what it has been given leaves as it is. */
  readonly logRecordProcessor: LogRecordProcessor;
  /** See {@link logRecordProcessor}. */
  readonly spanProcessor: SpanProcessor;
  readonly metricExporter: PushMetricExporter;
  /** What became of everything so far. */
  readonly counts: () => AllCounts;
  /** Delivers what waits now, for at most so many milliseconds, and what comes later without waiting for company. */
  readonly hurry: (millis: number) => Promise<void>;
  /** Delivers what waits for at most so many milliseconds and counts the rest as lost. */
  readonly shutdown: (millis: number, signals: readonly (keyof AllCounts)[]) => Promise<void>;
  /** Gives up what waits, counted and said, without waiting for anything. */
  readonly giveUp: (why: string) => void;
}

/** Of each signal; of metrics it is the data points that are counted. */
export interface AllCounts {
  readonly logs: DeliveryCounts;
  readonly spans: DeliveryCounts;
  readonly metrics: DeliveryCounts;
}

/**
 * Makes a queue and a way to the receiver for each signal.
 *
 * @throws Error if a file of the TLS settings cannot be read
 */
export function createDelivery(settings: DeliverySettings): Delivery {
  const limits = memoryLimits(settings.processMemoryBytes);
  const { redaction, report } = settings;
  const queueOf = <Item>(
    signal: OtlpSignal<Item>,
    { exporter, batch }: SignalSettings,
    maxQueueBytes: number,
  ): DeliveryQueue<Item> => {
    const say = (message: string): void => {
      report(`${message} (${exporter.url}, ${exporter.protocol})`);
    };
    return new DeliveryQueue(
      exporter.protocol === "http/json" ? jsonEncoding(signal) : protobufEncoding(signal),
      exporter.protocol === "grpc" ? createGrpcTransport(exporter, signal.grpcMethod) : createHttpTransport(exporter),
      new DeliveryTally(signal, exporter, say),
      { ...batch, maxQueueBytes, report: say },
    );
  };
  const queues = {
    logs: queueOf<ReadableLogRecord>(logSignal, settings.logs, limits.logs),
    spans: queueOf<ReadableSpan>(spanSignal, settings.spans, limits.spans),
    // Metrics come all at once and have waited long enough; they are bounded by their bytes.
    metrics: queueOf<MetricData>(
      metricSignal,
      {
        exporter: settings.metrics.exporter,
        batch: { maxExportBatchSize: Infinity, maxQueueSize: Infinity, scheduledDelayMillis: 50 },
      },
      limits.metrics,
    ),
  };
  const all = Object.values(queues);
  const spanProcessor = new DeliverySpanProcessor(queues.spans, redaction.span);
  return {
    logRecordProcessor: new DeliveryLogRecordProcessor(queues.logs, redaction.logRecord),
    spanProcessor,
    metricExporter: new DeliveryMetricExporter(queues.metrics, settings.metrics, redaction.resourceMetrics),
    counts: () => {
      spanProcessor.drain();
      return { logs: queues.logs.counts, spans: queues.spans.counts, metrics: queues.metrics.counts };
    },
    hurry: async (millis) => {
      spanProcessor.drain();
      for (const queue of all) queue.hurry();
      await Promise.all(all.map((queue) => queue.flush(millis)));
    },
    shutdown: async (millis, signals) => {
      spanProcessor.drain();
      await Promise.all(signals.map((signal) => queues[signal].shutdown(millis)));
    },
    giveUp: (why) => {
      spanProcessor.drain();
      for (const queue of all) queue.giveUp(why);
    },
  };
}

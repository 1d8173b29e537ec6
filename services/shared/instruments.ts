import {
  SpanStatusCode,
  type Attributes,
  type Counter,
  type Histogram,
  type Meter,
  type Span,
} from "@opentelemetry/api";
import { ATTR_ERROR_TYPE } from "@opentelemetry/semantic-conventions";
import {
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_OPERATION_NAME,
  ATTR_MESSAGING_SYSTEM,
  METRIC_MESSAGING_CLIENT_CONSUMED_MESSAGES,
  METRIC_MESSAGING_CLIENT_OPERATION_DURATION,
  METRIC_MESSAGING_CLIENT_SENT_MESSAGES,
  METRIC_MESSAGING_PROCESS_DURATION,
} from "@opentelemetry/semantic-conventions/incubating";
import type { Destination } from "./destinations.ts";

/** Bucket boundaries for durations in seconds: those that the semantic conventions give for HTTP and messaging. */
export const secondsBuckets = {
  explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
};

/** Bucket boundaries for sizes of texts in bytes. */
export const bytesBuckets = { explicitBucketBoundaries: [16, 64, 256, 1_024, 4_096, 16_384] };

/** Attributes that the semantic conventions want on every messaging span and metric. */
export function messagingAttributes(operation: "send" | "process", destination: Destination): Attributes {
  return {
    [ATTR_MESSAGING_SYSTEM]: "http",
    [ATTR_MESSAGING_OPERATION_NAME]: operation,
    [ATTR_MESSAGING_DESTINATION_NAME]: destination,
  };
}

/** Instruments of a service that sends messages. */
export function producerInstruments(meter: Meter): { sent: Counter; duration: Histogram } {
  return {
    sent: meter.createCounter(METRIC_MESSAGING_CLIENT_SENT_MESSAGES, {
      unit: "{message}",
      description: "Messages handed to another service",
    }),
    duration: meter.createHistogram(METRIC_MESSAGING_CLIENT_OPERATION_DURATION, {
      unit: "s",
      description: "Time to hand a message to another service, retries included",
      advice: secondsBuckets,
    }),
  };
}

/** Instruments of a service that consumes messages. */
export function consumerInstruments(meter: Meter, depth: () => number): { consumed: Counter; duration: Histogram } {
  meter
    .createObservableGauge("messaging.queue.depth", {
      unit: "{message}",
      description: "Messages that wait to be processed",
    })
    .addCallback((result) => {
      result.observe(depth());
    });
  return {
    consumed: meter.createCounter(METRIC_MESSAGING_CLIENT_CONSUMED_MESSAGES, {
      unit: "{message}",
      description: "Messages taken from the queue",
    }),
    duration: meter.createHistogram(METRIC_MESSAGING_PROCESS_DURATION, {
      unit: "s",
      description: "Time to process a message",
      advice: secondsBuckets,
    }),
  };
}

/**
 * Marks a span as failed.
 *
 * @returns the `error.type` attribute for the metrics of the same operation
 */
export function failSpan(span: Span, error: unknown): Attributes {
  const { name, message } = toError(error);
  span.recordException({ name, message });
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.setAttribute(ATTR_ERROR_TYPE, name);
  return { [ATTR_ERROR_TYPE]: name };
}

/** Whatever was thrown, as an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

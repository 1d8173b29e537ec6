import { SpanKind, SpanStatusCode, type Attributes, type HrTime } from "@opentelemetry/api";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { DataPointType, type Histogram, type MetricData } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";

/** A span that has ended. */
export interface CollectedSpan {
  readonly name: string;
  readonly kind: "client" | "consumer" | "internal" | "producer" | "server";
  readonly status: "error" | "ok" | "unset";
  readonly traceId: string;
  readonly spanId: string;
  /** Nothing for the first span of a trace. */
  readonly parentSpanId?: string;
  readonly attributes: Attributes;
  /** What happened in it, exceptions for example. */
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  readonly durationMillis: number;
}

/** A log record, by the library's logger or by OpenTelemetry's API. */
export interface CollectedLog {
  /** The message of a line of the library's logger; the body of another record as text. */
  readonly message: string;
  /** In lower case; empty if the record has none. */
  readonly level: string;
  /** The fields of a line of the library's logger, and the attributes of any record. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Nothing if it was written outside of a trace. */
  readonly traceId?: string;
  readonly spanId?: string;
}

/** What a metric has for one set of attributes, since the collection began. */
export interface CollectedPoint {
  readonly attributes: Attributes;
  /** The sum of a histogram; the number that another one shows. */
  readonly value: number;
  /** How many values a histogram has seen; 1 for another one. */
  readonly count: number;
}

/** A metric. */
export interface CollectedMetric {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly CollectedPoint[];
}

/** A metric as one collection has it, which adds to what the one before has unless it is a gauge. */
export interface CollectedPart extends CollectedMetric {
  readonly isGauge: boolean;
}

/** What is asked of a span; what is left out may be anything. */
export interface ExpectedSpan {
  readonly name?: RegExp | string;
  readonly kind?: CollectedSpan["kind"];
  readonly status?: CollectedSpan["status"];
  /** Those that it has to have, among others. */
  readonly attributes?: Attributes;
}

/** What is asked of a log record; what is left out may be anything. */
export interface ExpectedLog {
  readonly message?: RegExp | string;
  readonly level?: string;
  /** Those that it has to have, among others. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** What is asked of one point of a metric; what is left out may be anything. */
export interface ExpectedMetric {
  readonly name: string;
  readonly value?: number;
  readonly count?: number;
  /** Those that the point has to have, among others. */
  readonly attributes?: Attributes;
}

/** The readable form of a span. */
export function collectedSpan(span: ReadableSpan): CollectedSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    name: span.name,
    kind: kinds[span.kind],
    status: statuses[span.status.code],
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    attributes: span.attributes,
    events: span.events.map(({ name, attributes = {} }) => ({ name, attributes })),
    durationMillis: millis(span.duration),
  };
}

/** The readable form of a log record. */
export function collectedLog({ body, attributes, severityText = "", spanContext }: ReadableLogRecord): CollectedLog {
  const text = typeof body === "string" ? body : JSON.stringify(body ?? "");
  const line = parseLine(text);
  const { message = text, ...fields } = line;
  return {
    message: String(message),
    level: severityText.toLowerCase(),
    fields: { ...fields, ...attributes },
    traceId: spanContext?.traceId,
    spanId: spanContext?.spanId,
  };
}

/** The readable form of a metric. */
export function collectedPart({ descriptor, dataPoints, dataPointType }: MetricData): CollectedPart {
  return {
    isGauge: dataPointType === DataPointType.GAUGE,
    name: descriptor.name,
    unit: descriptor.unit,
    points: dataPoints.map(({ attributes, value }) =>
      typeof value === "number" ? { attributes, value, count: 1 } : { attributes, ...totals(value) },
    ),
  };
}

function totals({ sum = 0, count }: Pick<Histogram, "count" | "sum">): Pick<CollectedPoint, "count" | "value"> {
  return { value: sum, count };
}

const kinds: Readonly<Record<SpanKind, CollectedSpan["kind"]>> = {
  [SpanKind.INTERNAL]: "internal",
  [SpanKind.SERVER]: "server",
  [SpanKind.CLIENT]: "client",
  [SpanKind.PRODUCER]: "producer",
  [SpanKind.CONSUMER]: "consumer",
};

const statuses: Readonly<Record<SpanStatusCode, CollectedSpan["status"]>> = {
  [SpanStatusCode.UNSET]: "unset",
  [SpanStatusCode.OK]: "ok",
  [SpanStatusCode.ERROR]: "error",
};

function millis([seconds, nanos]: HrTime): number {
  return seconds * 1000 + nanos / 1e6;
}

/** The fields of a line of the library's logger; none of any other text. */
function parseLine(text: string): Readonly<Record<string, unknown>> {
  if (!text.startsWith("{")) return {};
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    // Somebody's text that begins with a brace.
    return {};
  }
}

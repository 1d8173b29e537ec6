import { SpanKind, SpanStatusCode, TraceFlags, ValueType } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
  type ISerializer,
} from "@opentelemetry/otlp-transformer";
import { emptyResource, type Resource } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { writeLogRecord, writeSpan } from "./otlp-protobuf.ts";
import type { ProtobufWriter } from "./protobuf-writer.ts";

/** The two ways to write OTLP. */
export type OtlpFormat = "json" | "protobuf";

/** What differs between the signals in how OTLP carries them. */
export interface OtlpSignal<Item> {
  /** The counters of delivery are named by it: `otel.sdk.exporter.<name>.exported`. */
  readonly name: "log" | "metric_data_point" | "span";
  /** The same for people, in the plural. */
  readonly itemName: string;
  /** The full name of the gRPC method that takes it. */
  readonly grpcMethod: string;
  /** What the three levels of a request are called in JSON. */
  readonly jsonKeys: readonly [resources: string, scopes: string, records: string];
  /** How many one item is for the counters; a metric is as many as it has data points. */
  readonly countOf: (item: Item) => number;
  /** An item with nothing in it: a request of it shows what a request has around its items. */
  readonly blank: Item;
  readonly serializers: Readonly<Record<OtlpFormat, ItemSerializer<Item>>>;
  /**
   * Writes the fields of an item's message. For what comes with every request; metrics come once a minute, and
   * OpenTelemetry's serializer is good enough for them.
   */
  readonly write?: (writer: ProtobufWriter, item: Item) => void;
}

/** Writes requests and reads their answers. */
export interface ItemSerializer<Item> {
  /** A request with one item. @throws whatever a getter of the item throws, or what cannot be serialized */
  readonly request: (item: Item, resource: Resource, scope: InstrumentationScope) => Uint8Array;
  /** What a receiver did not take of a request that it has accepted. */
  readonly partialSuccess: (answer: Uint8Array) => PartialSuccess;
}

/** How much was rejected of a request that was accepted, and why. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

const noScope: InstrumentationScope = { name: "" };

/** Log records. */
export const logSignal: OtlpSignal<ReadableLogRecord> = {
  name: "log",
  itemName: "log records",
  grpcMethod: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
  jsonKeys: ["resourceLogs", "scopeLogs", "logRecords"],
  countOf: () => 1,
  blank: {
    hrTime: [0, 0],
    hrTimeObserved: [0, 0],
    resource: emptyResource(),
    instrumentationScope: noScope,
    attributes: {},
    droppedAttributesCount: 0,
  },
  serializers: serializersOf<ReadableLogRecord, ReadableLogRecord[], "rejectedLogRecords">(
    { json: JsonLogsSerializer, protobuf: ProtobufLogsSerializer },
    (record, resource, instrumentationScope) => [
      {
        hrTime: record.hrTime,
        hrTimeObserved: record.hrTimeObserved,
        spanContext: record.spanContext,
        severityText: record.severityText,
        severityNumber: record.severityNumber,
        body: record.body,
        eventName: record.eventName,
        attributes: record.attributes,
        droppedAttributesCount: record.droppedAttributesCount,
        resource,
        instrumentationScope,
      } satisfies Record<keyof ReadableLogRecord, unknown>,
    ],
    "rejectedLogRecords",
  ),
  write: writeLogRecord,
};

/** Spans. */
export const spanSignal: OtlpSignal<ReadableSpan> = {
  name: "span",
  itemName: "spans",
  grpcMethod: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  jsonKeys: ["resourceSpans", "scopeSpans", "spans"],
  countOf: () => 1,
  blank: {
    name: "",
    kind: SpanKind.INTERNAL,
    spanContext: () => ({ traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: TraceFlags.NONE }),
    startTime: [0, 0],
    endTime: [0, 0],
    status: { code: SpanStatusCode.UNSET },
    attributes: {},
    links: [],
    events: [],
    duration: [0, 0],
    ended: true,
    resource: emptyResource(),
    instrumentationScope: noScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  },
  serializers: serializersOf<ReadableSpan, ReadableSpan[], "rejectedSpans">(
    { json: JsonTraceSerializer, protobuf: ProtobufTraceSerializer },
    (span, resource, instrumentationScope) => [
      {
        name: span.name,
        kind: span.kind,
        spanContext: () => span.spanContext(),
        parentSpanContext: span.parentSpanContext,
        startTime: span.startTime,
        endTime: span.endTime,
        status: span.status,
        attributes: span.attributes,
        links: span.links,
        events: span.events,
        duration: span.duration,
        ended: span.ended,
        droppedAttributesCount: span.droppedAttributesCount,
        droppedEventsCount: span.droppedEventsCount,
        droppedLinksCount: span.droppedLinksCount,
        resource,
        instrumentationScope,
      } satisfies Record<keyof ReadableSpan, unknown>,
    ],
    "rejectedSpans",
  ),
  write: writeSpan,
};

/** Metrics, each with some of its data points. */
export const metricSignal: OtlpSignal<MetricData> = {
  name: "metric_data_point",
  itemName: "metric data points",
  grpcMethod: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  jsonKeys: ["resourceMetrics", "scopeMetrics", "metrics"],
  countOf: ({ dataPoints }) => dataPoints.length,
  blank: {
    descriptor: { name: "", description: "", unit: "", valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.GAUGE,
    dataPoints: [],
  },
  serializers: serializersOf<MetricData, ResourceMetrics, "rejectedDataPoints">(
    { json: JsonMetricsSerializer, protobuf: ProtobufMetricsSerializer },
    (metric, resource, scope) => ({ resource, scopeMetrics: [{ scope, metrics: [metric] }] }),
    "rejectedDataPoints",
  ),
};

type Answer<RejectedKey extends string> = {
  readonly partialSuccess?: { readonly [key in RejectedKey]?: number | string } & { readonly errorMessage?: string };
};

function serializersOf<Item, Request, RejectedKey extends string>(
  serializers: Readonly<Record<OtlpFormat, ISerializer<Request, Answer<RejectedKey>>>>,
  requestOf: (item: Item, resource: Resource, scope: InstrumentationScope) => Request,
  rejectedKey: RejectedKey,
): Readonly<Record<OtlpFormat, ItemSerializer<Item>>> {
  const itemSerializer = (serializer: ISerializer<Request, Answer<RejectedKey>>): ItemSerializer<Item> => ({
    request: (item, resource, scope) => {
      const bytes = serializer.serializeRequest(requestOf(item, resource, scope));
      if (bytes === undefined) throw new TypeError("the item cannot be serialized");
      return bytes;
    },
    partialSuccess: (answer) => {
      const { partialSuccess } = serializer.deserializeResponse(answer);
      // In JSON a 64-bit number is a text.
      return { rejected: Number(partialSuccess?.[rejectedKey] ?? 0), message: partialSuccess?.errorMessage ?? "" };
    },
  });
  return { json: itemSerializer(serializers.json), protobuf: itemSerializer(serializers.protobuf) };
}

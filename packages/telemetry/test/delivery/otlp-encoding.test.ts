import assert from "node:assert/strict";
import { SeverityNumber, SpanKind, SpanStatusCode, ValueType } from "@opentelemetry/api";
import { TraceState } from "@opentelemetry/core";
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { AggregationTemporality, DataPointType, type MetricData } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import fc from "fast-check";
import { jsonEncoding, protobufEncoding, type OtlpEncoding } from "../../src/delivery/otlp-encoding.ts";
import { logSignal, metricSignal, spanSignal } from "../../src/delivery/otlp-signals.ts";

// Lengths of one, two and three bytes, and characters of one to four.
const longText = fc
  .tuple(fc.string({ unit: "binary", minLength: 1 }), fc.constantFrom(40, 130, 17_000))
  .map(([part, length]) => part.repeat(Math.ceil(length / part.length)));
const value = fc.oneof(
  { depthSize: "small" },
  fc.string({ unit: "binary" }),
  longText,
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 63, -(2 ** 63), -(2 ** 32), -0, NaN, Infinity),
  fc.double(),
  fc.boolean(),
  fc.uint8Array(),
  fc.array(fc.string()),
  fc.array(fc.jsonValue({ maxDepth: 3 })) as fc.Arbitrary<string[]>,
);
const attributes = fc.dictionary(fc.string(), value, { maxKeys: 4, noNullPrototype: true });
const time = fc.tuple(fc.nat(), fc.nat({ max: 999_999_999 }));
const id = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((id) => Buffer.from(id).toString("hex"));
const spanContext = fc.record(
  {
    traceId: id(16),
    spanId: id(8),
    traceFlags: fc.constantFrom(0, 1),
    isRemote: fc.boolean(),
    traceState: fc.constant(new TraceState("vendor=value")),
  },
  { requiredKeys: ["traceId", "spanId", "traceFlags"] },
);

// The SDK keeps scopes apart by their identity, so there is a fixed number of them.
const resources = [
  resourceFromAttributes({ "service.name": "shop", list: ["a", "b"] }),
  resourceFromAttributes({}, { schemaUrl: "https://example.com/resource" }),
];
const scopes = [
  { name: "one" },
  { name: "two", version: "2", schemaUrl: "https://example.com/scope" },
  { name: "", attributes: { k: "v" } },
];
const origin = { resource: fc.constantFrom(...resources), instrumentationScope: fc.constantFrom(...scopes) };

const logRecord: fc.Arbitrary<ReadableLogRecord> = fc.record(
  {
    ...origin,
    hrTime: time,
    hrTimeObserved: time,
    attributes,
    droppedAttributesCount: fc.nat(),
    spanContext,
    severityNumber: fc.constantFrom(SeverityNumber.INFO, SeverityNumber.FATAL4),
    severityText: fc.string(),
    body: fc.oneof(value, attributes),
    eventName: fc.string(),
  },
  {
    requiredKeys: [
      "resource",
      "instrumentationScope",
      "hrTime",
      "hrTimeObserved",
      "attributes",
      "droppedAttributesCount",
    ],
  },
);

const span: fc.Arbitrary<ReadableSpan> = fc.record({
  ...origin,
  name: fc.string(),
  kind: fc.constantFrom(SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CONSUMER),
  spanContext: spanContext.map((context) => () => context),
  parentSpanContext: fc.option(spanContext, { nil: undefined }),
  startTime: time,
  endTime: time,
  duration: time,
  status: fc.record({
    code: fc.constantFrom(SpanStatusCode.UNSET, SpanStatusCode.OK, SpanStatusCode.ERROR),
    message: fc.string(),
  }),
  attributes,
  links: fc.array(fc.record({ context: spanContext, attributes }), { maxLength: 2 }),
  events: fc.array(fc.record({ name: fc.string(), time, attributes }), { maxLength: 2 }),
  ended: fc.constant(true),
  droppedAttributesCount: fc.nat(),
  droppedEventsCount: fc.nat(),
  droppedLinksCount: fc.nat(),
});

const dataPoint = fc.record({ startTime: time, endTime: time, attributes, value: fc.integer() });
const metric: fc.Arbitrary<MetricData> = fc.record({
  descriptor: fc.record({
    name: fc.string(),
    description: fc.string(),
    unit: fc.string(),
    valueType: fc.constant(ValueType.INT),
  }),
  aggregationTemporality: fc.constantFrom(AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE),
  dataPointType: fc.constant(DataPointType.SUM as const),
  isMonotonic: fc.boolean(),
  dataPoints: fc.array(dataPoint, { minLength: 1, maxLength: 3 }),
});

/** What a queue makes of items: each encoded for itself, then all of them put together. */
function through<Item>(encoding: OtlpEncoding<Item>, items: readonly Item[], originOf: (item: Item) => Origin): Buffer {
  const encoded = items.map((item) => {
    const { resource, instrumentationScope } = originOf(item);
    return encoding.encode(item, resource, instrumentationScope);
  });
  return Buffer.from(encoding.compose(encoded));
}

type Origin = Pick<ReadableLogRecord, "instrumentationScope" | "resource">;
const itself = (item: Origin): Origin => item;
const parsed = (bytes: Uint8Array | undefined): unknown => JSON.parse(Buffer.from(bytes ?? []).toString());

describe("OtlpEncoding", () => {
  it("puts log records that were written one by one together to what the SDK writes at once", () => {
    fc.assert(
      fc.property(fc.array(logRecord, { minLength: 1, maxLength: 8 }), (records) => {
        assert.deepEqual(
          through(protobufEncoding(logSignal), records, itself),
          Buffer.from(ProtobufLogsSerializer.serializeRequest(records) ?? []),
        );
        assert.deepEqual(
          parsed(through(jsonEncoding(logSignal), records, itself)),
          parsed(JsonLogsSerializer.serializeRequest(records)),
        );
      }),
    );
  });

  it("and spans", () => {
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 8 }), (spans) => {
        assert.deepEqual(
          through(protobufEncoding(spanSignal), spans, itself),
          Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) ?? []),
        );
        assert.deepEqual(
          parsed(through(jsonEncoding(spanSignal), spans, itself)),
          parsed(JsonTraceSerializer.serializeRequest(spans)),
        );
      }),
    );
  });

  it("and metrics", () => {
    const [resource] = resources;
    const [scope] = scopes;
    assert(resource && scope);
    const ofOneScope = (): Origin => ({ resource, instrumentationScope: scope });
    fc.assert(
      fc.property(fc.array(metric, { minLength: 1, maxLength: 8 }), (metrics) => {
        const atOnce = { resource, scopeMetrics: [{ scope, metrics }] };
        assert.deepEqual(
          through(protobufEncoding(metricSignal), metrics, ofOneScope),
          Buffer.from(ProtobufMetricsSerializer.serializeRequest(atOnce) ?? []),
        );
        assert.deepEqual(
          parsed(through(jsonEncoding(metricSignal), metrics, ofOneScope)),
          parsed(JsonMetricsSerializer.serializeRequest(atOnce)),
        );
      }),
    );
  });
});

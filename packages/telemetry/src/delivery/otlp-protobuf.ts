import type { Link } from "@opentelemetry/api";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan, TimedEvent } from "@opentelemetry/sdk-trace";
import type { ProtobufWriter } from "./protobuf-writer.ts";

/*
 * Spans and log records as OTLP has them, by the numbers of its fields (github.com/open-telemetry/opentelemetry-proto,
 * trace/v1/trace.proto, logs/v1/logs.proto, common/v1/common.proto), to the byte what OpenTelemetry's serializers make.
 */

/** Says that it is known whether the parent is remote, and that it is (trace.proto, `SpanFlags`). */
const flags = { knowsWhetherRemote: 0x100, isRemote: 0x200 } as const;

/** The fields of a `Span`. @throws whatever a getter of it throws, and RangeError for a value that contains itself */
export function writeSpan(writer: ProtobufWriter, span: ReadableSpan): void {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const { parentSpanContext, status, attributes, events, links } = span;
  writer.hex(1, traceId);
  writer.hex(2, spanId);
  const state = traceState?.serialize();
  if (isFilled(state)) writer.text(3, state);
  if (isFilled(parentSpanContext?.spanId)) writer.hex(4, parentSpanContext.spanId);
  writer.text(5, span.name);
  // The API's kinds begin with 0, OTLP's with 1.
  writer.number(6, span.kind + 1);
  writer.time(7, span.startTime);
  writer.time(8, span.endTime);
  writeAttributes(writer, 9, attributes);
  writer.number(10, span.droppedAttributesCount);
  for (const event of events) writeEvent(writer, event);
  writer.number(12, span.droppedEventsCount);
  for (const link of links) writeLink(writer, link);
  writer.number(14, span.droppedLinksCount);
  const start = writer.begin(15);
  if (isFilled(status.message)) writer.text(2, status.message);
  writer.number(3, status.code);
  writer.end(start);
  writer.fixed32(16, flagsOf(traceFlags, parentSpanContext?.isRemote));
}

/** The fields of a `LogRecord`. @throws as {@link writeSpan} does */
export function writeLogRecord(writer: ProtobufWriter, record: ReadableLogRecord): void {
  const { severityNumber = 0, severityText, body, spanContext, eventName } = record;
  writer.time(1, record.hrTime);
  if (severityNumber !== 0) writer.number(2, severityNumber);
  if (isFilled(severityText)) writer.text(3, severityText);
  if (body !== undefined) {
    const start = writer.begin(5);
    writeValue(writer, body);
    writer.end(start);
  }
  writeAttributes(writer, 6, record.attributes);
  writer.number(7, record.droppedAttributesCount);
  if (spanContext !== undefined) {
    if (spanContext.traceFlags !== 0) writer.fixed32(8, spanContext.traceFlags);
    if (isFilled(spanContext.traceId)) writer.hex(9, spanContext.traceId);
    if (isFilled(spanContext.spanId)) writer.hex(10, spanContext.spanId);
  }
  writer.time(11, record.hrTimeObserved);
  if (isFilled(eventName)) writer.text(12, eventName);
}

function writeEvent(writer: ProtobufWriter, event: TimedEvent): void {
  const start = writer.begin(11);
  writer.time(1, event.time);
  writer.text(2, event.name);
  if (event.attributes !== undefined) writeAttributes(writer, 3, event.attributes);
  writer.number(4, event.droppedAttributesCount ?? 0);
  writer.end(start);
}

function writeLink(writer: ProtobufWriter, { context, attributes, droppedAttributesCount }: Link): void {
  const start = writer.begin(13);
  writer.hex(1, context.traceId);
  writer.hex(2, context.spanId);
  const state = context.traceState?.serialize();
  if (isFilled(state)) writer.text(3, state);
  if (attributes !== undefined) writeAttributes(writer, 4, attributes);
  writer.number(5, droppedAttributesCount ?? 0);
  writer.fixed32(6, flagsOf(context.traceFlags, context.isRemote));
  writer.end(start);
}

function flagsOf(traceFlags: number, isRemote: boolean | undefined): number {
  return (traceFlags & 0xff) | flags.knowsWhetherRemote | (isRemote === true ? flags.isRemote : 0);
}

/** A field of `KeyValue` for each entry. */
function writeAttributes(writer: ProtobufWriter, field: number, attributes: object): void {
  for (const key in attributes) {
    if (!Object.hasOwn(attributes, key)) continue;
    const start = writer.begin(field);
    writer.text(1, key);
    const value = writer.begin(2);
    writeValue(writer, Reflect.get(attributes, key));
    writer.end(value);
    writer.end(start);
  }
}

/** The fields of an `AnyValue`; what is none leaves it empty. */
function writeValue(writer: ProtobufWriter, value: unknown): void {
  if (typeof value === "string") writer.text(1, value);
  else if (typeof value === "boolean") writer.number(2, value ? 1 : 0);
  else if (typeof value === "number") writeNumber(writer, value);
  else if (value instanceof Uint8Array) writer.bytes(7, value);
  else if (Array.isArray(value)) {
    const start = writer.begin(5);
    for (const element of value as unknown[]) {
      const inner = writer.begin(1);
      writeValue(writer, element);
      writer.end(inner);
    }
    writer.end(start);
  } else if (typeof value === "object" && value !== null) {
    const start = writer.begin(6);
    writeAttributes(writer, 1, value);
    writer.end(start);
  }
}

function writeNumber(writer: ProtobufWriter, value: number): void {
  const isInteger = Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;
  if (isInteger) writer.number(3, value);
  else writer.double(4, value);
}

function isFilled(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}

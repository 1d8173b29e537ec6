import { randomBytes, randomFillSync, randomInt } from "node:crypto";
import { ROOT_CONTEXT, SeverityNumber, SpanKind, trace } from "@opentelemetry/api";
import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes, type Resource } from "@opentelemetry/resources";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Signal } from "../config/parts/part.ts";

/*
 * Requests of one service as the OpenTelemetry SDK of JavaScript encodes them: made by writing times, numbers and ids into
 * one that was encoded before, so that the sender takes little of the processor.
 */

/** Requests of one signal. */
export interface Requests {
  readonly signal: Signal;
  /** How many lines, spans or points a request has. */
  readonly records: number;
  /** Where the id of its first trace stands in a request, of spans. */
  readonly traceAt?: number;
  /** The next request. The buffer is the same each time: it must have been sent before the next is asked for. */
  next(firstNumber: number): Buffer;
}

/** Stand in the bytes of a request for what is another in each. */
const placeholder = {
  seconds: 1_111_111_111,
  endSeconds: 1_111_111_112,
  number: "000000000000",
  value: 1_111_111_111.25,
};

/** The number of a line as it stands in it. */
export function numberText(number: number): string {
  return String(number).padStart(placeholder.number.length, "0");
}

/** The id of the first trace in a request of spans. */
export function traceIdOf({ traceAt = 0 }: Requests, body: Buffer): string {
  return body.toString("hex", traceAt, traceAt + traceIdBytes);
}

/** Text that repeats itself no sooner than compression looks back. */
const randomText = Buffer.from(randomBytes(768 * 1024).toString("base64"), "latin1");

/** What stands before the random text of a line. */
const textStart = Buffer.from('"text":"');

/** Log lines of a length in bytes, each with a number and a text of its own. */
export function logRequests(serviceName: string, records: number, length: number): Requests {
  const { bytes, textLength } = encodedLines(serviceName, records, length);
  const times = places(bytes, nanos(placeholder.seconds));
  const numbers = places(bytes, Buffer.from(placeholder.number));
  const texts = places(bytes, textStart).map((place) => place + textStart.length);
  const next = (firstNumber: number): Buffer => {
    const now = BigInt(Date.now()) * 1_000_000n;
    for (const place of times) bytes.writeBigUInt64LE(now, place);
    for (const [index, place] of numbers.entries()) {
      bytes.write(numberText(firstNumber + index), place, "latin1");
    }
    for (const place of texts) {
      const from = randomInt(randomText.length - textLength);
      randomText.copy(bytes, place, from, from + textLength);
    }
    return bytes;
  };
  return { signal: "logs", records, next };
}

const traceIdBytes = 16;

/** How many spans a trace has, and how many different names the spans of a service. */
const [spansOfTrace, operations] = [5, 10];

/** Spans as of an HTTP server, with the attributes that semantic conventions name, five in each trace. */
export async function spanRequests(serviceName: string, records: number): Promise<Requests> {
  const encoded = await encodedSpans(serviceName, records);
  const { bytes } = encoded;
  const starts = places(bytes, nanos(placeholder.seconds));
  const ends = places(bytes, nanos(placeholder.endSeconds));
  const ids = encoded.ids.map((id) => ({ length: id.length, at: places(bytes, id) }));
  const next = (): Buffer => {
    const now = BigInt(Date.now()) * 1_000_000n;
    for (const place of ends) bytes.writeBigUInt64LE(now, place);
    for (const place of starts) bytes.writeBigUInt64LE(now - BigInt(randomInt(1_000_000, 500_000_000)), place);
    for (const { length, at } of ids) {
      const [first = 0, ...others] = at;
      randomFillSync(bytes, first, length);
      for (const place of others) bytes.copy(bytes, place, first, first + length);
    }
    return bytes;
  };
  return { signal: "traces", records, traceAt: ids.find(({ length }) => length === traceIdBytes)?.at[0], next };
}

/** Points that lie in the past. */
export interface History {
  readonly startedMillis: number;
  /** Between two points of a series. */
  readonly millisApart: number;
}

/** A point for each of some series: counters that grow. @param history Default: each point is of when it is sent */
export async function pointRequests(serviceName: string, records: number, history?: History): Promise<Requests> {
  const { bytes, time } = await encodedPoints(serviceName, records);
  const value = Buffer.alloc(8);
  value.writeDoubleLE(placeholder.value);
  const times = places(bytes, time);
  const counts = places(bytes, value).map((at) => ({ at, value: randomInt(1000) }));
  let [sent, last] = [0, 0];
  const next = (): Buffer => {
    sent += 1;
    // Two points of a series in one millisecond would be stored as one.
    const millis =
      history === undefined ? Math.max(Date.now(), last + 1) : history.startedMillis + sent * history.millisApart;
    last = millis;
    for (const place of times) bytes.writeBigUInt64LE(BigInt(millis) * 1_000_000n, place);
    for (const count of counts) {
      count.value += randomInt(10);
      bytes.writeDoubleLE(count.value, count.at);
    }
    return bytes;
  };
  return { signal: "metrics", records, next };
}

function resourceOf(serviceName: string): Resource {
  return resourceFromAttributes({
    "service.name": serviceName,
    "service.namespace": "bench",
    "service.version": "1.0.0",
    "service.instance.id": `${serviceName}-1`,
    "deployment.environment.name": "bench",
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.version": "2.0.0",
    "process.pid": 1,
    "process.runtime.name": "nodejs",
    "host.name": "bench",
  });
}

function encodedLines(
  serviceName: string,
  lines: number,
  length: number,
): { readonly bytes: Buffer; readonly textLength: number } {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({
    resource: resourceOf(serviceName),
    processors: [new SimpleLogRecordProcessor({ exporter })],
  });
  const logger = provider.getLogger("bench", "1.0.0");
  const beginning = (): string =>
    `{"level":"info","message":"order accepted","number":"${placeholder.number}","trace_id":"${randomBytes(16).toString("hex")}",${textStart.toString()}`;
  const textLength = length - beginning().length - 2;
  for (let line = 0; line < lines; line += 1) {
    logger.emit({
      timestamp: placeholder.seconds * 1000,
      observedTimestamp: placeholder.seconds * 1000,
      severityNumber: SeverityNumber.INFO,
      severityText: "INFO",
      body: `${beginning()}${"-".repeat(textLength)}"}`,
    });
  }
  return { bytes: requestOf(ProtobufLogsSerializer.serializeRequest(exporter.getFinishedLogRecords())), textLength };
}

async function encodedSpans(
  serviceName: string,
  spans: number,
): Promise<{ readonly bytes: Buffer; readonly ids: readonly Buffer[] }> {
  const ids: Buffer[] = [];
  const newId = (length: number): string => {
    const id = randomBytes(length);
    ids.push(id);
    return id.toString("hex");
  };
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource: resourceOf(serviceName),
    idGenerator: { generateTraceId: () => newId(traceIdBytes), generateSpanId: () => newId(8) },
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer("bench", "1.0.0");
  let parent = ROOT_CONTEXT;
  for (let span = 0; span < spans; span += 1) {
    if (span % spansOfTrace === 0) parent = ROOT_CONTEXT;
    const route = `/orders/${span % operations}/items/:item`;
    const started = tracer.startSpan(
      `GET ${route}`,
      {
        kind: SpanKind.SERVER,
        startTime: placeholder.seconds * 1000,
        attributes: {
          "http.request.method": "GET",
          "http.response.status_code": 200,
          "http.route": route,
          "url.path": route.replace(":item", randomBytes(4).toString("hex")),
          "url.scheme": "http",
          "server.address": serviceName,
          "server.port": 8080,
          "client.address": "10.1.2.3",
          "network.peer.address": "10.1.2.3",
          "network.protocol.version": "1.1",
          "user_agent.original": "bench/1.0.0 (a program that sends requests)",
        },
      },
      parent,
    );
    if (span % spansOfTrace === 0) parent = trace.setSpan(ROOT_CONTEXT, started);
    started.end(placeholder.endSeconds * 1000);
  }
  await provider.forceFlush();
  return { bytes: requestOf(ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans())), ids };
}

/** How many series a metric has. */
const seriesOfMetric = 20;

async function encodedPoints(
  serviceName: string,
  series: number,
): Promise<{ readonly bytes: Buffer; readonly time: Buffer }> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ resource: resourceOf(serviceName), readers: [reader] });
  const meter = provider.getMeter("bench", "1.0.0");
  for (let one = 0; one < series; one += 1) {
    const counter = meter.createCounter(`bench.metric.${Math.floor(one / seriesOfMetric)}`);
    counter.add(placeholder.value, { "http.route": `/orders/${one % seriesOfMetric}`, "http.request.method": "GET" });
  }
  await provider.forceFlush();
  const [metrics] = exporter.getMetrics();
  const end = metrics?.scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.endTime;
  if (metrics === undefined || end === undefined) throw new Error("metrics must have been collected, got none");
  const bytes = requestOf(ProtobufMetricsSerializer.serializeRequest(metrics));
  await provider.shutdown();
  return { bytes, time: nanos(...end) };
}

function requestOf(bytes: Uint8Array | undefined): Buffer {
  if (bytes === undefined) throw new Error("the request must be encoded, got nothing");
  return Buffer.from(bytes);
}

/** A time as OTLP has it, eight bytes. */
function nanos(seconds: number, rest = 0): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(seconds) * 1_000_000_000n + BigInt(rest));
  return bytes;
}

function places(bytes: Buffer, wanted: Buffer): readonly number[] {
  const found: number[] = [];
  for (let place = bytes.indexOf(wanted); place !== -1; place = bytes.indexOf(wanted, place + wanted.length)) {
    found.push(place);
  }
  return found;
}

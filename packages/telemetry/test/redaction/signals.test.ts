import assert from "node:assert/strict";
import { context, SpanStatusCode, type AnyValue, type Attributes, type trace } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
  type ReadableLogRecord,
} from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type ReadableSpan } from "@opentelemetry/sdk-trace";
import { createRedactor } from "../../src/redaction/redactor.ts";
import { createSignalRedaction } from "../../src/redaction/signals.ts";
import { readLeaks, readLookalikes } from "../support/corpus.ts";

const planted = "pl4nt3dS3cr3tV4lue";
const redaction = createSignalRedaction(createRedactor());

/** A finished span of the real SDK, made by a function. */
function spanOf(
  fill: (span: ReturnType<ReturnType<typeof trace.getTracer>["startSpan"]>) => void,
  attributes: Attributes = {},
): ReadableSpan {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "process.command_line": `app --token ${planted}` }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const span = provider.getTracer("test").startSpan(`GET /?token=${planted}`, { attributes }, context.active());
  fill(span);
  span.end();
  const [finished] = exporter.getFinishedSpans();
  assert.ok(finished !== undefined);
  return finished;
}

/** All that an exporter would read of an item. */
function contentOf(item: ReadableSpan): string {
  const { name, attributes, events, links, status, resource } = item;
  return JSON.stringify({ name, attributes, events, links, status, resource: resource.attributes });
}

function contentOfRecords(records: readonly ReadableLogRecord[]): string {
  return JSON.stringify(records.map(({ body, severityText, attributes }) => [body, severityText, attributes]));
}

describe("redaction of signals", () => {
  it("looks through a line that was put together of redacted parts only where that is not known", () => {
    const redactor = createRedactor();
    const { logRecord } = createSignalRedaction(redactor);
    const line = "password=redacted already";
    const exporter = new InMemoryLogRecordExporter();
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
    provider.getLogger("test").emit({ body: line });
    const [record] = exporter.getFinishedLogRecords();
    assert.ok(record !== undefined);
    assert.deepEqual(
      [redactor.knowing(line, () => logRecord(record).body), logRecord(record).body],
      [line, "password=[REDACTED] already"],
    );
  });

  it("leaves no secret in any part of a span, and does not change the span itself", () => {
    const span = spanOf(
      (open) => {
        open.recordException(new Error(`connect failed: postgres://app:${planted}@db/shop`));
        open.addEvent(`password=${planted}`, { "http.request.header.cookie": [`a=1; sid=${planted}`] });
        open.addLink({ context: open.spanContext(), attributes: { apiKey: planted } });
        open.setStatus({ code: SpanStatusCode.ERROR, message: `Bearer ${planted}` });
      },
      {
        "url.full": `https://shop/a?access_token=${planted}&password=${planted}`,
        "url.query": `sig=${planted}&access_token=${planted}`,
        "http.request.header.authorization": [`Token ${planted}`],
        "db.query.text": `INSERT INTO users (email, password) VALUES ('a@b.c', '${planted}')`,
      },
    );
    const before = contentOf(span);
    const copy = redaction.span(span);
    assert.equal(contentOf(copy).includes(planted), false, contentOf(copy));
    assert.equal(contentOf(span), before);
    assert.deepEqual(
      [copy.spanContext(), copy.kind, copy.startTime, copy.endTime],
      [span.spanContext(), span.kind, span.startTime, span.endTime],
    );
    // Exporters group by identity.
    assert.equal(redaction.span(span).resource, copy.resource);
  });

  it("leaves no leak of the corpus in an attribute and changes no look-alike", () => {
    const texts = readLeaks().texts.map((text) => text.replace("{secret}", planted));
    const leaked = redaction.span(spanOf(() => undefined, { texts })).attributes["texts"] as string[];
    assert.deepEqual(
      leaked.filter((text) => text.includes(planted)),
      [],
    );
    const { texts: harmless } = readLookalikes();
    assert.deepEqual(redaction.span(spanOf(() => undefined, { harmless })).attributes["harmless"], harmless);
  });

  it("takes out a link without a context, which would make the whole batch unreadable", () => {
    const span = spanOf(() => undefined);
    span.links.push(JSON.parse('{"attributes":{}}') as (typeof span.links)[number]);
    const copy = redaction.span(span);
    assert.deepEqual([copy.links.length, copy.droppedLinksCount], [0, 1]);
  });

  it("leaves no secret in a log record, of whatever shape its body is", () => {
    const exporter = new InMemoryLogRecordExporter();
    const logger = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }).getLogger("test");
    const circular: Record<string, AnyValue> = { password: planted };
    circular["self"] = circular;
    for (const body of [
      `token=${planted}`,
      { a: [{ secret: planted }] },
      [`Bearer ${planted}`],
      circular,
      Buffer.from(`password=${planted}`),
    ]) {
      const severityText = `token=${planted}`;
      logger.emit({ body, severityText, attributes: { "x-auth": planted, note: `api_key: ${planted}` } });
    }
    const records = exporter.getFinishedLogRecords().map(redaction.logRecord);
    assert.equal(records.length, 5);
    assert.equal(contentOfRecords(records).includes(planted), false);
  });

  it("leaves no secret in metrics and keeps their values", async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
    const provider = new MeterProvider({ readers: [reader], resource: resourceFromAttributes({ apiKey: planted }) });
    provider
      .getMeter("test")
      .createCounter("c", { description: `password=${planted}` })
      .add(3, { url: `https://x/?token=${planted}` });
    await provider.forceFlush();
    const [collected] = exporter.getMetrics();
    assert.ok(collected !== undefined);
    const { resource, scopeMetrics } = redaction.resourceMetrics(collected);
    const [metric] = scopeMetrics[0]?.metrics ?? [];
    assert.equal(JSON.stringify([resource.attributes, scopeMetrics]).includes(planted), false);
    assert.equal(metric?.dataPoints[0]?.value, 3);
    await provider.shutdown();
  });
});

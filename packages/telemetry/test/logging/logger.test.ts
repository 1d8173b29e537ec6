import assert from "node:assert/strict";
import { context, logs, SeverityNumber, trace, TraceFlags } from "@opentelemetry/api";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { createLogger, otlpSink, type Line } from "../../src/logging/logger.ts";

type Parsed = Readonly<Record<string, unknown>>;

function capture(): { lines: Line[]; logger: ReturnType<typeof createLogger>; last: () => Parsed } {
  const lines: Line[] = [];
  const logger = createLogger("shop", [(line) => lines.push(line)]);
  return { lines, logger, last: () => JSON.parse(lines.at(-1)?.text ?? "") as Parsed };
}

describe("createLogger", () => {
  it("writes compact JSON with the field names that the queries need", () => {
    const { lines, logger } = capture();
    logger.error({ execution_id: "abc123" }, "hello %s", "world");
    const { text = "", time = new Date(0) } = lines[0] ?? {};
    assert.equal(
      text,
      `{"timestamp":"${time.toISOString()}","level":"error","message":"hello world","service.name":"shop","execution_id":"abc123"}`,
    );
  });

  it("gives every level its own name, also through a child logger", () => {
    const { lines, logger } = capture();
    const child = logger.child({ a: 1 });
    for (const level of ["trace", "debug", "info", "warn", "error", "fatal"] as const) child[level]("x");
    assert.deepEqual(
      lines.map((line) => line.level),
      ["trace", "debug", "info", "warn", "error", "fatal"],
    );
    assert.deepEqual(
      lines.map(({ text }) => (JSON.parse(text) as Parsed)["level"]),
      ["trace", "debug", "info", "warn", "error", "fatal"],
    );
  });

  it("redacts messages, fields, errors and the bindings of child loggers", () => {
    const { lines, logger } = capture();
    const secret = "geheim99";
    const child = logger.child({ apiKey: secret, db: `redis://:${secret}@cache` });
    child.info({ nested: [{ password: secret }] }, `token=${secret}`);
    child.error(new Error(`password: ${secret}`, { cause: new Error(`secret=${secret}`) }));
    child.setBindings({ cookie: secret });
    child.warn("x %j", { authorization: secret });
    assert.equal(lines.length, 3);
    for (const { text } of lines) assert.equal(text.includes(secret), false, text);
  });

  it("keeps an error's type, message and stack", () => {
    const { logger, last } = capture();
    logger.error({ err: new RangeError("too far") }, "failed");
    const err = last()["err"] as Parsed;
    assert.equal(err["type"], "RangeError");
    assert.equal(err["message"], "too far");
    assert.match(String(err["stack"]), /^RangeError: too far\n/);
  });

  it("keeps a field with the name of one of its own beside it", () => {
    const { logger, last } = capture();
    logger.info({ timestamp: "yesterday", "service.name": "x", trace_id: "mine" }, "m");
    const { timestamp, ...others } = last();
    assert.notEqual(timestamp, "yesterday");
    assert.deepEqual(others, {
      level: "info",
      message: "m",
      "service.name": "shop",
      "field.timestamp": "yesterday",
      "field.service.name": "x",
      // There is no span, so the logger has no trace_id of its own.
      trace_id: "mine",
    });
  });

  it("cuts a line that Loki would cut, and leaves JSON", () => {
    const { lines, logger, last } = capture();
    logger.info({ big: "x".repeat(70_000) }, "y".repeat(20_000));
    assert.equal((lines[0]?.text.length ?? 0) < 64 * 1024, true);
    const { message, truncated_from, big } = last();
    assert.equal(message, "y".repeat(16_384));
    assert.equal((truncated_from as number) > 90_000, true);
    assert.equal(big, undefined);
  });

  it("survives values that JSON cannot hold", () => {
    const { logger, last } = capture();
    const circle: Record<string, unknown> = { big: 1n, f: () => 1 };
    circle["self"] = circle;
    logger.info({ circle, infinite: Infinity }, "m");
    assert.deepEqual(last()["circle"], { big: 1, self: "[Circular]" });
    assert.equal(last()["infinite"], null);
  });

  it("names the active span if it is recorded, and none otherwise", () => {
    const { lines, logger, last } = capture();
    const span = new TracerProvider().getTracer("t").startSpan("s");
    const { traceId, spanId } = span.spanContext();
    const ids = (): unknown[] => [last()["trace_id"], last()["span_id"]];
    const inside = trace.setSpan(context.active(), span);
    withActive(inside, () => {
      logger.info("in a span");
    });
    assert.deepEqual(ids(), [traceId, spanId]);
    const unsampled = trace.wrapSpanContext({ traceId, spanId, traceFlags: TraceFlags.NONE });
    withActive(trace.setSpan(context.active(), unsampled), () => {
      logger.info("in a span that nobody will see");
    });
    assert.deepEqual(ids(), [undefined, undefined]);
    assert.equal(lines[0]?.context, inside);
  });
});

describe("otlpSink", () => {
  afterEach(() => {
    logs.disable();
  });

  it("emits one record whose body is the line, with its severity, time and trace, and nothing else", () => {
    const exporter = new InMemoryLogRecordExporter();
    logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }));
    const span = new TracerProvider().getTracer("t").startSpan("s");
    const time = new Date("2026-01-02T03:04:05.678Z");
    const text = '{"level":"warn","message":"m"}';
    otlpSink({ text, level: "warn", time, context: trace.setSpan(context.active(), span) });
    const records = exporter.getFinishedLogRecords();
    assert.equal(records.length, 1);
    const [record] = records;
    assert.equal(record?.body, text);
    assert.equal(record.severityNumber, SeverityNumber.WARN);
    assert.equal(record.severityText, "warn");
    assert.deepEqual(record.hrTime, [time.getTime() / 1000 - 0.678, 678_000_000].map(Math.round));
    assert.equal(record.spanContext?.traceId, span.spanContext().traceId);
    assert.deepEqual(record.attributes, {});
  });
});

/** Runs a function in a context, as an SDK's context manager would. */
function withActive(active: ReturnType<typeof context.active>, run: () => void): void {
  context.setGlobalContextManager({
    active: () => active,
    with: (_, callback, self, ...args) => callback.call(self, ...args),
    bind: (_, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
  try {
    run();
  } finally {
    context.disable();
  }
}

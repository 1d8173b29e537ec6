import assert from "node:assert/strict";
import { context, logs, SeverityNumber, trace, TraceFlags } from "@opentelemetry/api";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { otlpSink, type Line } from "../../src/logging/line.ts";
import { createLogger } from "../../src/logging/logger.ts";
import { lostLines, type LostLines } from "../../src/logging/lost-lines.ts";
import { createRedactor } from "../../src/redaction/redactor.ts";
import { filledIn, readLeaks, readLookalikes, spellings } from "../support/corpus.ts";

type Parsed = Readonly<Record<string, unknown>>;

interface Capture {
  readonly lines: Line[];
  readonly logger: ReturnType<typeof createLogger>;
  readonly lost: LostLines;
  /** What the logger and its counter of losses reported. */
  readonly problems: string[];
  readonly last: () => Parsed;
}

function capture(): Capture {
  const lines: Line[] = [];
  const problems: string[] = [];
  const report = (problem: string): void => {
    problems.push(problem);
  };
  const lost = lostLines(report);
  const logger = createLogger({
    serviceName: "shop",
    sinks: [(line) => lines.push(line)],
    redactor: createRedactor(),
    level: "trace",
    lost,
    report,
  });
  return { lines, logger, lost, problems, last: () => JSON.parse(lines.at(-1)?.text ?? "") as Parsed };
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
    assert.equal((truncated_from as number) > 80_000, true);
    assert.equal(big, undefined);
  });

  it("survives values that JSON cannot hold", () => {
    const { logger, last } = capture();
    const circle: Record<string, unknown> = { big: 1n, f: () => 1 };
    circle["self"] = circle;
    logger.info({ circle, infinite: Infinity }, "m");
    assert.deepEqual(last()["circle"], { big: "1", self: "[Circular]" });
    assert.equal(last()["infinite"], null);
  });

  it("writes a line that is too long without its message and keeps the short fields", () => {
    const { lines, logger, last } = capture();
    const rows = Array.from({ length: 40 }, () => "x".repeat(10_000));
    logger.info({ rows, order_id: "4711" });
    assert.equal((lines[0]?.text.length ?? Infinity) < 64 * 1024, true);
    assert.equal(last()["order_id"], "4711");
    assert.equal((last()["truncated_from"] as number) > 64 * 1024, true);
  });

  it("survives whatever it is called with, and counts what it could not read", () => {
    const { lines, logger, lost } = capture();
    const throwing = {
      get a(): string {
        throw new Error("a getter");
      },
    };
    const proxy: object = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("a proxy");
        },
        getPrototypeOf: () => {
          throw new Error("a proxy");
        },
      },
    );
    const error = new Error("an error");
    error.cause = error;
    const hostile: unknown[] = [
      throwing,
      proxy,
      error,
      Symbol("s"),
      1n,
      () => 1,
      null,
      undefined,
      Number.NaN,
      {
        toJSON: () => {
          throw new Error("toJSON");
        },
      },
      { date: new Date(Number.NaN), set: new Set([1]), map: new Map([[{}, 1n]]), bytes: new Uint8Array(10) },
      { ["__proto__"]: 1, constructor: 1, toString: 1 },
      Array.from({ length: 1_000_000 }, () => ({ a: 1 })),
      { text: "x".repeat(100_000_000) },
      "y".repeat(100_000_000),
      Object.create(null),
    ];
    let calls = 0;
    for (const value of hostile) {
      for (const call of [
        () => {
          logger.info(value as object);
        },
        () => {
          logger.info(value as object, "%s %d %j %o", value, value as number, value as object, value as object);
        },
        () => {
          logger.info("%s %d", value, value as number);
        },
        () => {
          logger.child({ value }).error({ err: value });
        },
      ]) {
        call();
        calls += 1;
      }
      logger.child(value as object);
    }
    assert.equal(lines.length, calls);
    for (const { text } of lines) assert.equal(typeof JSON.parse(text), "object");
    assert.equal(
      lines.every(({ text }) => text.length <= 64 * 1024),
      true,
    );
    assert.equal(lines.filter(({ text }) => text.includes("could not be read")).length, lost.total().not_writable ?? 0);
  });

  it("ignores and reports what it is asked and cannot do", () => {
    const { logger, problems } = capture();
    logger.level = "loud";
    logger.flush("now" as unknown as () => void);
    logger.child(undefined as unknown as object).setBindings(undefined as unknown as object);
    assert.equal(logger.level, "trace");
    assert.deepEqual(
      problems.map((problem) => problem.split(":")[0]),
      ["logger.level", "logger.flush()"],
    );
  });

  it("takes another level at run time, for child loggers that are made later too", () => {
    const { lines, logger } = capture();
    logger.level = "warn";
    logger.info("hidden");
    logger.child({}).info("hidden");
    logger.level = "debug";
    logger.child({}).debug("seen");
    assert.deepEqual(
      lines.map(({ level }) => level),
      ["debug"],
    );
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

describe("a line of the corpus of secrets", () => {
  const planted = "pl4nt3dS3cr3tV4lue";
  /** The places of a line where a text can be. */
  const places: Readonly<Record<string, (logger: Capture["logger"], text: string) => void>> = {
    "the message": (logger, text) => {
      logger.info(text);
    },
    "an argument of the message": (logger, text) => {
      logger.info("answer: %s", text);
    },
    "a field": (logger, text) => {
      logger.info({ answer: { text: [text] } }, "x");
    },
    "a field of a child logger": (logger, text) => {
      logger.child({ answer: text }).info("x");
    },
    "an error": (logger, text) => {
      logger.error({ err: new Error(text, { cause: new Error(text) }) }, "x");
    },
  };

  for (const [place, write] of Object.entries(places)) {
    it(`has no secret in ${place}`, () => {
      const { texts, values } = readLeaks();
      const secrets = [
        ...texts.map((text) => [text.replace("{secret}", planted), planted] as const),
        ...values.map(filledIn).map((value) => [value, value.slice(4)] as const),
      ];
      const leaked = secrets.filter(([text, secret]) => {
        const { lines, logger } = capture();
        write(logger, text);
        assert.equal(lines.length, 1);
        return lines[0]?.text.includes(secret);
      });
      assert.deepEqual(leaked, []);
    });
  }

  it("has no secret under a name of one, however it is spelled", () => {
    const leaked = readLeaks()
      .names.flatMap(spellings)
      .filter((name) => {
        const { lines, logger } = capture();
        logger.child({ [name]: planted }).info({ [name]: planted, request: { [name]: [planted] } }, "x");
        return lines[0]?.text.includes(planted) ?? true;
      });
    assert.deepEqual(leaked, []);
  });

  it("keeps every look-alike as it is, in the message and in a field", () => {
    const { names, texts } = readLookalikes();
    for (const text of texts) {
      const { logger, last } = capture();
      logger.info({ answer: text }, "%s", text);
      assert.deepEqual([last()["message"], last()["answer"]], [text, text]);
    }
    for (const name of names) {
      const { logger, last } = capture();
      logger.info({ inside: { [name]: "plain" } }, "x");
      assert.deepEqual(last()["inside"], { [name]: "plain" });
    }
  });
});

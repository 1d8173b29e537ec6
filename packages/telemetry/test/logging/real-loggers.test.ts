import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";
import { runFixture } from "../support/run-fixture.ts";

const register = join(import.meta.dirname, "../../src/register.ts");
const line = z.looseObject({ level: z.string(), trace_id: z.string(), span_id: z.string() });

/** What is sent of the lines that `fixtures/logs-by-others.mjs` writes with each logger, beside the ids and the time. */
const expected = {
  pino: [{ level: "warn", message: "nearly sold out", order_id: "4711", password: "[REDACTED]" }],
  winston: [{ level: "warn", message: "nearly sold out", order_id: "4711", password: "[REDACTED]" }],
  bunyan: [{ level: "warn", message: "nearly sold out", name: "orders", order_id: "4711", password: "[REDACTED]" }],
  nest: [
    { level: "warn", message: "nearly sold out", context: "Orders" },
    { level: "warn", order_id: "4711", password: "[REDACTED]", context: "Orders" },
  ],
} as const satisfies Readonly<Record<string, readonly object[]>>;

describe("pino, winston, bunyan and Nest's logger, as they are installed", function () {
  this.timeout(60_000);

  it("pino: a line and a span are counted as lost if the process exits at once", async () => {
    const { lines, stderr } = await runFixture(
      "logs-by-others.mjs",
      { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_SERVICE_NAME: "fixture" },
      { nodeArgs: ["--import", register], args: ["pino", "imported", "exit"] },
    );
    assert.equal(lines.length, 1);
    for (const item of ["log records", "spans"]) {
      assert.equal(stderr.includes(`1 of 1 ${item} were not delivered: 1 shutdown`), true, stderr);
    }
  });

  const loaded = Object.entries(expected).flatMap(([logger, records]) =>
    (["required", "imported"] as const).map((how) => [logger, how, records] as const),
  );
  for (const [logger, how, records] of loaded) {
    it(`${logger}, if it is ${how}: each line is sent once, with its level and its trace, and written as before`, async () => {
      const receiver = await startOtlpReceiver();
      try {
        const { exitCode, lines, stderr } = await runFixture(
          "logs-by-others.mjs",
          {
            OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpUrl,
            OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
            OTEL_SERVICE_NAME: "fixture",
          },
          { nodeArgs: ["--import", register], args: [logger, how] },
        );
        assert.deepEqual([exitCode, stderr], [0, ""]);
        assert.equal(lines.length > 0, true);
        const bodies = receiver.accepted
          .filter(({ signal }) => signal === "logs")
          .flatMap(({ body }) => sentLines(body.toString()));
        const sent = bodies.map((body) => line.parse(JSON.parse(body)));
        assert.deepEqual(
          sent.map(({ timestamp: _time, "service.name": _name, trace_id: _trace, span_id: _span, ...rest }) => rest),
          records,
        );
        const span = receiver.accepted.find(({ signal, body }) => signal === "traces" && body.includes('"order"'));
        for (const { trace_id: traceId, span_id: spanId } of sent) {
          assert.equal(span?.body.includes(traceId) === true && span.body.includes(spanId), true);
        }
      } finally {
        receiver.close();
      }
    });
  }
});

const request = z.object({
  resourceLogs: z.array(
    z.object({
      scopeLogs: z.array(z.object({ logRecords: z.array(z.object({ body: z.object({ stringValue: z.string() }) })) })),
    }),
  ),
});

/** The bodies of the log records of a request in JSON. */
function sentLines(body: string): string[] {
  return request
    .parse(JSON.parse(body))
    .resourceLogs.flatMap(({ scopeLogs }) => scopeLogs)
    .flatMap(({ logRecords }) => logRecords.map(({ body: { stringValue } }) => stringValue));
}

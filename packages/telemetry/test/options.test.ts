import assert from "node:assert/strict";
import type { TelemetryOptions } from "../src/index.ts";
import { startOtlpReceiver, type Signal } from "./support/otlp-receiver.ts";
import { runFixture, type FixtureRun } from "./support/run-fixture.ts";

/** What has become of a run of the fixture `takes-options.ts`. */
interface Outcome extends FixtureRun {
  /** Everything that was sent of a signal. */
  readonly sent: Readonly<Record<Signal, string>>;
}

async function runWith(option: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const receiver = await startOtlpReceiver();
  try {
    const run = await runFixture(
      "takes-options.ts",
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpUrl,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
        OTEL_SERVICE_NAME: "fixture",
        ...env,
      },
      { args: [option] },
    );
    const textOf = (signal: Signal): string =>
      receiver.requests
        .flatMap((request) => (request.signal === signal ? [request.body.toString("latin1")] : []))
        .join();
    return { ...run, sent: { logs: textOf("logs"), metrics: textOf("metrics"), traces: textOf("traces") } };
  } finally {
    receiver.close();
  }
}

/** What each option changes: looked at with it, and without it, where all of it is otherwise. */
const changes: Readonly<Record<keyof TelemetryOptions, Readonly<Record<string, (outcome: Outcome) => boolean>>>> = {
  resourceAttributes: {
    "are those of all three signals": ({ sent }) =>
      [sent.logs, sent.metrics, sent.traces].every((text) => text.includes("shop.region")),
  },
  instrumentations: {
    "take the place of the library's": ({ sent }) => sent.traces.includes("its own instrumentation"),
  },
  spanProcessors: { "see each span": ({ sent }) => sent.traces.includes("its own processor") },
  views: {
    "rename a metric": ({ sent }) =>
      sent.metrics.includes("fixture.renamed") && !sent.metrics.includes("fixture.count"),
  },
  sampler: { "leaves traces out": ({ sent }) => sent.traces === "" && sent.logs.includes("fixture line") },
  shutdown: {
    "gives a callback less time": ({ lines, diesOf }) =>
      diesOf === "SIGTERM" && lines.join().includes("took longer than 20 ms"),
  },
  redaction: {
    "hides a field of its own in lines and spans": ({ lines, sent }) =>
      ![...lines, sent.logs, sent.traces].join().includes("e-4711"),
    "leaves what a rule that is switched off would hide": ({ sent }) => sent.logs.includes("jane.doe@example.com"),
  },
  logger: {
    "sends what its level lets through": ({ sent }) => sent.logs.includes("fixture detail"),
    "writes to no stdout": ({ lines }) => lines.length === 0,
  },
};

describe("the options of startTelemetry", function () {
  this.timeout(60_000);
  let without: Outcome;

  before(async () => {
    without = await runWith("none");
  });

  for (const [option, effects] of Object.entries(changes)) {
    it(`${option}: ${Object.keys(effects).join("; ")}`, async () => {
      const outcome = await runWith(option);
      assert.equal(outcome.stderr, "");
      for (const [effect, isThere] of Object.entries(effects)) {
        assert.deepEqual([isThere(outcome), isThere(without)], [true, false], `${option}: ${effect}`);
      }
    });
  }

  it("leave the name of the service to the environment", async () => {
    const { sent } = await runWith("resourceAttributes");
    assert.equal(sent.traces.includes("not this one"), false);
  });

  it("do without a bridge from a logger that the environment switches off", async () => {
    assert.equal(without.sent.logs.includes("by pino itself"), true);
    const disabled = await runWith("none", { OTEL_NODE_DISABLED_INSTRUMENTATIONS: "pino" });
    const enabled = await runWith("none", { OTEL_NODE_ENABLED_INSTRUMENTATIONS: "http,pino" });
    const others = await runWith("none", { OTEL_NODE_ENABLED_INSTRUMENTATIONS: "http" });
    assert.deepEqual(
      [disabled, enabled, others].map(({ sent, stderr }) => [sent.logs.includes("by pino itself"), stderr]),
      [
        [false, ""],
        [true, ""],
        [false, ""],
      ],
    );
  });
});

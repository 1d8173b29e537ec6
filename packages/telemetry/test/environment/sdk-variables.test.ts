import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { variables, type VariableName } from "../../src/environment/variables.ts";
import { startOtlpReceiver, type Signal } from "../support/otlp-receiver.ts";
import { runFixture, type FixtureRun } from "../support/run-fixture.ts";
import type { SdkVariable } from "../support/sdk-variables.ts";

/** What has become of a run of the fixture `uses-limits.ts`, with everything that was sent in JSON. */
interface Outcome extends FixtureRun {
  readonly sent: Readonly<Record<Signal, string>>;
}

async function runWith(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Outcome> {
  const receiver = await startOtlpReceiver();
  try {
    const standard = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpUrl,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_SERVICE_NAME: "fixture",
    };
    const run = await runFixture("uses-limits.ts", { ...standard, ...env }, { args });
    const textOf = (signal: Signal): string =>
      receiver.requests.flatMap((request) => (request.signal === signal ? [request.body.toString()] : [])).join("\n");
    return { ...run, sent: { logs: textOf("logs"), metrics: textOf("metrics"), traces: textOf("traces") } };
  } finally {
    receiver.close();
  }
}

/** How often something is in a text. */
function times(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** What a variable is set to, and what of the outcome it changes to what. */
interface Row {
  readonly env: Readonly<Record<string, string>>;
  readonly read: (outcome: Outcome) => unknown;
  readonly expected: unknown;
}

const long = "x".repeat(20);

/** A row for each: the compiler names one that is left out. */
const rows: Readonly<Record<SdkVariable, Row>> = {
  OTEL_NODE_RESOURCE_DETECTORS: {
    env: { OTEL_NODE_RESOURCE_DETECTORS: "host" },
    read: ({ sent }) => sent.traces.includes('"host.name"'),
    expected: true,
  },
  OTEL_LOG_LEVEL: {
    env: { OTEL_LOG_LEVEL: "debug" },
    read: ({ lines, stderr }) => `${lines.join()}${stderr}`.includes("@opentelemetry/"),
    expected: true,
  },
  OTEL_TRACES_SAMPLER: {
    env: { OTEL_TRACES_SAMPLER: "always_off" },
    read: ({ sent }) => sent.traces,
    expected: "",
  },
  OTEL_TRACES_SAMPLER_ARG: {
    env: { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" },
    read: ({ sent }) => sent.traces,
    expected: "",
  },
  OTEL_PROPAGATORS: {
    env: { OTEL_PROPAGATORS: "b3" },
    read: ({ lines }) => lines.filter((line) => line.startsWith("injected:")),
    expected: ["injected: b3"],
  },
  OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: {
    env: { OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "10" },
    read: ({ sent }) => [sent.traces, sent.logs].map((text) => text.includes(long)),
    expected: [false, false],
  },
  OTEL_ATTRIBUTE_COUNT_LIMIT: {
    env: { OTEL_ATTRIBUTE_COUNT_LIMIT: "2" },
    read: ({ sent }) => [times(sent.traces, '"of.span.'), times(sent.logs, '"of.record.')],
    expected: [2, 2],
  },
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: {
    env: { OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: "10" },
    read: ({ sent }) => [sent.traces, sent.logs].map((text) => text.includes(long)),
    expected: [false, true],
  },
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: {
    env: { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "2" },
    read: ({ sent }) => [times(sent.traces, '"of.span.'), times(sent.logs, '"of.record.')],
    expected: [2, 3],
  },
  OTEL_SPAN_EVENT_COUNT_LIMIT: {
    env: { OTEL_SPAN_EVENT_COUNT_LIMIT: "1" },
    read: ({ sent }) => times(sent.traces, '"an event"'),
    expected: 1,
  },
  OTEL_SPAN_LINK_COUNT_LIMIT: {
    env: { OTEL_SPAN_LINK_COUNT_LIMIT: "1" },
    read: ({ sent }) => times(sent.traces, '"of.link"'),
    expected: 1,
  },
  OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: {
    env: { OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: "10" },
    read: ({ sent }) => [sent.traces, sent.logs].map((text) => text.includes(long)),
    expected: [true, false],
  },
  OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: {
    env: { OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: "2" },
    read: ({ sent }) => [times(sent.traces, '"of.span.'), times(sent.logs, '"of.record.')],
    expected: [3, 2],
  },
  OTEL_NODE_ENABLED_INSTRUMENTATIONS: {
    env: { OTEL_NODE_ENABLED_INSTRUMENTATIONS: "undici" },
    read: ({ sent }) => sent.traces.includes("http.request.method"),
    expected: false,
  },
  OTEL_NODE_DISABLED_INSTRUMENTATIONS: {
    env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: "http" },
    read: ({ sent }) => sent.traces.includes("http.request.method"),
    expected: false,
  },
};

describe("variables that OpenTelemetry's SDK reads itself", function () {
  this.timeout(60_000);
  let without: Outcome;

  before(async () => {
    without = await runWith({});
  });

  for (const [name, { env, read, expected }] of Object.entries(rows)) {
    it(`${name} is followed`, async () => {
      const outcome = await runWith(env);
      assert.deepEqual([outcome.exitCode, read(outcome)], [0, expected]);
      // The same without it is something else, or the row shows nothing.
      assert.notDeepEqual(read(without), expected);
    });
  }

  it("limit to the README's default what they limit, if they are not set", async () => {
    const { sent } = await runWith({}, "130");
    const of = (name: VariableName): number => Number(variables[name].byDefault);
    assert.deepEqual(
      [
        times(sent.traces, '"of.span.'),
        times(sent.logs, '"of.record.'),
        times(sent.traces, '"an event"'),
        times(sent.traces, '"of.link"'),
        times(sent.traces, '"of.event.'),
      ],
      [
        of("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"),
        of("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT"),
        of("OTEL_SPAN_EVENT_COUNT_LIMIT"),
        of("OTEL_SPAN_LINK_COUNT_LIMIT"),
        of("OTEL_SPAN_EVENT_COUNT_LIMIT") * of("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"),
      ],
    );
    assert.equal(of("OTEL_ATTRIBUTE_COUNT_LIMIT"), of("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"));
  });
});

describe("other variables in a whole program", function () {
  this.timeout(60_000);

  it("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION divides histograms otherwise", async () => {
    const kinds = async (env: Readonly<Record<string, string>>): Promise<boolean[]> => {
      const { sent } = await runWith(env);
      return ['"histogram"', '"exponentialHistogram"'].map((kind) => sent.metrics.includes(kind));
    };
    const name = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";
    assert.deepEqual(await kinds({}), [true, false]);
    assert.deepEqual(await kinds({ [name]: "base2_exponential_bucket_histogram" }), [false, true]);
  });

  it("OTEL_CONFIG_FILE changes nothing, and whoever sets it is told", async () => {
    const folder = mkdtempSync(join(tmpdir(), "telemetry-config-"));
    try {
      const file = join(folder, "otel.yaml");
      writeFileSync(file, 'file_format: "1.0"\ndisabled: true\n');
      const { exitCode, sent, stderr } = await runWith({ OTEL_CONFIG_FILE: file });
      assert.deepEqual([exitCode, Object.values(sent).includes("")], [0, false]);
      assert.match(stderr, /^telemetry: OTEL_CONFIG_FILE: is not read, since .*\n$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

import assert from "node:assert/strict";
import { readEnvironment, type Env, type TelemetryConfig } from "../../src/environment/read-environment.ts";
import type { SdkVariable } from "../support/sdk-variables.ts";
import { unread, variables, type Variable, type VariableName } from "../../src/environment/variables.ts";

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4317" };

/** A value, and what it changes: what is read of the configuration, and what that is then. */
interface Row {
  readonly value: string;
  /** What has to be set beside it. */
  readonly beside?: Env;
  readonly read: (config: TelemetryConfig) => unknown;
  readonly expected: unknown;
}

/** A row for every variable that the library reads: the compiler names one that is left out. */
const rows: Readonly<Record<Exclude<VariableName, SdkVariable>, Row>> = {
  TESTING: { value: "1", read: ({ traces }) => traces.exporters, expected: [] },
  OTEL_SDK_DISABLED: { value: "TRUE", read: ({ logs }) => logs.exporters, expected: [] },
  OTEL_SERVICE_NAME: {
    value: "shop",
    beside: { OTEL_RESOURCE_ATTRIBUTES: "service.name=other" },
    read: ({ serviceName }) => serviceName,
    expected: "shop",
  },
  OTEL_RESOURCE_ATTRIBUTES: {
    value: "service.version=1,service.name=my%20shop",
    read: ({ serviceName }) => serviceName,
    expected: "my shop",
  },
  OTEL_TRACES_EXPORTER: { value: "none", read: ({ traces }) => traces.exporters, expected: [] },
  OTEL_METRICS_EXPORTER: { value: "console", read: ({ metrics }) => metrics.exporters, expected: ["console"] },
  OTEL_LOGS_EXPORTER: { value: "otlp,console", read: ({ logs }) => logs.exporters, expected: ["otlp", "console"] },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    value: "https://collector.example.com:4318/base/",
    beside: { OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" },
    read: ({ traces, metrics, logs }) => [traces.otlp.url, metrics.otlp.url, logs.otlp.url],
    expected: ["traces", "metrics", "logs"].map((signal) => `https://collector.example.com:4318/base/v1/${signal}`),
  },
  OTEL_EXPORTER_OTLP_PROTOCOL: { value: "HTTP/JSON", read: ({ logs }) => logs.otlp.protocol, expected: "http/json" },
  OTEL_EXPORTER_OTLP_INSECURE: {
    value: "true",
    beside: { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" },
    read: ({ logs }) => logs.otlp.url,
    expected: "http://collector:4317",
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    value: "a=1,b=two%20words",
    read: ({ logs }) => logs.otlp.headers,
    expected: { a: "1", b: "two words" },
  },
  OTEL_EXPORTER_OTLP_TIMEOUT: { value: "2500", read: ({ logs }) => logs.otlp.timeoutMillis, expected: 2500 },
  OTEL_EXPORTER_OTLP_COMPRESSION: { value: "gzip", read: ({ logs }) => logs.otlp.compression, expected: "gzip" },
  OTEL_EXPORTER_OTLP_CERTIFICATE: {
    value: "/a.pem",
    read: ({ logs }) => logs.otlp.tls.certificate,
    expected: "/a.pem",
  },
  OTEL_EXPORTER_OTLP_CLIENT_KEY: { value: "/k.pem", read: ({ logs }) => logs.otlp.tls.clientKey, expected: "/k.pem" },
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: {
    value: "/c.pem",
    read: ({ logs }) => logs.otlp.tls.clientCertificate,
    expected: "/c.pem",
  },
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: {
    value: "Delta",
    read: ({ metrics }) => metrics.temporality,
    expected: "delta",
  },
  OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: {
    value: "BASE2_exponential_bucket_histogram",
    read: ({ metrics }) => metrics.histograms,
    expected: "base2_exponential_bucket_histogram",
  },
  OTEL_BLRP_MAX_QUEUE_SIZE: { value: "10", read: ({ logs }) => logs.batch.maxExportBatchSize, expected: 10 },
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: { value: "7", read: ({ logs }) => logs.batch.maxExportBatchSize, expected: 7 },
  OTEL_BLRP_SCHEDULE_DELAY: { value: "30", read: ({ logs }) => logs.batch.scheduledDelayMillis, expected: 30 },
  OTEL_BSP_MAX_QUEUE_SIZE: { value: "40", read: ({ traces }) => traces.batch.maxQueueSize, expected: 40 },
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: { value: "5", read: ({ traces }) => traces.batch.maxExportBatchSize, expected: 5 },
  OTEL_BSP_SCHEDULE_DELAY: { value: "60", read: ({ traces }) => traces.batch.scheduledDelayMillis, expected: 60 },
  OTEL_METRIC_EXPORT_INTERVAL: {
    value: "70",
    // No more time than there is until the next one.
    read: ({ metrics }) => [metrics.intervalMillis, metrics.timeoutMillis],
    expected: [70, 70],
  },
  OTEL_METRIC_EXPORT_TIMEOUT: { value: "5000", read: ({ metrics }) => metrics.timeoutMillis, expected: 5000 },
  OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: {
    value: "3",
    read: ({ attributesPerEvent }) => attributesPerEvent,
    expected: 3,
  },
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: { value: "4", read: ({ attributesPerLink }) => attributesPerLink, expected: 4 },
};

/** A value that no variable of a kind can use. */
const unusable = {
  boolean: "1",
  number: "-1",
  ratio: "1.5",
  "one-of": "nonsense",
  "list-of": "nonsense",
  address: "ftp://127.0.0.1",
  pairs: "no pair",
} as const;

describe("readEnvironment", () => {
  for (const [name, row] of Object.entries(rows)) {
    it(`follows ${name}=${row.value}`, () => {
      const config = readEnvironment({ ...endpoint, ...row.beside, [name]: row.value });
      assert.deepEqual(row.read(config), row.expected);
      assert.deepEqual(config.problems, []);
      // The same without it is something else, or the row shows nothing.
      assert.notDeepEqual(row.read(readEnvironment({ ...endpoint, ...row.beside, [name]: undefined })), row.expected);
    });
  }

  for (const [name, variable] of Object.entries<Variable>(variables)) {
    const { kind } = variable;
    if (kind === "text") continue;
    it(`warns of a ${name} that cannot be used, and goes on as if it were not set`, () => {
      const without = readEnvironment({ ...endpoint, [name]: undefined });
      const { problems, ...config } = readEnvironment({ ...endpoint, [name]: unusable[kind] });
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? "", new RegExp(`^${name}: must be .*, got "${unusable[kind]}"; `));
      assert.deepEqual({ ...config, problems: [] }, without);
    });
  }

  for (const name of Object.keys(unread)) {
    it(`says that ${name} is not read`, () => {
      assert.match(readEnvironment({ [name]: "x" }).problems.join(), new RegExp(`^${name}: is not read, since `));
    });
  }

  it("says nothing of conventions that it follows anyway, and of others that it has no other", () => {
    const problemsOf = (asked: string): readonly string[] =>
      readEnvironment({ OTEL_SEMCONV_STABILITY_OPT_IN: asked }).problems;
    assert.deepEqual([problemsOf("http"), problemsOf("database, http")], [[], []]);
    assert.equal(problemsOf("http/dup,database").length, 1);
  });

  it("sends over gRPC to the endpoint, with the specification's defaults, when only that is set", () => {
    const otlp = {
      protocol: "grpc",
      url: "http://127.0.0.1:4317",
      headers: {},
      timeoutMillis: 10_000,
      compression: "none",
      tls: { certificate: undefined, clientCertificate: undefined, clientKey: undefined },
    };
    const exporters = ["otlp"];
    assert.deepEqual(readEnvironment(endpoint), {
      serviceName: "unknown_service:node",
      logs: {
        exporters,
        otlp,
        batch: { maxQueueSize: 2048, maxExportBatchSize: 512, scheduledDelayMillis: 1000 },
      },
      traces: {
        exporters,
        otlp,
        batch: { maxQueueSize: 2048, maxExportBatchSize: 512, scheduledDelayMillis: 5000 },
      },
      metrics: {
        exporters,
        otlp,
        intervalMillis: 60_000,
        timeoutMillis: 30_000,
        temporality: "cumulative",
        histograms: "explicit_bucket_histogram",
      },
      attributesPerEvent: 128,
      attributesPerLink: 128,
      problems: [],
    });
  });

  it("sends nothing without an endpoint, and to the specification's one if a signal's exporter is asked for", () => {
    const { logs, traces, metrics } = readEnvironment({ OTEL_TRACES_EXPORTER: "otlp" });
    assert.deepEqual([logs.exporters, traces.exporters, metrics.exporters], [[], ["otlp"], []]);
    assert.equal(traces.otlp.url, "http://localhost:4317");
  });

  const own = Object.entries<Variable>(variables).flatMap(([name, { perSignal }]) =>
    perSignal === true ? [name] : [],
  );
  it("lets the variable of one signal win over the one for all signals, for that signal", () => {
    const values: Readonly<Record<string, [general: string, own: string]>> = {
      OTEL_EXPORTER_OTLP_ENDPOINT: ["http://all:4318", "http://own:4318/as/it/is"],
      OTEL_EXPORTER_OTLP_PROTOCOL: ["http/json", "http/protobuf"],
      OTEL_EXPORTER_OTLP_INSECURE: ["true", "true"],
      OTEL_EXPORTER_OTLP_HEADERS: ["a=1,b=1", "b=2"],
      OTEL_EXPORTER_OTLP_TIMEOUT: ["1", "2"],
      OTEL_EXPORTER_OTLP_COMPRESSION: ["gzip", "none"],
      OTEL_EXPORTER_OTLP_CERTIFICATE: ["all", "own"],
      OTEL_EXPORTER_OTLP_CLIENT_KEY: ["all", "own"],
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: ["all", "own"],
    };
    assert.deepEqual(Object.keys(values).sort(), own.sort());
    const env = Object.fromEntries(
      Object.entries(values).flatMap(([name, [general, signal]]) => [
        [name, general],
        [name.replace("OTLP_", "OTLP_TRACES_"), signal],
      ]),
    );
    const { logs, traces, problems } = readEnvironment(env);
    assert.deepEqual(problems, []);
    assert.deepEqual(traces.otlp, {
      protocol: "http/protobuf",
      url: "http://own:4318/as/it/is",
      headers: { a: "1", b: "2" },
      timeoutMillis: 2,
      compression: "none",
      tls: { certificate: "own", clientCertificate: "own", clientKey: "own" },
    });
    assert.deepEqual(logs.otlp, {
      protocol: "http/json",
      url: "http://all:4318/v1/logs",
      headers: { a: "1", b: "1" },
      timeoutMillis: 1,
      compression: "gzip",
      tls: { certificate: "all", clientCertificate: "all", clientKey: "all" },
    });
  });

  it("takes a host and a port for gRPC, with TLS unless it is told otherwise", () => {
    const { logs } = readEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" });
    assert.equal(logs.otlp.url, "https://collector:4317");
  });
});

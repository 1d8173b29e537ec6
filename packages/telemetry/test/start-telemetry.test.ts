import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { oldestNode } from "../src/start-telemetry.ts";
import { startOtlpReceiver, type OtlpReceiver } from "./support/otlp-receiver.ts";
import { runFixture } from "./support/run-fixture.ts";

describe("startTelemetry", () => {
  let receiver: OtlpReceiver;
  const env = (protocol: "grpc" | "http/protobuf"): Record<string, string> => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: protocol === "grpc" ? receiver.grpcUrl : receiver.httpUrl,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_SERVICE_NAME: "fixture",
  });
  const sent = (text: string): string[] =>
    receiver.requests.filter(({ body }) => body.includes(text)).map(({ signal }) => signal);

  beforeEach(async () => {
    receiver = await startOtlpReceiver();
  });
  afterEach(() => {
    receiver.close();
  });

  for (const protocol of ["grpc", "http/protobuf"] as const) {
    it(`sends logs, traces and metrics over ${protocol}, each once, when the script ends by itself`, async () => {
      const { exitCode, lines, stderr } = await runFixture("all-signals.ts", env(protocol));
      assert.deepEqual([exitCode, lines.length, stderr], [0, 1, ""]);
      const [line = ""] = lines;
      assert.match(line, /"message":"fixture line".*"trace_id":"[0-9a-f]{32}","span_id":"[0-9a-f]{16}"/);
      assert.deepEqual(sent(line), ["logs"]);
      assert.deepEqual(sent("fixture span"), ["traces"]);
      assert.deepEqual(sent("fixture.count"), ["metrics"]);
      assert.deepEqual(sent("hunter2"), []);
    });
  }

  for (const protocol of ["grpc", "http/protobuf"] as const) {
    it(`loses nothing over ${protocol} of 10 MB at once, and repairs what cannot be written as it is`, async () => {
      const { exitCode, lines } = await runFixture("hostile-records.ts", {
        ...env(protocol),
        OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "1024",
      });
      assert.equal(exitCode, 0);
      const lost = { queue_full: 0, rejected: 0, retries_exhausted: 0, serialization: 0, shutdown: 0, too_large: 0 };
      // A circle, a trap and a link to nowhere are made harmless before they reach the delivery.
      assert.deepEqual(JSON.parse(lines.at(-1) ?? ""), [
        { written: 514, delivered: 514, waiting: 0, lost },
        { written: 2, delivered: 2, waiting: 0, lost },
      ]);
      const received = receiver.accepted.flatMap(({ body }) => body.toString("latin1").match(/<log \d+>/g) ?? []);
      assert.equal(new Set(received).size, 512);
    });
  }

  it("writes all signals to the console if it is asked to, redacted, and sends nothing", async () => {
    const { exitCode, lines, stderr } = await runFixture("all-signals.ts", {
      ...env("http/protobuf"),
      OTEL_TRACES_EXPORTER: "console",
      OTEL_METRICS_EXPORTER: "console",
      OTEL_LOGS_EXPORTER: "console",
    });
    const printed = lines.join("\n");
    assert.deepEqual([exitCode, stderr, receiver.requests], [0, "", []]);
    for (const part of ["name: 'fixture span'", "name: 'fixture.count'", "severityText: 'info'"]) {
      assert.equal(printed.includes(part), true, part);
    }
    assert.equal(printed.match(/apiKey: '\[REDACTED\]'/g)?.length, 2);
    assert.equal(printed.includes("hunter2"), false);
  });

  for (const [variable, value] of [
    ["TESTING", "True"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", ""],
  ] as const) {
    it(`writes JSON to stdout and sends nothing with ${variable}=${value}`, async () => {
      const { exitCode, lines } = await runFixture("all-signals.ts", { ...env("http/protobuf"), [variable]: value });
      assert.equal(exitCode, 0);
      assert.match(lines.join(), /^\{"timestamp":"[^"]+","level":"info","message":"fixture line".*\}$/);
      assert.deepEqual(receiver.requests, []);
    });
  }

  it("delivers everything on SIGTERM, the last line included, and runs every callback", async () => {
    const { diesOf, lines } = await runFixture("serves-until-stopped.ts", env("grpc"), { signal: "SIGTERM" });
    assert.match(lines.at(-1) ?? "", /"message":"the last line"/);
    assert.equal(lines.filter((line) => line.includes("a shutdown callback failed")).length, 1);
    assert.equal(diesOf, "SIGTERM");
    for (const line of lines) assert.deepEqual(sent(line), ["logs"], line);
  });

  it("delivers the reason of a crash, redacted, and exits with 1", async () => {
    const { exitCode, lines } = await runFixture("crashes.ts", env("http/protobuf"));
    assert.equal(exitCode, 1);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /"level":"fatal","message":"uncaught exception".*"message":"out of luck, token=\[R/);
    assert.deepEqual(sent(lines[0] ?? "none"), ["logs"]);
  });

  it("traces servers and clients, continues a trace, and leaves health checks alone", async () => {
    const { lines } = await runFixture("http-round-trip.ts", env("http/protobuf"));
    const traceIds = lines.map((line) => (JSON.parse(line) as Record<string, unknown>)["trace_id"]);
    assert.deepEqual(traceIds, ["0af7651916cd43dd8448eb211c80319c", undefined]);
    assert.deepEqual(sent("/work").includes("traces"), true);
    assert.deepEqual(sent("http.server.request.duration"), ["metrics"]);
  });

  it("traces what an ES module has imported by name from node:http and node:https", async () => {
    const { exitCode, stderr } = await runFixture("named-imports.ts", env("http/protobuf"));
    assert.deepEqual([exitCode, stderr], [0, ""]);
    for (const path of ["/by-http", "/by-https"]) assert.deepEqual(sent(path), ["traces"], path);
  });

  it("counts what it delivered by the name of OpenTelemetry", async () => {
    await runFixture(
      "serves-until-stopped.ts",
      { ...env("grpc"), OTEL_METRIC_EXPORT_INTERVAL: "20", OTEL_BLRP_SCHEDULE_DELAY: "1" },
      { signal: "SIGTERM" },
    );
    assert.equal(sent("otel.sdk.exporter.log.exported").includes("metrics"), true);
  });

  it("starts on every Node.js that the package asks for in `engines`, and on no older one", () => {
    const { engines } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8")) as {
      readonly engines: { readonly node: string };
    };
    assert.equal(engines.node, `>=${oldestNode.major}.${oldestNode.minor}`);
  });
});

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { startOtlpReceiver, type OtlpReceiver } from "./support/otlp-receiver.ts";
import { runFixture } from "./support/run-fixture.ts";

const register = join(import.meta.dirname, "../src/register.ts");

describe("the entry register", () => {
  let receiver: OtlpReceiver;
  let server: Server;
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/asked-by-a-plain-program`;
  const env = (): Record<string, string> => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpUrl,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_SERVICE_NAME: "fixture",
  });
  const sent = (text: string): string[] =>
    receiver.requests.filter(({ body }) => body.includes(text)).map(({ signal }) => signal);

  beforeEach(async () => {
    receiver = await startOtlpReceiver();
    server = createServer((_request, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    receiver.close();
    server.close();
  });

  for (const flag of ["--import", "--require"] as const) {
    for (const fixture of ["plain-program.mjs", "plain-program.cjs"]) {
      it(`traces what ${fixture}, which knows nothing of it, asks by http and https, with ${flag}`, async () => {
        const { exitCode, stderr } = await runFixture(fixture, env(), { nodeArgs: [flag, register], args: [url()] });
        assert.deepEqual([exitCode, stderr], [0, ""]);
        const byTls = url().replace("http:", "https:");
        assert.deepEqual([sent(url()), sent(byTls)], [["traces"], ["traces"]]);
      });
    }
  }

  for (const fixture of ["own-grpc.mjs", "../../apps/grpc/program.cjs"]) {
    it(`traces both ends of the gRPC of ${fixture}, and not the delivery, which uses the same package`, async () => {
      const options = { ...env(), OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpcUrl, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
      const { exitCode, stderr } = await runFixture(fixture, options, { nodeArgs: ["--import", register] });
      assert.deepEqual([exitCode, stderr], [0, ""]);
      const traces = receiver.requests.filter(({ signal }) => signal === "traces").map(({ body }) => body.toString());
      assert.deepEqual(
        traces.flatMap((body) => body.match(/grpc\.shop\.Greeter\/Greet|grpc\.opentelemetry/g) ?? []),
        ["grpc.shop.Greeter/Greet", "grpc.shop.Greeter/Greet"],
      );
    });
  }

  it("works by NODE_OPTIONS", async () => {
    const options = { ...env(), NODE_OPTIONS: `--import=${register}` };
    const { exitCode, stderr } = await runFixture("plain-program.mjs", options, { args: [url()] });
    assert.deepEqual([exitCode, stderr], [0, ""]);
    assert.deepEqual(sent(url()), ["traces"]);
  });

  it("starts what a later startTelemetry() in the code gives, once", async () => {
    const { exitCode, lines, stderr } = await runFixture("starts-again.ts", env(), {
      nodeArgs: ["--import", register],
    });
    assert.deepEqual([exitCode, stderr, lines.length], [0, "", 1]);
    assert.deepEqual(sent("started by both"), ["logs"]);
  });
});

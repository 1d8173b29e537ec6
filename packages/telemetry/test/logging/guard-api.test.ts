import assert from "node:assert/strict";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";
import { runFixture } from "../support/run-fixture.ts";

describe("OpenTelemetry's API", () => {
  it("takes anything without throwing into the application, and delivers what it can", async () => {
    const receiver = await startOtlpReceiver();
    try {
      const { exitCode, lines, stderr } = await runFixture("hostile-calls.ts", {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpUrl,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      });
      assert.deepEqual([exitCode, lines.length, stderr], [0, 1, ""]);
      const sent = (text: string): string[] =>
        receiver.requests.filter(({ body }) => body.includes(text)).map(({ signal }) => signal);
      assert.deepEqual([sent("survives.count"), sent("still here")], [["metrics"], ["logs"]]);
      assert.equal(sent("survives").includes("traces"), true);
    } finally {
      receiver.close();
    }
  });
});

import assert from "node:assert/strict";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";
import { runFixture } from "../support/run-fixture.ts";

describe("loggers that an application has itself", () => {
  it("are sent once each, with their level and fields, redacted, and stdout is left as it was", async () => {
    const receiver = await startOtlpReceiver();
    try {
      const { exitCode, lines } = await runFixture("own-loggers.ts", {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpUrl,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      });
      const sent = receiver.requests
        .filter(({ signal }) => signal === "logs")
        .map(({ body }) => body.toString("latin1"));
      const messages = [...sent.join("").matchAll(/"level":"([a-z]+)","message":"([^"]*)"/g)].map(
        ([, ...parts]) => parts,
      );
      assert.deepEqual(messages, [
        ["warn", "by pino itself"],
        ["warn", "by pino, with a field of that name"],
        ["info", "by the console, token=[REDACTED]"],
        ["trace", "by a trace"],
        ["warn", "by a logger of JSON"],
        ["info", "by the library"],
      ]);
      assert.equal(sent.join("").includes('"part":"a","password":"[REDACTED]"'), true);
      assert.equal(sent.join("").includes('"last":1}'), true);
      assert.equal(sent.join("").includes("hunter2"), false);
      assert.deepEqual([exitCode, lines.length], [0, 5]);
    } finally {
      receiver.close();
    }
  });
});

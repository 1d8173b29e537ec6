import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Writable } from "node:stream";
import { ROOT_CONTEXT } from "@opentelemetry/api";
import { lineWriter } from "../../src/logging/destination.ts";
import { lostLines } from "../../src/logging/lost-lines.ts";
import type { Line } from "../../src/logging/line.ts";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";

const line: Line = { text: "x".repeat(1023), level: "info", time: new Date(), context: ROOT_CONTEXT };

describe("lineWriter", () => {
  it("keeps 4 MiB for a destination that does not read, then drops and counts", async () => {
    const taken: string[] = [];
    let release = (): void => undefined;
    const stuck = new Writable({
      write: (chunk: Buffer, _, done) => {
        taken.push(chunk.toString());
        release = done;
      },
    });
    const problems: string[] = [];
    const lost = lostLines((problem) => problems.push(problem));
    const { sink, flush } = lineWriter(stuck, lost);
    for (let written = 0; written < 5 * 1024; written += 1) sink(line);
    const fit = 4 * 1024 + 1;
    assert.deepEqual(lost.total(), { destination_full: 5 * 1024 - fit });
    assert.equal(problems.length, 1);
    await flush(10);
    stuck.destroy();
    release();
  });

  it("counts what is written after the reader is gone, and does not throw its error", async () => {
    const gone = new Writable({
      write: (_chunk, _encoding, done) => {
        done(Object.assign(new Error("nobody there"), { code: "EPIPE" }));
      },
    });
    const lost = lostLines(() => undefined);
    const { sink, flush } = lineWriter(gone, lost);
    sink(line);
    await new Promise((resolve) => setImmediate(resolve));
    sink(line);
    await flush(10);
    assert.deepEqual(lost.total(), { destination_closed: 2 });
  });

  it("neither blocks nor ends a process whose stdout is a pipe that nobody reads, and counts what did not fit", async () => {
    const receiver = await startOtlpReceiver();
    try {
      const child = spawn(process.execPath, [join(import.meta.dirname, "../fixtures/floods-stdout.ts")], {
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpUrl,
          OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
          OTEL_LOGS_EXPORTER: "none",
        },
        // Node.js reads ahead what it has room for, and no more.
        stdio: ["ignore", "pipe", "pipe"],
        timeout: 50_000,
        killSignal: "SIGKILL",
      });
      let stderr = "";
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      assert.deepEqual(await once(child, "exit"), [0, null]);
      assert.match(stderr, /^telemetry: nobody reads the log's destination; [^\n]*\nwritten\nended\n$/);
      const sent = receiver.accepted.map(({ body }) => body.toString()).join();
      const [, lost = ""] = /"telemetry\.logger\.lost".*?"as(?:Double|Int)":"?(\d+)/.exec(sent) ?? [];
      const timestamp = new Date().toISOString();
      const fields = { level: "info", message: "flood", "service.name": "unknown_service:node", line: 1_000 };
      const bytesOfLine = `${JSON.stringify({ timestamp, ...fields, text: "x".repeat(1_000) })}\n`.length;
      const keptMib = ((10_000 - Number(lost)) * bytesOfLine) / 2 ** 20;
      assert.equal(keptMib > 4 && keptMib < 5, true, `${lost} lost of ${bytesOfLine} bytes each`);
    } finally {
      receiver.close();
    }
  }).timeout(60_000);
});

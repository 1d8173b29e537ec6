import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { ROOT_CONTEXT } from "@opentelemetry/api";
import { lineWriter } from "../../src/logging/destination.ts";
import { lostLines } from "../../src/logging/lost-lines.ts";
import type { Line } from "../../src/logging/line.ts";

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
});

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { memoryLimits } from "../../src/delivery/memory-limit.ts";

const mib = 1024 * 1024;

describe("memoryLimits", () => {
  it("are parts of the process's memory, and never more than a fixed size", () => {
    assert.deepEqual(memoryLimits(128 * mib), { logs: 8 * mib, spans: 4 * mib, metrics: 2 * mib });
    assert.deepEqual(memoryLimits(64 * 1024 * mib), { logs: 128 * mib, spans: 64 * mib, metrics: 32 * mib });
  });
});

describe("processMemoryBytes", () => {
  it("is what --max-old-space-size leaves the heap, if that is the smallest limit", () => {
    const program = "import(process.argv[1]).then(({ processMemoryBytes }) => console.log(processMemoryBytes()))";
    const module = join(import.meta.dirname, "../../src/delivery/memory-limit.ts");
    const bytes = (mebibytes: number): number =>
      Number(execFileSync(process.execPath, [`--max-old-space-size=${mebibytes}`, "--eval", program, module]));
    // V8 adds what the young generation takes.
    assert.equal(bytes(200) - bytes(100), 100 * mib);
  });
});

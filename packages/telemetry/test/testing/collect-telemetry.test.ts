import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import assert from "node:assert/strict";

describe("collectTelemetry", () => {
  it("does what test/fixtures/collects-telemetry.ts expects, in a process of its own", () => {
    const mocha = createRequire(import.meta.url).resolve("mocha/bin/mocha.js");
    const tests = join(import.meta.dirname, "../fixtures/collects-telemetry.ts");
    const output = execFileSync(process.execPath, [mocha, "--no-config", tests], { encoding: "utf8" });
    assert.match(output, /4 passing/);
  });

  it("works in node:test as well", () => {
    const tests = join(import.meta.dirname, "../fixtures/collects-in-node-test.ts");
    const output = execFileSync(process.execPath, ["--test", "--test-reporter=tap", tests], { encoding: "utf8" });
    assert.match(output, /^# pass 2$/m);
  });
});

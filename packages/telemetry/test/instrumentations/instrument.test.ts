import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const register = join(import.meta.dirname, "../../src/register.ts");

/** Prints which instrumentations `require` has loaded before a library is used, and after it. */
const program = {
  "program.cjs": `const { cache } = require; const before = loaded(); require("connect"); print();`,
  "program.mjs": `import { createRequire } from "node:module";
    const { cache } = createRequire(import.meta.url); const before = loaded(); await import("connect"); print();`,
} as const;
const helpers = `
  function loaded() {
    const names = Object.keys(cache).map((path) => /instrumentation-([a-z0-9.-]+)/.exec(path)?.[1]);
    return [...new Set(names)].filter((name) => name !== undefined);
  }
  function print() {
    console.log(JSON.stringify([before, loaded()]));
  }`;

describe("the instrumentation of a library", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telemetry-instrument-"));
    const files = {
      "node_modules/connect/package.json": JSON.stringify({ name: "connect", version: "3.7.0", main: "index.js" }),
      "node_modules/connect/index.js": "module.exports = () => undefined;",
      "early.cjs": `require("connect");`,
      "program.cjs": program["program.cjs"] + helpers,
      "program.mjs": program["program.mjs"] + helpers,
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function run(...args: readonly string[]): { readonly stdout: string; readonly stderr: string } {
    // Spans only, of which there are none: nobody takes anything, and the end would wait for that.
    const env = { OTEL_TRACES_EXPORTER: "otlp", OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };
    return spawnSync(process.execPath, args, { cwd: folder, env, encoding: "utf8" });
  }

  for (const name of Object.keys(program)) {
    it(`is loaded when ${name} first uses the library, and no other is`, () => {
      const { stdout, stderr } = run("--import", register, name);
      assert.notEqual(stdout, "", stderr);
      // That of http is there from the start.
      assert.deepEqual(JSON.parse(stdout), [["http"], ["http", "connect"]]);
    });
  }

  it("is said to be of no use if the library was loaded before the telemetry", () => {
    const { stderr } = run("--require", "./early.cjs", "--import", register, "program.cjs");
    assert.match(stderr, /^telemetry: connect: loaded before the telemetry, and not traced; start the telemetry first/);
  });
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { gunzipSync } from "node:zlib";
import { packedEmitter } from "./pod-emitter.ts";

describe("the program of a PodEmitter", () => {
  it("fits into a ConfigMap, and runs without any node_modules", async () => {
    const program = gunzipSync(Buffer.from(await packedEmitter(), "base64"));
    const env = { PATH: process.env["PATH"], TESTING: "true" };
    const args = ["--input-type=module", "-", "10", "10", "0.1"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { input: program, env, encoding: "utf8" });
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^\{"timestamp":/);
  }).timeout(30_000);
});

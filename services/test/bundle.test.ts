import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundle } from "../bundle.ts";

describe("the bundle", () => {
  it("has the same bytes every time and no path of this machine", async () => {
    const folders = ["first-", "second-"].map((prefix) => mkdtempSync(join(tmpdir(), prefix)));
    await Promise.all(folders.map((folder) => bundle(folder)));
    const root = resolve(import.meta.dirname, "../..");
    for (const file of ["main.mjs", "healthcheck.cjs"]) {
      const [first, second] = folders.map((folder) => readFileSync(join(folder, file)));
      assert.ok(first !== undefined && second !== undefined);
      assert.ok(first.equals(second), file);
      assert.equal(first.includes(root), false, file);
    }
    for (const folder of folders) rmSync(folder, { recursive: true });
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withTables } from "../build/readme-tables.ts";

describe("the README of the package", function () {
  this.timeout(30_000);

  it("lists what is instrumented and every variable, as npm run api writes it", async () => {
    const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
    assert.equal(readme, await withTables(readme));
  });
});

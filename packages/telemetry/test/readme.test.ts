import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DeliveryTally } from "../src/delivery/delivery-counters.ts";
import { withTables } from "../build/readme-tables.ts";

describe("the README of the package", function () {
  this.timeout(30_000);

  it("lists what is instrumented and every variable, as npm run api writes it", async () => {
    const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
    assert.equal(readme, await withTables(readme));
  });

  it("says of each reason why a record is lost", () => {
    const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
    const [, table = ""] = /^ *\| `error\.type` +\|[^\n]*\n *\| -[^\n]*\n((?: *\|[^\n]*\n)+)/m.exec(readme) ?? [];
    const tally = new DeliveryTally({ itemName: "log records", name: "log" }, { protocol: "grpc" }, () => undefined);
    assert.deepEqual(
      [...table.matchAll(/^ *\| `(\w+)`/gm)].map(([, reason]) => reason).sort(),
      Object.keys(tally.counts.lost).sort(),
    );
  });
});

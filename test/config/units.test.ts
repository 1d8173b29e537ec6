import assert from "node:assert/strict";
import fc from "fast-check";
import { goDuration, goMemoryLimitMib, hours, mebibytes, megabytes } from "../../config/units.ts";
import { canonicalSeconds } from "../support/settings.ts";

describe("units", () => {
  it("writes each unit as its consumer reads it", () => {
    assert.deepEqual([hours(720), megabytes(96), mebibytes(204)], ["720h", "96MB", "204MiB"]);
  });

  it("writes durations as Go prints them, since Docker hands no other spelling back", () => {
    const spelled = [0, 1, 59, 60, 61, 90, 3599, 3600, 3661, 7200, 86400].map(goDuration);
    assert.deepEqual(spelled, [
      ...["0s", "1s", "59s", "1m0s", "1m1s", "1m30s", "59m59s"],
      ...["1h0m0s", "1h1m1s", "2h0m0s", "24h0m0s"],
    ]);
  });

  it("writes any number of seconds in Go's canonical form, with the same value", () => {
    fc.assert(
      fc.property(fc.nat({ max: 10_000_000 }), (seconds) => {
        assert.equal(canonicalSeconds(goDuration(seconds)), seconds);
      }),
    );
  });

  it("leaves a fifth of every memory limit to what Go's collector does not count", () => {
    assert.equal(goMemoryLimitMib(256), 204);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (memoryMib) => {
        const limit = goMemoryLimitMib(memoryMib);
        assert.ok(Number.isInteger(limit) && limit <= memoryMib * 0.8 && limit > memoryMib * 0.8 - 1);
      }),
    );
  });
});

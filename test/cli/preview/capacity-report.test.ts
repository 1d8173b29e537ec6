import assert from "node:assert/strict";
import { capacityText } from "../../../cli/preview/capacity-report.ts";
import { expectedSchema } from "../../../config/expected-settings.ts";

describe("what a stack is expected to take, as text", () => {
  it("has a row for each part and for all of them, and says which are not measured", () => {
    const expected = expectedSchema.parse({ linesPerSecond: 500, spansPerSecond: 100.5, diskGib: 200 });
    const text = capacityText({
      expected,
      retentionDays: 30,
      parts: [
        {
          part: "loki",
          memoryMib: { expected: 90, limit: 256 },
          cores: 0.031,
          disk: { gib: 100.04, roomGib: undefined, daysThatFit: undefined },
        },
        { part: "canary", memoryMib: { expected: 45, limit: 64 }, cores: 0.002, disk: undefined },
      ],
      notMeasured: ["archive"],
      total: {
        memoryMib: { expected: 135, limit: 320 },
        cores: 0.033,
        disk: { gib: 100.04, roomGib: 200, daysThatFit: 53 },
      },
    });
    assert.equal(
      text,
      `Expected
  10 services, 500 lines of 350 bytes a second, 100.5 spans a second, 0 series with a point every 5 s
  part      memory          cores  disk after 30 days  days that fit
  loki      90 of 256 MiB   0.03   100.0 GiB
  canary    45 of 64 MiB    0.00
  together  135 of 320 MiB  0.03   100.0 of 200 GiB    53
  archive: not measured, so nothing is known of what it takes
  Memory is what the limit has to be. From measurements on one machine, see docs/capacity.md.`,
    );
  });
});

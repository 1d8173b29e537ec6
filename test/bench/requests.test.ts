import assert from "node:assert/strict";
import { pointRequests } from "../../bench/requests.ts";

describe("points of a bench", () => {
  it("never have the time of those before them, of which VictoriaMetrics would make one", async () => {
    const requests = await pointRequests("shop", 1);
    const now = Date.now();
    const times = Array.from({ length: 100 }, () => timeIn(requests.next(0), now));
    assert.equal(new Set(times).size, 100);
  });
});

/** The latest time of this hour in a request; that of the series' beginning stands in it too. */
function timeIn(body: Buffer, nowMillis: number): number {
  const millis = Array.from({ length: body.length - 7 }, (_, at) => Number(body.readBigUInt64LE(at) / 1_000_000n));
  return Math.max(...millis.filter((one) => Math.abs(one - nowMillis) < 3_600_000));
}

import assert from "node:assert/strict";
import fc from "fast-check";
import { highestRate } from "../../bench/search.ts";

/** Searches for a highest rate that is known; also says what was tried. */
async function search(
  highest: number,
  first: number,
  precision = 0.1,
): Promise<{ readonly found: number; readonly tried: readonly number[] }> {
  const tried: number[] = [];
  const passes = (rate: number): Promise<boolean> => {
    tried.push(rate);
    return Promise.resolve(rate <= highest);
  };
  return { found: await highestRate(passes, { first, precision }), tried };
}

describe("the search for the highest rate", () => {
  it("doubles, and then takes the middle by the ratio", async () => {
    assert.deepEqual(await search(30_000, 10_000), {
      found: 28_284,
      tried: [10_000, 20_000, 40_000, 28_284, 33_636, 30_844],
    });
  });

  it("halves what is too much at first, and finds 0 if nothing passes", async () => {
    assert.equal((await search(3, 1000)).found, 3);
    assert.deepEqual(await search(0, 4), { found: 0, tried: [4, 2, 1] });
  });

  it("passes itself, and fails a tenth above, whatever the highest is", async () => {
    const rates = fc.integer({ min: 1, max: 1_000_000 });
    await fc.assert(
      fc.asyncProperty(rates, rates, async (highest, first) => {
        const { found, tried } = await search(highest, first);
        const lowestFailed = Math.min(...tried.filter((rate) => rate > highest));
        assert.ok(found <= highest && tried.includes(found));
        // Of whole rates there is no better one where the next already fails.
        assert.ok(lowestFailed <= found * 1.1 || lowestFailed - found === 1, `${found} and ${lowestFailed}`);
        assert.equal(new Set(tried).size, tried.length);
      }),
    );
  });
});

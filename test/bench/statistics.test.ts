import assert from "node:assert/strict";
import fc from "fast-check";
import { median, quantile, slope } from "../../bench/statistics.ts";

const numbers = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 50 });

describe("a quantile", () => {
  it("lies between the two values that are nearest to it", () => {
    assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
    assert.equal(quantile([10, 20], 0.99), 19.9);
    assert.equal(median([3, 1, 2]), 2);
  });

  it("is the least and the greatest value at its ends, and never less for a greater share", () => {
    fc.assert(
      fc.property(numbers, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        assert.equal(quantile(values, 0), Math.min(...values));
        assert.equal(quantile(values, 1), Math.max(...values));
        assert.ok(quantile(values, share) <= quantile(values, share + (1 - share) / 2) + 1e-9);
      }),
    );
  });

  it("is no number of no values", () => {
    assert.ok(Number.isNaN(median([])));
  });
});

describe("a slope", () => {
  it("is not changed by a few that lie far off, which that of least squares follows", () => {
    assert.equal(slope(Array.from({ length: 20 }, (_, x) => [x, x < 18 ? 2 * x : 1000])), 2);
  });

  it("is that of the straight line that the points lie on, and 0 of one point", () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: -5, max: 5 }), fc.integer(), (values, steepness, base) => {
        const xs = [...new Set(values)];
        const found = slope(xs.map((x) => [x, (base % 1000) + steepness * x]));
        assert.ok(Math.abs(found - (xs.length === 1 ? 0 : steepness)) < 1e-6, String(found));
      }),
    );
  });
});

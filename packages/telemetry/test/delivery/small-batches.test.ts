import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { SmallBatches } from "../../src/delivery/small-batches.ts";

describe("SmallBatches", () => {
  /** Batches, and what they have handled so far. */
  function collecting(): { readonly batches: SmallBatches<number>; readonly handled: number[] } {
    const handled: number[] = [];
    return { batches: new SmallBatches((item) => handled.push(item)), handled };
  }

  it("handles 64 items together, in their order", () => {
    const { batches, handled } = collecting();
    const items = [...Array(64).keys()];
    for (const item of items.slice(0, 63)) batches.add(item, 1);
    assert.deepEqual(handled, []);
    batches.add(63, 1);
    assert.deepEqual(handled, items);
  });

  it("handles fewer if their texts are long, at once if they are not to wait, and when it is asked to", () => {
    const { batches, handled } = collecting();
    batches.add(1, 65_535);
    assert.deepEqual(handled, []);
    batches.add(2, 1);
    assert.deepEqual(handled, [1, 2]);
    batches.add(3, 1);
    batches.add(4, Infinity);
    assert.deepEqual(handled, [1, 2, 3, 4]);
    batches.add(5, 1);
    batches.drain();
    assert.deepEqual(handled, [1, 2, 3, 4, 5]);
  });

  it("lets none wait for long, and handles what is added meanwhile as well", async () => {
    const handled: number[] = [];
    const batches: SmallBatches<number> = new SmallBatches((item) => {
      handled.push(item);
      if (item < 3) batches.add(item + 1, 1);
    });
    batches.add(1, 1);
    for (let attempt = 0; handled.length < 3 && attempt < 200; attempt += 1) await delay(10);
    assert.deepEqual(handled, [1, 2, 3]);
  });

  it("handles items outside the request that they were added in", () => {
    const request = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const batches = new SmallBatches(() => seen.push(request.getStore()));
    request.run("of a customer", () => {
      batches.add(1, Infinity);
    });
    assert.deepEqual(seen, [undefined]);
  });
});

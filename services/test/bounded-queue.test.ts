import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { BoundedQueue } from "../shared/bounded-queue.ts";

describe("BoundedQueue", () => {
  it("works on as many items as it may and refuses what it has no room for", async () => {
    const { queue, started, finish } = gatedQueue({ capacity: 2, concurrency: 1 });
    assert.deepEqual(
      [1, 2, 3, 4].map((item) => queue.offer(item)),
      [true, true, true, false],
    );
    assert.deepEqual(started, [1]);
    assert.equal(queue.depth, 2);

    finish();
    await setImmediate();
    assert.deepEqual(started, [1, 2]);
    assert.equal(queue.offer(5), true);
    assert.equal(queue.depth, 2);
  });

  it("does everything it took before it is drained, and takes nothing more", async () => {
    const done: number[] = [];
    const queue = new BoundedQueue<number>({
      capacity: 10,
      concurrency: 2,
      work: async (item) => {
        await setImmediate();
        done.push(item);
      },
    });
    for (const item of [1, 2, 3, 4, 5]) queue.offer(item);
    const drained = queue.drain(1_000);
    assert.equal(queue.offer(6), false);
    assert.equal(await drained, 0);
    assert.deepEqual(done, [1, 2, 3, 4, 5]);
  });

  it("says how many items it had to give up", async () => {
    const { queue } = gatedQueue({ capacity: 5, concurrency: 1 });
    for (const item of [1, 2, 3]) queue.offer(item);
    assert.equal(await queue.drain(10), 3);
  });

  it("is drained at once when it is empty", async () => {
    const { queue } = gatedQueue({ capacity: 1, concurrency: 1 });
    assert.equal(await queue.drain(60_000), 0);
  });
});

/** A queue whose work goes on until `finish` is called. */
function gatedQueue(bounds: { capacity: number; concurrency: number }) {
  const started: number[] = [];
  const gates: (() => void)[] = [];
  const work = (item: number): Promise<void> => {
    started.push(item);
    return new Promise((resolve) => gates.push(resolve));
  };
  return { queue: new BoundedQueue<number>({ ...bounds, work }), started, finish: () => gates.shift()?.() };
}

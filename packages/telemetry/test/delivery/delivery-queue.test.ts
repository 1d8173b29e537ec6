import assert from "node:assert/strict";
import { emptyResource } from "@opentelemetry/resources";
import fc from "fast-check";
import { DeliveryTally } from "../../src/delivery/delivery-counters.ts";
import { DeliveryQueue, type DeliveryQueueOptions } from "../../src/delivery/delivery-queue.ts";
import type { OtlpEncoding } from "../../src/delivery/otlp-encoding.ts";
import type { Answer, Transport } from "../../src/delivery/transport.ts";

const resource = emptyResource();
const scope = { name: "test" };

/** Numbers, one a line; an item that is negative cannot be written. */
const encoding: OtlpEncoding<number> = {
  encode: (item, of) => {
    if (item < 0) throw new TypeError("negative");
    return { bytes: Buffer.from(`${item}\n`), resource: of, scope, count: 1 };
  },
  compose: (items) => Buffer.concat(items.map(({ bytes }) => bytes)),
  partialSuccess: (answer) => ({ rejected: answer[0] ?? 0, message: answer.length === 0 ? "" : "not that one" }),
};

const retry: Answer = { outcome: "retry", reason: "away", answered: false, timedOut: false };
const busy: Answer = { outcome: "retry", reason: "busy", answered: true, timedOut: false };
const timeout: Answer = { outcome: "retry", reason: "no answer", answered: false, timedOut: true };
const refusal: Answer = { outcome: "rejected", reason: "no" };
const accepted: Answer = { outcome: "accepted", body: new Uint8Array() };
const tooLarge: Answer = { outcome: "too_large", reason: "too large" };

/** A receiver that gives the answers it is told, then takes everything. */
class Receiver implements Transport {
  readonly taken: number[] = [];
  readonly sizes: number[] = [];
  resets = 0;
  closed = 0;
  private readonly answerTo: (items: readonly number[]) => Answer | undefined;

  constructor(answerTo: (items: readonly number[]) => Answer | undefined) {
    this.answerTo = answerTo;
  }

  send = async (body: Uint8Array): Promise<Answer> => {
    const items = Buffer.from(body).toString().trim().split("\n").map(Number);
    const answer = this.answerTo(items) ?? accepted;
    this.sizes.push(items.length);
    if (answer.outcome === "accepted") this.taken.push(...items.slice(answer.body[0] ?? 0));
    return Promise.resolve(answer);
  };
  reset = (): void => {
    this.resets += 1;
  };
  close = (): void => {
    this.closed += 1;
  };
}

function connect(answerTo: (items: readonly number[]) => Answer | undefined, options?: Partial<DeliveryQueueOptions>) {
  const reports: string[] = [];
  const report = (message: string): void => {
    reports.push(message);
  };
  const receiver = new Receiver(answerTo);
  const tally = new DeliveryTally({ itemName: "log records", name: "log" }, { protocol: "grpc" }, report);
  const queue = new DeliveryQueue(encoding, receiver, tally, {
    maxQueueSize: 1000,
    maxQueueBytes: 1_000_000,
    maxExportBatchSize: 100,
    scheduledDelayMillis: 1,
    initialBackoffMillis: 0,
    maxBackoffMillis: 1,
    maxRetryAfterMillis: 1,
    report,
    ...options,
  });
  const add = (...items: number[]): void => {
    for (const item of items) queue.add(item, 1, resource, scope);
  };
  return { reports, receiver, queue, add };
}

/** Answers in this order, then none of them. */
function script(...answers: readonly Answer[]): () => Answer | undefined {
  const left = [...answers];
  return () => left.shift();
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const noLoss = { queue_full: 0, rejected: 0, retries_exhausted: 0, serialization: 0, shutdown: 0, too_large: 0 };

describe("DeliveryQueue", () => {
  it("sends what waits as one request, asks with one item until the receiver is back, and keeps the order", async () => {
    const { receiver, queue, add, reports } = connect(script(retry, retry));
    add(...upTo(3));
    await queue.flush();
    add(3);
    await queue.flush();
    assert.deepEqual(receiver.taken, upTo(4));
    assert.deepEqual(receiver.sizes, [3, 1, 1, 2, 1]);
    assert.deepEqual(queue.counts, { written: 4, delivered: 4, waiting: 0, lost: noLoss });
    assert.deepEqual(reports, ["log records wait and are sent again: away", "log records are delivered again"]);
  });

  it("makes all connections anew after five failures in a row", async () => {
    const { receiver, queue, add } = connect(script(...Array<Answer>(11).fill(retry)));
    add(1);
    await queue.flush();
    assert.equal(receiver.resets, 2);
  });

  it("divides what is too large until only what is too large on its own is lost", async () => {
    const { receiver, queue, add } = connect((items) => (items.includes(1e15) ? tooLarge : accepted));
    add(...upTo(37), 1e15, ...upTo(62));
    await queue.flush();
    assert.deepEqual(receiver.taken, [...upTo(37), ...upTo(62)]);
    assert.deepEqual(queue.counts, { written: 100, delivered: 99, waiting: 0, lost: { ...noLoss, too_large: 1 } });
    assert.equal(receiver.sizes.length < 30, true, String(receiver.sizes.length));
  });

  it("finds the size that a receiver takes, and does not ask for more each time", async () => {
    const { receiver, queue, add } = connect((items) => (items.length > 10 ? tooLarge : accepted));
    add(...upTo(1000));
    await queue.flush();
    assert.deepEqual(receiver.taken, upTo(1000));
    assert.equal(receiver.sizes.length < 250, true, String(receiver.sizes.length));
  });

  it("makes a request that is never answered in time smaller", async () => {
    const { receiver, queue, add } = connect((items) => (items.length > 10 ? timeout : accepted));
    add(...upTo(100));
    await queue.flush();
    assert.deepEqual(receiver.taken, upTo(100));
  });

  it("bounds a request by bytes", async () => {
    const { receiver, queue, add } = connect(() => accepted, { maxExportBatchBytes: 10 });
    add(...upTo(5), 1_000_000_000, 2_000_000_000, 3);
    await queue.flush();
    // Two bytes each; one of more than the limit goes alone.
    assert.deepEqual(receiver.sizes, [5, 1, 1, 1]);
  });

  it("drops what comes on top, by number and by bytes, and counts it", async () => {
    const byNumber = connect(() => accepted, { maxQueueSize: 3 });
    byNumber.add(...upTo(5));
    await byNumber.queue.flush();
    assert.deepEqual(byNumber.receiver.taken, [0, 1, 2]);
    assert.deepEqual(byNumber.queue.counts.lost, { ...noLoss, queue_full: 2 });
    // Each counts for 258 bytes: two of its own, and what an item costs besides.
    const byBytes = connect(() => accepted, { maxQueueBytes: 1000 });
    byBytes.add(...upTo(5));
    await byBytes.queue.flush();
    assert.deepEqual(byBytes.receiver.taken, [0, 1, 2]);
    assert.deepEqual(byBytes.queue.counts.lost, { ...noLoss, queue_full: 2 });
    assert.deepEqual(byBytes.reports, ["1 log records are lost (queue_full): 3 wait already, 774 bytes"]);
  });

  it("loses nothing but the item that cannot be written", async () => {
    const { receiver, queue, add, reports } = connect(() => accepted);
    add(1, -1, 2);
    await queue.flush();
    assert.deepEqual(receiver.taken, [1, 2]);
    assert.deepEqual(queue.counts, { written: 3, delivered: 2, waiting: 0, lost: { ...noLoss, serialization: 1 } });
    assert.deepEqual(reports, ["1 log records are lost (serialization): negative"]);
  });

  for (const [how, fail] of [
    [
      "throws",
      (): never => {
        throw new TypeError("broken");
      },
    ],
    ["gives a promise that is rejected", () => Promise.reject(new TypeError("broken"))],
  ] as const) {
    it(`loses one batch and goes on if what sends it ${how}`, async () => {
      const { receiver, queue, add, reports } = connect(() => accepted);
      const { send } = receiver;
      receiver.send = () => {
        receiver.send = send;
        return fail();
      };
      add(1, 2);
      await queue.flush();
      add(3);
      await queue.flush();
      assert.deepEqual(queue.counts, { written: 3, delivered: 1, waiting: 0, lost: { ...noLoss, rejected: 2 } });
      assert.deepEqual(reports, ["2 log records are lost (rejected): broken"]);
    });
  }

  it("loses a batch whose resource never gets its attributes, and goes on", async () => {
    const { receiver, queue, add } = connect(() => accepted);
    const broken = { ...resource, waitForAsyncAttributes: () => Promise.reject(new Error("no metadata")) };
    queue.add(1, 1, broken, scope);
    await queue.flush();
    add(2);
    await queue.flush();
    assert.deepEqual([receiver.taken, queue.counts.lost], [[2], { ...noLoss, serialization: 1 }]);
  });

  it("counts what a receiver did not take of a request as rejected", async () => {
    const { queue, add, reports } = connect(script({ outcome: "accepted", body: new Uint8Array([2]) }));
    add(...upTo(5));
    await queue.flush();
    assert.deepEqual(queue.counts, { written: 5, delivered: 3, waiting: 0, lost: { ...noLoss, rejected: 2 } });
    assert.deepEqual(reports, ["2 log records are lost (rejected): not that one"]);
  });

  it("says the same loss once a minute at most, and all of it at the end", async () => {
    const { queue, add, reports } = connect(() => refusal);
    for (const item of upTo(3)) {
      add(item);
      await queue.flush();
    }
    await queue.shutdown(1000);
    assert.deepEqual(reports, [
      "1 log records are lost (rejected): no",
      "3 of 3 log records were not delivered: 3 rejected",
    ]);
  });

  it("waits as long as the receiver says, within a limit", async () => {
    const { queue, add } = connect(script({ ...busy, afterMillis: 3_600_000 }), { maxRetryAfterMillis: 50 });
    add(1);
    const start = performance.now();
    while (queue.counts.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(performance.now() - start >= 50, true);
  });

  describe("with a receiver that puts off", () => {
    /** A receiver whose every answer takes a minute by the queue's clock. */
    const inMinutes = (answerTo: (items: readonly number[]) => Answer | undefined) => {
      let minutes = 0;
      const connected = connect(
        (items) => {
          minutes += 1;
          return answerTo(items);
        },
        { now: () => minutes * 60_000 },
      );
      return { ...connected, minutes: () => minutes };
    };

    it("gives up a record alone that it never takes, after five minutes, and delivers all others in order", async () => {
      const { receiver, queue, add, reports } = inMinutes((items) => (items.includes(3) ? busy : accepted));
      add(...upTo(6));
      await queue.flush();
      assert.deepEqual(receiver.taken, [0, 1, 2, 4, 5]);
      const lost = { ...noLoss, retries_exhausted: 1 };
      assert.deepEqual(queue.counts, { written: 6, delivered: 5, waiting: 0, lost });
      assert.equal(reports.includes("1 log records are lost (retries_exhausted): busy"), true, reports.join("\n"));
    });

    it("gives up one record in five minutes and no more while it takes none", async () => {
      const { receiver, queue, add, minutes } = inMinutes(() => (minutes() <= 20 ? busy : accepted));
      add(...upTo(50));
      await queue.flush();
      // In minutes 6, 12 and 18: five after the first refusal of each.
      assert.deepEqual(queue.counts.lost, { ...noLoss, retries_exhausted: 3 });
      assert.deepEqual(receiver.taken, upTo(50).slice(3));
    });

    it("gives up nothing while nobody answers, nor for the time before that", async () => {
      const { receiver, queue, add, minutes } = inMinutes(() =>
        minutes() > 70 ? accepted : minutes() <= 4 || minutes() > 66 ? busy : minutes() % 2 === 0 ? retry : timeout,
      );
      add(...upTo(50));
      await queue.flush();
      assert.deepEqual([receiver.taken, queue.counts.lost], [upTo(50), noLoss]);
    });
  });

  for (const [name, answer] of [
    ["fail", () => retry],
    ["are never answered", (): Answer | undefined => undefined],
  ] as const) {
    it(`ends in the given time although requests ${name}, and says what is lost`, async () => {
      const { receiver, queue, add, reports } = connect(answer);
      if (answer() === undefined) receiver.send = () => new Promise<never>(() => undefined);
      add(1, 2);
      await queue.shutdown(20);
      add(3);
      assert.deepEqual(queue.counts, { written: 3, delivered: 0, waiting: 0, lost: { ...noLoss, shutdown: 3 } });
      assert.equal(reports.includes("2 of 2 log records were not delivered: 2 shutdown"), true, reports.join("\n"));
      assert.equal(receiver.closed, 1);
    });
  }

  it("has written = delivered + lost + waiting at every moment, in order, whatever the receiver does", async () => {
    const answer = fc.oneof(
      fc.constantFrom<Answer>(accepted, retry, timeout, refusal, tooLarge),
      fc.nat({ max: 9 }).map((rejected): Answer => ({ outcome: "accepted", body: new Uint8Array([rejected]) })),
      fc.constant<Answer>({ ...busy, afterMillis: 1 }),
    );
    const limits = fc.record({
      maxQueueSize: fc.integer({ min: 1, max: 20 }),
      maxQueueBytes: fc.integer({ min: 200, max: 5000 }),
      maxExportBatchSize: fc.integer({ min: 1, max: 10 }),
      maxExportBatchBytes: fc.integer({ min: 1, max: 30 }),
    });
    const bursts = fc.array(fc.array(fc.integer({ min: -2, max: 5 }), { maxLength: 8 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { maxLength: 20 }), bursts, limits, async (answers, sizes, limit) => {
        const { receiver, queue, add } = connect(script(...answers), { ...limit, scheduledDelayMillis: 0 });
        let next = 0;
        let written = 0;
        const holds = (): void => {
          const { delivered, waiting, lost } = queue.counts;
          const losses = Object.values(lost).reduce((sum, items) => sum + items, 0);
          assert.equal(queue.counts.written, written);
          assert.equal(delivered + losses + waiting, written);
          assert.equal(waiting >= 0 && waiting <= limit.maxQueueSize, true);
        };
        for (const burst of sizes) {
          for (const sign of burst) {
            next += 1;
            written += 1;
            add(sign < 0 ? -next : next);
            holds();
          }
          await new Promise((resolve) => setImmediate(resolve));
          holds();
        }
        await queue.shutdown(5000);
        holds();
        assert.equal(queue.counts.lost.shutdown, 0);
        assert.equal(queue.counts.delivered, receiver.taken.length);
        assert.deepEqual(
          receiver.taken,
          receiver.taken.toSorted((a, b) => a - b),
        );
      }),
      { numRuns: 60 },
    );
  });
});

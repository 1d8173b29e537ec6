import assert from "node:assert/strict";
import { spanRequests, type Requests } from "../../bench/requests.ts";
import { sendOnSchedule, type Stream } from "../../bench/schedule.ts";
import type { Signal } from "../../config/parts/part.ts";

/** Requests of three lines, of which each is its first number. */
function lines(): Requests {
  const body = Buffer.alloc(4);
  return {
    signal: "logs",
    records: 3,
    next: (firstNumber) => {
      body.writeUInt32LE(firstNumber);
      return body;
    },
  };
}

const twoStreams: readonly Stream[] = [
  { requests: lines(), seconds: 0.02 },
  { requests: lines(), seconds: 0.02 },
];

describe("a schedule", () => {
  it("sends each request at its time, whether those before it were answered or not", async () => {
    const bodies: Buffer[] = [];
    const all = Promise.withResolvers<undefined>();
    // None is answered before the last one is there.
    const post = async (_: Signal, body: Buffer): Promise<number> => {
      if (bodies.push(body) === 10) all.resolve(undefined);
      await all.promise;
      return 200;
    };
    const { sent, acknowledged } = await sendOnSchedule(twoStreams, { seconds: 0.1, post });
    assert.deepEqual({ sent, acknowledged }, { sent: thirty, acknowledged: thirty });
    const numbers = bodies.map((body) => body.readUInt32LE()).sort((a, b) => a - b);
    assert.deepEqual(numbers, [0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
  });

  it("counts what was refused by its status, and what was not answered as 0", async () => {
    let requests = 0;
    const post = (): Promise<number> => {
      requests += 1;
      if (requests === 1) return Promise.reject(new Error("nobody is there"));
      return Promise.resolve(requests < 4 ? 503 : 200);
    };
    const { acknowledged, refused } = await sendOnSchedule(twoStreams, { seconds: 0.1, post });
    assert.deepEqual(
      [...refused],
      [
        [0, 1],
        [503, 2],
      ],
    );
    assert.deepEqual(acknowledged, { ...thirty, logs: 21 });
  });

  it("keeps the id of an acknowledged trace of each second", async () => {
    const bodies: Buffer[] = [];
    const post = (_: Signal, body: Buffer): Promise<number> => {
      bodies.push(body);
      return Promise.resolve(200);
    };
    const requests = await spanRequests("shop", 5);
    const { traceIds } = await sendOnSchedule([{ requests, seconds: 1 }], { seconds: 1, post });
    assert.equal(traceIds.length, 1);
    // Of each of the five spans.
    const id = Buffer.from(traceIds[0] ?? "", "hex");
    assert.equal(bodies[0]?.toString("latin1").split(id.toString("latin1")).length, 6);
  });

  it("ends early when it is told to", async () => {
    const end = new AbortController();
    const post = (): Promise<number> => {
      end.abort();
      return Promise.resolve(200);
    };
    const { sent } = await sendOnSchedule([{ requests: lines(), seconds: 1 }], {
      seconds: 3600,
      post,
      end: end.signal,
    });
    assert.equal(sent.logs, 3);
  });
});

const thirty = { logs: 30, traces: 0, metrics: 0 };

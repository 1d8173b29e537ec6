import assert from "node:assert/strict";
import { BoundedQueue } from "../shared/bounded-queue.ts";
import type { Message } from "../shared/execution.ts";
import { takeMessages } from "../shared/service.ts";

const message = {
  message_id: "m1",
  destination: "pod-events",
  headers: {},
  execution: { execution_id: "abc123", language: "go", script: "x", submitted_at: 0, fault: "none", replayed: false },
};

describe("POST /messages", () => {
  it("takes messages until the queue is full, then answers 503", async () => {
    const work = (): Promise<void> => new Promise(() => undefined);
    const post = poster(new BoundedQueue<Message>({ capacity: 1, concurrency: 1, work }));
    assert.deepEqual(await post(message), { status: 202, body: { status: "accepted" } });
    assert.deepEqual(await post(message), { status: 202, body: { status: "accepted" } });
    await assert.rejects(post(message), {
      status: 503,
      message: "pod-events: the queue takes no more messages; try again later",
    });
  });

  const wrong: readonly (readonly [body: unknown, detail: string])[] = [
    [[], "execution.execution_id: must be a string, got undefined"],
    [{ ...message, execution: {} }, "execution.execution_id: must be a string, got {}"],
    [{ ...message, destination: "pod-commands" }, 'destination: must be "pod-events", got "pod-commands"'],
    [{ ...message, headers: "x" }, 'headers: must be an object, got "x"'],
    [{ ...message, failure: { destination: "x" } }, 'failure.destination: must be a queue, got {"destination":"x"}'],
  ];
  for (const [body, detail] of wrong) {
    it(`refuses a message: ${detail}`, async () => {
      const taken: Message[] = [];
      await assert.rejects(poster({ offer: (item) => taken.push(item) > 0 })(body), { status: 400, message: detail });
      assert.deepEqual(taken, []);
    });
  }
});

function poster(queue: Pick<BoundedQueue<Message>, "offer">) {
  const handler = takeMessages("pod-events", queue);
  return async (body: unknown) => handler({ id: "", json: () => Promise.resolve(body) });
}

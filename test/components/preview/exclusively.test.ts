import assert from "node:assert/strict";
import { exclusively } from "../../../components/preview/exclusively.ts";

type Listener = (...args: unknown[]) => void;

/** Takes away who listens to an event of the process, mocha among them, and puts others in their place. */
async function withListeners(
  listeners: Readonly<Record<string, readonly Listener[]>>,
  action: () => Promise<void>,
): Promise<void> {
  const before = Object.keys(listeners).map((event) => [event, process.rawListeners(event)] as const);
  const set = (event: string, wanted: readonly Listener[]): void => {
    process.removeAllListeners(event);
    for (const listener of wanted) process.on(event, listener);
  };
  for (const [event, wanted] of Object.entries(listeners)) set(event, wanted);
  try {
    await action();
  } finally {
    for (const [event, wanted] of before) set(event, wanted as Listener[]);
  }
}

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** A rejection that nobody handles, of code that runs beside the action. */
async function rejectionBeside(): Promise<void> {
  const gate = Promise.withResolvers<undefined>();
  const running = exclusively(() => gate.promise);
  // Its turn has come after this.
  await nextTurn();
  void Promise.reject(new Error("of somebody else"));
  await nextTurn();
  gate.resolve(undefined);
  await running;
}

describe("an action that runs exclusively", () => {
  it("hands rejections that are not its own to those who listened before, in their order", async () => {
    const heard: string[] = [];
    const listener =
      (name: string): Listener =>
      (reason) =>
        heard.push(`${name}: ${(reason as Error).message}`);
    await withListeners({ unhandledRejection: [listener("first"), listener("second")] }, rejectionBeside);
    assert.deepEqual(heard, ["first: of somebody else", "second: of somebody else"]);
  });

  it("has Node.js end the process for them when nobody listens", async () => {
    const uncaught: string[] = [];
    const listener: Listener = (error) => uncaught.push((error as Error).message);
    await withListeners({ unhandledRejection: [], uncaughtException: [listener] }, rejectionBeside);
    assert.deepEqual(uncaught, ["of somebody else"]);
  });

  it("keeps a listener that is added while it runs, behind those that were there", async () => {
    const [first, second]: Listener[] = [(): void => undefined, (): void => undefined];
    assert.ok(first && second);
    await withListeners({ unhandledRejection: [first] }, async () => {
      await exclusively(() => {
        process.on("unhandledRejection", second);
        return Promise.resolve();
      });
      assert.deepEqual(process.rawListeners("unhandledRejection"), [first, second]);
    });
  });

  it("rejects with the first of several problems", async () => {
    const action = exclusively((fail) => {
      fail(new Error("first"));
      return Promise.reject(new Error("second"));
    });
    await assert.rejects(action, { message: "first" });
  });

  it("makes an error of what is none", async () => {
    const action = exclusively((fail) => {
      fail("a text");
      return Promise.resolve();
    });
    await assert.rejects(action, { name: "Error", message: "a text" });
  });
});

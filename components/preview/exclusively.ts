import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { codedError } from "../../config/coded-error.ts";

/** Reports a failure; of several the caller gets the first. */
export type Fail = (reason: unknown) => void;

const failuresOfThisRun = new AsyncLocalStorage<unknown[]>();
let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * Runs an action while no other one runs, in the order of the calls, and rejects with the first thing that went wrong:
 * what `fail` was told, the rejection of a promise of it that nothing waits for, or its own error. Pulumi
 * leaves many such promises behind when one resource fails, and a test runner would blame whatever test runs by then.
 *
 * @throws Error if it is called within such an action, which would wait for itself.
 */
export function exclusively<Result>(action: (fail: Fail) => Promise<Result>): Promise<Result> {
  if (failuresOfThisRun.getStore() !== undefined) {
    const message = "a preview: must not be made by the program that is previewed; make it outside";
    return Promise.reject(codedError("OBS1006", message));
  }
  const turn = lastTurn.then(() => run(action));
  // The failure of this turn goes to its caller, and does not concern the next one.
  lastTurn = turn.then(
    () => undefined,
    () => undefined,
  );
  return turn;
}

async function run<Result>(action: (fail: Fail) => Promise<Result>): Promise<Result> {
  const failures: unknown[] = [];
  const restoreFrames = shortStacks();
  const restoreListeners = collectRejections(failures);
  try {
    const result = await failuresOfThisRun.run(failures, () => action((reason) => failures.push(reason)));
    // Node.js reports rejections when all that is due has run.
    await nextTurn();
    if (failures.length === 0) return result;
  } catch (error) {
    failures.push(error);
    await nextTurn();
  } finally {
    restoreListeners();
    restoreFrames();
  }
  const [first] = failures;
  throw first instanceof Error ? first : new Error(String(first));
}

/**
 * Pulumi formats a stack for every output; without, a preview takes a third of the time. One line is left, for errors
 * to say where they come from.
 */
function shortStacks(): () => void {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  return () => {
    Error.stackTraceLimit = before;
  };
}

/** Takes the rejections of this run, and hands all others to those who listened before; returns the way back. */
function collectRejections(failures: unknown[]): () => void {
  const event = "unhandledRejection";
  const before = process.rawListeners(event) as NodeJS.UnhandledRejectionListener[];
  const listener: NodeJS.UnhandledRejectionListener = (reason, promise) => {
    if (failuresOfThisRun.getStore() === failures) failures.push(reason);
    // What Node.js itself does when nobody listens.
    else if (before.length === 0) throw reason;
    else for (const other of before) other.call(process, reason, promise);
  };
  process.removeAllListeners(event);
  process.on(event, listener);
  return () => {
    const added = (process.rawListeners(event) as NodeJS.UnhandledRejectionListener[]).filter(
      (other) => other !== listener,
    );
    process.removeAllListeners(event);
    for (const other of [...before, ...added]) process.on(event, other);
  };
}

import { isUp, waitUntilUp } from "../instances.ts";
import type { Progress } from "../progress.ts";
import type { Target } from "../target.ts";
import { UserError } from "../user-error.ts";
import type { Store } from "./store.ts";

/** What stores are stopped and started with. */
export interface StopContext {
  readonly target: Pick<Target, "stop" | "start" | "inData" | "instanceStates" | "startMillis" | "logCommand">;
  readonly progress: Pick<Progress, "phase" | "line" | "waitingFor">;
  /** Ends it. A store that is stopped is started first. */
  readonly signal: AbortSignal;
  /** Titles of the stores that do not run now. */
  readonly away: Set<string>;
}

/** What is to be said of the stores when a command has ended early. */
export function runningText(away: ReadonlySet<string>): string {
  return away.size === 0 ? "every store runs" : `${[...away].join(", ")} could not be started: npm run up`;
}

/**
 * Runs an action on the data of a store that is stopped meanwhile, waits until it is up again, and says how long it was away.
 * The Collector keeps on its disk what comes for it.
 *
 * @throws UserError if the store does not come up again.
 */
export async function whileStopped<Result>(
  store: Store,
  { target, progress, signal, away }: StopContext,
  action: () => Promise<Result>,
): Promise<Result> {
  const { part, instance } = store;
  signal.throwIfAborted();
  progress.phase(`stopping ${part.title}`);
  const stoppedMillis = Date.now();
  let result: Result;
  away.add(part.title);
  try {
    await target.stop(store);
    signal.throwIfAborted();
    progress.waitingFor(`copying ${part.title}`);
    result = await action();
  } finally {
    await target.start(store);
    away.delete(part.title);
  }
  progress.waitingFor(`waiting for ${part.title}`);
  const states = await waitUntilUp(() => target.instanceStates([instance]), target.startMillis, signal);
  const state = states.get(instance.name) ?? "missing";
  if (!isUp(state)) {
    throw new UserError(
      "OBS1408",
      `${instance.name}: must be up after it was stopped and started, got ${state}\n` +
        `  next: npm run up; or see more: ${target.logCommand(instance.name)}`,
    );
  }
  progress.line(`${part.title} was away for ${((Date.now() - stoppedMillis) / 1000).toFixed(1)} s`);
  return result;
}

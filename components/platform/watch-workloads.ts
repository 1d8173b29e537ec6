import { AsyncLocalStorage } from "node:async_hooks";
import type { Platform, RunningWorkload } from "./platform.ts";
import type { Workload } from "./workload.ts";

/** A workload and what its platform made of it. */
export interface WatchedWorkload {
  readonly workload: Workload;
  readonly running: RunningWorkload;
  readonly platform: Platform;
}

const watchers = new AsyncLocalStorage<(watched: WatchedWorkload) => void>();

/**
 * Runs a program that is looked at and not deployed: `see` is told of each workload that a platform is asked to run,
 * and no platform asks anything of the machine.
 */
export function watchWorkloads<Result>(see: (watched: WatchedWorkload) => void, program: () => Result): Result {
  return watchers.run(see, program);
}

/** Whether the program that runs now is looked at and not deployed. Pulumi's own previews do not count. */
export function isWatched(): boolean {
  return watchers.getStore() !== undefined;
}

/** The platform as it is, or one that reports what it runs if the program is looked at. */
export function watched(platform: Platform): Platform {
  const see = watchers.getStore();
  if (see === undefined) return platform;
  const run: Platform["run"] = (workload, options) => {
    const running = platform.run(workload, options);
    see({ workload, running, platform });
    return running;
  };
  return Object.assign(Object.create(platform) as Platform, { run });
}

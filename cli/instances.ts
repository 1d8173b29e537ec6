import pWaitFor from "p-wait-for";

/**
 * `missing`, `unhealthy`, `starting`, `healthy`, `cut off` (its network is gone), or the target's own word for the
 * state: `running`, `exited`, `ImagePullBackOff`, …
 */
export type InstanceState = string;

/** What runs a workload's process, as the program's outputs have it. */
export interface InstanceOutput {
  /** As the target's own tools show it: `observability-dev-loki`, `statefulset/loki`. */
  readonly name: string;
  /** Of the resource that has to be replaced to start it afresh. */
  readonly urn: string;
  /** How many copies of it there have to be. */
  readonly replicas: number;
}

/** The instance that runs a workload, by the workload's host name. */
export function instanceOf(instances: readonly InstanceOutput[], host: string): InstanceOutput | undefined {
  return instances.find(({ name }) => name.endsWith(`-${host}`) || name.endsWith(`/${host}`));
}

/** Whether an instance does its work. */
export function isUp(state: InstanceState): boolean {
  return state === "running" || state === "healthy";
}

/**
 * Waits until every instance is up or one has failed for good, at most `timeoutMillis`; returns the last states.
 *
 * @param signal ends the wait at once, with its reason
 */
export async function waitUntilUp(
  states: () => Promise<ReadonlyMap<string, InstanceState>>,
  timeoutMillis: number,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, InstanceState>> {
  let current: ReadonlyMap<string, InstanceState> = new Map();
  return pWaitFor(
    async () => {
      current = await states();
      const isWaiting = [...current.values()].some((state) => state === "starting" || state === "restarting");
      return isWaiting ? false : pWaitFor.resolveWith(current);
    },
    { interval: 500, timeout: { milliseconds: timeoutMillis, fallback: () => current }, ...(signal ? { signal } : {}) },
  );
}

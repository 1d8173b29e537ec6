import type { InstanceOutput, InstanceState } from "../instances.ts";
import { causes } from "./pod-failures.ts";
import { workloadsOf, type Snapshot } from "./workloads.ts";

/** The state of each instance: `healthy`, `starting`, `missing`, `stopped` by a command, or why it fails, such as `ImagePullBackOff`. */
export function instanceStates(
  snapshot: Snapshot,
  instances: readonly InstanceOutput[],
  nowMillis: number,
): ReadonlyMap<string, InstanceState> {
  const states = new Map<string, InstanceState>(instances.map(({ name }) => [name, "missing"]));
  for (const { instance, isReady, isStopped } of workloadsOf(snapshot)) {
    if (!states.has(instance)) continue;
    if (isStopped) states.set(instance, "stopped");
    else states.set(instance, isReady ? "healthy" : "starting");
  }
  for (const { instance, reason } of causes(snapshot, nowMillis, new Set())) {
    if (states.get(instance) === "starting") states.set(instance, reason);
  }
  return states;
}

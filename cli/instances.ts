import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Docker } from "./docker.ts";

const inspected = z.array(
  z.object({
    Name: z.string(),
    State: z.object({ Status: z.string(), Health: z.object({ Status: z.string() }).optional() }),
    NetworkSettings: z.object({ Networks: z.record(z.string(), z.object({ NetworkID: z.string() })) }),
  }),
);

/**
 * `missing`, `unhealthy`, `starting`, `healthy`, `cut off` (its network is gone), or Docker's word for the state:
 * `running`, `exited`, …
 */
export type InstanceState = string;

/**
 * The state of each instance. An instance with a health check is judged by it as soon as it runs.
 *
 * @param network the network that all of them have to be on
 */
export async function instanceStates(
  docker: Docker,
  names: readonly string[],
  network: string,
): Promise<ReadonlyMap<string, InstanceState>> {
  const found = new Map<string, InstanceState>(names.map((name) => [name, "missing"]));
  const [current] = await docker.objects("network", [network]);
  for (const { Name, State, NetworkSettings } of inspected.parse(await docker.inspect("container", names))) {
    const isConnected = current !== undefined && NetworkSettings.Networks[network]?.NetworkID === current.id;
    const running = State.Health?.Status ?? "running";
    found.set(Name.replace(/^\//, ""), !isConnected ? "cut off" : State.Status === "running" ? running : State.Status);
  }
  return found;
}

/** Whether an instance does its work. */
export function isUp(state: InstanceState): boolean {
  return state === "running" || state === "healthy";
}

/** Waits until every instance is up or one has failed for good, at most `timeoutMillis`; returns the last states. */
export async function waitUntilUp(
  states: () => Promise<ReadonlyMap<string, InstanceState>>,
  timeoutMillis: number,
): Promise<ReadonlyMap<string, InstanceState>> {
  const deadline = Date.now() + timeoutMillis;
  for (;;) {
    const current = await states();
    const waiting = [...current.values()].filter((state) => state === "starting" || state === "restarting");
    if (waiting.length === 0 || Date.now() > deadline) return current;
    await sleep(500);
  }
}

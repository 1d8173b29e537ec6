import { z } from "zod";
import type { InstanceState } from "../instances.ts";
import type { Docker } from "./docker.ts";

const inspected = z.array(
  z.object({
    Name: z.string(),
    State: z.object({ Status: z.string(), Health: z.object({ Status: z.string() }).optional() }),
    NetworkSettings: z.object({ Networks: z.record(z.string(), z.object({ NetworkID: z.string() })) }),
  }),
);

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

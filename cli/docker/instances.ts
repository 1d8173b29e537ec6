import { z } from "zod";
import type { InstanceState } from "../instances.ts";
import { CommandFailed, type Docker } from "./docker.ts";

const inspected = z.object({
  Name: z.string(),
  Config: z.object({ Healthcheck: z.object({ Test: z.array(z.string()) }).optional() }),
  State: z.object({ Status: z.string(), Health: z.object({ Status: z.string() }).optional() }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.object({ NetworkID: z.string() })) }),
});

type Inspected = z.output<typeof inspected>;

/**
 * The state of each instance. An instance with a health check is judged by it as soon as it runs; until Docker has run
 * the check, which it does rarely, it is run here.
 *
 * @param network the network that all of them have to be on
 */
export async function instanceStates(
  docker: Docker,
  names: readonly string[],
  network: string,
): Promise<ReadonlyMap<string, InstanceState>> {
  const [current] = await docker.objects("network", [network]);
  const containers = z.array(inspected).parse(await docker.inspect("container", names));
  const states = await Promise.all(
    containers.map(async (container): Promise<[string, InstanceState]> => {
      const isConnected =
        current !== undefined && container.NetworkSettings.Networks[network]?.NetworkID === current.id;
      return [container.Name.replace(/^\//, ""), isConnected ? await stateOf(docker, container) : "cut off"];
    }),
  );
  return new Map<string, InstanceState>([...names.map((name): [string, string] => [name, "missing"]), ...states]);
}

async function stateOf(docker: Docker, { Name, Config, State }: Inspected): Promise<InstanceState> {
  if (State.Status !== "running") return State.Status;
  const health = State.Health?.Status ?? "running";
  const [kind, ...check] = Config.Healthcheck?.Test ?? [];
  if (health !== "starting" || kind !== "CMD") return health;
  try {
    await docker.run(["exec", Name.replace(/^\//, ""), ...check]);
    return "healthy";
  } catch (error) {
    if (error instanceof CommandFailed) return health;
    throw error;
  }
}

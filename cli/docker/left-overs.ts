import type { KnownState } from "../state.ts";
import type { Docker, DockerObject, ObjectKind } from "./docker.ts";

/** Type of each kind of Docker object in the state. */
const types: Readonly<Record<ObjectKind, string>> = {
  container: "docker:index/container:Container",
  network: "docker:index/network:Network",
  volume: "docker:index/volume:Volume",
};

/**
 * Removes the containers and the network that carry the stack's label and are not in its state, and says so.
 *
 * @returns names of the volumes that carry the label and are not in the state: data of a deployment whose state is
 *   lost.
 */
export async function removeLeftOvers(
  { resources }: KnownState,
  docker: Docker,
  name: string,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const known = new Set(resources.map(({ type, id }) => `${type} ${id ?? ""}`));
  const leftOver = async (kind: ObjectKind): Promise<readonly DockerObject[]> =>
    (await docker.labelled(kind, name)).filter(({ id }) => !known.has(`${types[kind]} ${id}`));

  const containers = await leftOver("container");
  if (containers.length > 0) {
    const names = containers.map((container) => container.name).join(", ");
    say(
      `removing ${containers.length} container(s) that the state does not know, left by a run that was cut off: ${names}`,
    );
    const ids = containers.map(({ id }) => id);
    // Gracefully: it may hold what is not on disk yet. Each container knows how long that takes.
    await docker.run(["stop", ...ids]);
    await docker.run(["rm", "--force", "--volumes", ...ids]);
  }
  for (const network of await leftOver("network")) {
    say(`removing the network ${network.name}, which the state does not know either`);
    await docker.run(["network", "rm", network.id]);
  }
  return (await leftOver("volume")).map((volume) => volume.name);
}

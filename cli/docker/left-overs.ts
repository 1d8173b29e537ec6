import { dockerLabels } from "../../config/names.ts";
import type { Ownership } from "../ownership.ts";
import { flatMap } from "../async.ts";
import type { Say } from "../target.ts";
import type { KnownState } from "../state.ts";
import { UserError } from "../user-error.ts";
import { dockerTypes, type Docker, type DockerObject, type ObjectKind } from "./docker.ts";

/**
 * Removes containers and networks that belong to the stack and are not in its state, and says so.
 *
 * @returns names of the volumes that belong to the stack and are not in its state: their deployment's state is lost.
 */
export async function removeLeftOvers(ownership: Ownership, docker: Docker, say: Say): Promise<readonly string[]> {
  const leftOver = async (kind: ObjectKind): Promise<readonly DockerObject[]> => {
    const { owner, name } = ownership;
    const marks = [
      [`label=${dockerLabels.owner}=${owner}`, `label=${dockerLabels.name}=${name}`],
      // As older versions have labelled it.
      [`label=${dockerLabels.owner}=${name}`],
    ];
    const marked = await flatMap(marks, (filters) => docker.find(kind, ...filters));
    return ownership.owned(marked.filter((object) => !ownership.isKnown(object)));
  };

  const containers = await leftOver("container");
  if (containers.length > 0) {
    const names = containers.map((container) => container.name).join(", ");
    say(
      `removing ${containers.length} container(s) that the state does not know, left by a run that was cut off: ${names}`,
    );
    const ids = containers.map(({ id }) => id);
    // Not killed: a process may hold what is not on disk yet. Each container says how long its end may take.
    await docker.run(["stop", ...ids]);
    await docker.run(["rm", "--force", "--volumes", ...ids]);
  }
  for (const network of await leftOver("network")) {
    say(`removing the network ${network.name}, which the state does not know either`);
    await docker.run(["network", "rm", network.id]);
  }
  return (await leftOver("volume")).map((volume) => volume.name);
}

/**
 * Makes sure that the volumes in the stack's state belong to it alone: plain `pulumi up` gives a volume to every stack
 * that names it, and Pulumi would remove it for each of them.
 *
 * @throws UserError with the first that is another stack's.
 */
export async function checkVolumes({ resources }: KnownState, ownership: Ownership, docker: Docker): Promise<void> {
  const volumes = resources.filter(({ type, id }) => type === dockerTypes.volume && id !== undefined);
  const found = await docker.objects(
    "volume",
    volumes.map(({ id = "" }) => id),
  );
  for (const volume of found) {
    const owner = await ownership.ownerOf(volume);
    // The label of older versions says too little to tell two stacks of one name apart.
    const [other] = volume.mark === ownership.name ? await ownership.alsoIn(volume) : [];
    const sharer = owner === ownership.owner || owner === undefined ? other : owner;
    if (sharer === undefined) continue;
    const urn = volumes.find(({ id }) => id === volume.id)?.urn ?? "";
    throw new UserError(
      "OBS1208",
      `volume ${volume.name}: must be of ${ownership.owner} alone, but the stack ${sharer} has it as well; nothing was changed\n` +
        `  next: have this stack forget it and each other that they share: npm run pulumi -- state unprotect '${urn}' --yes, then state delete '${urn}' --yes`,
    );
  }
}

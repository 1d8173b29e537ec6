import { statfs } from "node:fs/promises";
import { z } from "zod";
import { flatMap } from "../async.ts";
import { codeOf } from "../errors.ts";
import type { Ownership } from "../ownership.ts";
import type { PlannedProgram } from "../preview/planned-program.ts";
import { processOn, takenPorts, type HostPort } from "../ports.ts";
import { coded, refused, type UserProblem } from "../user-error.ts";
import { dockerTypes, type Docker, type DockerInfo, type ObjectKind } from "./docker.ts";

/** As much of a recorded preview as says what a deployment takes of the machine. */
export interface PlannedRoom {
  readonly resources: readonly Pick<PlannedProgram["resources"][number], "type" | "inputs">[];
  readonly ports: readonly HostPort[];
}

/** Less free space than this, in MiB, and a deployment would fail half-way. */
export const leastFreeMib = 512;

/**
 * Checks whether there is room for a deployment: names and ports that are free or the stack's already, and space on the
 * disk. The twin of kubernetes/room.ts.
 *
 * @param folders whose disks the deployment fills
 * @throws UserError with every problem, before anything is created.
 */
export async function checkRoom(
  { resources, ports }: PlannedRoom,
  ownership: Ownership,
  docker: Docker,
  folders: readonly string[],
): Promise<void> {
  const holderOf = (port: number): Promise<string | undefined> => otherHolderOf(port, ownership, docker);
  const problems = [
    ...(await nameProblems(resources, ownership, docker)),
    ...coded("OBS1104", await takenPorts(ports, holderOf)),
    ...coded("OBS1105", await diskProblems(folders)),
  ];
  if (problems.length > 0) throw refused(problems, "solve this, then npm run up");
}

const named = z.object({ name: z.string() });

async function nameProblems(
  resources: PlannedRoom["resources"],
  ownership: Ownership,
  docker: Docker,
): Promise<readonly UserProblem[]> {
  const namesOf = (kind: ObjectKind): readonly string[] =>
    resources.filter(({ type }) => type === dockerTypes[kind]).map(({ inputs }) => named.parse(inputs).name);
  const kinds: readonly ObjectKind[] = ["container", "network", "volume"];
  const found = await flatMap(kinds, async (kind) => {
    const objects = await docker.objects(kind, namesOf(kind));
    return flatMap(objects, async (object) => [
      { text: `${kind} ${object.name}`, owner: await ownership.ownerOf(object) },
    ]);
  });
  const foreign = found.filter(({ owner }) => owner !== ownership.owner);
  const others = new Set(foreign.flatMap(({ owner }) => owner ?? []));
  const ofOtherStacks = [...others].map((other) => {
    const [first, ...rest] = foreign.filter(({ owner }) => owner === other);
    const more = rest.length > 0 ? ` and ${rest.length} more` : "";
    return `observability:name: must be of one Pulumi stack alone, got ${ownership.name}, which the stack ${other} has (${first?.text ?? ""}${more}); set another for ${ownership.owner}`;
  });
  const ofNoStack = foreign
    .filter(({ owner }) => owner === undefined)
    .map(
      ({ text }) =>
        `${text}: the name must be free, but an object that does not belong to this project has it; rename or remove that, or set another observability:name`,
    );
  const mounts = await mountProblems(namesOf("volume"), others, ownership, docker);
  return [...coded("OBS1207", [...ofOtherStacks, ...ofNoStack]), ...coded("OBS1208", mounts)];
}

/** Volumes that containers of other stacks use: plain `pulumi up` gives one to all. @param told owners told already */
function mountProblems(
  volumes: readonly string[],
  told: ReadonlySet<string>,
  ownership: Ownership,
  docker: Docker,
): Promise<readonly string[]> {
  return flatMap(volumes, async (volume) =>
    flatMap(await docker.find("container", `volume=${volume}`), async (user) => {
      const owner = await ownership.ownerOf(user);
      if (owner === undefined || owner === ownership.owner || told.has(owner)) return [];
      return [
        `volume ${volume}: must be of this stack alone, but the container ${user.name} of the stack ${owner} uses it; set another observability:name for one of the two`,
      ];
    }),
  );
}

/** Who else listens on a port, as far as Docker and the system tell; `undefined` if it is this stack. */
export async function otherHolderOf(port: number, ownership: Ownership, docker: Docker): Promise<string | undefined> {
  const [container] = await docker.find("container", `publish=${port}`);
  if (container === undefined) return processOn(port);
  return (await ownership.owns(container)) ? undefined : `the container ${container.name}`;
}

/** Free space where a folder is, and what is wrong with it. */
export interface DiskRoom {
  readonly folder: string;
  readonly freeMib: number;
  readonly problem: string | undefined;
}

/** The room on the disks of some folders. */
export function diskRooms(folders: readonly string[]): Promise<readonly DiskRoom[]> {
  return flatMap(folders, async (folder) => {
    const { bavail, bsize } = await statfs(folder);
    const freeMib = Math.floor((bavail * bsize) / 1024 / 1024);
    const problem = `disk of ${folder}: must have ${leastFreeMib} MiB free, got ${freeMib}; make room (docker system df shows what Docker uses)`;
    return [{ folder, freeMib, problem: freeMib < leastFreeMib ? problem : undefined }];
  });
}

async function diskProblems(folders: readonly string[]): Promise<readonly string[]> {
  return (await diskRooms(folders)).flatMap(({ problem }) => problem ?? []);
}

/** Folders whose disks a deployment fills: the state's, and Docker's own if it is on this machine. */
export async function filledFolders(
  stateFolder: string,
  { DockerRootDir: root }: Pick<DockerInfo, "DockerRootDir">,
): Promise<readonly string[]> {
  return (await isHere(root)) ? [stateFolder, root] : [stateFolder];
}

async function isHere(folder: string): Promise<boolean> {
  try {
    await statfs(folder);
    return true;
  } catch (error) {
    // In a virtual machine, on another host, or closed to this user: then Docker itself says when it is full.
    if (["ENOENT", "EACCES"].includes(String(codeOf(error)))) return false;
    throw error;
  }
}

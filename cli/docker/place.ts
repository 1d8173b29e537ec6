import { statfs } from "node:fs/promises";
import { z } from "zod";
import type { PlannedProgram } from "../preview/planned-program.ts";
import type { Docker, ObjectKind } from "./docker.ts";
import type { Ownership } from "../ownership.ts";
import { isFree, processOn } from "../ports.ts";
import { refusedDeployment } from "../user-error.ts";

/** What a deployment will take of the machine. */
export interface Place {
  /** Names of what it creates in Docker. */
  readonly objects: Readonly<Record<ObjectKind, readonly string[]>>;
  /** Ports on 127.0.0.1, each with the workload that is behind it. */
  readonly ports: readonly { readonly hostPort: number; readonly workload: string }[];
}

const types: Readonly<Record<ObjectKind, string>> = {
  container: "docker:index/container:Container",
  network: "docker:index/network:Network",
  volume: "docker:index/volume:Volume",
};

const named = z.object({ name: z.string() });

/** What a program will take, as its recorded preview has it. */
export function plannedPlace({ resources, ports }: Pick<PlannedProgram, "resources" | "ports">): Place {
  const namesOf = (kind: ObjectKind): readonly string[] =>
    resources.filter(({ type }) => type === types[kind]).map(({ inputs }) => named.parse(inputs).name);
  return {
    objects: { container: namesOf("container"), network: namesOf("network"), volume: namesOf("volume") },
    ports,
  };
}

/** Less free space than this, in MiB, and a deployment would fail half-way. */
const leastFreeMib = 512;

/**
 * Looks whether there is room for a deployment: names and ports that are free or its own, and space on the disk.
 *
 * @throws UserError with every problem, before anything is created.
 */
export async function checkPlace(
  place: Place,
  ownership: Ownership,
  docker: Docker,
  folders: readonly string[],
): Promise<void> {
  const problems = [
    ...(await nameProblems(place, ownership, docker)),
    ...(await portProblems(place, ownership, docker)),
    ...(await diskProblems(folders)),
  ];
  if (problems.length > 0) throw refusedDeployment(problems);
}

async function nameProblems({ objects }: Place, ownership: Ownership, docker: Docker): Promise<readonly string[]> {
  const kinds: readonly ObjectKind[] = ["container", "network", "volume"];
  const named = kinds.map(async (kind) => {
    const found = await docker.objects(kind, objects[kind]);
    return Promise.all(found.map(async (object) => ({ kind, object, owner: await ownership.ownerOf(object) })));
  });
  const strange = (await Promise.all(named)).flat().filter(({ owner }) => owner !== ownership.owner);
  const others = new Set(strange.flatMap(({ owner }) => owner ?? []));
  const ofOther = [...others].map((other) => {
    const taken = strange.filter(({ owner }) => owner === other).map(({ kind, object }) => `${kind} ${object.name}`);
    const more = taken.length > 1 ? ` and ${taken.length - 1} more` : "";
    return `observability:name: must be of one Pulumi stack alone, got ${ownership.name}, which the stack ${other} has (${taken[0] ?? ""}${more}); set another for ${ownership.owner}`;
  });
  const ofNobody = strange
    .filter(({ owner }) => owner === undefined)
    .map(
      ({ kind, object }) =>
        `${kind} ${object.name}: the name must be free, but there is one not of this project; rename or remove that, or set another observability:name`,
    );
  return [...ofOther, ...ofNobody, ...(await mountProblems(objects.volume, others, ownership, docker))];
}

/** Plain `pulumi up` gives a volume to every stack that names it. */
async function mountProblems(
  volumes: readonly string[],
  told: ReadonlySet<string>,
  ownership: Ownership,
  docker: Docker,
): Promise<readonly string[]> {
  const found = await Promise.all(
    volumes.map(async (volume) => {
      const users = await docker.usersOf(volume);
      const owners = await Promise.all(users.map((user) => ownership.ownerOf(user)));
      return users.flatMap(({ name }, index) => {
        const owner = owners[index];
        if (owner === undefined || owner === ownership.owner || told.has(owner)) return [];
        return [
          `volume ${volume}: must be of this stack alone, but the container ${name} of the stack ${owner} uses it; set another observability:name for one of the two`,
        ];
      });
    }),
  );
  return found.flat();
}

async function portProblems({ ports }: Place, ownership: Ownership, docker: Docker): Promise<readonly string[]> {
  const found = await Promise.all(
    ports.map(async ({ hostPort, workload }) => {
      if (await isFree(hostPort)) return [];
      const holder = await holderOf(hostPort, ownership, docker);
      if (holder === "this stack") return [];
      return [`port ${hostPort} (${workload}): must be free, but ${holder} uses it; stop that, or choose another port`];
    }),
  );
  return found.flat();
}

/** Who listens on a port, as far as the system tells. */
async function holderOf(port: number, ownership: Ownership, docker: Docker): Promise<string> {
  const [container] = await docker.publishersOf(port);
  if (container === undefined) return processOn(port);
  return (await ownership.isOwn(container)) ? "this stack" : `the container ${container.name}`;
}

async function diskProblems(folders: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    folders.map(async (folder) => {
      const { bavail, bsize } = await statfs(folder);
      const freeMib = Math.floor((bavail * bsize) / 1024 / 1024);
      return freeMib >= leastFreeMib
        ? []
        : [
            `disk of ${folder}: must have ${leastFreeMib} MiB free, got ${freeMib}; make room (docker system df shows what Docker uses)`,
          ];
    }),
  );
  return found.flat();
}

/** Folders whose disks a deployment fills: the state's, and Docker's own if it is on this machine. */
export async function filledFolders(stateFolder: string, docker: Docker): Promise<readonly string[]> {
  const root = (await docker.run(["info", "--format", "{{.DockerRootDir}}"])).trim();
  return (await isHere(root)) ? [stateFolder, root] : [stateFolder];
}

async function isHere(folder: string): Promise<boolean> {
  try {
    await statfs(folder);
    return true;
  } catch (error) {
    // In a virtual machine, on another host, or closed to this user: then Docker itself says when it is full.
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EACCES")) return false;
    throw error;
  }
}

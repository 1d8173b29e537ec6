import { refuse } from "../platform/workload-rules.ts";
import { loopback } from "../platform/platform.ts";
import { portsOnMachine } from "../platform/workload.ts";
import { watchWorkloads, type WatchedWorkload } from "../platform/watch-workloads.ts";
import { recordProgram, type PreviewResource, type ProgramOptions } from "./record-program.ts";
import { secretValue, unknownValue, type PreviewValue, type PreviewValues } from "./values.ts";

/** A file that a workload finds in its container. */
export interface PreviewFile {
  /** Name of the workload, which is its host name. */
  readonly workload: string;
  /** Path in the container. */
  readonly path: string;
  /** `undefined` for a secret. */
  readonly content: string | undefined;
  readonly secret: boolean;
}

/** A port on the user's machine. */
export interface PreviewPort {
  readonly hostPort: number;
  /** `host:port` on the user's machine. */
  readonly address: string;
  /** Name of the workload that it leads to. */
  readonly workload: string;
  /** The workload's name for the port. */
  readonly name: string;
  /** Port in the container. */
  readonly port: number;
}

/** The running copies of a workload under one name. */
export interface PreviewInstance {
  /** As the platform's own tools show it. */
  readonly name: string;
  readonly workload: string;
  /** How many copies there are. */
  readonly replicas: number | typeof unknownValue;
  /** Memory limit in MiB, of all copies together; of one if their number is unknown. */
  readonly memoryMib: number;
}

/** Data that outlives its workload. */
export interface PreviewVolume {
  /** As the platform's own tools show it. */
  readonly name: string;
  readonly workload: string;
  /** Path in the container. */
  readonly path: string;
}

/** What the stack and its services take of the machine. Containers that run once and end do not count. */
export interface Footprint {
  /** Sum of the memory limits, in MiB. */
  readonly memoryMib: number;
  readonly instances: readonly PreviewInstance[];
  readonly volumes: readonly PreviewVolume[];
  /** Ports on the user's machine, in order. */
  readonly hostPorts: readonly number[];
}

/** A program as it would be deployed. */
export interface ProgramPreview {
  /** Every resource, sorted by URN. */
  readonly resources: readonly PreviewResource[];
  /** Every file of every workload that runs, sorted by workload and path. */
  readonly files: readonly PreviewFile[];
  /** Every port on the user's machine, in order. */
  readonly ports: readonly PreviewPort[];
  readonly footprint: Footprint;
}

/**
 * Runs a program of Pulumi without deploying anything: no engine, no Docker, no network.
 *
 * @param program creates the resources and returns what the program exports
 * @throws Error with the first problem of the program, or with each setting that is about a workload which there is not.
 */
export async function previewProgram(
  program: () => unknown,
  options: ProgramOptions,
): Promise<ProgramPreview & { readonly outputs: PreviewValues }> {
  const workloads: WatchedWorkload[] = [];
  const watchedProgram = (): unknown => watchWorkloads((workload) => workloads.push(workload), program);
  const secrets = new Set<string>();
  const { resources, outputs, fingerprint } = await recordProgram(watchedProgram, options, (secret) => {
    for (const text of textsIn(secret)) secrets.add(text);
    return secretValue;
  });
  besides.set(resources, { secrets, fingerprint });
  const platforms = new Set(workloads.map(({ platform }) => platform));
  const leftOver = [...platforms].flatMap((platform) => platform.leftOverSettings());
  refuse("OBS1004", "", leftOver);
  const ports = workloads.flatMap(publishedPorts).sort((a, b) => a.hostPort - b.hostPort);
  return {
    resources,
    outputs,
    files: workloads.flatMap(files).sort(by(({ workload, path }) => `${workload} ${path}`)),
    ports,
    footprint: { ...footprint(workloads), hostPorts: ports.map(({ hostPort }) => hostPort) },
  };
}

/** What is known of a program and not in its preview. */
interface Beside {
  /** Texts of its secrets. */
  readonly secrets: ReadonlySet<string>;
  readonly fingerprint: string;
}

/** By the resources of the preview that {@link previewProgram} has made. */
const besides = new WeakMap<readonly PreviewResource[], Beside>();

/** One short text for a program: another one once any resource, secret, option or export of it is another. */
export function programFingerprint({ resources }: Pick<ProgramPreview, "resources">): string {
  const found = besides.get(resources);
  if (found === undefined) throw new Error("resources: must be those of a preview by previewProgram, got others");
  return found.fingerprint;
}

/** The texts that a program has marked as secret, of the preview that {@link previewProgram} has made. */
export function knownSecrets({ resources }: Pick<ProgramPreview, "resources">): readonly string[] {
  return [...(besides.get(resources)?.secrets ?? [])];
}

function textsIn(value: PreviewValue): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function files({ workload }: WatchedWorkload): readonly PreviewFile[] {
  if (workload.replicas === 0) return [];
  return [
    ...workload.configFiles.map(({ path, content }) => ({ workload: workload.name, path, content, secret: false })),
    ...workload.secretFiles.map(({ path }) => ({ workload: workload.name, path, content: undefined, secret: true })),
  ];
}

function publishedPorts({ workload }: WatchedWorkload): readonly PreviewPort[] {
  if (workload.replicas === 0) return [];
  return workload.ports.flatMap((each) => {
    const { name, port } = each;
    return portsOnMachine(each).map(([, hostPort]) => {
      return { hostPort, address: `${loopback}:${hostPort}`, workload: workload.name, name, port };
    });
  });
}

function footprint(workloads: readonly WatchedWorkload[]): Omit<Footprint, "hostPorts"> {
  const instances = workloads.flatMap(({ workload, running }) =>
    running.instances.map(({ name, replicas }) => ({
      name,
      workload: workload.name,
      replicas: typeof replicas === "number" ? replicas : unknownValue,
      memoryMib: (typeof replicas === "number" ? replicas : 1) * workload.memoryMib,
    })),
  );
  const volumes = workloads.flatMap(({ workload, running }) =>
    running.volumes.map(({ name, path }) => ({ name, workload: workload.name, path })),
  );
  return {
    memoryMib: instances.reduce((sum, { memoryMib }) => sum + memoryMib, 0),
    instances: instances.sort(by(({ name }) => name)),
    volumes: volumes.sort(by(({ name }) => name)),
  };
}

function by<Item>(key: (item: Item) => string): (a: Item, b: Item) => number {
  return (a, b) => (key(a) < key(b) ? -1 : 1);
}

import { z } from "zod";
import type { RecordedResource } from "./record-resources.ts";

/** Types of the resources that the Docker platform creates. */
export const dockerTypes = {
  container: "docker:index/container:Container",
  image: "docker:index/remoteImage:RemoteImage",
  network: "docker:index/network:Network",
  volume: "docker:index/volume:Volume",
} as const;

const secret = z.strictObject({ secret: z.unknown() });

/** Mount options of a scratch directory: everybody's, or its owner and group; behind them its size, if it has one. */
export const scratchOptions =
  /^rw,exec,nosuid,nodev,(mode=1777|mode=0755,uid=(?<uid>\d+),gid=(?<gid>\d+))(,size=(?<size>\d+)m)?$/;

/** Inputs of a container as they were registered. A field that is missing stays missing: nothing has a default here. */
export const containerInputs = z.looseObject({
  name: z.string(),
  hostname: z.string().optional(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  entrypoints: z.array(z.string()).optional(),
  envs: z.array(z.string()).optional(),
  user: z.string().optional(),
  uploads: z
    .array(z.strictObject({ file: z.string(), content: z.union([z.string(), secret]), permissions: z.string() }))
    .optional(),
  ports: z
    .array(z.strictObject({ internal: z.number(), external: z.number(), ip: z.string(), protocol: z.string() }))
    .optional(),
  volumes: z
    .array(z.strictObject({ volumeName: z.string(), containerPath: z.string(), readOnly: z.boolean().optional() }))
    .optional(),
  tmpfs: z.record(z.string(), z.string().regex(scratchOptions)).optional(),
  healthcheck: z
    .strictObject({
      tests: z.array(z.string()),
      interval: z.string(),
      timeout: z.string(),
      startPeriod: z.string(),
      retries: z.number(),
    })
    .optional(),
  memory: z.number().optional(),
  memorySwap: z.number().optional(),
  memoryReservation: z.number().optional(),
  cpuShares: z.number().optional(),
  cpus: z.string().optional(),
  restart: z.string().optional(),
  networkMode: z.string().optional(),
  networksAdvanced: z.array(z.strictObject({ name: z.string(), aliases: z.array(z.string()).optional() })).optional(),
  destroyGraceSeconds: z.number().optional(),
  stopTimeout: z.number().optional(),
  mustRun: z.boolean().optional(),
  attach: z.boolean().optional(),
  logs: z.boolean().optional(),
  labels: z.array(z.strictObject({ label: z.string(), value: z.unknown() })).optional(),
});

/** Inputs of a container. */
export type ContainerInputs = z.output<typeof containerInputs>;

/** A recorded container with its inputs typed. */
export interface RecordedContainer extends RecordedResource {
  readonly inputs: ContainerInputs;
}

/** All containers, the one-shot helpers among them. */
export function allContainers(resources: readonly RecordedResource[]): readonly RecordedContainer[] {
  return resources
    .filter(({ type }) => type === dockerTypes.container)
    .map((resource) => ({ ...resource, inputs: containerInputs.parse(resource.inputs) }));
}

/** Whether a container ends by itself: it hands a volume to its user, checks a configuration, or waits for a workload. */
export function isHelper(container: RecordedContainer): boolean {
  return container.inputs.mustRun === false;
}

/** Whether a container waits for a workload: of those that end by themselves, the one on the network. */
export function isWaiting(container: RecordedContainer): boolean {
  return isHelper(container) && !isStep(container) && container.inputs.networksAdvanced !== undefined;
}

/** Whether a container runs before a workload: of those that end by themselves, the one with the workload's image in a label. */
export function isStep(container: RecordedContainer): boolean {
  return isHelper(container) && container.inputs.labels?.some(({ label }) => label === "observability.before") === true;
}

/** Whether a container copies files of another image: of those that end by themselves, the one that runs `cp`. */
export function isCopy(container: RecordedContainer): boolean {
  return isHelper(container) && container.inputs.entrypoints?.[0] === "cp";
}

/** Whether a container puts the first content of a shared file: of those that end by themselves, the one that asks for it. */
export function isSharing(container: RecordedContainer): boolean {
  return isHelper(container) && container.inputs.command?.[0]?.startsWith("test -e ") === true;
}

/** Whether a container looks over the configuration of a workload: it runs the entry point of the workload's image. */
export function isCheck(container: RecordedContainer): boolean {
  return isHelper(container) && !isStep(container) && container.inputs.entrypoints === undefined;
}

/**
 * What looks over the configuration before any of the instances is touched, as a view shows it: there has to be one
 * container without network, the instances wait for it, and a value of theirs is known only when it has ended well.
 */
export function observedCheck(checks: readonly RecordedContainer[], instances: readonly RecordedContainer[]): unknown {
  const [check, ...more] = checks;
  if (check === undefined || more.length > 0) return more.length === 0 ? "none" : `${checks.length} checks`;
  const { command: args, networkMode, attach, logs, networksAdvanced, volumes, ports } = check.inputs;
  if (attach !== true || logs !== true) return "a check that nobody waits for";
  if (networkMode !== "none" || [networksAdvanced, volumes, ports].some((field) => field !== undefined)) {
    return "a check that reaches more than its files";
  }
  const comesFirst = instances.every(
    ({ dependencies, inputs }) =>
      dependencies.includes(check.urn) &&
      inputs.labels?.some(({ label, value }) => label === "observability.check" && typeof value !== "string"),
  );
  return { args, comesFirst };
}

/** The containers that answer to a host name, the first instance first. */
export function containersOf(resources: readonly RecordedResource[], host: string): readonly RecordedContainer[] {
  return allContainers(resources)
    .filter(({ inputs }) => inputs.networksAdvanced?.some(({ aliases }) => aliases?.includes(host)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A container's environment by name. */
export function envOf({ inputs }: RecordedContainer): Record<string, string> {
  return Object.fromEntries(
    (inputs.envs ?? []).map((pair) => {
      const equals = pair.indexOf("=");
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

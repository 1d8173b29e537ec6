import { posix } from "node:path";
import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { InstanceFact } from "../../../config/env-value.ts";
import { dockerLabels } from "../../../config/names.ts";
import type { Check, SharedFile } from "../../../config/parts/part.ts";
import { goDuration } from "../../../config/units.ts";
import { filledWhenKnown, whenKnown } from "../later.ts";
import { copyMemoryMib, loopback, type PlatformArgs } from "../platform.ts";
import type { Probe, Probes, Question } from "../probes.ts";
import {
  assertAllFieldsRead,
  portsOnMachine,
  type DataVolume,
  type ImageMount,
  type InitStep,
  type Workload,
} from "../workload.ts";

/** What every container is made from beside its workload. */
export interface ContainerContext {
  readonly name: string;
  readonly image: pulumi.Input<string>;
  readonly labels: docker.types.input.ContainerLabel[];
}

/** What an instance of a workload is made from beside that. */
export interface InstanceContext extends ContainerContext {
  /** By which the other containers of the network find the workload. */
  readonly alias: string;
  /** Counted from 1. */
  readonly instance: number;
  readonly networkName: pulumi.Input<string>;
  /** Volumes of the workload's data volumes and image mounts. */
  readonly volumes: docker.types.input.ContainerVolume[];
  /** Known once the workload's configuration is checked; `undefined` if there is nothing to check. */
  readonly checked: pulumi.Input<string> | undefined;
}

/** Mount options of a directory in memory, which is the container's own memory: executable, as a directory is. */
const scratchOptions = "rw,exec,nosuid,nodev";

/** Everybody's, as every program expects of it. Any other directory is the workload's own. */
const everybodys = "/tmp";

/** Memory in MiB of what runs a command of the helper image. */
const helperMemoryMib = 32;

/** How long a workload may take until others may start. */
export const mostReadySeconds = 120;

/** Labels that say which Pulumi stack and which workload a Docker object belongs to. */
export function stackLabels(
  { owner, name }: Pick<PlatformArgs, "owner" | "name">,
  workloadName: string,
): docker.types.input.ContainerLabel[] {
  return [
    { label: dockerLabels.owner, value: owner },
    { label: dockerLabels.name, value: name },
    { label: dockerLabels.workload, value: workloadName },
  ];
}

/** Settings of every container, whatever it does: no privileges, bounded logs. */
export const hardening: Pick<docker.ContainerArgs, "capabilities" | "securityOpts" | "logDriver" | "logOpts"> = {
  capabilities: { drops: ["ALL"] },
  securityOpts: ["no-new-privileges:true"],
  logDriver: "json-file",
  logOpts: { "max-size": "10m", "max-file": "3" },
};

/** What every container has that runs once and ends: the provider waits for its end and has its exit code. */
function endsByItself(
  { name, image, labels }: ContainerContext,
  memoryMib: number,
): docker.ContainerArgs & { readonly image: pulumi.Input<string> } {
  return {
    name,
    image,
    labels,
    mustRun: false,
    attach: true,
    restart: "no",
    memory: memoryMib,
    memorySwap: memoryMib,
    ...hardening,
  };
}

/** What a container has that works on one volume as root, whom a new volume belongs to, and has no network. */
function onVolume(
  volumeName: pulumi.Input<string>,
  containerPath: string,
): Pick<docker.ContainerArgs, "user" | "volumes" | "networkMode"> {
  return { user: "0", volumes: [{ volumeName, containerPath }], networkMode: "none" };
}

/** One instance of a workload as the arguments of a Docker container. */
export function containerArgs(workload: Workload, context: InstanceContext): docker.ContainerArgs {
  const {
    args,
    env,
    configFiles,
    secretFiles,
    ports,
    scratchPaths,
    probes,
    memoryMib,
    memoryRequestMib,
    cpuRequestMillicores,
    cpuLimitMillicores,
    userId,
    groupId,
    stopGraceSeconds,
    docker: own,
    ...rest
  } = workload;
  assertAllFieldsRead<
    | "name"
    | "image"
    | "check"
    | "dataVolumes"
    | "sharedFiles"
    | "imageMounts"
    | "initSteps"
    | "replicas"
    | "kubernetes"
    | "readsInstances"
  >(rest);
  return {
    name: context.name,
    image: context.image,
    hostname: context.name,
    ...command(args),
    envs: environment(env, context.name),
    user: `${userId}:${groupId}`,
    // The reason why the root is not read-only: the provider copies files to `/` (see docs/guarantees.md, "Safety").
    uploads: uploads({ configFiles, secretFiles }),
    ports: publishedPorts(ports, context.instance),
    volumes: context.volumes,
    tmpfs: tmpfs({ scratchPaths, userId, groupId }),
    ...health(probes),
    memory: memoryMib,
    // Equal: no swap. Left out, the daemon sets twice the memory and every `up` shows a difference.
    memorySwap: memoryMib,
    ...(memoryRequestMib === "all" ? {} : { memoryReservation: memoryRequestMib }),
    ...(cpuRequestMillicores === "default" ? {} : { cpuShares: cpuShares(cpuRequestMillicores) }),
    ...(cpuLimitMillicores === "none" ? {} : { cpus: String(cpuLimitMillicores / 1000) }),
    // The custom network here as well would lose the aliases on Engine 20.10.
    networkMode: "bridge",
    networksAdvanced: [{ name: context.networkName, aliases: [context.alias] }, ...furtherNetworks(own)],
    restart: own.restart ?? "unless-stopped",
    // Both: the provider stops with the first, `docker stop` and a daemon that shuts down use the second.
    destroyGraceSeconds: stopGraceSeconds,
    stopTimeout: stopGraceSeconds,
    labels: [
      ...context.labels,
      // Its value depends on the check's end, and so does whatever is done to the container.
      ...(context.checked === undefined ? [] : [{ label: "observability.check", value: context.checked }]),
    ],
    ...hardening,
  };
}

function furtherNetworks({ networks = [] }: Workload["docker"]): docker.types.input.ContainerNetworksAdvanced[] {
  return networks.map((name) => ({ name }));
}

/** A share of a core as Docker's weight, 1024 of which are a core: as Kubernetes hands it to the kernel. */
function cpuShares(millicores: number): number {
  return Math.max(2, Math.floor((millicores * 1024) / 1000));
}

function uploads(files: Pick<Workload, "configFiles" | "secretFiles">): docker.types.input.ContainerUpload[] {
  return [...files.configFiles, ...files.secretFiles].map((file) => ({
    file: file.path,
    content: file.content,
    permissions: "0444",
  }));
}

function tmpfs({
  scratchPaths,
  userId,
  groupId,
}: Pick<Workload, "scratchPaths" | "userId" | "groupId">): Record<string, string> {
  // The owner, since the mode is lost at a restart: runc gives a directory that is there already its own again.
  const own = `mode=0755,uid=${userId},gid=${groupId}`;
  return Object.fromEntries(
    scratchPaths.map(({ path, sizeMib }) => {
      const access = path === everybodys ? "mode=1777" : own;
      return [path, [scratchOptions, access, ...(sizeMib === "none" ? [] : [`size=${sizeMib}m`])].join(",")];
    }),
  );
}

/**
 * The check of a workload's configuration as the arguments of a container that runs once: the same image, user, files
 * and memory, and nothing else, no network, no data and no port.
 */
export function checkArgs(workload: Workload, check: Check, context: ContainerContext): docker.ContainerArgs {
  return {
    ...endsByItself(context, workload.memoryMib),
    command: [...check.args],
    user: `${workload.userId}:${workload.groupId}`,
    uploads: uploads(workload),
    tmpfs: tmpfs(workload),
    networkMode: "none",
    // What it says of a configuration that it refuses.
    logs: true,
  };
}

/**
 * Arguments for an image's entry point. Without any there is no list: an empty one would differ from the image's own, which
 * the daemon reports, and replace the container with each `up`.
 */
function command(args: Workload["args"]): Pick<docker.ContainerArgs, "command"> {
  return args.length === 0 ? {} : { command: [...args] };
}

/**
 * A step before a workload as the arguments of a container that runs once. Another image of the workload is another run: a
 * step prepares what that image needs.
 */
export function stepArgs(
  workload: Workload,
  { args, env }: InitStep,
  context: ContainerContext &
    Pick<InstanceContext, "networkName" | "volumes"> & { readonly before: pulumi.Input<string> },
): docker.ContainerArgs {
  return {
    ...endsByItself(context, workload.memoryMib),
    ...command(args),
    envs: environment(env, context.name),
    user: `${workload.userId}:${workload.groupId}`,
    uploads: uploads(workload),
    volumes: context.volumes,
    tmpfs: tmpfs(workload),
    networkMode: "bridge",
    networksAdvanced: [{ name: context.networkName }, ...furtherNetworks(workload.docker)],
    labels: [...context.labels, { label: dockerLabels.before, value: context.before }],
  };
}

/** Variables of a container as `NAME=value`, sorted. @param instanceName what stands for the name of the instance */
export function environment(env: Workload["env"], instanceName: string): (string | pulumi.Output<string>)[] {
  const known = (fact: InstanceFact["fill"]): string => {
    if (fact === "instance") return instanceName;
    throw new Error(`env: must be made of what Docker knows of a container, its name, got ${fact}; leave it out`);
  };
  return Object.entries(env)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => whenKnown(filledWhenKnown(value, known), (text) => `${key}=${text}`));
}

function publishedPorts(ports: Workload["ports"], instance: number): docker.types.input.ContainerPort[] {
  return ports.flatMap((port) =>
    portsOnMachine(port)
      .slice(instance - 1, instance)
      .map(([, external]) => ({ internal: port.port, external, ip: loopback, protocol: "tcp" })),
  );
}

function health({ selfCheck }: Probes): Pick<docker.ContainerArgs, "healthcheck"> {
  if (selfCheck === "none") return {};
  return {
    healthcheck: {
      tests: ["CMD", ...selfCheck.command],
      interval: goDuration(selfCheck.periodSeconds),
      timeout: goDuration(selfCheck.timeoutSeconds),
      startPeriod: goDuration(selfCheck.initialDelaySeconds),
      retries: selfCheck.failureThreshold,
    },
  };
}

/** What a process answers to over the network. */
type NetworkProbe = Probe & { readonly ask: Exclude<Question, { readonly kind: "command" }> };

/** Whether something outside the container can ask. */
export function isAskedFromOutside(probe: Probe | "none"): probe is NetworkProbe {
  return probe !== "none" && probe.ask.kind !== "command";
}

/** A text as one word of a shell's command, as it is where a shell reads nothing in it. */
function shellWord(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * A container that runs once and ends with 0 as soon as a workload answers, for those that start after it. It asks over
 * the network, since the workload's image may have nothing cheap to ask with.
 *
 * @param context its image has a shell and `wget`
 * @param containerId of the workload's first instance: another one is waited for anew
 */
export function readyArgs(
  { name, probes: { readiness } }: Workload,
  context: ContainerContext & Pick<InstanceContext, "networkName">,
  containerId: pulumi.Input<string>,
): docker.ContainerArgs {
  if (!isAskedFromOutside(readiness)) {
    throw new Error(`${name}: must answer over the network to gate others, got no such probe of its readiness`);
  }
  const { ask: question } = readiness;
  const ask =
    question.kind === "http"
      ? `wget -q -O /dev/null ${shellWord(`http://${name}:${question.port}${question.path}`)}`
      : // Of busybox, which has no option that connects and does nothing else in every build.
        `nc -w 5 ${name} ${question.port} -e true`;
  // `wget` may wait for ever for an answer, so the limit is a process beside it.
  const limit = `trap "exit 1" TERM; (sleep ${mostReadySeconds}; kill $$) &`;
  return {
    ...endsByItself(context, helperMemoryMib),
    entrypoints: ["/bin/sh", "-c"],
    command: [`${limit} until { ${ask} & wait $!; }; do sleep 1; done`],
    // The user `nobody`: it needs no file.
    user: "65534:65534",
    networkMode: "bridge",
    networksAdvanced: [{ name: context.networkName }],
    labels: [...context.labels, { label: "observability.waits-for", value: containerId }],
  };
}

/** A container that runs once and fills the volume of an image mount with files of its image. */
export function copyArgs(
  { from, path }: ImageMount,
  volumeName: pulumi.Input<string>,
  context: ContainerContext,
): docker.ContainerArgs {
  return {
    ...endsByItself(context, copyMemoryMib),
    ...onVolume(volumeName, path),
    entrypoints: ["cp"],
    command: ["-r", from, path],
  };
}

/**
 * A container that runs once and hands a data volume to the workload's user. With its one capability alone it could not
 * look into what is handed over already, and leaves it as it is. The file that it leaves keeps Docker from filling the
 * empty volume from the workload's image afterwards, which would give it that image's owner and mode.
 */
export function handOverArgs(
  { userId, groupId }: Workload,
  { path }: DataVolume,
  volumeName: pulumi.Input<string>,
  context: ContainerContext,
): docker.ContainerArgs {
  const mark = `${path}/.volume`;
  // Not by `stat`, which not every image has that has a shell.
  const isHandedOver = `test -n "$(find ${path} -maxdepth 0 -user ${userId} -group ${groupId})"`;
  return {
    ...endsByItself(context, helperMemoryMib),
    ...onVolume(volumeName, path),
    entrypoints: ["/bin/sh", "-c"],
    command: [`${isHandedOver} || { : > ${mark} && chown -R ${userId}:${groupId} ${path}; }`],
    capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN"] },
  };
}

/** The folder that a volume with a shared file is mounted at. */
export function sharedFolder({ path }: SharedFile): string {
  return posix.dirname(path);
}

/**
 * A container that runs once and puts the first content of a shared file into its volume; one that is there already stays.
 * Whoever changes it may be any user: nobody else has the volume.
 */
export function startSharedArgs(
  file: SharedFile,
  volumeName: pulumi.Input<string>,
  context: ContainerContext,
): docker.ContainerArgs {
  const [path, folder] = [shellWord(file.path), shellWord(sharedFolder(file))];
  return {
    ...endsByItself(context, helperMemoryMib),
    ...onVolume(volumeName, sharedFolder(file)),
    entrypoints: ["/bin/sh", "-c"],
    command: [`test -e ${path} || { printf %s ${shellWord(file.content)} > ${path} && chmod 0777 ${folder}; }`],
  };
}

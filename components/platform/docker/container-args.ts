import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { instanceName } from "../../../config/names.ts";
import { goDuration } from "../../../config/units.ts";
import { loopback } from "../platform.ts";
import { assertAllFieldsRead, instancePlaceholder, type Readiness, type Workload } from "../workload.ts";

/** What a container needs to know beside its workload. */
export interface ContainerPlace {
  readonly stackName: string;
  readonly networkName: pulumi.Input<string>;
  readonly image: pulumi.Input<string>;
  /** Name of the Docker volume for each data volume, by the data volume's name. */
  readonly volumeNames: Readonly<Record<string, pulumi.Input<string>>>;
}

/** Mount options of a directory in memory, which is the container's own memory: executable, as a directory is. */
const scratchOptions = "rw,exec,nosuid,nodev,mode=1777";

/** Labels that say which stack and workload a Docker object belongs to. */
export function stackLabels(stackName: string, workloadName: string): docker.types.input.ContainerLabel[] {
  return [
    { label: "observability.stack", value: stackName },
    { label: "observability.workload", value: workloadName },
  ];
}

/** Settings of every container, whatever it does: no privileges, bounded logs. */
export const hardening: Pick<docker.ContainerArgs, "capabilities" | "securityOpts" | "logDriver" | "logOpts"> = {
  capabilities: { drops: ["ALL"] },
  securityOpts: ["no-new-privileges:true"],
  logDriver: "json-file",
  logOpts: { "max-size": "10m", "max-file": "3" },
};

/** One instance of a workload as the arguments of a Docker container. */
export function containerArgs(workload: Workload, instance: number, place: ContainerPlace): docker.ContainerArgs {
  const {
    name,
    image: _image,
    args,
    env,
    configFiles,
    secretFiles,
    ports,
    dataVolumes,
    scratchPaths,
    readiness,
    memoryMib,
    userId,
    groupId,
    stopGraceSeconds,
    replicas: _replicas,
    readsInstances: _readsInstances,
    ...rest
  } = workload;
  assertAllFieldsRead(rest);
  const fullName = instanceName(place.stackName, name, instance);
  return {
    name: fullName,
    image: place.image,
    hostname: fullName,
    command: [...args],
    envs: environment(env, fullName),
    user: `${userId}:${groupId}`,
    // Neither survives a read-only root: the provider copies files to `/` (see README, "Hardening").
    uploads: [...configFiles, ...secretFiles].map((file) => ({
      file: file.path,
      content: file.content,
      permissions: "0444",
    })),
    ports: instance === 1 ? publishedPorts(ports) : [],
    volumes: dataVolumes.map((volume) => ({
      volumeName: volumeName(place, volume.name),
      containerPath: volume.path,
    })),
    tmpfs: Object.fromEntries(scratchPaths.map((path) => [path, scratchOptions])),
    ...health(readiness),
    memory: memoryMib,
    // Equal: no swap. Left out, the daemon sets twice the memory and every `up` shows a difference.
    memorySwap: memoryMib,
    // The custom network here as well would lose the aliases on Engine 20.10.
    networkMode: "bridge",
    networksAdvanced: [{ name: place.networkName, aliases: [name] }],
    restart: "unless-stopped",
    // Both: the provider stops with the first, `docker stop` and a daemon that shuts down use the second.
    destroyGraceSeconds: stopGraceSeconds,
    stopTimeout: stopGraceSeconds,
    labels: stackLabels(place.stackName, name),
    ...hardening,
  };
}

function environment(env: Workload["env"], instanceName: string): string[] {
  return Object.entries(env)
    .map(([key, value]) => `${key}=${value.replaceAll(instancePlaceholder, instanceName)}`)
    .sort();
}

function publishedPorts(ports: Workload["ports"]): docker.types.input.ContainerPort[] {
  return ports.flatMap(({ port, hostPort }) =>
    hostPort === "internal" ? [] : [{ internal: port, external: hostPort, ip: loopback, protocol: "tcp" }],
  );
}

function volumeName(place: ContainerPlace, name: string): pulumi.Input<string> {
  const found = place.volumeNames[name];
  if (found === undefined) throw new Error(`${name}: must be created before the container that mounts it`);
  return found;
}

function health(readiness: Readiness): Pick<docker.ContainerArgs, "healthcheck" | "wait" | "waitTimeout"> {
  if (readiness.selfCheck === "none") {
    if (!readiness.gates) return {};
    throw new Error("readiness: must have a self check to gate others, got none; Docker has no other way to ask");
  }
  return {
    healthcheck: {
      tests: ["CMD", ...readiness.selfCheck],
      interval: goDuration(readiness.intervalSeconds),
      timeout: goDuration(10),
      startPeriod: goDuration(readiness.startPeriodSeconds),
      retries: 3,
    },
    wait: readiness.gates,
    waitTimeout: 120,
  };
}

import { checkName, dashed, dataVolumeName, initStepName, instanceName, mountName } from "../../../config/names.ts";
import { problemIf, type Problem } from "../../../config/problem.ts";
import { workloadLimits } from "../../../config/rules.ts";
import type { PlatformArgs } from "../platform.ts";
import type { SharedFile } from "../../../config/parts/part.ts";
import type { ReservedName } from "../reservations.ts";
import type { DataVolume, ImageMount, InitStep, Workload } from "../workload.ts";

/** What one object is called. */
export interface ObjectName {
  /** In Docker. */
  readonly docker: string;
  /** Name of Pulumi's resource. */
  readonly resource: string;
}

/** Every name that a workload takes. What creates an object has its names from here, and from nowhere else. */
export interface DockerNames {
  /** By which the other containers of the network find the workload. */
  readonly alias: string;
  /** Container of each instance, and its host name; of a workload that is switched off that of the first. */
  readonly instances: readonly ObjectName[];
  /** Container that checks its configuration; none without a check. */
  readonly checks: readonly ObjectName[];
  /** Container of each step before it. */
  readonly steps: readonly { readonly step: InitStep; readonly container: ObjectName }[];
  /** Container that waits until it answers, if something waits for it. */
  readonly waiting: ObjectName;
  /** Volume of each data volume, and the container that hands it over. */
  readonly data: readonly { readonly volume: DataVolume; readonly kept: ObjectName; readonly owner: ObjectName }[];
  /** Volume of each shared file, and the container that puts its first content there if the workload reads it. */
  readonly shared: readonly { readonly file: SharedFile; readonly holder: ObjectName; readonly first: ObjectName }[];
  /** Volume of each image mount, and the container that copies the files into it. */
  readonly mounts: readonly { readonly mount: ImageMount; readonly filled: ObjectName; readonly copy: ObjectName }[];
}

/** The names of a workload's objects. */
export function dockerNames(
  { name: stackName, resourcePrefix }: Pick<PlatformArgs, "name" | "resourcePrefix">,
  { name, replicas, check, dataVolumes, sharedFiles, imageMounts, initSteps }: Workload,
): DockerNames {
  const named = (by: (prefix: string) => string): ObjectName => ({
    docker: by(stackName),
    resource: by(resourcePrefix),
  });
  const first = (prefix: string): string => instanceName(prefix, name, 1);
  const instances = Math.min(Math.max(typeof replicas === "number" ? replicas : 1, 1), workloadLimits.replicas.most);
  return {
    alias: name,
    instances: Array.from({ length: instances }, (_, index) =>
      named((prefix) => instanceName(prefix, name, index + 1)),
    ),
    checks: check === "none" ? [] : [named((prefix) => checkName(first(prefix)))],
    steps: initSteps.map((step) => ({
      step,
      container: named((prefix) => initStepName(first(prefix), step.name)),
    })),
    waiting: named((prefix) => `${first(prefix)}-ready`),
    data: dataVolumes.map((volume) => ({
      volume,
      kept: { docker: dataVolumeName(stackName, volume.name), resource: `${resourcePrefix}-${dashed(volume.name)}` },
      owner: named((prefix) => `${prefix}-${dashed(volume.name)}-owner`),
    })),
    shared: sharedFiles.map((file) => ({
      file,
      holder: { docker: dataVolumeName(stackName, file.name), resource: `${resourcePrefix}-${dashed(file.name)}` },
      first: named((prefix) => `${prefix}-${dashed(file.name)}-first`),
    })),
    mounts: imageMounts.map((mount) => ({
      mount,
      filled: named((prefix) => dataVolumeName(prefix, mountName(name, mount.name))),
      copy: named((prefix) => mountName(first(prefix), mount.name)),
    })),
  };
}

/** The names as they are unique: containers find each other by their aliases and by their names alike. */
export function reservedInDocker(names: DockerNames): readonly ReservedName[] {
  const { data, mounts, steps } = names;
  // Whoever changes one finds it.
  const made = names.shared.filter(({ file }) => file.access === "reads");
  const helpers = [
    ...made.map(({ first }) => first),
    ...data.map(({ owner }) => owner),
    ...mounts.map(({ copy }) => copy),
    ...steps.map(({ container }) => container),
  ];
  const containers = [...names.instances, ...names.checks, ...helpers];
  const volumes = [
    ...data.map(({ kept }) => kept),
    ...made.map(({ holder }) => holder),
    ...mounts.map(({ filled }) => filled),
  ];
  return [
    ...containers.map(({ docker }) => ({ kind: "container", name: docker })),
    { kind: "container", name: names.alias },
    ...volumes.map(({ docker }) => ({ kind: "volume", name: docker })),
  ];
}

/** The name of what waits for a workload. Only what has something to wait for it takes it. */
export function reservedForWaiting({ waiting }: DockerNames): readonly ReservedName[] {
  return [{ kind: "container", name: waiting.docker }];
}

/** Names that lead somewhere else in every container. */
export const takenByDocker: readonly ReservedName[] = [{ kind: "container", name: "localhost" }];

/** Longest host name that Linux takes (HOST_NAME_MAX, man 7 hostname). */
const longestHostName = 64;

/** The problem of a workload whose instances would have a host name that is too long. */
export function hostNameProblems({ instances }: DockerNames): readonly Problem[] {
  const [longest = ""] = instances.map(({ docker }) => docker).sort((a, b) => b.length - a.length);
  const rule = `must be at most ${longestHostName} characters long as a host name, with the stack's name in front and the instance's number behind`;
  return problemIf(longest.length > longestHostName, "name", rule, longest, "shorten it, or the setting `name`");
}

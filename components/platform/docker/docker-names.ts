import { checkName, dashed, dataVolumeName, instanceName, mountName } from "../../../config/names.ts";
import { problemIf, type Problem } from "../../../config/problem.ts";
import { workloadLimits } from "../../../config/rules.ts";
import type { ReservedName } from "../reservations.ts";
import type { Workload } from "../workload.ts";

/** Every name in Docker that a workload takes. What creates an object has its name from here, and from nowhere else. */
export interface DockerNames {
  /** By which the other containers of the network find the workload. */
  readonly alias: string;
  /** Container of each instance, and its host name; of a workload that is switched off that of the first. */
  readonly instances: readonly string[];
  /** Container that checks its configuration; none without a check. */
  readonly checks: readonly string[];
  /** Container that waits until it answers; none if nothing waits for it. */
  readonly waiting: readonly string[];
  /** Container that hands over a data volume, by the data volume's name. */
  readonly owners: Readonly<Record<string, string>>;
  /** Volume, by the data volume's name. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Container that copies files of another image, by the mount's name. */
  readonly copies: Readonly<Record<string, string>>;
  /** Volume with what it has copied, by the mount's name. */
  readonly mounts: Readonly<Record<string, string>>;
}

/** @param prefix name of the stack */
export function dockerNames(
  prefix: string,
  {
    name,
    replicas,
    check,
    dataVolumes,
    imageMounts,
    readiness,
  }: Pick<Workload, "name" | "replicas" | "check" | "dataVolumes" | "imageMounts" | "readiness">,
): DockerNames {
  const instances = Math.min(Math.max(replicas, 1), workloadLimits.replicas.most);
  return {
    alias: name,
    instances: Array.from({ length: instances }, (_, index) => instanceName(prefix, name, index + 1)),
    checks: check === "none" ? [] : [checkName(instanceName(prefix, name, 1))],
    waiting: readiness.gates ? [`${instanceName(prefix, name, 1)}-ready`] : [],
    owners: Object.fromEntries(dataVolumes.map((volume) => [volume.name, `${prefix}-${dashed(volume.name)}-owner`])),
    volumes: Object.fromEntries(dataVolumes.map((volume) => [volume.name, dataVolumeName(prefix, volume.name)])),
    copies: Object.fromEntries(
      imageMounts.map((mount) => [mount.name, mountName(instanceName(prefix, name, 1), mount.name)]),
    ),
    mounts: Object.fromEntries(
      imageMounts.map((mount) => [mount.name, dataVolumeName(prefix, mountName(name, mount.name))]),
    ),
  };
}

/** The names as they are unique: containers find each other by their aliases and by their names alike. */
export function reservedInDocker({
  alias,
  instances,
  checks,
  waiting,
  owners,
  volumes,
  copies,
  mounts,
}: DockerNames): readonly ReservedName[] {
  return [
    ...[...instances, ...checks, ...waiting, ...Object.values(owners), ...Object.values(copies), alias].map((name) => ({
      kind: "container",
      name,
    })),
    ...[...Object.values(volumes), ...Object.values(mounts)].map((name) => ({ kind: "volume", name })),
  ];
}

/** Names that lead somewhere else in every container. */
export const takenByDocker: readonly ReservedName[] = [{ kind: "container", name: "localhost" }];

/** Longest host name that Linux takes (HOST_NAME_MAX, man 7 hostname). */
const longestHostName = 64;

/** The problem of a workload whose instances would have a host name that is too long. */
export function hostNameProblems({ instances }: DockerNames): readonly Problem[] {
  const longest = [...instances].sort((a, b) => b.length - a.length)[0] ?? "";
  const rule = `must be at most ${longestHostName} characters long as a host name, with the stack's name in front and the instance's number behind`;
  return problemIf(longest.length > longestHostName, "name", rule, longest, "shorten it, or the setting `name`");
}

import { createHash } from "node:crypto";
import { checkName, dashed, fileKey, initStepName, mountName } from "../../../config/names.ts";
import { problemIf, type Problem } from "../../../config/problem.ts";
import { sharedConfigMap } from "../../../config/names.ts";
import type { SharedFile } from "../../../config/parts/part.ts";
import type { ReservedName } from "../reservations.ts";
import { asksApiServer } from "./api-rights.ts";
import type { DataVolume, ImageMount, InitStep, Workload } from "../workload.ts";

/** Every name in a namespace that a workload takes. What creates an object has its name from here, and from nowhere else. */
export interface KubernetesNames {
  /** Deployment or StatefulSet, Service, and whatever else there is one of; also the label that finds its pods. */
  readonly workload: string;
  /** Job that checks its configuration, and the label of the Job's pod; none without a check. */
  readonly checks: readonly string[];
  /** ConfigMap, named by its content; none without files. */
  readonly configMaps: readonly string[];
  /** ConfigMap of each shared file. */
  readonly shared: readonly { readonly file: SharedFile; readonly name: string }[];
  /** ServiceAccount; none if it is the stack's own. */
  readonly serviceAccounts: readonly string[];
  /** PersistentVolumeClaim of each data volume. */
  readonly claims: readonly { readonly volume: DataVolume; readonly name: string }[];
  /** Container in its pods of each step before it. */
  readonly steps: readonly { readonly step: InitStep; readonly name: string }[];
  /** Container in its pods that copies the files of each image mount, and the volume with them. */
  readonly copies: readonly { readonly mount: ImageMount; readonly name: string }[];
}

/** The files of a workload as the data of its ConfigMap. */
export function configMapData({ configFiles }: Pick<Workload, "configFiles">): Readonly<Record<string, string>> {
  return Object.fromEntries(configFiles.map(({ path, content }) => [fileKey(path), content]));
}

/** The names of a workload's objects. Its Secret has one by Pulumi, with random letters behind. */
export function kubernetesNames(workload: Workload): KubernetesNames {
  const { name, check, configFiles, dataVolumes, imageMounts, initSteps, sharedFiles } = workload;
  const hash = createHash("sha256")
    .update(JSON.stringify(configMapData(workload)))
    .digest("hex")
    .slice(0, 12);
  return {
    workload: name,
    checks: check === "none" ? [] : [checkName(name)],
    configMaps: configFiles.length === 0 ? [] : [`${name}-config-${hash}`],
    shared: sharedFiles.map((file) => ({ file, name: sharedConfigMap(file) })),
    serviceAccounts: asksApiServer(workload) ? [name] : [],
    claims: dataVolumes.map((volume) => ({ volume, name: dashed(volume.name) })),
    steps: initSteps.map((step) => ({ step, name: initStepName(name, step.name) })),
    copies: imageMounts.map((mount) => ({ mount, name: mountName(name, mount.name) })),
  };
}

/** The names as they are unique. A Service of one workload must not find the pod of another one's check. */
export function reservedInNamespace(names: KubernetesNames): readonly ReservedName[] {
  const kinds: Readonly<Record<string, readonly string[]>> = {
    workload: [names.workload, ...names.checks],
    // Whoever changes one finds it.
    configmap: [
      ...names.configMaps,
      ...names.shared.filter(({ file }) => file.access === "reads").map(({ name }) => name),
    ],
    serviceaccount: names.serviceAccounts,
    persistentvolumeclaim: names.claims.map(({ name }) => name),
  };
  return Object.entries(kinds).flatMap(([kind, all]) => all.map((name) => ({ kind, name })));
}

/** Names that something else in the namespace has. */
export function takenInNamespace(namespace: string, stackName: string): readonly ReservedName[] {
  return [
    // In every pod it leads to the pod itself.
    { kind: "workload", name: "localhost" },
    // The API server's own Service.
    ...(namespace === "default" ? [{ kind: "workload", name: "kubernetes" }] : []),
    { kind: "serviceaccount", name: "default" },
    { kind: "serviceaccount", name: stackName },
  ];
}

/** Longest value of a label (kubernetes.io/docs/concepts/overview/working-with-objects/labels). */
const longestLabel = 63;

/** Hash and hyphen that a StatefulSet puts behind its name in a label of its pods. */
const revisionLength = 11;

/** The problem of names that would be too long where Kubernetes puts them. */
export function nameLengthProblems({ workload, checks, claims, copies, steps }: KubernetesNames): readonly Problem[] {
  const longest = claims.length === 0 ? longestLabel : longestLabel - revisionLength;
  const named = [...copies, ...claims, ...steps].map(({ name }) => name);
  const ends = [...checks, ...named].map((longer) => longer.length - workload.length);
  const most = Math.min(longest, ...ends.map((end) => longestLabel - end));
  const rule = `must be at most ${most} characters long, since names in its pods have more behind it`;
  return problemIf(workload.length > most, "name", rule, workload, "shorten it");
}

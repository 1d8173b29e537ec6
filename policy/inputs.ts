import { isRecord } from "../config/parse.ts";

/** Inputs of a resource, or a part of them. What only a deployment can know is something that no rule looks for. */
export type Inputs = Readonly<Record<string, unknown>>;

/** The fields of a value; none if it has none. */
export function fields(value: unknown): Inputs {
  return isRecord(value) ? value : {};
}

/** The entries of a list, each with its fields; none if it is no list. */
export function entries(value: unknown): readonly Inputs[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

/** The texts in a list; none if it is no list. */
export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === "string") : [];
}

/** Types of the resources that rules look at. */
export const types = {
  container: "docker:index/container:Container",
  image: "docker:index/remoteImage:RemoteImage",
  volume: "docker:index/volume:Volume",
  claim: "kubernetes:core/v1:PersistentVolumeClaim",
  service: "kubernetes:core/v1:Service",
  networkPolicy: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
} as const;

/** Where the specification of pods is in each object of Kubernetes that makes some. */
const podPaths: Readonly<Record<string, readonly string[]>> = {
  "kubernetes:core/v1:Pod": ["spec"],
  "kubernetes:apps/v1:Deployment": ["spec", "template", "spec"],
  "kubernetes:apps/v1:StatefulSet": ["spec", "template", "spec"],
  "kubernetes:apps/v1:DaemonSet": ["spec", "template", "spec"],
  "kubernetes:apps/v1:ReplicaSet": ["spec", "template", "spec"],
  "kubernetes:batch/v1:Job": ["spec", "template", "spec"],
  "kubernetes:batch/v1:CronJob": ["spec", "jobTemplate", "spec", "template", "spec"],
};

/** The specification of the pods that a resource makes; `undefined` if it makes none. */
export function podSpec(type: string, props: Inputs): Inputs | undefined {
  const path = Object.hasOwn(podPaths, type) ? podPaths[type] : undefined;
  return path?.reduce<Inputs>((part, name) => fields(part[name]), props);
}

/** Every container of a pod. */
export function podContainers(pod: Inputs): readonly Inputs[] {
  return [...entries(pod["initContainers"]), ...entries(pod["containers"]), ...entries(pod["ephemeralContainers"])];
}

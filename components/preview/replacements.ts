import { z } from "zod";
import { codedError } from "../../config/coded-error.ts";
import { isRecord } from "../../config/parse.ts";
import { resourceName } from "../../config/urn.ts";
import { comparison, deployedResources, type ChangedInputs, type DeployedResource } from "./difference.ts";
import type { PreviewResource } from "./record-program.ts";
import type { PreviewValues } from "./values.ts";

/**
 * Which inputs of a kind of resource replace it when they change: dotted paths; each one; or each one but some. An object
 * of Kubernetes is not replaced by its other inputs.
 */
type ReplacedBy = readonly string[] | "any" | { readonly allBut: readonly string[] };

/** What no cluster lets anybody change (pulumi-kubernetes, provider/pkg/provider/diff.go). */
const object = ["metadata.name", "metadata.namespace"] as const;

/**
 * What the providers of this stack replace on. @pulumi/docker: what terraform-provider-docker 4.6 marks ForceNew.
 * @pulumi/kubernetes: forceNewProperties of its provider/pkg/provider/diff.go; of a ConfigMap and a Secret the content too, since
 * it takes them for immutable.
 */
const kinds: Readonly<Record<string, ReplacedBy>> = {
  "docker:index/volume:Volume": "any",
  "docker:index/network:Network": "any",
  "docker:index/container:Container": {
    allBut: [
      // Changed in the running container.
      ...["restart", "maxRetryCount", "memory", "memoryReservation", "memorySwap", "cpuShares", "cpuSet", "mustRun"],
      // Kept in the state alone; a program that wants more says so in replaceOnChanges.
      ...["tmpfs", "init", "cpuPeriod", "cpuQuota", "rm", "start", "wait", "waitTimeout", "removeVolumes"],
      "destroyGraceSeconds",
    ],
  },
  "docker:index/remoteImage:RemoteImage": { allBut: ["keepLocally", "forceRemove"] },
  "random:index/randomPassword:RandomPassword": "any",
  "pulumi:providers:docker": "any",
  "pulumi:providers:random": [],
  "pulumi:providers:kubernetes": ["clusterIdentifier"],
  "kubernetes:core/v1:PersistentVolumeClaim": [
    ...object,
    ...["accessModes", "selector", "storageClassName", "volumeName", "resources.limits"].map((name) => `spec.${name}`),
  ],
  "kubernetes:apps/v1:StatefulSet": [
    ...object,
    ...["podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName", "volumeClaimTemplates"].map(
      (name) => `spec.${name}`,
    ),
  ],
  "kubernetes:apps/v1:Deployment": [...object, "spec.selector"],
  "kubernetes:apps/v1:DaemonSet": [...object, "spec.selector"],
  "kubernetes:batch/v1:Job": [
    ...object,
    ...["completions", "parallelism", "selector", "template"].map((name) => `spec.${name}`),
  ],
  "kubernetes:core/v1:Service": [...object, "spec.clusterIP"],
  "kubernetes:core/v1:ConfigMap": [...object, "data", "binaryData"],
  "kubernetes:core/v1:Secret": [...object, "type", "data", "stringData"],
  "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": [...object, "roleRef"],
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": ["metadata.name", "roleRef"],
};

/** What is known of the kind of a resource; `undefined` if nothing is. */
export function replacedBy(type: string): ReplacedBy | undefined {
  const known = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  return known ?? (type.startsWith("kubernetes:") ? object : undefined);
}

/**
 * The inputs whose difference to the deployed ones replaces a resource, as paths.
 *
 * @param by what replaces its kind
 * @param changedInputs compares it
 */
export function replacingInputs(
  planned: PreviewResource,
  old: Pick<DeployedResource, "inputs">,
  by: ReplacedBy,
  changedInputs: ChangedInputs,
): readonly string[] {
  const changed = changedInputs(planned, old);
  const { replaceOnChanges } = planned;
  const wanted = replaceOnChanges.includes("*")
    ? changed
    : [...new Set(replaceOnChanges.map(topLevel))].filter((name) => changed.includes(name));
  const byKind = (): readonly string[] => {
    if (by === "any") return changed;
    if ("allBut" in by) return changed.filter((name) => !by.allBut.includes(name));
    return by.filter((path) => differsAt(planned, old, path, changedInputs));
  };
  return [...new Set([...byKind(), ...wanted])].sort();
}

/** `uploads[0].content` is part of the input `uploads`. */
function topLevel(path: string): string {
  return path.replace(/[.[].*$/, "");
}

/** Whether a part of the inputs differs: both sides are compared with nothing else in them. */
function differsAt(
  planned: PreviewResource,
  old: Pick<DeployedResource, "inputs">,
  path: string,
  changedInputs: ChangedInputs,
): boolean {
  const names = path.split(".");
  const inputs = only(planned.inputs, names) as PreviewValues;
  return changedInputs({ ...planned, inputs }, { inputs: only(old.inputs, names) }).length > 0;
}

function only(
  values: Readonly<Record<string, unknown>>,
  [name = "", ...rest]: readonly string[],
): Record<string, unknown> {
  const value = values[name];
  if (value === undefined) return {};
  if (rest.length === 0) return { [name]: value };
  if (!isRecord(value)) return { [name]: value };
  const inner = only(value, rest);
  return Object.keys(inner).length === 0 ? {} : { [name]: inner };
}

/** A deployed resource that would not stay. */
export interface Loss {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** `unknown`: it changes, and whether that replaces it only its provider knows. */
  readonly kind: "replaced" | "deleted" | "unknown";
  /** Paths of the inputs that do it; only of what is not deleted. */
  readonly inputs: readonly string[];
}

/**
 * Which deployed resources would not stay as they are, by URN. Components are left out: they are their resources.
 *
 * @param state what `pulumi stack export` has under `deployment`
 */
export function losses(planned: readonly PreviewResource[], state: unknown): readonly Loss[] {
  const plans = new Map(planned.map((resource) => [resource.urn, resource]));
  const deployed = deployedResources(state);
  const changedInputs = comparison(planned, new Map(deployed.map((old) => [old.urn, old])));
  return deployed
    .filter(({ custom, retainOnDelete, urn }) => custom && !(retainOnDelete && !plans.has(urn)))
    .flatMap((old): readonly Loss[] => {
      const { urn, type } = old;
      const about = { urn, type, name: resourceName(urn) };
      const plan = plans.get(urn);
      if (plan === undefined) return [{ ...about, kind: "deleted", inputs: [] }];
      const by = replacedBy(type);
      const inputs = by === undefined ? changedInputs(plan, old) : replacingInputs(plan, old, by, changedInputs);
      const provider = providerUrn(plan.provider) === providerUrn(old.provider) ? [] : ["provider"];
      const all = [...inputs, ...provider];
      return all.length === 0 ? [] : [{ ...about, kind: by === undefined ? "unknown" : "replaced", inputs: all }];
    })
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
}

/** A provider without its id; nothing for the default one, whose name changes with the version of its package. */
function providerUrn(reference: string): string {
  const urn = reference.replace(/::[^:]*$/, "");
  return /^default(_|$)/.test(resourceName(urn)) ? "" : urn;
}

const exported = z.looseObject({ deployment: z.looseObject({ resources: z.array(z.unknown()).nullish() }) });

/** The deployment in what `pulumi stack export` prints. @throws Error if it is something else */
export function exportedDeployment(given: unknown): unknown {
  const value: unknown = typeof given === "string" ? JSON.parse(given) : given;
  const { data } = exported.safeParse(value);
  if (data === undefined) {
    const message =
      "state: must be what `pulumi stack export` prints, got something else; read that file and hand it over";
    throw codedError("OBS1006", message);
  }
  return data.deployment;
}

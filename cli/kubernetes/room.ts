import {
  AuthorizationV1Api,
  StorageV1Api,
  V1SelfSubjectAccessReview,
  type V1ResourceQuota,
} from "@kubernetes/client-node";
import { z } from "zod";
import type { StackSettings } from "../../config/settings-and-defaults.ts";
import { flatMap } from "../async.ts";
import type { Ownership } from "../ownership.ts";
import type { Plan, PlannedProgram } from "../preview/planned-program.ts";
import type { Say } from "../target.ts";
import { coded, refused } from "../user-error.ts";
import { Forbidden, type Cluster } from "./cluster.ts";
import { claimKind, groupOf, kinds, namespaceKind, pulumiType } from "./kinds.ts";
import { amountOf, shownQuantity } from "./quantity.ts";
import { listObjects, objectText, ofAnyStack, stackObject } from "./stack-objects.ts";

/**
 * Checks whether there is room for a deployment: permissions, the namespace, a storage class and the quotas. The twin of
 * docker/room.ts.
 *
 * @throws UserError with every problem, before anything is created.
 */
export async function checkRoom(
  cluster: Cluster,
  stack: StackSettings,
  plan: Plan,
  ownership: Ownership,
  say: Say,
): Promise<void> {
  const planned = await plan();
  const problems = await Promise.all([
    permissionProblems(cluster, neededPermissions(planned, cluster.namespace)),
    orSay(say, "the namespace", () => namespaceProblems(cluster, stack, ownership)),
    orSay(say, "the storage classes", () => storageProblems(cluster, stack)),
    orSay(say, "the quotas", () => quotaProblems(cluster, planned)),
  ]);
  const codes = ["OBS1304", "OBS1306", "OBS1307", "OBS1308"] as const;
  const all = codes.flatMap((code, index) => coded(code, problems[index] ?? []));
  if (all.length > 0) throw refused(all, "solve this, then npm run up");
}

/**
 * Runs a check. A user who may deploy may still not read all that is checked; then that is said, and there is no problem:
 * the deployment finds out.
 *
 * @param what is checked, for the user to read
 */
export async function orSay(
  say: Say,
  what: string,
  find: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof Forbidden)) throw error;
    say(`not checked, since this user may not read them: ${what}`);
    return [];
  }
}

/** @throws UserError with every permission that is missing. */
export async function checkPermissions(cluster: Cluster, needed: readonly Permission[]): Promise<void> {
  const problems = await permissionProblems(cluster, needed);
  if (problems.length > 0) throw refused(coded("OBS1304", problems), "solve this, then do it again");
}

/** A permission that the commands or the program need. */
interface Permission {
  readonly group: string;
  /** With a subresource behind a slash. */
  readonly resource: string;
  /** In alphabetical order. */
  readonly verbs: readonly string[];
  /** `undefined` for the whole cluster. */
  readonly namespace: string | undefined;
}

const changing = ["create", "delete", "get", "list", "patch", "watch"];
const reading = ["get", "list", "watch"];

function neededPermissions({ resources }: PlannedProgram, namespace: string): readonly Permission[] {
  const planned = new Set(resources.map(({ type }) => type));
  const needed = kinds.filter((kind) => !kind.isOptional || planned.has(pulumiType(kind)));
  return [
    ...needed.map((kind) => ({
      group: groupOf(kind),
      resource: kind.resource,
      // Listing all namespaces of a cluster is not needed, and often not allowed.
      verbs: kind === namespaceKind ? ["create", "delete", "get", "patch"] : changing,
      namespace: kind.isNamespaced ? namespace : undefined,
    })),
    { group: "", resource: "pods", verbs: reading, namespace },
    { group: "", resource: "events", verbs: ["list"], namespace },
    { group: "apps", resource: "replicasets", verbs: reading, namespace },
    { group: "", resource: "pods/log", verbs: ["get"], namespace },
    { group: "", resource: "pods/portforward", verbs: ["create", "get"], namespace },
    { group: "", resource: "pods/exec", verbs: ["create", "get"], namespace },
  ];
}

/** One line for each kind of object that the user may not do everything with that is needed. */
async function permissionProblems(cluster: Cluster, needed: readonly Permission[]): Promise<readonly string[]> {
  const problems = await flatMap(needed, async (permission) => {
    const { group, resource, verbs, namespace } = permission;
    const missing = await flatMap(verbs, async (verb) => ((await isAllowed(cluster, permission, verb)) ? [] : [verb]));
    if (missing.length === 0) return [];
    const what = group === "" ? resource : `${resource}.${group}`;
    const where = namespace === undefined ? "the whole cluster" : `the namespace ${namespace}`;
    return [
      `permission on ${what} in ${where}: the user of the context ${cluster.context} must be allowed to ${missing.join(", ")}, got no; have it granted, or use another context`,
    ];
  });
  return problems.toSorted();
}

async function isAllowed(cluster: Cluster, { group, resource, namespace }: Permission, verb: string): Promise<boolean> {
  const [name, subresource] = resource.split("/");
  const spec = { resourceAttributes: { group, resource: name, subresource, namespace, verb } };
  const body = Object.assign(new V1SelfSubjectAccessReview(), { spec });
  const { status } = await cluster.ask(cluster.api(AuthorizationV1Api).createSelfSubjectAccessReview({ body }));
  return status?.allowed === true;
}

async function namespaceProblems(
  cluster: Cluster,
  stack: StackSettings,
  ownership: Ownership,
): Promise<readonly string[]> {
  const { core, namespace } = cluster;
  const { createNamespace } = stack.kubernetes;
  const found = await cluster.find(core.readNamespace({ name: namespace }));
  const path = "kubernetes.namespace";
  if (found === undefined) {
    if (createNamespace) return [];
    return [
      `${path}: must exist with kubernetes.createNamespace false, got ${namespace}, which does not; create it, or leave createNamespace out`,
    ];
  }
  if (found.status?.phase === "Terminating") {
    return [`${path}: must not be about to be deleted, got ${namespace}, which is; wait until it is gone`];
  }
  const owner = createNamespace ? await ownership.ownerOf(stackObject(namespaceKind, found.metadata)) : ownership.owner;
  if (owner === ownership.owner) return otherStackProblems(cluster, ownership);
  if (owner === undefined) {
    return [
      `${path}: must be free, since the stack creates it, got ${namespace}, which is not of the stack ${ownership.owner}; name another, or set kubernetes.createNamespace to false to use it as it is`,
    ];
  }
  return [
    `${path}: must be of one Pulumi stack alone, got ${namespace}, which is of the stack ${owner}; set another observability:name or kubernetes.namespace for ${ownership.owner}`,
  ];
}

/** The host names of a stack are those of its Services, so a namespace has room for one. */
async function otherStackProblems(cluster: Cluster, ownership: Ownership): Promise<readonly string[]> {
  const namespaced = kinds.filter(({ isNamespaced }) => isNamespaced);
  for (const object of await flatMap(namespaced, (kind) => listObjects(cluster, kind, ofAnyStack))) {
    const owner = await ownership.ownerOf(object);
    if (owner === ownership.owner) continue;
    return [
      `kubernetes.namespace: must be of one Pulumi stack alone, got ${cluster.namespace}, where the stack ${owner ?? ""} is already (${objectText(object)}); name another for ${ownership.owner}`,
    ];
  }
  return [];
}

const defaultClass = "storageclass.kubernetes.io/is-default-class";

async function storageProblems(cluster: Cluster, stack: StackSettings): Promise<readonly string[]> {
  if (!stack.observability) return [];
  const { items } = await cluster.ask(cluster.api(StorageV1Api).listStorageClass());
  const names = items.map(({ metadata }) => metadata?.name ?? "");
  const there = names.length === 0 ? "there is none" : `there are ${names.join(", ")}`;
  const { storageClass } = stack.kubernetes;
  if (storageClass !== "") {
    if (names.includes(storageClass)) return [];
    return [
      `kubernetes.storageClass: must be a storage class of the cluster (${there}), got ${storageClass}; name one of them`,
    ];
  }
  if (items.some(({ metadata }) => metadata?.annotations?.[defaultClass] === "true")) return [];
  return [
    `kubernetes.storageClass: must be set where the cluster has no default storage class (${there}), got none; name one: npm run up -- --target kubernetes --storage-class NAME`,
  ];
}

const amounts = z.record(z.string(), z.string()).default({});

const container = z.object({
  resources: z.object({ requests: amounts, limits: amounts }).default({ requests: {}, limits: {} }),
});

/** As much of a pod, or of a controller's template for one, as says what it asks for. */
const podSpec = z.object({ containers: z.array(container), initContainers: z.array(container).nullish() });

const controller = z.object({
  spec: z.object({ replicas: z.number().default(1), template: z.object({ spec: podSpec }) }),
});

const claim = z.object({ spec: z.object({ resources: z.object({ requests: amounts }) }) });

/** What pods and claims ask for, by the names that quotas have for it; CPU in millicores. */
type Use = ReadonlyMap<string, number>;

/**
 * @param pods what each pod that runs asks for
 * @param ended how many pods have ended, or will, and take no resources
 */
function useOf(pods: readonly z.output<typeof podSpec>[], ended: number, claims: readonly unknown[]): Use {
  const asked = (kind: "requests" | "limits", resource: string): number =>
    sum(
      pods.map(({ containers, initContainers }) => {
        const amountIn = ({ resources }: z.output<typeof container>): number =>
          amountOf(resource, resources[kind][resource]);
        // What runs first and ends counts only as far as it asks for more than what stays.
        return Math.max(sum(containers.map(amountIn)), ...(initContainers ?? []).map(amountIn));
      }),
    );
  const cpu = asked("requests", "cpu");
  const memory = asked("requests", "memory");
  const storage = claims.map((each) => amountOf("storage", claim.parse(each).spec.resources.requests["storage"]));
  return new Map([
    ["pods", pods.length],
    // A pod that has ended counts here only.
    ["count/pods", pods.length + ended],
    ["cpu", cpu],
    ["requests.cpu", cpu],
    ["memory", memory],
    ["requests.memory", memory],
    ["limits.memory", asked("limits", "memory")],
    ["persistentvolumeclaims", claims.length],
    ["count/persistentvolumeclaims", claims.length],
    ["requests.storage", sum(storage)],
  ]);
}

function plannedUse({ resources }: PlannedProgram): Use {
  const ofTypes = (...types: readonly string[]): readonly unknown[] =>
    resources.filter(({ type }) => types.includes(type)).map(({ inputs }) => inputs);
  const pods = ofTypes("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet").flatMap((each) => {
    const { replicas, template } = controller.parse(each).spec;
    return Array.from({ length: replicas }, () => template.spec);
  });
  return useOf(pods, ofTypes("kubernetes:batch/v1:Job").length, ofTypes(pulumiType(claimKind)));
}

/** What the stack takes already, which a deployment does not take twice. */
async function presentUse(cluster: Cluster): Promise<Use> {
  const { core } = cluster;
  const selection = cluster.selection();
  const [{ items: pods }, { items: claims }] = await cluster.ask(
    Promise.all([core.listNamespacedPod(selection), core.listNamespacedPersistentVolumeClaim(selection)]),
  );
  const running = pods.filter(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed");
  return useOf(
    running.map(({ spec }) => podSpec.parse(spec)),
    pods.length - running.length,
    claims,
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

async function quotaProblems(cluster: Cluster, planned: PlannedProgram): Promise<readonly string[]> {
  const { core, namespace } = cluster;
  const { items: quotas } = await cluster.ask(core.listNamespacedResourceQuota({ namespace }));
  // Most namespaces have none.
  if (quotas.length === 0) return [];
  const needed = plannedUse(planned);
  const present = await presentUse(cluster);
  return quotas.flatMap((quota) => tooSmall(quota, needed, present));
}

function tooSmall({ metadata, spec, status }: V1ResourceQuota, needed: Use, present: Use): readonly string[] {
  // One for some priorities or kinds of pods only is for the API server to judge.
  if ((spec?.scopes ?? []).length > 0 || spec?.scopeSelector !== undefined) return [];
  return Object.entries(status?.hard ?? spec?.hard ?? {}).flatMap(([resource, hard]) => {
    const need = needed.get(resource);
    if (need === undefined) return [];
    const others = Math.max(0, amountOf(resource, status?.used?.[resource]) - (present.get(resource) ?? 0));
    const left = amountOf(resource, hard) - others;
    if (left >= need) return [];
    const room = shownQuantity(resource, left);
    return [
      `quota ${metadata?.name ?? ""}: ${resource} must leave ${shownQuantity(resource, need)} for the stack, got ${room} (of ${hard}); have it raised, or lower observability:memoryMib, kubernetes.resources, kubernetes.storageGib or observability:services`,
    ];
  });
}

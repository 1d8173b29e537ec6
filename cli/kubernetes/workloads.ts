import {
  AppsV1Api,
  type CoreV1Event,
  type V1Deployment,
  type V1PersistentVolumeClaim,
  type V1Pod,
  type V1ReplicaSet,
  type V1StatefulSet,
} from "@kubernetes/client-node";
import { checkName, objectLabels, stoppedAnnotation } from "../../config/names.ts";
import { partEntries, type PartName } from "../../config/parts/parts.ts";
import type { Cluster } from "./cluster.ts";

/** A stack's objects in the cluster at one moment. */
export interface Snapshot {
  readonly pods: readonly V1Pod[];
  readonly deployments: readonly V1Deployment[];
  readonly replicaSets: readonly V1ReplicaSet[];
  readonly statefulSets: readonly V1StatefulSet[];
  readonly claims: readonly V1PersistentVolumeClaim[];
  /** Warnings of the namespace. */
  readonly events: readonly CoreV1Event[];
}

/** Asks the API server for everything that tells how the stack's workloads are. */
export async function snapshotOf(cluster: Cluster): Promise<Snapshot> {
  const { core, namespace } = cluster;
  const apps = cluster.api(AppsV1Api);
  const selection = cluster.selection();
  const items = async <Item>(listing: Promise<{ readonly items: readonly Item[] }>): Promise<readonly Item[]> =>
    (await cluster.ask(listing)).items;
  const [pods, deployments, replicaSets, statefulSets, claims, events] = await Promise.all([
    items(core.listNamespacedPod(selection)),
    items(apps.listNamespacedDeployment(selection)),
    items(apps.listNamespacedReplicaSet(selection)),
    items(apps.listNamespacedStatefulSet(selection)),
    items(core.listNamespacedPersistentVolumeClaim(selection)),
    // Events carry no labels of what they are about.
    items(core.listNamespacedEvent({ namespace, fieldSelector: "type=Warning" })),
  ]);
  return { pods, deployments, replicaSets, statefulSets, claims, events };
}

/** The pods of a workload, those of older revisions among them. */
export async function podsOf(cluster: Cluster, workload: string): Promise<readonly V1Pod[]> {
  return (await cluster.ask(cluster.core.listNamespacedPod(cluster.selection(workload)))).items;
}

/** Whether a pod takes connections. */
export function isPodReady({ metadata, status }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  return status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") === true;
}

/** How far the cluster is with a Deployment, a StatefulSet, or the job that checks a part's configuration. */
export interface WorkloadStatus {
  /** `statefulset/loki`. */
  readonly instance: string;
  /** Host name of the workload, as the label has it. */
  readonly name: string;
  /** Part whose configuration a job checks; of nothing else. */
  readonly checkedPart?: PartName;
  /** Name of the object that creates its pods. */
  readonly creator: string;
  /** Label that the pods of its newest revision carry, and no others; `undefined` as long as there is no such revision. */
  readonly revision: readonly [label: string, value: string] | undefined;
  /** Whether all its pods are of the newest revision and ready. */
  readonly isReady: boolean;
  /** Whether a command has stopped it and not started it again. */
  readonly isStopped: boolean;
  /** Whether it has as many pods as it should. */
  readonly isComplete: boolean;
}

/**
 * Jobs that check a part's configuration before the part is started. They are no instances: nothing has to be up when
 * they have ended well. A snapshot has their pods, which are never replaced by others of another revision.
 */
export function checkJobs({ pods }: Snapshot): readonly WorkloadStatus[] {
  return partEntries.map(([part, { host }]) => {
    const name = checkName(host);
    const hasPod = pods.some(({ metadata }) => metadata?.labels?.[objectLabels.workload] === name);
    return {
      instance: `job/${name}`,
      name,
      checkedPart: part,
      creator: name,
      revision: [objectLabels.workload, name],
      isReady: hasPod,
      isStopped: false,
      isComplete: hasPod,
    };
  });
}

/** The workloads of a snapshot that have to be up. */
export function workloadsOf({ deployments, replicaSets, statefulSets }: Snapshot): readonly WorkloadStatus[] {
  return [
    ...deployments.map((deployment) => {
      const newest = replicaSets.find((replicaSet) => isNewestOf(deployment, replicaSet))?.metadata;
      const pods = deployment.status?.updatedReplicas ?? 0;
      const revision = ["pod-template-hash", newest?.labels?.["pod-template-hash"]] as const;
      const isUpdated = pods === replicasOf(deployment);
      return statusOf("deployment", deployment, { creator: newest?.name, revision, isUpdated, pods });
    }),
    ...statefulSets.map((statefulSet) => {
      const { metadata, status } = statefulSet;
      const { updateRevision, currentRevision, updatedReplicas = 0, replicas: pods = 0 } = status ?? {};
      const revision = ["controller-revision-hash", updateRevision] as const;
      const isUpdated = updatedReplicas === replicasOf(statefulSet) || currentRevision === updateRevision;
      return statusOf("statefulset", statefulSet, { creator: metadata?.name, revision, isUpdated, pods });
    }),
  ];
}

/** What tells the newest revision of a workload from those before it. */
interface NewestRevision {
  readonly creator: string | undefined;
  readonly revision: readonly [label: string, value: string | undefined];
  readonly isUpdated: boolean;
  readonly pods: number;
}

function statusOf(
  kind: "deployment" | "statefulset",
  controller: V1Deployment | V1StatefulSet,
  { creator = "", revision: [label, value], isUpdated, pods }: NewestRevision,
): WorkloadStatus {
  const { metadata, status } = controller;
  const wanted = replicasOf(controller);
  const isObserved = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
  const hasOnlyReady = (status?.readyReplicas ?? 0) >= wanted && (status?.replicas ?? 0) === wanted;
  return {
    instance: `${kind}/${metadata?.name ?? ""}`,
    name: metadata?.labels?.[objectLabels.workload] ?? "",
    creator,
    revision: isObserved && value !== undefined ? [label, value] : undefined,
    isReady: isObserved && isUpdated && hasOnlyReady,
    isStopped: stoppedReplicas(controller) !== undefined,
    isComplete: isObserved && pods >= wanted,
  };
}

/** How many pods a workload had that a command has stopped; `undefined` for any other. */
export function stoppedReplicas({ metadata }: V1Deployment | V1StatefulSet): number | undefined {
  const text = metadata?.annotations?.[stoppedAnnotation];
  return text === undefined ? undefined : Number(text);
}

function replicasOf({ spec }: V1Deployment | V1StatefulSet): number {
  return spec?.replicas ?? 1;
}

const revisionAnnotation = "deployment.kubernetes.io/revision";

function isNewestOf({ metadata: deployment }: V1Deployment, { metadata: replicaSet }: V1ReplicaSet): boolean {
  return (
    replicaSet?.ownerReferences?.some(({ uid }) => uid === deployment?.uid) === true &&
    replicaSet.annotations?.[revisionAnnotation] === deployment?.annotations?.[revisionAnnotation]
  );
}

/** The pods of a workload's newest revision that are not about to end. */
export function currentPods({ name, revision }: WorkloadStatus, { pods }: Snapshot): readonly V1Pod[] {
  if (revision === undefined) return [];
  const [label, value] = revision;
  return pods.filter(
    ({ metadata }) =>
      metadata?.labels?.[objectLabels.workload] === name &&
      metadata.labels[label] === value &&
      metadata.deletionTimestamp === undefined,
  );
}

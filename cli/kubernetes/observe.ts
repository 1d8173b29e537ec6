import type { V1Pod } from "@kubernetes/client-node";
import type { InstanceOutput, InstanceState } from "../instances.ts";
import type { Cluster } from "./cluster.ts";
import { causes, workloadsOf, type Snapshot } from "./diagnosis.ts";
import { ofStack, ofWorkload } from "./labels.ts";

/** Everything of a stack that tells how its workloads are, at this moment. */
export async function snapshotOf(cluster: Cluster, stackName: string): Promise<Snapshot> {
  const { core, apps, namespace } = cluster;
  const own = { namespace, labelSelector: ofStack(stackName) };
  return cluster.ask(async () => {
    const [pods, deployments, replicaSets, statefulSets, claims, events] = await Promise.all([
      core.listNamespacedPod(own),
      apps.listNamespacedDeployment(own),
      apps.listNamespacedReplicaSet(own),
      apps.listNamespacedStatefulSet(own),
      core.listNamespacedPersistentVolumeClaim(own),
      // Events carry no labels of what they are about.
      core.listNamespacedEvent({ namespace, fieldSelector: "type=Warning" }),
    ]);
    return {
      pods: pods.items,
      deployments: deployments.items,
      replicaSets: replicaSets.items,
      statefulSets: statefulSets.items,
      claims: claims.items,
      events: events.items,
    };
  });
}

/** The pods of a workload, those of older revisions among them. */
export async function podsOf(cluster: Cluster, stackName: string, workload: string): Promise<readonly V1Pod[]> {
  const { core, namespace } = cluster;
  const labelSelector = ofWorkload(stackName, workload);
  return (await cluster.ask(() => core.listNamespacedPod({ namespace, labelSelector }))).items;
}

/** The state of each instance: `healthy`, `starting`, `missing`, or why it fails, such as `ImagePullBackOff`. */
export function instanceStates(
  snapshot: Snapshot,
  instances: readonly InstanceOutput[],
  nowMillis: number,
): ReadonlyMap<string, InstanceState> {
  const found = new Map<string, InstanceState>(instances.map(({ name }) => [name, "missing"]));
  for (const { instance, isReady } of workloadsOf(snapshot)) {
    if (found.has(instance)) found.set(instance, isReady ? "healthy" : "starting");
  }
  for (const { instance, reason } of causes(snapshot, nowMillis, new Set())) {
    if (found.get(instance) === "starting") found.set(instance, reason);
  }
  return found;
}

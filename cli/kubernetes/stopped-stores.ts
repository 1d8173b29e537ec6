import { AppsV1Api, type V1StatefulSet } from "@kubernetes/client-node";
import pWaitFor from "p-wait-for";
import { partOfName, stoppedAnnotation } from "../../config/names.ts";
import type { Store } from "../backup/store.ts";
import { once } from "../async.ts";
import type { Ownership } from "../ownership.ts";
import type { DataStreams, Say } from "../target.ts";
import { UserError } from "../user-error.ts";
import type { Cluster } from "./cluster.ts";
import { dataPod, removeDataPod, startDataPod, type DataOwner, type DataPod } from "./data-pod.ts";
import { statefulSetKind } from "./kinds.ts";
import { runScript } from "./pod-script.ts";
import { checkPermissions } from "./room.ts";
import { stackObject } from "./stack-objects.ts";
import { podsOf, stoppedReplicas } from "./workloads.ts";

/** How long a pod may take to be gone beyond the grace that it has, in milliseconds. */
const removalMillis = 60_000;

/** How long an API server that does not answer is asked again to start what was stopped, in milliseconds. */
const restartMillis = 60_000;

/**
 * The stores of a stack that a command stops and starts again. One is stopped by having no pods; how many it had is written
 * down at it, so that a command that was killed is made good by the next one.
 */
export class StoppedStores {
  private readonly cluster: Cluster;
  private readonly owner: DataOwner;
  private readonly checkAllowed: () => Promise<void>;
  /** By host names. */
  private readonly pods = new Map<string, DataPod>();

  constructor(cluster: Cluster, owner: DataOwner) {
    this.cluster = cluster;
    this.owner = owner;
    const { namespace } = cluster;
    this.checkAllowed = once(() =>
      checkPermissions(cluster, [
        { group: "", resource: "pods", verbs: ["create", "delete"], namespace },
        { group: "", resource: "pods/exec", verbs: ["create", "get"], namespace },
        { group: "apps", resource: "statefulsets", verbs: ["get", "patch"], namespace },
      ]),
    );
  }

  /** Takes a store's pods away, and waits until they are gone. */
  async stop({ part }: Store): Promise<void> {
    await this.checkAllowed();
    const set = await this.setOf(part.host);
    if (stoppedReplicas(set) === undefined) {
      const { replicas = 1 } = set.spec ?? {};
      await scale(this.cluster, set, 0, { ...set.metadata?.annotations, [stoppedAnnotation]: String(replicas) });
    }
    const { terminationGracePeriodSeconds = 30 } = set.spec?.template.spec ?? {};
    await pWaitFor(async () => (await podsOf(this.cluster, part.host)).length === 0, {
      interval: 250,
      timeout: {
        milliseconds: terminationGracePeriodSeconds * 1000 + removalMillis,
        message: `the pod of ${part.host} does not end`,
      },
    });
  }

  /** Gives a store the pods that it had, and removes what has read and written its data meanwhile. */
  async start({ part }: Store): Promise<void> {
    await insistently(async () => {
      await startStopped(this.cluster, await this.setOf(part.host));
    });
    // Nothing runs in it any more, so the store need not wait for that.
    await this.removePod(part.host);
  }

  /** Runs a script in the data of a store that is stopped. */
  async inData(store: Store, script: string, streams: DataStreams): Promise<void> {
    const { host } = store.part;
    const { signal } = streams;
    signal?.throwIfAborted();
    try {
      let pod = this.pods.get(host);
      if (pod === undefined) {
        pod = dataPod(this.cluster, this.owner, store, await this.setOf(host));
        this.pods.set(host, pod);
        await startDataPod(this.cluster, pod, signal);
      }
      await runScript(this.cluster, pod.at, script, streams);
    } catch (error) {
      // Something of it may still be at work on the data.
      await this.removePod(host);
      signal?.throwIfAborted();
      throw error;
    }
  }

  private async removePod(host: string): Promise<void> {
    const pod = this.pods.get(host);
    if (pod === undefined) return;
    await insistently(() => removeDataPod(this.cluster, pod));
    this.pods.delete(host);
  }

  private async setOf(host: string): Promise<V1StatefulSet> {
    const { cluster } = this;
    const found = await cluster.find(
      cluster.api(AppsV1Api).readNamespacedStatefulSet({ name: host, namespace: cluster.namespace }),
    );
    if (found !== undefined) return found;
    throw new UserError("OBS1501", `statefulset/${host}: must be there, got missing\n  next: npm run up`);
  }
}

/** Starts the stores of a stack that a command has stopped which was killed before it could start them, and says so. */
export async function startAllStopped(cluster: Cluster, ownership: Ownership, say: Say): Promise<void> {
  const { items } = await cluster.ask(cluster.api(AppsV1Api).listNamespacedStatefulSet(cluster.selection()));
  for (const set of items.filter((one) => stoppedReplicas(one) !== undefined)) {
    const object = stackObject(statefulSetKind, set.metadata);
    if (!(await ownership.owns(object))) continue;
    say(`starting ${object.name}, which a backup or a restore that was cut off has stopped`);
    await startStopped(cluster, set);
  }
}

async function startStopped(cluster: Cluster, set: V1StatefulSet): Promise<void> {
  const replicas = stoppedReplicas(set);
  if (replicas === undefined) return;
  const { [stoppedAnnotation]: _, ...annotations } = set.metadata?.annotations ?? {};
  await scale(cluster, set, replicas, annotations);
}

async function scale(
  cluster: Cluster,
  { metadata }: V1StatefulSet,
  replicas: number,
  annotations: Readonly<Record<string, string>>,
): Promise<void> {
  const { namespace } = cluster;
  const name = metadata?.name ?? "";
  const body = [
    { op: "replace", path: "/spec/replicas", value: replicas },
    // It replaces those that there are, if there are any.
    { op: "add", path: "/metadata/annotations", value: annotations },
  ];
  await cluster.ask(
    cluster.api(AppsV1Api).patchNamespacedStatefulSet({ name, namespace, body, fieldManager: partOfName }),
  );
}

/** Does again what fails because the API server is not reached, for a while: a store must not stay stopped for that. */
export async function insistently(action: () => Promise<void>): Promise<void> {
  const endMillis = Date.now() + restartMillis;
  const isDone = async (): Promise<boolean> => {
    try {
      await action();
      return true;
    } catch (error) {
      const isUnreachable = error instanceof UserError && error.errorCodes.includes("OBS1303");
      // The last error says more than that it took too long.
      if (!isUnreachable || Date.now() > endMillis) throw error;
      return false;
    }
  };
  await pWaitFor(isDone, { interval: 1000 });
}

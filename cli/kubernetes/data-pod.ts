import { randomBytes } from "node:crypto";
import {
  V1Container,
  V1ObjectMeta,
  V1Pod,
  V1PodSpec,
  V1Volume,
  V1VolumeMount,
  type V1StatefulSet,
} from "@kubernetes/client-node";
import pWaitFor from "p-wait-for";
import { dataScriptName, objectLabels, ownerAnnotation, partOfName } from "../../config/names.ts";
import type { Store } from "../backup/store.ts";
import { oneLine } from "../text.ts";
import type { Cluster } from "./cluster.ts";
import { podKind } from "./kinds.ts";
import { removeObjects } from "./left-overs.ts";
import type { PodContainer } from "./pod-command.ts";
import { staysWaiting } from "./pod-failures.ts";
import { stackObject } from "./stack-objects.ts";
import { isPodReady } from "./workloads.ts";

/** How long it may take until a pod runs, in milliseconds: its node may have to pull the image. */
const startMillis = 120_000;

/** Whose pods read and write the data of stores. */
export interface DataOwner {
  /** The setting `name`, and the owner as annotations have it. */
  readonly stackName: string;
  readonly owner: string;
  /** An image of the stack's that has busybox: no other has to be there. */
  readonly image: string;
}

/** Waits for SIGTERM, which the first process of a container gets only if it asks for it; for a day at most. */
const idle = ["busybox", "sh", "-c", "trap 'exit 0' TERM; sleep 86400 & wait"];

/** A pod that has the data of a store, and does nothing by itself. */
export interface DataPod {
  /** Where commands run in it. */
  readonly at: PodContainer;
  readonly pod: V1Pod;
}

/**
 * A pod that has the data of a store as the store has it, by the store's own template: its volume, user, rights, room and
 * nodes. Its labels and its owner have the next `npm run up` remove what a killed command has left.
 */
export function dataPod(
  { namespace }: Pick<Cluster, "namespace">,
  { stackName, owner, image }: DataOwner,
  { part, data }: Store,
  { spec }: V1StatefulSet,
): DataPod {
  const workload = dataScriptName(part.host);
  const name = `${workload}-${randomBytes(6).toString("hex")}`;
  const template = spec?.template.spec;
  const container = template?.containers[0];
  const mount = container?.volumeMounts?.find(({ mountPath }) => mountPath === data.path);
  const volume = template?.volumes?.find((one) => one.name === mount?.name);
  // The program gives each store one.
  if (container === undefined || mount === undefined || volume === undefined)
    throw new Error(`${part.host}: has no volume at ${data.path}`);
  const { imagePullPolicy, resources, securityContext } = container;
  const scratch = "scripts";
  const own = Object.assign(new V1Container(), {
    ...{ name: workload, image, imagePullPolicy, resources, securityContext, command: idle, workingDir: data.path },
    volumeMounts: [mount, Object.assign(new V1VolumeMount(), { name: scratch, mountPath: "/tmp" })],
  });
  const pod = Object.assign(new V1Pod(), {
    apiVersion: podKind.apiVersion,
    kind: podKind.kind,
    metadata: Object.assign(new V1ObjectMeta(), {
      ...{ name, namespace, annotations: { [ownerAnnotation]: owner } },
      labels: {
        [objectLabels.workload]: workload,
        [objectLabels.stack]: stackName,
        [objectLabels.partOf]: partOfName,
      },
    }),
    spec: Object.assign(new V1PodSpec(), template, {
      ...{ automountServiceAccountToken: false, restartPolicy: "Never", initContainers: [], containers: [own] },
      volumes: [volume, Object.assign(new V1Volume(), { name: scratch, emptyDir: {} })],
    }),
  });
  return { at: { namespace, pod: name, container: workload }, pod };
}

/** Creates a pod, and waits until commands can be run in it. @throws Error with what keeps it from running */
export async function startDataPod(cluster: Cluster, { at, pod: body }: DataPod, signal?: AbortSignal): Promise<void> {
  const { core } = cluster;
  const { namespace, pod: name } = at;
  await cluster.ask(core.createNamespacedPod({ namespace, body }));
  let state = "nothing yet";
  const isRunning = async (): Promise<boolean> => {
    const pod = await cluster.ask(core.readNamespacedPod({ namespace, name }));
    if (isPodReady(pod)) return true;
    const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting;
    const [unmet] = (pod.status?.conditions ?? []).filter(({ message }) => message !== undefined);
    state = oneLine(
      waiting === undefined
        ? `${pod.status?.phase ?? "Pending"} ${unmet?.message ?? ""}`
        : `${waiting.reason ?? "waiting"} ${waiting.message ?? ""}`,
    );
    const isOver = pod.status?.phase === "Failed" || staysWaiting(waiting?.reason ?? "");
    if (isOver) throw new Error(notRunning());
    return false;
  };
  const notRunning = (): string => `pod ${name} must run, got ${state}`;
  const timeout = {
    milliseconds: startMillis,
    fallback: (): never => {
      throw new Error(notRunning());
    },
  };
  await pWaitFor(isRunning, { interval: 250, timeout, ...(signal ? { signal } : {}) });
}

/** Removes a data pod, and with it whatever runs in it; ends when it is gone. One that is not there is no problem. */
export async function removeDataPod(cluster: Cluster, { pod }: DataPod): Promise<void> {
  await removeObjects(cluster, [stackObject(podKind, pod.metadata)]);
}

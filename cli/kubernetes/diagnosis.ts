import type {
  CoreV1Event,
  V1ContainerStatus,
  V1Deployment,
  V1PersistentVolumeClaim,
  V1Pod,
  V1ReplicaSet,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { checkName, objectLabels } from "../../config/names.ts";
import { parts } from "../../config/parts/parts.ts";
import { oneLine } from "./cluster.ts";

/** What there is of a stack at one moment. */
export interface Snapshot {
  readonly pods: readonly V1Pod[];
  readonly deployments: readonly V1Deployment[];
  readonly replicaSets: readonly V1ReplicaSet[];
  readonly statefulSets: readonly V1StatefulSet[];
  readonly claims: readonly V1PersistentVolumeClaim[];
  /** Warnings of the namespace. */
  readonly events: readonly CoreV1Event[];
}

/** Why a pod does not do its work, if waiting will not change it. */
export interface Cause {
  /** Workload by kind and name: `statefulset/loki`. */
  readonly instance: string;
  /** What shows it: `pod loki-0`, `persistentvolumeclaim loki-data`. */
  readonly where: string;
  /** `ImagePullBackOff`, `OOMKilled`, `FailedScheduling`, … */
  readonly reason: string;
  /** What Kubernetes says of it, in one line. */
  readonly message: string;
  /** What to do about it. */
  readonly next: string;
  /** Where its last lines are, if it has written any. */
  readonly log: LogPlace | undefined;
}

/** The log of a container, of its run before this one if that has failed. */
export interface LogPlace {
  readonly pod: string;
  readonly container: string;
  readonly previous: boolean;
}

/** How long something may last that often ends by itself, in milliseconds. */
const patience = {
  /** The scheduler tries again when nodes or volumes come. */
  unschedulable: 30_000,
  /** Quota that pods which are about to end still take, a volume that is being made. */
  controller: 15_000,
  /** A ConfigMap or Secret that is created beside the pod; a volume that is being attached. */
  mount: 30_000,
  config: 10_000,
  /** From its start, or what its startup probe allows, to ready. */
  ready: 60_000,
  /** A restart that was longer ago has nothing to do with the state of today. */
  restart: 10 * 60_000,
} as const;

/** Everything that a diagnosis goes by. */
interface Case {
  readonly snapshot: Snapshot;
  readonly nowMillis: number;
  /** Keys of what does not count, by {@link keysOf}. */
  readonly ignored: ReadonlySet<string>;
}

/** Keys of all pods and warnings of a snapshot: what was there before a deployment is not its fault. */
export function keysOf({ pods, events }: Snapshot): ReadonlySet<string> {
  return new Set([...pods.map(({ metadata }) => metadata?.uid ?? ""), ...events.map(eventKey)]);
}

/** A warning that comes again is the same event with a later time. */
function eventKey(event: CoreV1Event): string {
  return `${event.metadata.uid ?? ""} ${lastMillis(event)}`;
}

/**
 * The pods' problems that will not go away by waiting, of the newest revision of each workload only.
 *
 * @param ignored keys of what does not count
 */
export function causes(snapshot: Snapshot, nowMillis: number, ignored: ReadonlySet<string>): readonly Cause[] {
  const context = { snapshot, nowMillis, ignored };
  return [...checksOf(snapshot), ...workloadsOf(snapshot)].flatMap((workload) => {
    const pods = currentPods(workload, snapshot).filter(({ metadata }) => !ignored.has(metadata?.uid ?? ""));
    const [cause] = [
      ...pods.flatMap((pod) => podCause(pod, workload, context) ?? []),
      ...creationCauses(workload, context),
      ...claimCauses(workload, pods, context),
    ];
    return cause === undefined ? [] : [cause];
  });
}

/** A Deployment or StatefulSet, or the job that checks a configuration. */
export interface Workload {
  /** `statefulset/loki`. */
  readonly instance: string;
  /** Host name of the workload, as the label has it. */
  readonly name: string;
  /** Names of the objects that create its pods. */
  readonly creators: ReadonlySet<string>;
  /** Label that the pods of its newest revision carry, and no others; `undefined` as long as there is no such revision. */
  readonly revision: readonly [label: string, value: string] | undefined;
  /** Whether all its pods are of the newest revision and ready. */
  readonly isReady: boolean;
  /** Whether it has as many pods as it should. */
  readonly isComplete: boolean;
}

/** Job that looks over what the user adds to the Collector's configuration (components/platform/kubernetes). */
const collectorCheck = checkName(parts.otelCollector.host);

/**
 * Jobs that run before what they check. They are no instances: nothing has to be up when they have ended well. What
 * there is of one is seen by its pods, which are never replaced by others of another revision.
 */
function checksOf({ pods }: Snapshot): readonly Workload[] {
  const hasPod = pods.some(({ metadata }) => metadata?.labels?.[objectLabels.workload] === collectorCheck);
  return [
    {
      instance: `job/${collectorCheck}`,
      name: collectorCheck,
      creators: new Set([collectorCheck]),
      revision: [objectLabels.workload, collectorCheck],
      isReady: hasPod,
      isComplete: hasPod,
    },
  ];
}

/** The workloads of a snapshot that have to be up. */
export function workloadsOf({ deployments, replicaSets, statefulSets }: Snapshot): readonly Workload[] {
  return [
    ...deployments.map((deployment) => ofDeployment(deployment, replicaSets)),
    ...statefulSets.map((statefulSet) => ofStatefulSet(statefulSet)),
  ];
}

const revisionAnnotation = "deployment.kubernetes.io/revision";
const hashLabel = "pod-template-hash";

function ofDeployment({ metadata, spec, status }: V1Deployment, replicaSets: readonly V1ReplicaSet[]): Workload {
  const isObserved = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
  const revision = metadata?.annotations?.[revisionAnnotation];
  const newest = replicaSets.find(
    ({ metadata: own }) =>
      own?.ownerReferences?.some(({ uid }) => uid === metadata?.uid) === true &&
      own.annotations?.[revisionAnnotation] === revision,
  );
  const hash = newest?.metadata?.labels?.[hashLabel];
  const replicas = spec?.replicas ?? 1;
  const updatedReplicas = status?.updatedReplicas ?? 0;
  const readyReplicas = status?.readyReplicas ?? 0;
  const all = status?.replicas ?? 0;
  return {
    instance: `deployment/${metadata?.name ?? ""}`,
    name: metadata?.labels?.[objectLabels.workload] ?? "",
    creators: new Set([newest?.metadata?.name ?? ""]),
    revision: isObserved && hash !== undefined ? [hashLabel, hash] : undefined,
    isReady: isObserved && updatedReplicas === replicas && readyReplicas >= replicas && all === replicas,
    isComplete: isObserved && updatedReplicas >= replicas,
  };
}

function ofStatefulSet({ metadata, spec, status }: V1StatefulSet): Workload {
  const isObserved = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
  const replicas = spec?.replicas ?? 1;
  const updateRevision = status?.updateRevision;
  const currentRevision = status?.currentRevision;
  const updatedReplicas = status?.updatedReplicas ?? 0;
  const readyReplicas = status?.readyReplicas ?? 0;
  const all = status?.replicas ?? 0;
  const isUpdated = updatedReplicas === replicas || currentRevision === updateRevision;
  return {
    instance: `statefulset/${metadata?.name ?? ""}`,
    name: metadata?.labels?.[objectLabels.workload] ?? "",
    creators: new Set([metadata?.name ?? ""]),
    revision: isObserved && updateRevision !== undefined ? ["controller-revision-hash", updateRevision] : undefined,
    isReady: isObserved && isUpdated && readyReplicas >= replicas && all === replicas,
    isComplete: isObserved && all >= replicas,
  };
}

function currentPods({ name, revision }: Workload, { pods }: Snapshot): readonly V1Pod[] {
  if (revision === undefined) return [];
  const [label, value] = revision;
  return pods.filter(
    ({ metadata }) =>
      metadata?.labels?.[objectLabels.workload] === name &&
      metadata.labels[label] === value &&
      metadata.deletionTimestamp === undefined,
  );
}

function podCause(pod: V1Pod, { instance, name }: Workload, context: Case): Cause | undefined {
  const { metadata, status } = pod;
  // A pod that has ended well has done all that was wanted of it.
  if (status?.phase === "Succeeded") return undefined;
  const where = `pod ${metadata?.name ?? ""}`;
  const tell = (found: Finding, log?: LogPlace): Cause => ({ instance, where, log, ...found });
  const [main] = status?.containerStatuses ?? [];
  if (status?.phase === "Failed" && name === collectorCheck) {
    return tell(checkFinding(pod, main), main === undefined ? undefined : logPlace(pod, main));
  }
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  for (const container of statuses) {
    const found = containerFinding(container, pod, context);
    if (found !== undefined) return tell(found, logPlace(pod, container));
  }
  const found = schedulingFinding(pod, context) ?? mountFinding(pod, context);
  if (found !== undefined) return tell(found);
  const slow = main === undefined ? undefined : readinessFinding(pod, main, context);
  return slow === undefined || main === undefined ? undefined : tell(slow, logPlace(pod, main));
}

type Finding = Pick<Cause, "reason" | "message" | "next">;

const imageNext =
  "look at observability:images, observability:imageRegistry and kubernetes.imagePullSecrets, then npm run up";
const settingsNext = "correct the settings of this service, then npm run up";

/** Reasons of a container that waits, with what to do; each lasts until somebody does something. */
const waiting: Readonly<Record<string, string>> = {
  ImagePullBackOff: imageNext,
  InvalidImageName: imageNext,
  ErrImageNeverPull: imageNext,
  CreateContainerConfigError: settingsNext,
  CreateContainerError: settingsNext,
  RunContainerError: settingsNext,
};

function containerFinding(container: V1ContainerStatus, pod: V1Pod, context: Case): Finding | undefined {
  const { state, restartCount, ready } = container;
  const reason = state?.waiting?.reason ?? "";
  const message = state?.waiting?.message ?? "";
  const next = waiting[reason];
  if (next !== undefined) {
    const isEarly = reason === "CreateContainerConfigError" && ageMillis(pod, context) < patience.config;
    return isEarly ? undefined : { reason, message: `${imageOf(container)}: ${oneLine(message)}`, next };
  }
  if (ready && state?.terminated === undefined) return undefined;
  const last = lastFailure(container, context);
  if (last === undefined) return undefined;
  const isLooping = (reason === "CrashLoopBackOff" && restartCount >= 1) || restartCount >= 2;
  if (!isLooping) return undefined;
  const times = `container ${container.name} has failed ${restartCount + (state?.running === undefined ? 1 : 0)} times`;
  if (last.reason === "OOMKilled") return outOfMemory(`${times},`);
  const exit = last.signal === undefined ? `exit code ${last.exitCode}` : `signal ${last.signal}`;
  const unhealthy = warningsOf("Pod", pod.metadata?.name, "Unhealthy", context).at(-1)?.message;
  const said = unhealthy === undefined ? "" : `; ${oneLine(unhealthy)}`;
  return {
    reason: reason === "" ? "CrashLoopBackOff" : reason,
    message: `${times}, the last time with ${exit}${said}`,
    next: "solve what its last lines say, then npm run up",
  };
}

/** Why the pod of a check has failed, which is never started again. */
function checkFinding({ status }: V1Pod, main: V1ContainerStatus | undefined): Finding {
  const run = main?.state?.terminated;
  if (run === undefined) {
    const message = oneLine(`${status?.reason ?? ""} ${status?.message ?? ""}`);
    return { reason: "Failed", message, next: "solve what this says, then npm run up" };
  }
  if (run.reason === "OOMKilled") return outOfMemory("the Collector's check of its configuration was");
  const exit = run.signal === undefined ? `exit code ${run.exitCode}` : `signal ${run.signal}`;
  return {
    reason: "Failed",
    message: `the Collector does not take its configuration (${exit})`,
    next: "correct observability:otelCollector in the settings, then npm run up",
  };
}

function outOfMemory(what: string): Finding {
  return {
    reason: "OOMKilled",
    message: `${what} killed for taking more than its memory limit`,
    next: "raise observability:memoryMib for it, then npm run up",
  };
}

function lastFailure({ state, lastState }: V1ContainerStatus, { nowMillis }: Case): Terminated | undefined {
  const ended = [state?.terminated, lastState?.terminated].find((run) => run !== undefined && run.exitCode !== 0);
  if (ended === undefined) return undefined;
  const finished = ended.finishedAt?.getTime() ?? nowMillis;
  return nowMillis - finished > patience.restart ? undefined : ended;
}

type Terminated = NonNullable<NonNullable<V1ContainerStatus["state"]>["terminated"]>;

function logPlace({ metadata }: V1Pod, { name, state, lastState }: V1ContainerStatus): LogPlace | undefined {
  const hasRun = state?.running !== undefined || state?.terminated !== undefined;
  const previous =
    state?.waiting !== undefined || (lastState?.terminated !== undefined && state?.terminated === undefined);
  if (!hasRun && lastState?.terminated === undefined) return undefined;
  return { pod: metadata?.name ?? "", container: name, previous };
}

function imageOf({ name, image }: V1ContainerStatus): string {
  return image === "" ? `container ${name}` : `image ${image}`;
}

function schedulingFinding({ status }: V1Pod, { nowMillis }: Case): Finding | undefined {
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status !== "False" || scheduled.reason !== "Unschedulable") return undefined;
  const since = scheduled.lastTransitionTime?.getTime() ?? nowMillis;
  if (nowMillis - since < patience.unschedulable) return undefined;
  return {
    reason: "FailedScheduling",
    message: oneLine(scheduled.message ?? "no node takes it"),
    next: "make room in the cluster, or look at kubernetes.nodeSelector, tolerations and resources, then npm run up",
  };
}

/** Warnings about a pod whose containers cannot be started. */
const startWarnings = ["FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"];

function mountFinding(pod: V1Pod, context: Case): Finding | undefined {
  const isStarting = pod.status?.containerStatuses?.every(({ state }) => state?.waiting !== undefined) ?? true;
  if (!isStarting || ageMillis(pod, context) < patience.mount) return undefined;
  for (const reason of startWarnings) {
    const last = warningsOf("Pod", pod.metadata?.name, reason, context).at(-1);
    if (last !== undefined) {
      return { reason, message: oneLine(last.message ?? ""), next: "solve what this says, then npm run up" };
    }
  }
  return undefined;
}

function readinessFinding(pod: V1Pod, container: V1ContainerStatus, context: Case): Finding | undefined {
  const { state, started, ready, name } = container;
  const startedAt = state?.running?.startedAt;
  if (ready || startedAt === undefined) return undefined;
  const { startupProbe, readinessProbe } = pod.spec?.containers.find((spec) => spec.name === name) ?? {};
  const delay = (startupProbe?.initialDelaySeconds ?? 0) + (readinessProbe?.initialDelaySeconds ?? 0);
  // A startup probe that fails for good kills the container, which is a failure of its own.
  const startup =
    startupProbe === undefined || started === true
      ? 0
      : (startupProbe.failureThreshold ?? 3) * (startupProbe.periodSeconds ?? 10);
  const allowed = (startup + delay) * 1000 + patience.ready;
  const changed = pod.status?.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime?.getTime() ?? 0;
  if (context.nowMillis - Math.max(startedAt.getTime(), changed) < allowed) return undefined;
  const unhealthy = warningsOf("Pod", pod.metadata?.name, "Unhealthy", context).at(-1)?.message;
  return {
    reason: "NotReady",
    message: `container ${name} runs and does not become ready: ${oneLine(unhealthy ?? "no probe has succeeded")}`,
    next: "solve what its last lines say, then npm run up",
  };
}

/** What the creator of a workload's pods is refused. */
function creationCauses({ instance, creators, isComplete }: Workload, context: Case): readonly Cause[] {
  if (isComplete) return [];
  return [...creators].flatMap((creator) =>
    ["ReplicaSet", "StatefulSet", "Job"].flatMap((kind) => {
      const refused = warningsOf(kind, creator, "FailedCreate", context).at(-1);
      const message = oneLine(refused?.message ?? "");
      if (refused === undefined || !/forbidden|exceeded quota|denied the request|violates/.test(message)) return [];
      const isQuota = message.includes("exceeded quota");
      if (isQuota && context.nowMillis - firstMillis(refused) < patience.controller) return [];
      const next = isQuota
        ? "have the quota of the namespace raised, or lower observability:memoryMib, then npm run up"
        : "have the namespace allow it, or use another namespace, then npm run up";
      return [{ instance, where: instance, reason: "FailedCreate", message, next, log: undefined }];
    }),
  );
}

function claimCauses({ instance }: Workload, pods: readonly V1Pod[], context: Case): readonly Cause[] {
  const used = pods.flatMap(({ spec }) => spec?.volumes ?? []).map((volume) => volume.persistentVolumeClaim?.claimName);
  return context.snapshot.claims.flatMap(({ metadata, status }) => {
    const name = metadata?.name ?? "";
    if (status?.phase !== "Pending" || !used.includes(name)) return [];
    const failed = warningsOf("PersistentVolumeClaim", name, "ProvisioningFailed", context).at(-1);
    if (failed === undefined || context.nowMillis - firstMillis(failed) < patience.controller) return [];
    return [
      {
        instance,
        where: `persistentvolumeclaim ${name}`,
        reason: "ProvisioningFailed",
        message: oneLine(failed.message ?? ""),
        next: "see to it that the storage class can provide volumes, or set kubernetes.storageClass, then npm run up",
        log: undefined,
      },
    ];
  });
}

/** Warnings about an object that somebody has seen lately, the newest last. */
function warningsOf(
  kind: string,
  name: string | undefined,
  reason: string,
  { snapshot, nowMillis, ignored }: Case,
): readonly CoreV1Event[] {
  return snapshot.events
    .filter(
      (event) =>
        event.involvedObject.kind === kind &&
        event.involvedObject.name === name &&
        event.reason === reason &&
        nowMillis - lastMillis(event) < patience.restart &&
        !ignored.has(eventKey(event)),
    )
    .sort((a, b) => lastMillis(a) - lastMillis(b));
}

function lastMillis({ series, lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  const times: readonly (Date | undefined)[] = [
    series?.lastObservedTime,
    lastTimestamp,
    eventTime,
    metadata.creationTimestamp,
  ];
  return times.find((time) => time instanceof Date)?.getTime() ?? 0;
}

function firstMillis({ firstTimestamp, eventTime, metadata }: CoreV1Event): number {
  const times: readonly (Date | undefined)[] = [firstTimestamp, eventTime, metadata.creationTimestamp];
  return times.find((time) => time instanceof Date)?.getTime() ?? 0;
}

function ageMillis({ metadata }: V1Pod, { nowMillis }: Case): number {
  return nowMillis - (metadata?.creationTimestamp?.getTime() ?? nowMillis);
}

import type { CoreV1Event, V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import type { ErrorCode } from "../../config/error-codes.ts";
import { parts, type PartName } from "../../config/parts/parts.ts";
import { oneLine } from "../text.ts";
import type { ContainerLog } from "./pod-log.ts";
import { checkJobs, currentPods, workloadsOf, type Snapshot, type WorkloadStatus } from "./workloads.ts";

/** Why a pod does not do its work, if waiting will not change it. */
export interface Cause extends Finding {
  /** Workload by kind and name: `statefulset/loki`. */
  readonly instance: string;
  /** The object that shows it: `pod loki-0`, `persistentvolumeclaim loki-data`. */
  readonly where: string;
  /** The log with its last lines, if it has written any. */
  readonly log?: ContainerLog;
}

/** A problem of an object. */
interface Finding {
  /** `ImagePullBackOff`, `OOMKilled`, `FailedScheduling`, … */
  readonly reason: string;
  /** What Kubernetes says of it, in one line. */
  readonly message: string;
  /** What to do about it. */
  readonly next: string;
  /** @default that of a pod that fails */
  readonly code?: ErrorCode;
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

/** The moment that is diagnosed. */
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
 * The problems that will not go away by waiting, of the newest revision of each workload only. What has a key among the
 * `ignored` does not count.
 */
export function causes(snapshot: Snapshot, nowMillis: number, ignored: ReadonlySet<string>): readonly Cause[] {
  const context = { snapshot, nowMillis, ignored };
  return [...checkJobs(snapshot), ...workloadsOf(snapshot)].flatMap((workload) => {
    const pods = currentPods(workload, snapshot).filter(({ metadata }) => !ignored.has(metadata?.uid ?? ""));
    const [cause] = [
      ...pods.flatMap((pod) => podCause(pod, workload, context) ?? []),
      ...creationCauses(workload, context),
      ...claimCauses(workload, pods, context),
    ];
    return cause === undefined ? [] : [cause];
  });
}

function podCause(pod: V1Pod, { instance, checkedPart }: WorkloadStatus, context: Case): Cause | undefined {
  const { metadata, status } = pod;
  // A pod that has ended well has done all that was wanted of it.
  if (status?.phase === "Succeeded") return undefined;
  const causeOf = (found: Finding, container?: V1ContainerStatus): Cause => ({
    instance,
    where: `pod ${metadata?.name ?? ""}`,
    log: container && logOf(pod, container),
    ...found,
  });
  const [main] = status?.containerStatuses ?? [];
  if (status?.phase === "Failed" && checkedPart !== undefined)
    return causeOf(checkFinding(pod, main, checkedPart), main);
  for (const container of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
    const found = containerFinding(container, pod, context);
    if (found !== undefined) return causeOf(found, container);
  }
  const found = schedulingFinding(pod, context) ?? mountFinding(pod, context);
  if (found !== undefined) return causeOf(found);
  const slow = main === undefined ? undefined : readinessFinding(pod, main, context);
  return slow === undefined ? undefined : causeOf(slow, main);
}

const next = {
  image: "look at observability:images, observability:imageRegistry and kubernetes.imagePullSecrets, then npm run up",
  settings: "correct the settings of this service, then npm run up",
  log: "solve what its last lines say, then npm run up",
  message: "solve what this says, then npm run up",
} as const;

/** Reasons of a container that waits, with what to do; each lasts until somebody does something. */
const waiting: Readonly<Record<string, string>> = {
  ImagePullBackOff: next.image,
  InvalidImageName: next.image,
  ErrImageNeverPull: next.image,
  CreateContainerConfigError: next.settings,
  CreateContainerError: next.settings,
  RunContainerError: next.settings,
};

/** Whether a container that waits for this reason goes on to do so until somebody does something. */
export function staysWaiting(reason: string): boolean {
  return reason in waiting;
}

function containerFinding(container: V1ContainerStatus, pod: V1Pod, context: Case): Finding | undefined {
  const { name, image, state, restartCount, ready } = container;
  const reason = state?.waiting?.reason ?? "";
  const toDo = waiting[reason];
  if (toDo !== undefined) {
    const isEarly = reason === "CreateContainerConfigError" && ageMillis(pod, context) < patience.config;
    const what = image === "" ? `container ${name}` : `image ${image}`;
    return isEarly ? undefined : { reason, message: `${what}: ${oneLine(state?.waiting?.message ?? "")}`, next: toDo };
  }
  if (ready && state?.terminated === undefined) return undefined;
  const last = lastFailure(container, context);
  const isLooping = (reason === "CrashLoopBackOff" && restartCount >= 1) || restartCount >= 2;
  if (last === undefined || !isLooping) return undefined;
  const times = `container ${name} has failed ${restartCount + (state?.running === undefined ? 1 : 0)} times`;
  if (last.reason === "OOMKilled") return outOfMemory(`${times},`);
  const unhealthy = latestWarning("Pod", pod.metadata?.name, "Unhealthy", context);
  const said = unhealthy === undefined ? "" : `; ${unhealthy.message}`;
  return {
    reason: reason === "" ? "CrashLoopBackOff" : reason,
    message: `${times}, the last time with ${endOf(last)}${said}`,
    next: next.log,
  };
}

/** Why the pod of a check has failed, which is never started again. */
function checkFinding({ status }: V1Pod, main: V1ContainerStatus | undefined, part: PartName): Finding {
  const { title } = parts[part];
  const run = main?.state?.terminated;
  if (run === undefined) {
    const message = oneLine(`${status?.reason ?? ""} ${status?.message ?? ""}`);
    return { reason: "Failed", message, next: next.message };
  }
  if (run.reason === "OOMKilled") return outOfMemory(`${title}'s check of its configuration was`);
  return {
    reason: "Failed",
    message: `${title} does not take its configuration (${endOf(run)})`,
    next: `correct observability:${part} in the settings, then npm run up`,
    code: "OBS1005",
  };
}

function outOfMemory(what: string): Finding {
  return {
    reason: "OOMKilled",
    message: `${what} killed for taking more than its memory limit`,
    next: "raise observability:memoryMib for it, then npm run up",
  };
}

type EndedRun = NonNullable<NonNullable<V1ContainerStatus["state"]>["terminated"]>;

function endOf({ signal, exitCode }: EndedRun): string {
  return signal === undefined ? `exit code ${exitCode}` : `signal ${signal}`;
}

function lastFailure({ state, lastState }: V1ContainerStatus, { nowMillis }: Case): EndedRun | undefined {
  const ended = [state?.terminated, lastState?.terminated].find((run) => run !== undefined && run.exitCode !== 0);
  if (ended === undefined) return undefined;
  const finished = ended.finishedAt?.getTime() ?? nowMillis;
  return nowMillis - finished > patience.restart ? undefined : ended;
}

function logOf({ metadata }: V1Pod, { name, state, lastState }: V1ContainerStatus): ContainerLog | undefined {
  const hasRun = state?.running !== undefined || state?.terminated !== undefined;
  const previous =
    state?.waiting !== undefined || (lastState?.terminated !== undefined && state?.terminated === undefined);
  if (!hasRun && lastState?.terminated === undefined) return undefined;
  return { pod: metadata?.name ?? "", container: name, previous };
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
  const [found] = startWarnings.flatMap((reason) => {
    const warning = latestWarning("Pod", pod.metadata?.name, reason, context);
    return warning === undefined ? [] : [{ reason, message: warning.message, next: next.message }];
  });
  return found;
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
  const why = latestWarning("Pod", pod.metadata?.name, "Unhealthy", context)?.message ?? "no probe has succeeded";
  return { reason: "NotReady", message: `container ${name} runs and does not become ready: ${why}`, next: next.log };
}

/** Why the API server refuses the pods that a workload's controller wants to create. */
function creationCauses({ instance, creator, isComplete }: WorkloadStatus, context: Case): readonly Cause[] {
  if (isComplete) return [];
  return ["ReplicaSet", "StatefulSet", "Job"].flatMap((kind) => {
    const { message = "", sinceMillis = 0 } = latestWarning(kind, creator, "FailedCreate", context) ?? {};
    if (!/forbidden|exceeded quota|denied the request|violates/.test(message)) return [];
    const isQuota = message.includes("exceeded quota");
    if (isQuota && context.nowMillis - sinceMillis < patience.controller) return [];
    const toDo = isQuota
      ? "have the quota of the namespace raised, or lower observability:memoryMib, then npm run up"
      : "have the namespace allow it, or use another namespace, then npm run up";
    return [{ instance, where: instance, reason: "FailedCreate", message, next: toDo }];
  });
}

function claimCauses({ instance }: WorkloadStatus, pods: readonly V1Pod[], context: Case): readonly Cause[] {
  const used = pods.flatMap(({ spec }) => spec?.volumes ?? []).map((volume) => volume.persistentVolumeClaim?.claimName);
  return context.snapshot.claims.flatMap(({ metadata, status }) => {
    const name = metadata?.name ?? "";
    if (status?.phase !== "Pending" || !used.includes(name)) return [];
    const failed = latestWarning("PersistentVolumeClaim", name, "ProvisioningFailed", context);
    if (failed === undefined || context.nowMillis - failed.sinceMillis < patience.controller) return [];
    return [
      {
        instance,
        where: `persistentvolumeclaim ${name}`,
        reason: "ProvisioningFailed",
        message: failed.message,
        next: "see to it that the storage class can provide volumes, or set kubernetes.storageClass, then npm run up",
      },
    ];
  });
}

/** A warning of the cluster's about an object. */
interface Warning {
  readonly message: string;
  readonly sinceMillis: number;
}

/** The newest warning about an object that somebody has seen lately. */
function latestWarning(
  kind: string,
  name: string | undefined,
  reason: string,
  { snapshot, nowMillis, ignored }: Case,
): Warning | undefined {
  const [newest] = snapshot.events
    .filter(
      (event) =>
        event.involvedObject.kind === kind &&
        event.involvedObject.name === name &&
        event.reason === reason &&
        nowMillis - lastMillis(event) < patience.restart &&
        !ignored.has(eventKey(event)),
    )
    .sort((a, b) => lastMillis(b) - lastMillis(a));
  return newest && { message: oneLine(newest.message ?? ""), sinceMillis: firstMillis(newest) };
}

function lastMillis({ series, lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  return firstOf([series?.lastObservedTime, lastTimestamp, eventTime, metadata.creationTimestamp]);
}

function firstMillis({ firstTimestamp, eventTime, metadata }: CoreV1Event): number {
  return firstOf([firstTimestamp, eventTime, metadata.creationTimestamp]);
}

/** The first of some times that there is, in milliseconds since 1970; fields that are not set may be `null`. */
function firstOf(times: readonly (Date | undefined)[]): number {
  return times.find((time) => time instanceof Date)?.getTime() ?? 0;
}

function ageMillis({ metadata }: V1Pod, { nowMillis }: Case): number {
  return nowMillis - (metadata?.creationTimestamp?.getTime() ?? nowMillis);
}

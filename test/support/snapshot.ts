import assert from "node:assert/strict";
import { CoreV1Event, V1Pod, V1StatefulSet } from "@kubernetes/client-node";
import { ObjectSerializer } from "@kubernetes/client-node/dist/gen/models/ObjectSerializer.js";
import type { Snapshot } from "../../cli/kubernetes/workloads.ts";

/** The moment that is diagnosed, in milliseconds since 1970. */
export const now = Date.parse("2026-01-02T12:00:00Z");
/** A moment before {@link now}, as the API server writes it. */
export const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();
/** Label of all that belongs to the workload `loki`. */
export const label = { "app.kubernetes.io/name": "loki" };
/** Label of the pods of one revision of a StatefulSet. */
export const revision = "controller-revision-hash";

/** An object of the API server, read as the client library reads it. */
export function read<Kind extends object>(kind: string, constructor: new () => Kind, json: object): Kind {
  const object: unknown = ObjectSerializer.deserialize(json, kind, "");
  assert.ok(object instanceof constructor);
  return object;
}

/** The StatefulSet `loki`, whose newest revision is `loki-2`. */
export const statefulSet = (status: object = {}): V1StatefulSet =>
  read("V1StatefulSet", V1StatefulSet, {
    metadata: { name: "loki", uid: "s1", generation: 2, labels: label },
    spec: { replicas: 1 },
    status: { observedGeneration: 2, updateRevision: "loki-2", currentRevision: "loki-2", replicas: 1, ...status },
  });

/** A pod of the StatefulSet `loki`, with a container that is as told. */
export function pod(
  container: object,
  more: { readonly status?: object; readonly metadata?: object; readonly spec?: object } = {},
): V1Pod {
  const status = { name: "loki", image: "grafana/loki:9", ready: false, restartCount: 0, started: false, ...container };
  return read("V1Pod", V1Pod, {
    metadata: {
      name: "loki-0",
      uid: "p1",
      creationTimestamp: ago(120),
      labels: { ...label, [revision]: "loki-2" },
      ...more.metadata,
    },
    spec: { containers: [{ name: "loki", readinessProbe: { periodSeconds: 5 } }], ...more.spec },
    status: { containerStatuses: [status], ...more.status },
  });
}

/** A container that waits. */
export const waiting = (reason: string, message = "why"): object => ({ state: { waiting: { reason, message } } });
/** A run of a container that has ended a moment ago. */
export const ended = (exitCode: number, reason: string): object => ({
  terminated: { exitCode, reason, finishedAt: ago(5) },
});

/** A warning about an object. */
export function event(kind: string, name: string, reason: string, message: string, firstSeconds = 60): CoreV1Event {
  return read("CoreV1Event", CoreV1Event, {
    metadata: { name: "e", uid: `e-${reason}`, creationTimestamp: ago(firstSeconds) },
    involvedObject: { kind, name },
    reason,
    message,
    firstTimestamp: ago(firstSeconds),
    lastTimestamp: ago(2),
  });
}

/** What is in the namespace: the StatefulSet `loki`, its pods, and what is told beside them. */
export function snapshot(pods: readonly V1Pod[], more: Partial<Snapshot> = {}): Snapshot {
  const nothing = { deployments: [], replicaSets: [], claims: [], events: [] };
  return { ...nothing, statefulSets: [statefulSet()], pods, ...more };
}

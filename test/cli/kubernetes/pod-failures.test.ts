import assert from "node:assert/strict";
import { V1Deployment, V1PersistentVolumeClaim, V1Pod, V1ReplicaSet } from "@kubernetes/client-node";
import { instanceStates } from "../../../cli/kubernetes/instances.ts";
import { causes, keysOf } from "../../../cli/kubernetes/pod-failures.ts";
import type { Snapshot } from "../../../cli/kubernetes/workloads.ts";
import {
  ago,
  ended,
  event,
  label,
  now,
  pod,
  read,
  revision,
  snapshot,
  statefulSet,
  waiting,
} from "../../support/snapshot.ts";

const checkName = "otel-collector-check";

/** The pod of the job that has the Collector look over its configuration. */
function checkPod(phase: string, state: object, status: object = {}): V1Pod {
  const container = { name: checkName, image: "otel/x:1", ready: phase === "Running", restartCount: 0, state };
  return read("V1Pod", V1Pod, {
    metadata: {
      name: `${checkName}-x`,
      uid: "check",
      creationTimestamp: ago(60),
      labels: { "app.kubernetes.io/name": checkName },
    },
    spec: { containers: [{ name: checkName }] },
    status: { phase, containerStatuses: [container], ...status },
  });
}

const boundLater = (firstSeconds: number): Snapshot => {
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "loki-data" } }];
  const claim = { metadata: { name: "loki-data" }, status: { phase: "Pending" } };
  return snapshot([pod(waiting("ContainerCreating"), { spec: { volumes } })], {
    claims: [read("V1PersistentVolumeClaim", V1PersistentVolumeClaim, claim)],
    events: [event("PersistentVolumeClaim", "loki-data", "ProvisioningFailed", "no such class: fast", firstSeconds)],
  });
};

describe("what is wrong with a pod", () => {
  const found = (shot: Snapshot, ignored: ReadonlySet<string> = new Set()): (readonly string[])[] =>
    causes(shot, now, ignored).map(({ instance, reason, message }) => [instance, reason, message]);

  const running = { state: { running: { startedAt: ago(90) } }, started: true };
  const failures: readonly (readonly [what: string, shot: Snapshot, reason: string, message: RegExp])[] = [
    [
      "an image that cannot be pulled",
      snapshot([pod(waiting("ImagePullBackOff"))]),
      "ImagePullBackOff",
      /^image grafana/,
    ],
    ["an image without a valid name", snapshot([pod(waiting("InvalidImageName"))]), "InvalidImageName", /why/],
    [
      "a secret that is not there",
      snapshot([pod(waiting("CreateContainerConfigError"))]),
      "CreateContainerConfigError",
      /why/,
    ],
    [
      "a process that crashes again and again",
      snapshot([pod({ ...waiting("CrashLoopBackOff"), restartCount: 1, lastState: ended(3, "Error") })]),
      "CrashLoopBackOff",
      /^container loki has failed 2 times, the last time with exit code 3$/,
    ],
    [
      "two restarts by error",
      snapshot([pod({ ...running, restartCount: 2, lastState: ended(1, "Error") })]),
      "CrashLoopBackOff",
      /has failed 2 times/,
    ],
    [
      "a memory limit that is too low",
      snapshot([pod({ ...waiting("CrashLoopBackOff"), restartCount: 1, lastState: ended(137, "OOMKilled") })]),
      "OOMKilled",
      /killed for taking more than its memory limit/,
    ],
    [
      "an init container that fails",
      snapshot([
        pod(waiting("PodInitializing"), {
          status: {
            initContainerStatuses: [
              {
                name: "owner",
                image: "x",
                ready: false,
                restartCount: 2,
                ...waiting("CrashLoopBackOff"),
                lastState: ended(1, "Error"),
              },
            ],
          },
        }),
      ]),
      "CrashLoopBackOff",
      /^container owner has failed 3 times/,
    ],
    [
      "no node that takes it",
      snapshot([
        pod(waiting("ContainerCreating"), {
          status: {
            conditions: [
              {
                type: "PodScheduled",
                status: "False",
                reason: "Unschedulable",
                message: "0/1 nodes",
                lastTransitionTime: ago(31),
              },
            ],
          },
        }),
      ]),
      "FailedScheduling",
      /^0\/1 nodes$/,
    ],
    [
      "a volume that cannot be mounted",
      snapshot([pod(waiting("ContainerCreating"))], { events: [event("Pod", "loki-0", "FailedMount", "no volume")] }),
      "FailedMount",
      /^no volume$/,
    ],
    [
      "a process that never becomes ready",
      snapshot([pod(running)], { events: [event("Pod", "loki-0", "Unhealthy", "Readiness probe failed: 503")] }),
      "NotReady",
      /does not become ready: Readiness probe failed: 503$/,
    ],
    ["a volume that nobody can make", boundLater(16), "ProvisioningFailed", /^no such class: fast$/],
    [
      "a quota that is too small",
      snapshot([], {
        statefulSets: [statefulSet({ replicas: 0 })],
        events: [event("StatefulSet", "loki", "FailedCreate", "forbidden: exceeded quota: small")],
      }),
      "FailedCreate",
      /exceeded quota: small/,
    ],
    [
      "a namespace whose profile refuses it",
      snapshot([], {
        statefulSets: [statefulSet({ replicas: 0 })],
        events: [event("StatefulSet", "loki", "FailedCreate", "violates PodSecurity", 1)],
      }),
      "FailedCreate",
      /violates PodSecurity/,
    ],
  ];
  for (const [what, shot, reason, message] of failures) {
    it(`is seen: ${what}`, () => {
      const [cause, ...others] = found(shot);
      assert.deepEqual([cause?.[0], cause?.[1], others], ["statefulset/loki", reason, []]);
      assert.match(cause?.[2] ?? "", message);
      assert.equal(instanceStates(shot, [{ name: "statefulset/loki", urn: "", replicas: 1 }], now).size, 1);
    });
  }

  const fine: readonly (readonly [what: string, shot: Snapshot])[] = [
    ["a volume that is being made", boundLater(5)],
    ["a check that runs", snapshot([checkPod("Running", { running: { startedAt: ago(59) } })])],
    ["a check that has ended well", snapshot([checkPod("Succeeded", ended(0, "Completed"))])],
    [
      "a check that has ended well after all, of whose containers nothing is known any more",
      snapshot([checkPod("Succeeded", {}, { containerStatuses: [] })], {
        events: [event("Pod", `${checkName}-x`, "FailedMount", "no configuration yet", 50)],
      }),
    ],
    ["a pod that is being started", snapshot([pod(waiting("ContainerCreating"))])],
    [
      "a single crash",
      snapshot([
        pod({ ...running, state: { running: { startedAt: ago(5) } }, restartCount: 1, lastState: ended(1, "Error") }),
      ]),
    ],
    [
      "restarts of a pod that is ready again",
      snapshot([pod({ ...running, ready: true, restartCount: 9, lastState: ended(1, "Error") })]),
    ],
    [
      "a pod that has just started and is not ready yet",
      snapshot([pod({ ...running, state: { running: { startedAt: ago(20) } } })]),
    ],
    [
      "a pod of an older revision",
      snapshot([pod(waiting("ImagePullBackOff"), { metadata: { labels: { ...label, [revision]: "loki-1" } } })]),
    ],
    [
      "a pod that is being terminated",
      snapshot([
        pod(waiting("ImagePullBackOff"), {
          metadata: { labels: { ...label, [revision]: "loki-2" }, deletionTimestamp: ago(1) },
        }),
      ]),
    ],
    [
      "a change that no controller has seen yet",
      snapshot([pod(waiting("ImagePullBackOff"))], { statefulSets: [statefulSet({ observedGeneration: 1 })] }),
    ],
    [
      "quota that a pod which ends still takes",
      snapshot([], {
        statefulSets: [statefulSet({ replicas: 0 })],
        events: [event("StatefulSet", "loki", "FailedCreate", "exceeded quota", 5)],
      }),
    ],
  ];
  for (const [what, shot] of fine) {
    it(`is not: ${what}`, () => {
      assert.deepEqual(found(shot), []);
    });
  }

  const correct = "correct observability:otelCollector in the settings, then npm run up";
  const checks: readonly (readonly [what: string, shot: Snapshot, reason: string, message: RegExp, next: string])[] = [
    [
      "a configuration that the Collector does not take",
      snapshot([checkPod("Failed", ended(1, "Error"))]),
      "Failed",
      /^the Collector does not take its configuration \(exit code 1\)$/,
      correct,
    ],
    [
      "a check that a signal has ended",
      snapshot([checkPod("Failed", { terminated: { exitCode: 139, signal: 11, reason: "Error" } })]),
      "Failed",
      /\(signal 11\)$/,
      correct,
    ],
    [
      "a check with too little memory",
      snapshot([checkPod("Failed", ended(137, "OOMKilled"))]),
      "OOMKilled",
      /^the Collector's check of its configuration was killed for taking more than its memory limit$/,
      "raise observability:memoryMib for it, then npm run up",
    ],
    [
      "a check that was driven out before it ran",
      snapshot([
        checkPod("Failed", {}, { containerStatuses: [], reason: "Evicted", message: "The node was low on x" }),
      ]),
      "Failed",
      /^Evicted The node was low on x$/,
      "solve what this says, then npm run up",
    ],
    [
      "a check whose image cannot be pulled",
      snapshot([checkPod("Pending", { waiting: { reason: "ImagePullBackOff", message: "why" } })]),
      "ImagePullBackOff",
      /^image otel\/x:1: why$/,
      "look at observability:images, observability:imageRegistry and kubernetes.imagePullSecrets, then npm run up",
    ],
    [
      "a check that the namespace refuses",
      snapshot([], { events: [event("Job", checkName, "FailedCreate", "violates PodSecurity", 1)] }),
      "FailedCreate",
      /^violates PodSecurity$/,
      "have the namespace allow it, or use another namespace, then npm run up",
    ],
  ];
  for (const [what, shot, reason, message, next] of checks) {
    it(`is seen: ${what}`, () => {
      const [cause, ...others] = causes(shot, now, new Set());
      const seen = [cause?.instance, cause?.reason, cause?.next, others];
      assert.deepEqual(seen, [`job/${checkName}`, reason, next, []]);
      assert.match(cause?.message ?? "", message);
    });
  }

  it("is told of a check with the place of its log, if it has one", () => {
    const [failed] = causes(snapshot([checkPod("Failed", ended(1, "Error"))]), now, new Set());
    const log = { pod: `${checkName}-x`, container: checkName, previous: false };
    assert.deepEqual([failed?.where, failed?.log, failed?.code], [`pod ${checkName}-x`, log, "OBS1005"]);
    const [evicted] = causes(snapshot([checkPod("Failed", {}, { containerStatuses: [] })]), now, new Set());
    assert.equal(evicted?.log, undefined);
  });

  it("does not count if it was there before", () => {
    const shot = snapshot([pod(waiting("ImagePullBackOff"))]);
    assert.deepEqual(found(shot, keysOf(shot)), []);
  });

  it("is seen of a Deployment by its newest ReplicaSet only", () => {
    const annotations = { "deployment.kubernetes.io/revision": "2" };
    const shot = snapshot(
      ["old", "new"].map((hash) =>
        pod(waiting("ImagePullBackOff", hash), {
          metadata: { uid: hash, labels: { ...label, "pod-template-hash": hash } },
        }),
      ),
      {
        statefulSets: [],
        deployments: [
          read("V1Deployment", V1Deployment, {
            metadata: { name: "loki", uid: "d1", generation: 1, labels: label, annotations },
            spec: { replicas: 1 },
            status: { observedGeneration: 1, updatedReplicas: 1 },
          }),
        ],
        replicaSets: [
          read("V1ReplicaSet", V1ReplicaSet, {
            metadata: {
              name: "loki-new",
              annotations,
              labels: { "pod-template-hash": "new" },
              ownerReferences: [{ uid: "d1", name: "loki", kind: "Deployment", apiVersion: "apps/v1" }],
            },
          }),
        ],
      },
    );
    assert.deepEqual(found(shot), [["deployment/loki", "ImagePullBackOff", "image grafana/loki:9: new"]]);
  });
});

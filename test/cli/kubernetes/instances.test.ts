import assert from "node:assert/strict";
import { instanceStates } from "../../../cli/kubernetes/instances.ts";
import type { Snapshot } from "../../../cli/kubernetes/workloads.ts";
import { now, pod, snapshot, statefulSet, waiting } from "../../support/snapshot.ts";

describe("the state of an instance in a cluster", () => {
  const instances = ["statefulset/loki", "deployment/gone"].map((name) => ({ name, urn: "", replicas: 1 }));
  it("is healthy, starting, missing, or why it fails", () => {
    const states = (shot: Snapshot): object => Object.fromEntries(instanceStates(shot, instances, now));
    const ready = { statefulSets: [statefulSet({ readyReplicas: 1, updatedReplicas: 1 })] };
    assert.deepEqual(states(snapshot([], ready)), { "statefulset/loki": "healthy", "deployment/gone": "missing" });
    assert.deepEqual(states(snapshot([])), { "statefulset/loki": "starting", "deployment/gone": "missing" });
    const failing = snapshot([pod(waiting("ImagePullBackOff"))]);
    assert.deepEqual(states(failing), { "statefulset/loki": "ImagePullBackOff", "deployment/gone": "missing" });
  });
});

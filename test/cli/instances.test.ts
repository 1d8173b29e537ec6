import assert from "node:assert/strict";
import { instanceOf, isUp, waitUntilUp, type InstanceOutput } from "../../cli/instances.ts";

describe("an instance", () => {
  it("is up when it runs, and healthy if it can say so", () => {
    const states = ["running", "healthy", "unhealthy", "starting", "restarting", "exited", "missing"];
    assert.deepEqual(states.filter(isUp), ["running", "healthy"]);
  });

  it("is found by its workload on every target", () => {
    const named = (...names: readonly string[]): InstanceOutput[] =>
      names.map((name) => ({ name, urn: "", replicas: 1 }));
    const docker = named("observability-dev-backend", "observability-dev-grafana");
    assert.equal(instanceOf(docker, "grafana")?.name, "observability-dev-grafana");
    assert.equal(
      instanceOf(named("deployment/backend", "statefulset/grafana"), "grafana")?.name,
      "statefulset/grafana",
    );
    assert.equal(instanceOf(docker, "loki"), undefined);
  });
});

describe("the wait for instances", () => {
  it("ends when none is starting any more, or one has failed for good", async () => {
    const answers = [["starting"], ["restarting"], ["healthy"], ["not asked for"]];
    const states = (): Promise<Map<string, string>> => Promise.resolve(new Map([["loki", answers.shift()?.[0] ?? ""]]));
    assert.deepEqual([...(await waitUntilUp(states, 10_000))], [["loki", "healthy"]]);
    assert.equal(answers.length, 1);
  });

  it("ends with the last states when its time is over, and at once when it is told to", async () => {
    const states = (): Promise<Map<string, string>> => Promise.resolve(new Map([["loki", "starting"]]));
    assert.deepEqual([...(await waitUntilUp(states, 1))], [["loki", "starting"]]);
    const cause = new Error("a pod fails");
    await assert.rejects(waitUntilUp(states, 10_000, AbortSignal.abort(cause)), cause);
  });
});

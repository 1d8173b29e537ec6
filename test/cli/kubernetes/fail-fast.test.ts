import assert from "node:assert/strict";
import { once } from "node:events";
import { failFast } from "../../../cli/kubernetes/fail-fast.ts";
import { UserError } from "../../../cli/user-error.ts";
import { FakeApiServer, type Answer } from "../../support/fake-api-server.ts";

const base = "/api/v1/namespaces/shop";
const labels = { "app.kubernetes.io/name": "loki", "controller-revision-hash": "loki-1" };
const statefulSets = {
  items: [
    {
      metadata: { name: "loki", generation: 1, labels },
      spec: { replicas: 1 },
      status: { observedGeneration: 1, updateRevision: "loki-1", replicas: 1 },
    },
  ],
};
const crashed = { terminated: { exitCode: 1, reason: "Error", finishedAt: new Date().toISOString() } };
const container = {
  name: "loki",
  image: "grafana/loki:9",
  ready: false,
  restartCount: 1,
  state: { waiting: { reason: "CrashLoopBackOff", message: "back-off" } },
  lastState: crashed,
};
const pod = { metadata: { name: "loki-0", uid: "p1", labels }, status: { containerStatuses: [container] } };

describe("a deployment whose pods fail", () => {
  /** Runs an action that ends when a pod fails; the pod that crashes appears after the first look. */
  async function failingFast<Result>(
    action: (signal: AbortSignal) => Promise<Result>,
    pods: Answer,
  ): Promise<{
    readonly result: Result | string;
    readonly said: readonly string[];
    readonly codes?: readonly string[];
  }> {
    const server = await FakeApiServer.start({
      "/apis/apps/v1/namespaces/shop/statefulsets": statefulSets,
      [`${base}/pods`]: pods,
      [`${base}/pods/loki-0/log`]: 'starting hunter2\n{"last":"words"}\n',
    });
    const said: string[] = [];
    const args = {
      cluster: server.cluster(),
      secrets: ["hunter2"],
      logCommand: (instance: string) => `logs of ${instance}`,
      say: (line: string) => {
        said.push(line);
      },
    };
    try {
      return { result: await failFast(args, action), said };
    } catch (error) {
      const codes = error instanceof UserError ? { codes: error.errorCodes } : {};
      return { result: error instanceof Error ? error.message : String(error), said, ...codes };
    } finally {
      await server.stop();
    }
  }

  const appearing = (): Answer => {
    let looks = 0;
    return () => ({ items: looks++ === 0 ? [] : [pod] });
  };
  const untilAborted = async (signal: AbortSignal): Promise<never> => {
    await once(signal, "abort");
    throw new Error("canceled");
  };

  it("ends it when a pod fails for good, and tells why, its last lines and the next command", async () => {
    const { result, codes } = await failingFast(untilAborted, appearing());
    assert.deepEqual(codes, ["OBS1309"]);
    assert.deepEqual(result.split("\n"), [
      "statefulset/loki (pod loki-0) is CrashLoopBackOff: container loki has failed 2 times, the last time with exit code 1",
      "its last lines:",
      "starting [secret]",
      '{"last":"words"}',
      "what was done so far is kept",
      "  next: solve what its last lines say, then npm run up; or see more: logs of statefulset/loki",
    ]);
  });

  it("tells the pod's failure although the deployment calls itself a success, as Pulumi does", async () => {
    const { result } = await failingFast(async (signal) => {
      await once(signal, "abort");
      return "done";
    }, appearing());
    assert.match(result, /^statefulset\/loki \(pod loki-0\) is CrashLoopBackOff/);
  });

  it("tells the pod's failure although the deployment has failed first and tells less of it", async () => {
    const { result } = await failingFast(
      () => Promise.reject(new UserError("OBS1404", "the deployment failed")),
      appearing(),
    );
    assert.match(result, /^statefulset\/loki \(pod loki-0\) is CrashLoopBackOff/);
  });

  it("tells what ended it where no pod has failed, where it was interrupted, and where the fault is ours", async () => {
    const failing = async (error: Error, pods: Answer): Promise<string> =>
      (await failingFast(() => Promise.reject(error), pods)).result;
    assert.equal(
      await failing(new UserError("OBS1404", "the deployment failed"), { items: [] }),
      "the deployment failed",
    );
    assert.equal(await failing(new UserError("OBS1403", "interrupted", { exitCode: 130 }), appearing()), "interrupted");
    assert.equal(await failing(new TypeError("a fault"), appearing()), "a fault");
  });

  it("lets it go on with a pod that failed before it, which it may be there to repair", async () => {
    assert.deepEqual(await failingFast(() => Promise.resolve("done"), { items: [pod] }), { result: "done", said: [] });
  });

  it("tells of a pod that failed before it if the deployment fails: it is what that could not repair", async () => {
    const { result } = await failingFast(() => Promise.reject(new UserError("OBS1404", "the deployment failed")), {
      items: [pod],
    });
    assert.match(result, /^statefulset\/loki \(pod loki-0\) is CrashLoopBackOff/);
  });

  it("says once that the pods cannot be read, and lets the deployment go on", async () => {
    let looks = 0;
    const answer = (): object | number => (looks++ === 0 ? { items: [] } : 403);
    const action = async (): Promise<string> => {
      while (looks < 3) await new Promise((resolve) => setTimeout(resolve, 50));
      return "done";
    };
    const { result, said } = await failingFast(action, answer);
    assert.equal(result, "done");
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", /^the pods cannot be read: kubernetes: the user of the context fake must be allowed/);
  });
});

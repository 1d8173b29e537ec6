import assert from "node:assert/strict";
import { checkIdentity, removeLeftOvers, removeObjects } from "../../../cli/kubernetes/left-overs.ts";
import { objectText, stackObjects } from "../../../cli/kubernetes/stack-objects.ts";
import { Ownership } from "../../../cli/ownership.ts";
import type { KnownState, OtherStack, StateResource } from "../../../cli/state.ts";
import { UserError } from "../../../cli/user-error.ts";
import { knownState } from "../../support/known-state.ts";
import { FakeApiServer, type Answer } from "../../support/fake-api-server.ts";

const base = "/api/v1/namespaces/shop";
const labels = { "app.kubernetes.io/instance": "shop-dev", "app.kubernetes.io/part-of": "observability" };
const own = { "observability/stack": "observability/dev" };
const object = (name: string, more: object = {}): object => ({
  metadata: { name, namespace: "shop", labels, annotations: own, ...more },
});

function resource(type: string, id: string, metadata: { name: string; uid?: string }): StateResource {
  return { type, id, urn: `urn:pulumi:k8s::observability::${type}::x`, inputs: { metadata }, outputs: { metadata } };
}

describe("what a run that was cut off has left in a cluster", () => {
  async function left(
    answers: Readonly<Record<string, Answer>>,
    state: Partial<Omit<KnownState, "others">> = {},
    others: readonly OtherStack[] = [],
  ): Promise<{ readonly data: readonly string[]; readonly changes: readonly string[]; readonly said: string[] }> {
    const server = await FakeApiServer.start(answers);
    const said: string[] = [];
    try {
      const known = knownState(state, others);
      const ownership = new Ownership("dev", "shop-dev", known);
      const data = await removeLeftOvers(known, server.cluster(), ownership, (line) => said.push(line));
      return { data, changes: server.changes, said };
    } finally {
      await server.stop();
    }
  }

  const configMaps = { items: [object("known"), object("stray"), object("made", { ownerReferences: [] })] };

  it("is removed if the state does not know it, and said", async () => {
    const known = resource("kubernetes:core/v1:ConfigMap", "shop/known", { name: "known" });
    const { data, changes, said } = await left({ [`${base}/configmaps`]: configMaps }, { resources: [known] });
    assert.deepEqual([data, changes], [[], [`DELETE ${base}/configmaps/stray`]]);
    assert.deepEqual(said, [
      "removing 1 object(s) that the state does not know, left by a run that was cut off: configmap stray",
    ]);
  });

  it("stays as it is beside data that the state does not know", async () => {
    const claims = { items: [object("loki-data")] };
    const found = await left({
      [`${base}/configmaps`]: configMaps,
      [`${base}/persistentvolumeclaims`]: claims,
    });
    assert.deepEqual(found, { data: ["persistentvolumeclaim loki-data"], changes: [], said: [] });
  });

  it("is removed although it could hold data, if its creation was cut off", async () => {
    const type = "kubernetes:core/v1:PersistentVolumeClaim";
    const cutOff = [{ type, urn: "x", inputs: { metadata: { name: "loki-data" } } }];
    const claims = { items: [object("loki-data")] };
    const { data, changes } = await left({ [`${base}/persistentvolumeclaims`]: claims }, { cutOff });
    assert.deepEqual([data, changes], [[], [`DELETE ${base}/persistentvolumeclaims/loki-data`]]);
  });

  it("is left alone if it is of another stack of the same name, which older versions tell by the state alone", async () => {
    const other = { annotations: { "observability/stack": "observability/other" } };
    assert.deepEqual((await left({ [`${base}/configmaps`]: { items: [object("a", other)] } })).changes, []);
    const old = { [`${base}/configmaps`]: { items: [object("b", { annotations: {} })] } };
    const resources = [resource("kubernetes:core/v1:ConfigMap", "shop/b", { name: "b" })];
    assert.deepEqual((await left(old, {}, [{ stack: "other", resources }])).changes, []);
    assert.deepEqual((await left(old)).changes, [`DELETE ${base}/configmaps/b`]);
  });
});

describe("the objects of a stack", () => {
  it("are what carries its labels, pods that commands have made and the job that checks a configuration first, and its own namespace last", async () => {
    const server = await FakeApiServer.start({
      "/apis/batch/v1/namespaces/shop/jobs": { items: [object("otel-collector-check")] },
      [`${base}/configmaps`]: { items: [object("loki-config")] },
      // One that a command has made, and one that a controller has.
      [`${base}/pods`]: { items: [object("loki-data-1"), object("loki-0", { ownerReferences: [] })] },
      [base]: { metadata: { name: "shop", labels } },
    });
    try {
      const found = await stackObjects(server.cluster(), new Ownership("dev", "shop-dev", knownState()));
      const other = ["job otel-collector-check", "configmap loki-config", "namespace shop"];
      assert.deepEqual(found.map(objectText), ["pod loki-data-1", ...other]);
    } finally {
      await server.stop();
    }
  });

  it("are without those of a kind that some settings alone need and this user may not list, and of no other", async () => {
    const list = async (path: string): Promise<readonly string[]> => {
      const server = await FakeApiServer.start({
        [path]: 403,
        [`${base}/services`]: { items: [object("loki")] },
      });
      try {
        const found = await stackObjects(server.cluster(), new Ownership("dev", "shop-dev", knownState()));
        return found.map(objectText);
      } catch (error) {
        return [error instanceof Error ? error.message.split("\n", 1).join("") : String(error)];
      } finally {
        await server.stop();
      }
    };
    for (const optional of [
      "networking.k8s.io/v1/namespaces/shop/ingresses",
      "rbac.authorization.k8s.io/v1/clusterroles",
    ]) {
      assert.deepEqual(await list(`/apis/${optional}`), ["service loki"]);
    }
    assert.deepEqual(await list(base), ["service loki"]);
    assert.match(
      (await list(`${base}/persistentvolumeclaims`)).join(),
      /^kubernetes: the user of the context fake must be allowed/,
    );
  });

  it("have to be gone in time once they are deleted", async () => {
    const server = await FakeApiServer.start({
      [`${base}/configmaps`]: { items: [object("stays")] },
      [`GET ${base}/configmaps/stays`]: object("stays"),
    });
    try {
      const found = await stackObjects(server.cluster(), new Ownership("dev", "shop-dev", knownState()));
      await assert.rejects(removeObjects(server.cluster(), found, 200), (error) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual(error.errorCodes, ["OBS1312"]);
        assert.equal(
          error.message,
          "configmap stays: must be gone 0.2 s after it was deleted, and is still there\n" +
            "  next: see what holds it (kubectl describe), then npm run down",
        );
        return true;
      });
      assert.deepEqual(server.changes, [`DELETE ${base}/configmaps/stays`]);
    } finally {
      await server.stop();
    }
  });
});

describe("the identity of a cluster", () => {
  const namespace = resource("kubernetes:core/v1:Namespace", "shop", { name: "shop", uid: "u1" });
  const claim = resource("kubernetes:core/v1:PersistentVolumeClaim", "shop/d", { name: "d", uid: "u2" });

  async function check(
    resources: readonly StateResource[],
    answers: Readonly<Record<string, Answer>>,
  ): Promise<string> {
    const server = await FakeApiServer.start(answers);
    try {
      await checkIdentity(knownState({ resources }), server.cluster(), "k8s");
      return "the same";
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      assert.deepEqual(error.errorCodes, ["OBS1313"]);
      return error.message;
    } finally {
      await server.stop();
    }
  }

  it("is that of the state's namespace, or of its data where the namespace is somebody else's", async () => {
    assert.equal(await check([], {}), "the same");
    assert.equal(await check([namespace, claim], { [base]: { metadata: { name: "shop", uid: "u1" } } }), "the same");
    const claims = { [`${base}/persistentvolumeclaims/d`]: { metadata: { name: "d", uid: "u2" } } };
    assert.equal(await check([claim], claims), "the same");
  });

  it("is another one if the namespace is not there or has another uid, with what to do in both cases", async () => {
    const told = await check([namespace], {});
    assert.match(
      told,
      /^the namespace in the state of k8s is not the one of this cluster \(context fake, namespace shop\): [^\n]+; nothing was changed\n {2}next: for another cluster[^\n]+\n {2}next: if it was removed by hand[^\n]+refresh --stack k8s/,
    );
    assert.equal(await check([namespace], { [base]: { metadata: { name: "shop", uid: "other" } } }), told);
    assert.match(await check([claim], {}), /^the data volumes in the state of k8s are not those of this cluster/);
  });
});

import assert from "node:assert/strict";
import { programSettings } from "../../../config/example-services.ts";
import { checkRoom } from "../../../cli/kubernetes/room.ts";
import { FakeApiServer, storageClass, type Answer } from "../../support/fake-api-server.ts";

describe("room for a deployment in a cluster", () => {
  let said: string[] = [];

  async function problems(answers: Readonly<Record<string, Answer>>, kubernetes: object = {}): Promise<string[]> {
    said = [];
    const server = await FakeApiServer.start(answers);
    const settings = programSettings(
      {
        "observability:target": "kubernetes",
        "observability:kubernetes": JSON.stringify({ context: "fake", loadCommand: "true", ...kubernetes }),
      },
      { project: "observability", stack: "shop" },
    );
    try {
      await checkRoom(server.cluster(), settings, (line) => said.push(line));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const lines = error.message.split("\n");
      assert.deepEqual(lines.slice(-2), ["nothing was changed", "  next: solve this, then npm run up"]);
      return lines.slice(0, -2);
    } finally {
      await server.stop();
    }
    return [];
  }

  const namespace = "/api/v1/namespaces/shop";
  const labels = {
    "app.kubernetes.io/instance": "observability-shop",
    "app.kubernetes.io/part-of": "observability",
  };

  it("is there in an empty cluster, and in a namespace of the stack", async () => {
    assert.deepEqual(await problems({}), []);
    assert.deepEqual(await problems({ [namespace]: { metadata: { name: "shop", labels } } }), []);
    assert.deepEqual(said, []);
  });

  it("needs permissions, all that are missing at once", async () => {
    const review = (body: unknown): object => {
      const isSecret = JSON.stringify(body).includes('"secrets"');
      return { status: { allowed: !isSecret && !JSON.stringify(body).includes('"pods","subresource":"exec"') } };
    };
    const found = await problems({ "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": review });
    assert.equal(
      found[1],
      "permission on secrets in the namespace shop: the user of the context fake must be allowed to create, delete, get, list, patch, watch, got no; have it granted, or use another context",
    );
    assert.match(found[0] ?? "", /^permission on pods\/exec in the namespace shop: .* to create, get, got no/);
    assert.equal(found.length, 2);
  });

  it("needs a storage class: the one that is named, or a default", async () => {
    const answers = { "/apis/storage.k8s.io/v1/storageclasses": { items: [storageClass("slow", false)] } };
    assert.deepEqual(await problems(answers), [
      "kubernetes.storageClass: must be set where the cluster has no default storage class (there are slow), got none; name one: npm run up -- --target kubernetes --storage-class NAME",
    ]);
    assert.deepEqual(await problems(answers, { storageClass: "fast" }), [
      "kubernetes.storageClass: must be a storage class of the cluster (there are slow), got fast; name one of them",
    ]);
    assert.deepEqual(await problems(answers, { storageClass: "slow" }), []);
  });

  it("needs a namespace that is nobody else's, not about to go, and there if the stack does not create it", async () => {
    const stranger = { [namespace]: { metadata: { name: "shop", labels: {} } } };
    assert.match(
      (await problems(stranger))[0] ?? "",
      /^kubernetes\.namespace: must be free, since the stack creates it/,
    );
    assert.deepEqual(await problems(stranger, { createNamespace: false }), []);
    const going = { [namespace]: { metadata: { name: "shop", labels }, status: { phase: "Terminating" } } };
    assert.match((await problems(going))[0] ?? "", /^kubernetes\.namespace: must not be about to be deleted/);
    assert.match(
      (await problems({}, { createNamespace: false }))[0] ?? "",
      /^kubernetes\.namespace: must exist with kubernetes\.createNamespace false, got shop/,
    );
  });

  it("needs quotas that hold the stack beside what others take", async () => {
    const quota = (hard: object, used: object, spec: object = {}): Record<string, Answer> => ({
      [`${namespace}/resourcequotas`]: { items: [{ metadata: { name: "small" }, spec, status: { hard, used } }] },
    });
    assert.deepEqual(await problems(quota({ "limits.memory": "1Gi", pods: "50" }, { "limits.memory": "512Mi" })), [
      "quota small: limits.memory must leave 2688Mi for the stack, got 512Mi (of 1Gi); have it raised, or lower observability:memoryMib, kubernetes.storageGib or observability:services",
    ]);
    assert.deepEqual(await problems(quota({ "limits.memory": "8Gi" }, {})), []);
    assert.deepEqual(await problems(quota({ pods: "1" }, {}, { scopes: ["BestEffort"] })), []);
  });

  it("is not judged where the user may not look, and that is said", async () => {
    assert.deepEqual(await problems({ "/apis/storage.k8s.io/v1/storageclasses": 403, [namespace]: 403 }), []);
    assert.deepEqual(said.sort(), [
      "the namespace cannot be looked at, this user may not: going on without",
      "the storage classes cannot be looked at, this user may not: going on without",
    ]);
  });
});

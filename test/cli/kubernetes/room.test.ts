import assert from "node:assert/strict";
import { programSettings } from "../../../config/program-settings.ts";
import { checkRoom } from "../../../cli/kubernetes/room.ts";
import { Ownership } from "../../../cli/ownership.ts";
import { UserError } from "../../../cli/user-error.ts";
import { exampleServiceNames } from "../../../config/example-services.ts";
import { knownState } from "../../support/known-state.ts";
import { FakeApiServer, storageClass, type Answer } from "../../support/fake-api-server.ts";
import { planOf } from "../../support/planned.ts";
import { furtherHosts, furtherMemoryMib } from "../../support/further-parts.ts";

/** Of each part, of each example service and of the load generator. */
const pods = 5 + furtherHosts.length + exampleServiceNames.length + 1;

describe("room for a deployment in a cluster", () => {
  let said: string[] = [];
  /** Codes of the last problems. */
  let codes: readonly string[] = [];

  async function problems(
    answers: Readonly<Record<string, Answer>>,
    kubernetes: object = {},
    more: Readonly<Record<string, string>> = {},
  ): Promise<string[]> {
    said = [];
    const server = await FakeApiServer.start(answers);
    const config = {
      "observability:target": "kubernetes",
      "observability:kubernetes": JSON.stringify({ context: "fake", loadCommand: "true", ...kubernetes }),
      ...more,
    };
    const { stack } = programSettings(config, { project: "observability", stack: "shop" });
    const ownership = new Ownership("shop", stack.name, knownState());
    try {
      await checkRoom(server.cluster(), stack, planOf(config, "shop"), ownership, (line) => said.push(line));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      codes = error.errorCodes;
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
    assert.deepEqual(codes, ["OBS1304"]);
  });

  it("needs a storage class: the one that is named, or a default", async () => {
    const answers = { "/apis/storage.k8s.io/v1/storageclasses": { items: [storageClass("slow", false)] } };
    assert.deepEqual(await problems(answers), [
      "kubernetes.storageClass: must be set where the cluster has no default storage class (there are slow), got none; name one: npm run up -- --target kubernetes --storage-class NAME",
    ]);
    assert.deepEqual(codes, ["OBS1307"]);
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
    assert.deepEqual(codes, ["OBS1306"]);
    assert.deepEqual(await problems(stranger, { createNamespace: false }), []);
    const going = { [namespace]: { metadata: { name: "shop", labels }, status: { phase: "Terminating" } } };
    assert.match((await problems(going))[0] ?? "", /^kubernetes\.namespace: must not be about to be deleted/);
    assert.match(
      (await problems({}, { createNamespace: false }))[0] ?? "",
      /^kubernetes\.namespace: must exist with kubernetes\.createNamespace false, got shop/,
    );
  });

  it("needs a namespace without another Pulumi stack, of the same name or not, be the namespace its own or not", async () => {
    const annotations = { "observability/stack": "observability/other" };
    assert.deepEqual(await problems({ [namespace]: { metadata: { name: "shop", labels, annotations } } }), [
      "kubernetes.namespace: must be of one Pulumi stack alone, got shop, which is of the stack observability/other; set another observability:name or kubernetes.namespace for observability/shop",
    ]);
    const services = (owner: object): Record<string, Answer> => ({
      [namespace]: { metadata: { name: "shop", labels: {} } },
      [`${namespace}/services`]: { items: [{ metadata: { name: "loki", namespace: "shop", labels, ...owner } }] },
    });
    assert.deepEqual(await problems(services({ annotations }), { createNamespace: false }), [
      "kubernetes.namespace: must be of one Pulumi stack alone, got shop, where the stack observability/other is already (service loki); name another for observability/shop",
    ]);
    const own = { annotations: { "observability/stack": "observability/shop" } };
    assert.deepEqual(await problems(services(own), { createNamespace: false }), []);
    assert.deepEqual(await problems(services({}), { createNamespace: false }), []);
  });

  it("needs quotas that hold the stack beside what others take", async () => {
    const quota = (hard: object, used: object, spec: object = {}): Record<string, Answer> => ({
      [`${namespace}/resourcequotas`]: { items: [{ metadata: { name: "small" }, spec, status: { hard, used } }] },
    });
    assert.deepEqual(await problems(quota({ "limits.memory": "1Gi", pods: "50" }, { "limits.memory": "512Mi" })), [
      `quota small: limits.memory must leave ${2688 + furtherMemoryMib}Mi for the stack, got 512Mi (of 1Gi); have it raised, or lower observability:memoryMib, kubernetes.resources, kubernetes.storageGib or observability:services`,
    ]);
    assert.deepEqual(await problems(quota({ "limits.memory": "8Gi" }, {})), []);
    assert.deepEqual(await problems(quota({ pods: "1" }, {}, { scopes: ["BestEffort"] })), []);
  });

  it("needs quotas that hold its CPU: what the settings say, or 20 millicores for each pod", async () => {
    const quota = (hard: object, used: object = {}): Record<string, Answer> => ({
      [`${namespace}/resourcequotas`]: { items: [{ metadata: { name: "small" }, status: { hard, used } }] },
    });
    const told = (resource: string, need: string, room: string, hard: string): string =>
      `quota small: ${resource} must leave ${need} for the stack, got ${room} (of ${hard}); have it raised, or lower observability:memoryMib, kubernetes.resources, kubernetes.storageGib or observability:services`;
    assert.deepEqual(await problems(quota({ "requests.cpu": `${20 * pods}m` })), []);
    assert.deepEqual(await problems(quota({ "requests.cpu": "0.25" })), [
      told("requests.cpu", `${20 * pods}m`, "250m", "0.25"),
    ]);
    const resources = { "victoria-metrics": { cpuRequestMillicores: 500 }, backend: { cpuRequestMillicores: 100 } };
    const services = { "observability:services": JSON.stringify({ backend: { replicas: 3 } }) };
    assert.deepEqual(await problems(quota({ cpu: "1" }, { cpu: "1m" }), { resources }, services), [
      told("cpu", `${1020 + 20 * furtherHosts.length}m`, "999m", "1"),
    ]);
  });

  it("does not count twice what the stack takes already, and not what has ended", async () => {
    const pod = (phase: string): object => ({
      metadata: { name: phase },
      spec: { containers: [{ name: "x", resources: { requests: { cpu: "20m", memory: "128Mi" } } }] },
      status: { phase },
    });
    const found = (used: string): Promise<string[]> => {
      const status = { hard: { "requests.cpu": `${20 * pods + 20}m` }, used: { "requests.cpu": used } };
      return problems({
        [`${namespace}/resourcequotas`]: { items: [{ metadata: { name: "small" }, status }] },
        [`${namespace}/pods`]: { items: ["Running", "Pending", "Succeeded", "Failed"].map(pod) },
      });
    };
    assert.deepEqual(await found("60m"), []);
    const [told = ""] = await found("61m");
    assert.ok(
      told.startsWith(`quota small: requests.cpu must leave ${20 * pods}m for the stack, got ${20 * pods - 1}m `),
    );
  });

  it("needs permissions for a job and one pod more if it has to check what the user adds to the Collector", async () => {
    const answers = {
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": (body: unknown) => ({
        status: { allowed: !JSON.stringify(body).includes('"jobs"') },
      }),
      [`${namespace}/resourcequotas`]: {
        items: [{ metadata: { name: "small" }, status: { hard: { "count/pods": `${pods}`, pods: `${pods}` } } }],
      },
    };
    const fragment = JSON.stringify({ config: { exporters: { debug: {} } } });
    assert.deepEqual(await problems(answers), []);
    const [permission, quota, ...others] = await problems(answers, {}, { "observability:otelCollector": fragment });
    assert.match(
      permission ?? "",
      /^permission on jobs\.batch in the namespace shop: .* create, delete, get, list, patch, watch, got no/,
    );
    const told = `quota small: count/pods must leave ${pods + 1} for the stack, got ${pods} (of ${pods})`;
    assert.ok(quota?.startsWith(told), quota);
    assert.deepEqual(others, []);
    assert.deepEqual(codes, ["OBS1304", "OBS1308"]);
  });

  it("is not judged where the user may not look, and that is said", async () => {
    assert.deepEqual(await problems({ "/apis/storage.k8s.io/v1/storageclasses": 403, [namespace]: 403 }), []);
    assert.deepEqual(said.sort(), [
      "not checked, since this user may not read them: the namespace",
      "not checked, since this user may not read them: the storage classes",
    ]);
  });
});

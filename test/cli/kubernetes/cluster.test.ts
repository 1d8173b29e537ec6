import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { Cluster, type ClusterSettings } from "../../../cli/kubernetes/cluster.ts";
import { UserError } from "../../../cli/user-error.ts";
import { FakeApiServer, type Answer } from "../../support/fake-api-server.ts";

describe("the cluster", () => {
  let server: FakeApiServer;
  afterEach(() => server.stop());

  async function start(answers: Readonly<Record<string, Answer>> = {}): Promise<void> {
    server = await FakeApiServer.start(answers);
  }

  function settingsOf(kubernetes: Partial<ClusterSettings["kubernetes"]>): ClusterSettings {
    return { name: "shop-dev", kubernetes: { context: "fake", namespace: "shop", ...kubernetes } };
  }

  /** First line of the problem with a code; the others have to be next commands, and no secret may be in it. */
  async function told(code: string, action: () => unknown): Promise<string> {
    try {
      await action();
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      assert.deepEqual(error.errorCodes, [code]);
      const [first = "", ...next] = error.message.split("\n");
      assert.ok(next.length > 0 && next.every((line) => line.startsWith("  next: ")), error.message);
      assert.ok(!error.message.includes("hunter2"));
      return first;
    }
    return "nothing";
  }

  it("is the context's of the kubeconfig, and says its version", async () => {
    await start();
    assert.equal(await server.cluster().version(), "1.34.3");
  });

  it("is found by KUBECONFIG, of whose files some may be missing", async () => {
    await start();
    const settings = settingsOf({});
    const cluster = Cluster.of(settings, { KUBECONFIG: `/nowhere:${server.kubeconfig()}` });
    assert.equal(await cluster.version(), "1.34.3");
  });

  it("has to have a kubeconfig that can be read, and a context in it", async () => {
    await start();
    const settings = settingsOf({});
    assert.equal(
      await told("OBS1301", () => Cluster.of(settings, { KUBECONFIG: "/nowhere" })),
      "kubeconfig: must be a file that can be read, found none at /nowhere",
    );
    const file = server.kubeconfig();
    assert.equal(
      await told("OBS1301", () => Cluster.of(settingsOf({ context: "fakee", kubeconfig: file }))),
      `kubernetes.context: must be a context of ${file} (it has fake), got fakee`,
    );
    writeFileSync(file, "contexts: [");
    assert.match(
      await told("OBS1301", () => Cluster.of(settingsOf({ kubeconfig: file }))),
      /^kubernetes\.kubeconfig: must be a kubeconfig that can be read, got /,
    );
  });

  it("has to have a cluster and a user behind its context", async () => {
    await start();
    const file = server.kubeconfig();
    writeFileSync(file, "contexts: [{name: fake, context: {cluster: gone, user: gone}}]\nclusters: []\nusers: []\n");
    assert.match(
      await told("OBS1301", () => Cluster.of(settingsOf({ kubeconfig: file }))),
      /^kubernetes\.context: must be a context whose cluster and user are in /,
    );
  });

  it("has to be reachable", async () => {
    await start();
    const kubeconfig = server.kubeconfig("http://127.0.0.1:9");
    const cluster = Cluster.of(settingsOf({ kubeconfig }));
    assert.match(
      await told("OBS1303", () => cluster.version()),
      /^kubernetes: the API server http:\/\/127\.0\.0\.1:9 \(context fake\) must be reachable, got: /,
    );
  });

  it("has to answer within five seconds", async () => {
    await start();
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
    const cluster = Cluster.of(settingsOf({ kubeconfig: server.kubeconfig(url) }));
    try {
      assert.equal(
        await told("OBS1303", () => cluster.version()),
        `kubernetes: the API server ${url} (context fake) must answer within 5 s, got nothing`,
      );
    } finally {
      silent.close();
    }
  });

  it("says what else it refuses", async () => {
    await start({ "/api/v1/namespaces/shop/pods": 500 });
    const cluster = server.cluster();
    assert.equal(
      await told("OBS1314", () => cluster.ask(cluster.core.listNamespacedPod({ namespace: "shop" }))),
      "the API server answered 500: status 500 for /api/v1/namespaces/shop/pods",
    );
  });

  it("has to accept the user's credentials, and to allow what is asked", async () => {
    await start({ "/version": 401, "/api/v1/namespaces/shop/pods": 403 });
    const cluster = server.cluster();
    assert.match(
      await told("OBS1302", () => cluster.version()),
      /must accept the credentials of the context fake, got 401/,
    );
    assert.match(
      await told("OBS1304", () => cluster.ask(cluster.core.listNamespacedPod({ namespace: "shop" }))),
      /^kubernetes: the user of the context fake must be allowed what the stack needs, got: status 403/,
    );
  });
});

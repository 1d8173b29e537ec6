import assert from "node:assert/strict";
import { resetPassword } from "../../../cli/grafana-login.ts";
import { kubernetesTarget } from "../../../cli/kubernetes/kubernetes-target.ts";
import type { StackOutputs } from "../../../cli/outputs.ts";
import type { Target } from "../../../cli/target.ts";
import { UserError } from "../../../cli/user-error.ts";
import { programSettings } from "../../../config/program-settings.ts";
import { freePort } from "../../support/free-ports.ts";
import { FakeApiServer, type Answer, type Stream } from "../../support/fake-api-server.ts";
import { listeningPort, podCommand, podOf, serviceOf, succeeded } from "../../support/pod-streams.ts";
import { knownState } from "../../support/known-state.ts";
import { planOf } from "../../support/planned.ts";

const base = "/api/v1/namespaces/shop";
const statuses = (state: object): object => ({ containerStatuses: [{ name: "loki", image: "x", state }] });
const running = statuses({ running: {} });

describe("the target kubernetes", () => {
  let server: FakeApiServer;
  let said: string[];
  afterEach(() => server.stop());

  async function start(
    answers: Readonly<Record<string, Answer>> = {},
    {
      streams = {},
      ...kubernetes
    }: { readonly streams?: Readonly<Record<string, Stream>>; readonly ingress?: object } = {},
  ): Promise<Target> {
    said = [];
    server = await FakeApiServer.start(answers, streams);
    const cluster = { context: "fake", kubeconfig: server.kubeconfig(), namespace: "shop", loadCommand: "true" };
    const config = {
      "observability:target": "kubernetes",
      "observability:kubernetes": JSON.stringify({ ...cluster, ...kubernetes }),
    };
    const settings = programSettings(config, { project: "observability", stack: "k8s" });
    return kubernetesTarget(settings, "k8s", planOf(config, "k8s"));
  }

  const say = (line: string): void => {
    said.push(line);
  };

  it("says what it is, and takes a state with Docker's containers for another target's", async () => {
    const target = await start();
    assert.equal(await target.describe(), "Kubernetes 1.34.3 (context fake, namespace shop)");
    assert.ok(target.foreignTypes.test("docker:index/container:Container"));
    // The services' image is built with Docker here as well.
    assert.ok(!target.foreignTypes.test("docker:index/image:Image"));
  });

  it("is refused on a cluster that is too old", async () => {
    const target = await start({ "GET /version": { gitVersion: "v1.29.14+k3s1" } });
    await assert.rejects(target.describe(), {
      message:
        "Kubernetes: must be 1.30 or newer, which lets a pod wait before it stops, got 1.29.14+k3s1\n  next: update the cluster, or use another one: npm run up -- --target kubernetes --context NAME",
      errorCodes: ["OBS1305"],
    });
  });

  it("does not take over data without its state, and says what there is to do", async () => {
    const target = await start();
    target.takeOver([], say);
    assert.throws(
      () => {
        target.takeOver(["persistentvolumeclaim loki-data", "namespace shop"], say);
      },
      (error) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual(error.errorCodes, ["OBS1504"]);
        assert.deepEqual(error.message.split("\n"), [
          "persistentvolumeclaim loki-data, namespace shop: must be in the state of k8s, and is only in the cluster, with the stack's labels " +
            "(context fake, namespace shop): the data is there and its state is lost; nothing was changed",
          "  next: put the state back (.pulumi-state, or where PULUMI_BACKEND_URL says)",
          "  next: or remove the data for good: npm run down -- --destroy-data",
        ]);
        return true;
      },
    );
  });

  it("removes left data with everything else of the stack that is still there", async () => {
    const labels = { "app.kubernetes.io/instance": "observability-k8s", "app.kubernetes.io/part-of": "observability" };
    const claim = { metadata: { name: "loki-data", namespace: "shop", labels } };
    const target = await start({ [`${base}/persistentvolumeclaims`]: { items: [claim] } });
    await target.removeLeftData(knownState(), []);
    assert.deepEqual(server.changes, [`DELETE ${base}/persistentvolumeclaims/loki-data`]);
  });

  it("tells every permission that is missing, not the first one only, when it looks for what was left", async () => {
    const target = await start({
      [`${base}/configmaps`]: 403,
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": (body: unknown) => ({
        status: { allowed: !/"(configmaps|secrets)"/.test(JSON.stringify(body)) },
      }),
    });
    await assert.rejects(
      target.recover(knownState(), say),
      /^Error: permission on configmaps in the namespace shop: [^\n]+\npermission on secrets in the namespace shop: /,
    );
  });

  it("tells that it may not look when that is all that is missing", async () => {
    const target = await start({ [`${base}/configmaps`]: 403 });
    await assert.rejects(
      target.recover(knownState(), say),
      /^Error: kubernetes: the user of the context fake must be allowed what the stack needs, got: status 403/,
    );
  });

  it("starts what a killed command has left stopped, when it makes good what was left", async () => {
    const labels = { "app.kubernetes.io/instance": "observability-k8s", "app.kubernetes.io/part-of": "observability" };
    const annotations = { "observability/stack": "observability/k8s", "observability/stopped-replicas": "1" };
    const metadata = { name: "loki", namespace: "shop", labels, annotations };
    const sets = "/apis/apps/v1/namespaces/shop/statefulsets";
    const patches: unknown[] = [];
    const resources = [
      {
        type: "kubernetes:apps/v1:StatefulSet",
        id: "shop/loki",
        urn: "urn:loki",
        inputs: { metadata: { name: "loki" } },
      },
    ];
    const target = await start({
      [`GET ${sets}`]: { items: [{ metadata, spec: { replicas: 0 } }] },
      [`PATCH ${sets}/loki`]: (body) => {
        patches.push(body);
        return { metadata };
      },
    });
    assert.deepEqual(await target.recover(knownState({ resources }), say), []);
    assert.deepEqual(patches, [
      [
        { op: "replace", path: "/spec/replicas", value: 1 },
        { op: "add", path: "/metadata/annotations", value: { "observability/stack": "observability/k8s" } },
      ],
    ]);
    assert.deepEqual(said, ["starting loki, which a backup or a restore that was cut off has stopped"]);
  });

  it("has the address of the ingress, if there is one, beside those of this machine", async () => {
    const addressOf = async (ingress: object): Promise<readonly unknown[]> => {
      const { furtherUrls } = await start({}, { ingress });
      await server.stop();
      return furtherUrls;
    };
    assert.deepEqual(await addressOf({}), []);
    const host = "grafana.example.com";
    const purpose = "Grafana through the ingress";
    assert.deepEqual(await addressOf({ host, insecure: true }), [["", `http://${host}/`, purpose]]);
    const { furtherUrls } = await start({}, { ingress: { host, tlsSecretName: "grafana-tls" } });
    assert.deepEqual(furtherUrls, [["", `https://${host}/`, purpose]]);
  });

  const outputs: StackOutputs = {
    urls: { grafana: "http://127.0.0.1:3000", api: "http://127.0.0.1:8080" },
    grafanaUser: "admin",
    grafanaPassword: "hunter2",
    serviceNames: [],
    instances: [],
  };
  const grafana = {
    [`${base}/services`]: { items: [serviceOf("grafana", 3000, { http: 3000 })] },
    [`${base}/pods`]: { items: [podOf("grafana", "grafana-0", { isReady: true })] },
  };
  const answers = listeningPort(() => "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");

  it("makes addresses reachable by ports of its own while an action runs, and closes them however it ends", async () => {
    const target = await start(grafana, { streams: { [`${base}/pods/grafana-0/portforward`]: answers } });
    let reachedUrl = "";
    const read = async ({ urls, ...rest }: StackOutputs): Promise<string> => {
      const { urls: _, ...others } = outputs;
      assert.deepEqual(rest, others);
      // Nothing in the cluster has it.
      assert.equal(urls.api, "http://127.0.0.1:8080");
      reachedUrl = urls.grafana ?? "";
      assert.notEqual(reachedUrl, outputs.urls.grafana);
      return (await fetch(reachedUrl, { headers: { connection: "close" } })).text();
    };
    assert.equal(await target.reach(outputs, read, say), "hello");
    await assert.rejects(fetch(reachedUrl), TypeError);
    const failing = async (reached: StackOutputs): Promise<never> => {
      await read(reached);
      throw new Error("the verification is at fault");
    };
    await assert.rejects(target.reach(outputs, failing, say), /^Error: the verification is at fault$/);
    await assert.rejects(fetch(reachedUrl), TypeError);
    assert.deepEqual(said, []);
  });

  it("opens the ports of the outputs, unless one is taken or nothing runs", async () => {
    const port = await freePort();
    const services = { items: [serviceOf("grafana", 3000, { http: port })] };
    let there: object = services;
    const target = await start(
      { ...grafana, [`${base}/services`]: () => there },
      { streams: { [`${base}/pods/grafana-0/portforward`]: answers } },
    );
    const url = `http://127.0.0.1:${port}`;
    const close = await target.open(say);
    assert.equal(await (await fetch(url, { headers: { connection: "close" } })).text(), "hello");
    await assert.rejects(target.open(say), new RegExp(`^Error: port ${port} \\(grafana\\): must be free, but `));
    await close?.();
    await assert.rejects(fetch(url), TypeError);
    there = { items: [] };
    await assert.rejects(target.open(say), {
      name: "Error",
      message: "the stack is not running\n  next: npm run up",
    });
  });

  it("shows the last lines of the pod that is not ready, and none of one that has not run", async () => {
    let pods: readonly object[] = [
      podOf("loki", "loki-0", { isReady: true, status: running }),
      podOf("loki", "loki-1", { isReady: false, status: running }),
    ];
    const target = await start({
      [`${base}/pods`]: () => ({ items: pods }),
      [`${base}/pods/loki-0/log`]: "ready\n",
      [`${base}/pods/loki-1/log`]: "failing\n",
      [`${base}/pods/loki-gone/log`]: 404,
    });
    assert.equal(await target.lastLines("statefulset/loki", 5), "failing");
    pods = pods.slice(0, 1);
    assert.equal(await target.lastLines("statefulset/loki", 5), "ready");
    pods = [podOf("loki", "loki-1", { isReady: false, status: statuses({ waiting: { reason: "ErrImagePull" } }) })];
    assert.equal(await target.lastLines("statefulset/loki", 5), "");
    pods = [];
    assert.equal(await target.lastLines("statefulset/loki", 5), "");
    pods = [podOf("loki", "loki-gone", { isReady: false, status: running })];
    assert.match(
      await target.lastLines("statefulset/loki", 5),
      /^\(none: the API server answered 404: status 404 for /,
    );
  });

  it("names the command that shows a log, all of it or its end, on this cluster", async () => {
    const target = await start();
    const command = "kubectl --context fake --namespace shop logs";
    assert.equal(target.logCommand("statefulset/loki"), `${command} statefulset/loki`);
    assert.equal(target.logCommand("job/otel-collector-check", 50), `${command} --tail 50 job/otel-collector-check`);
  });

  it("replaces what fails, and leaves what starts or is missing to the deployment", async () => {
    const target = await start();
    const states = ["healthy", "starting", "missing", "CrashLoopBackOff", "ImagePullBackOff"];
    assert.deepEqual(
      states.filter((state) => target.isBroken(state)),
      ["CrashLoopBackOff", "ImagePullBackOff"],
    );
    assert.deepEqual(
      await target.instanceStates([{ name: "statefulset/loki", urn: "", replicas: 1 }]),
      new Map([["statefulset/loki", "missing"]]),
    );
  });

  it("sets Grafana's password in the pod that is ready, by standard input", async () => {
    const seen: string[][] = [];
    const exec = podCommand((line, command) => {
      seen.push([line, ...command]);
      return { output: "", status: succeeded };
    });
    const pods = [
      podOf("grafana", "grafana-old", { isReady: false }),
      podOf("grafana", "grafana-0", { isReady: true }),
    ];
    const target = await start(
      { [`${base}/pods`]: { items: pods } },
      { streams: { [`${base}/pods/grafana-0/exec`]: exec } },
    );
    await target.runIn("statefulset/grafana", resetPassword, "hunter2");
    const reset = ["admin", "reset-admin-password", "--password-from-stdin"];
    assert.deepEqual(seen, [["hunter2\n", "grafana", "cli", "--homepath", "/usr/share/grafana", ...reset]]);
  });

  it("cannot set Grafana's password without such a pod", async () => {
    const target = await start({ [`${base}/pods`]: { items: [podOf("grafana", "grafana-0", { isReady: false })] } });
    await assert.rejects(target.runIn("statefulset/grafana", resetPassword, "hunter2"), {
      name: "Error",
      message: "statefulset/grafana: must have a pod that is ready, got none\n  next: npm run up",
    });
  });

  it("watches over an action with the command that shows the log", async () => {
    const target = await start();
    assert.equal(await target.failFast(() => Promise.resolve("done"), say), "done");
    await target.checkConfiguration();
    assert.deepEqual(said, []);
  });
});

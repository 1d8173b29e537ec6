import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ended } from "../support/run.ts";
import {
  clusterOptions,
  kubectl,
  limitedKubeconfig,
  removeNamespace,
  unreachableKubeconfig,
} from "./support/cluster.ts";
import { clusterWorkspace } from "./support/cluster-workspace.ts";
import type { Workspace } from "../support/workspace.ts";

/** What a user sees of a command that failed: one message of at most ten lines, without a stack trace. */
function told(ended: Ended): string {
  assert.notEqual(ended.code, 0, ended.output);
  const lines = ended.stderr
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("npm "));
  assert.ok(lines.length <= 10, ended.stderr);
  assert.doesNotMatch(ended.stderr, /^ +at /m);
  assert.match(ended.stderr, /^ {2}next: /m);
  assert.match(lines.at(-1) ?? "", /^ {2}code: OBS\d{4}, docs\/errors\/OBS\d{4}\.md/);
  return lines.join("\n");
}

describe("trouble with a cluster", () => {
  let workspace: Workspace;
  let other: string;

  before(async function () {
    this.timeout(120_000);
    workspace = await clusterWorkspace();
    other = `${workspace.name}-other`;
    await workspace.configure((config) => {
      delete config["kubernetes"];
      delete config["retentionHours"];
    });
  });

  after(async () => {
    await removeNamespace(other);
  });

  const up = (...args: readonly string[]): Promise<Ended> => workspace.npm("run", "up", "--", ...args);

  describe("is told before anything is created", () => {
    it("when the context is another: with those that there are", async () => {
      const message = told(
        await up("--target", "kubernetes", "--context", "no-such-context", "--load-command", "true"),
      );
      assert.match(message, /no-such-context/);
      assert.match(message, new RegExp(process.env["E2E_KUBERNETES_CONTEXT"] ?? ""));
    });

    it("when the cluster does not answer, within ten seconds", async () => {
      const file = join(workspace.folder, "unreachable.json");
      writeFileSync(file, await unreachableKubeconfig());
      const ended = await up(...clusterOptions(workspace.name), "--kubeconfig", file);
      assert.match(told(ended), /127\.0\.0\.1:1\b/);
      assert.ok(ended.tookMillis < 15_000, `${ended.tookMillis} ms`);
    });

    it("when the storage class is none", async () => {
      const message = told(await up(...clusterOptions(workspace.name), "--storage-class", "no-such-class"));
      assert.match(message, /no-such-class/);
    });

    it("when a namespace that exists has a quota that is too small, and is not the stack's", async () => {
      await kubectl(["create", "namespace", other]);
      await kubectl(["create", "quota", "small", "--namespace", other, "--hard=requests.memory=1Gi,limits.memory=1Gi"]);
      const taken = told(await up(...clusterOptions(other)));
      assert.match(taken, new RegExp(`${other}.*createNamespace`, "s"));
      await workspace.configure((config) => {
        config["kubernetes"] = { createNamespace: false };
      });
      const small = told(await up(...clusterOptions(other)));
      assert.match(small, /requests\.memory|limits\.memory/);
      assert.match(small, /1Gi/);
    });

    it("when permissions are missing: which on what", async () => {
      const file = join(workspace.folder, "limited.json");
      writeFileSync(file, await limitedKubeconfig(other));
      const message = told(await up(...clusterOptions(other), "--kubeconfig", file));
      assert.match(message, /^permission on deployments\.apps in the namespace .*create, delete, get/m);
      assert.match(message, /^permission on configmaps .* must be allowed to delete, patch, got no;/m);
    });

    it("and nothing is there of it", async () => {
      const selector = "app.kubernetes.io/part-of=observability";
      for (const namespace of [workspace.name, other]) {
        const found = await kubectl([
          "get",
          "all,pvc",
          "--namespace",
          namespace,
          "--selector",
          selector,
          "--output",
          "name",
        ]);
        assert.equal(found, "");
      }
      assert.equal(await kubectl(["get", "namespace", workspace.name, "--ignore-not-found"]), "");
    });
  });

  describe("ends a deployment with the pod's reason, and the next up goes on from there", () => {
    const options = ["--target", "kubernetes"];

    it("an image that cannot be pulled", async () => {
      await workspace.configure((config) => {
        delete config["kubernetes"];
        config["images"] = {
          ...(config["images"] as object),
          victoriaMetrics: "victoriametrics/victoria-metrics:v0.0.1",
        };
      });
      const message = told(await up(...clusterOptions(workspace.name)));
      assert.match(message, /victoria-metrics/);
      assert.match(message, /ImagePull|ErrImage/);
    });

    it("a pod that crashes, with its last lines", async () => {
      await workspace.configure((config) => {
        const { victoriaMetrics: _, ...images } = config["images"] as Record<string, string>;
        config["images"] = images;
        config["services"] = { "pod-monitor": { env: { NODE_OPTIONS: "--no-such-option" } } };
      });
      const message = told(await up(...options));
      assert.match(message, /pod-monitor/);
      assert.match(message, /no-such-option/);
    });

    it("a fragment of the Collector's configuration that the Collector does not take, in its own words", async () => {
      await workspace.configure((config) => {
        delete config["services"];
        config["otelCollector"] = { config: { exporters: { debug: { verbosity: "loud" } } } };
      });
      const [before] = await collectorPods(workspace.name);
      const message = told(await up(...options));
      assert.match(message, /verbosity/);
      assert.match(message, /otelCollector/);
      assert.deepEqual(await collectorPods(workspace.name), [before]);
    });

    it("a kill in the middle of an up", async () => {
      await workspace.configure((config) => {
        config["otelCollector"] = { config: { exporters: { debug: { verbosity: "basic" } } } };
        config["memoryMib"] = { loki: 300, grafana: 400 };
      });
      const killed = await workspace.interrupted(
        "up",
        { when: /updating|replacing/, signal: "SIGKILL", times: 1 },
        options,
      );
      assert.notEqual(killed.code, 0);
      const again = await workspace.up(...options);
      assert.match(again.stdout, /log in Loki +passed/);
    });
  });
});

/** Uids of the pods that run the Collector, not of those that check its configuration. */
async function collectorPods(namespace: string): Promise<readonly string[]> {
  const selector = "app.kubernetes.io/name=otel-collector";
  const uids = await kubectl([
    ...["get", "pods", "--namespace", namespace, "--selector", selector],
    ...["--output", "jsonpath={.items[*].metadata.uid}"],
  ]);
  return uids.split(" ");
}

import assert from "node:assert/strict";
import pWaitFor from "p-wait-for";
import { lokiOverrides } from "../../../config/loki-overrides.ts";
import { sharedConfigMap } from "../../../config/names.ts";
import { parts } from "../../../config/parts/parts.ts";
import { writtenLogs } from "../support/written-logs.ts";
import type { Workspace } from "../support/workspace.ts";
import { kubectl, rolledBy } from "./support/cluster.ts";
import { clusterWorkspace } from "./support/cluster-workspace.ts";
import { Open } from "./support/open.ts";

const target = ["--target", "kubernetes"] as const;

/** Of half a GiB each day one day fits into a GiB with a fifth of it left free. */
const [bytesADay, days] = [512 * 1024 ** 2, 5];

describe("a limit of the disk for logs on Kubernetes", () => {
  let workspace: Workspace;
  let namespace: string;
  const configMap = sharedConfigMap(lokiOverrides);

  before(async () => {
    workspace = await clusterWorkspace();
    namespace = workspace.name;
    await workspace.configure((config) => {
      config["loki"] = { maxDiskGib: 1 };
    });
  });

  it("rolls Loki, and starts the guard, which may read and change the one ConfigMap that Loki has of it", async () => {
    const rolled = await rolledBy(namespace, () => workspace.up(...target));
    assert.deepEqual(rolled, [parts.diskGuard.host, parts.grafana.host, parts.loki.host]);
    const account = `system:serviceaccount:${namespace}:${parts.diskGuard.host}`;
    const rights = await kubectl([
      "auth",
      "can-i",
      "--list",
      "--no-headers",
      "--namespace",
      namespace,
      "--as",
      account,
    ]);
    const ofNamespace = rights
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/))
      .filter(([resource = ""]) => resource !== "" && !/^(selfsubject|\[)/.test(resource));
    assert.deepEqual(ofNamespace, [["configmaps", "[]", `[${configMap}]`, "[get patch]"]]);
  });

  it("has Loki keep fewer days, and the next up leaves it at that", async () => {
    const open = await Open.start(workspace);
    try {
      const { victoriaMetrics = "", loki = "" } = (await workspace.outputs()).urls;
      const answer = await fetch(`${victoriaMetrics}/api/v1/import/prometheus`, {
        method: "POST",
        body: writtenLogs(bytesADay, days),
      });
      assert.equal(answer.status, 204);
      // Kubernetes brings a changed ConfigMap into a pod within a minute or two.
      const isTold = async (): Promise<boolean> => {
        // The name of the tenant where there are none.
        const ofTenant = { headers: { "x-scope-orgid": "fake" } };
        const text = await (await fetch(`${loki}/config/tenant/v1/limits`, ofTenant)).text();
        return /^retention_period: 1d$/m.test(text);
      };
      await pWaitFor(isTold, { interval: 2000, timeout: 240_000 });
    } finally {
      assert.equal(await open.stop(), 0);
    }
    const overrides = ["get", "configmap", configMap, "--namespace", namespace, "--output", "jsonpath={.data}"];
    const told = await kubectl(overrides);
    assert.match(told, /24h/);
    assert.deepEqual(await rolledBy(namespace, () => workspace.up(...target)), []);
    assert.equal(await kubectl(overrides), told);
    const preview = await workspace.pulumi("preview", "--expect-no-changes", "--stack", "kubernetes");
    assert.equal(preview.code, 0, preview.output);
  });
});

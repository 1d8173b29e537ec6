import assert from "node:assert/strict";
import { partWorkload, stackWorkloads } from "../../../components/stack-part.ts";
import { noSurroundings } from "../../../config/parts/processes.ts";
import { partList, parts } from "../../../config/parts/parts.ts";
import { everyPart } from "../../support/further-parts.ts";
import { settings } from "../../support/settings.ts";

describe("the canary as a part of the stack", () => {
  it("sends to the Collector and asks the three stores, and opens no other connection", () => {
    const { env } = partWorkload("canary", settings(), noSurroundings, []);
    assert.deepEqual(env, {
      COLLECTOR_URL: "http://otel-collector:4318",
      LOGS_URL: "http://loki:3100",
      TRACES_URL: "http://jaeger:16686",
      METRICS_URL: "http://victoria-metrics:8428",
      HEALTH_PORT: "13133",
    });
    assert.deepEqual(
      parts.canary.connectsTo(partList).map(({ host, port }) => `${host}:${port}`),
      ["otel-collector:4318", "loki:3100", "jaeger:16686", "victoria-metrics:8428"].sort(
        (a, b) => Object.values(env).indexOf(`http://${a}`) - Object.values(env).indexOf(`http://${b}`),
      ),
    );
  });

  it("is a script in the image of Node.js that the settings name, with no volume and nothing of its own to write", () => {
    const workload = partWorkload("canary", settings({ images: { node: "mirror/node:22" } }), noSurroundings, []);
    assert.deepEqual(workload.image, { kind: "reference", reference: "mirror/node:22" });
    assert.deepEqual([workload.dataVolumes, workload.scratchPaths, workload.userId], [[], [], 1000]);
    assert.deepEqual(workload.args, ["node", "--max-old-space-size=16", "/opt/canary/main.mjs"]);
    const [main, ...imported] = workload.configFiles;
    const missing = [main, ...imported]
      .flatMap((file) => [...(file?.content ?? "").matchAll(/from "\.\/([^"]+)"/g)].map(([, name]) => name ?? ""))
      .filter((name) => !workload.configFiles.some(({ path }) => path === `/opt/canary/${name}`));
    assert.deepEqual(missing, []);
  });

  it("does not run where it is switched off; everything else does", () => {
    const off = stackWorkloads(settings({ ...everyPart, canary: { enabled: false } }), noSurroundings);
    assert.deepEqual(
      off.filter(({ replicas }) => replicas === 0).map(({ name }) => name),
      ["canary"],
    );
  });

  it("says which part it lacks", () => {
    const others = partList.filter(({ host }) => host !== "jaeger");
    assert.throws(() => parts.canary.connectsTo(others), {
      message: "canary: must have a part that is asked for traces as jaeger is, found none",
    });
  });
});

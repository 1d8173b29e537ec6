import assert from "node:assert/strict";
import { parse } from "yaml";
import { partWorkload, stackWorkloads } from "../../../components/stack-part.ts";
import { lokiConfig } from "../../../config/parts/loki.ts";
import { partList, parts } from "../../../config/parts/parts.ts";
import { noSurroundings } from "../../../config/parts/processes.ts";
import { everyPart } from "../../support/further-parts.ts";
import { settings } from "../../support/settings.ts";

describe("the disk guard as a part of the stack", () => {
  const inCluster = { ...noSurroundings, isOneMachine: false };

  it("asks VictoriaMetrics, and opens no other connection but to the API server of a cluster", () => {
    const { env } = partWorkload("diskGuard", settings({ ...everyPart, retentionHours: 48 }), noSurroundings, []);
    const everywhere = {
      METRICS_URL: "http://victoria-metrics:8428",
      LIMIT_BYTES: `${5 * 1024 ** 3}`,
      RETENTION_HOURS: "48",
      HEALTH_PORT: "13134",
      OVERRIDES_FILE: "/etc/loki/overrides/overrides.yaml",
    };
    assert.deepEqual(env, everywhere);
    assert.deepEqual(partWorkload("diskGuard", settings({ ...everyPart, retentionHours: 48 }), inCluster, []).env, {
      ...everywhere,
      OVERRIDES_CONFIG_MAP: "loki-overrides",
      NODE_EXTRA_CA_CERTS: "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
    });
    assert.deepEqual(
      parts.diskGuard.connectsTo(partList).map(({ host, port }) => `${host}:${port}`),
      ["victoria-metrics:8428"],
    );
  });

  it("has every file that its script imports", () => {
    const { configFiles, args } = partWorkload("diskGuard", settings(everyPart), noSurroundings, []);
    const paths = configFiles.map(({ path }) => path);
    const imported = configFiles.flatMap(({ path, content }) =>
      [...content.matchAll(/from "(\.[^"]+)"/g)].map(([, to = ""]) => new URL(to, `file://${path}`).pathname),
    );
    assert.deepEqual([...new Set([args.at(-1), ...imported])].sort(), paths.toSorted());
  });

  it("shares one file with Loki, which Loki reads and it changes; without a limit there is neither", () => {
    const shared = (input: object): unknown =>
      stackWorkloads(settings(input), noSurroundings)
        .filter(({ replicas }) => replicas > 0)
        .flatMap(({ name, sharedFiles }) => sharedFiles.map(({ path, access }) => `${name} ${access} ${path}`));
    const path = "/etc/loki/overrides/overrides.yaml";
    assert.deepEqual(shared(everyPart), [`loki reads ${path}`, `disk-guard changes ${path}`]);
    assert.deepEqual(shared({}), []);
    const common = { ...settings().loki, retentionHours: 48, memoryMib: 256 };
    const { runtime_config: own, ...rest } = parse(lokiConfig({ ...common, maxDiskGib: 5 })) as Record<string, unknown>;
    assert.deepEqual(own, { file: path, period: "10s" });
    assert.deepEqual(parse(lokiConfig(common)), rest);
  });

  it("says which part it lacks", () => {
    const others = partList.filter(({ host }) => host !== "victoria-metrics");
    assert.throws(() => parts.diskGuard.connectsTo(others), {
      message: "disk-guard: must have a part that is asked for metrics as prometheus is, found none",
    });
  });
});

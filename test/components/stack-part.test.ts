import assert from "node:assert/strict";
import { lokiOverrides } from "../../config/loki-overrides.ts";
import { everyPart } from "../support/further-parts.ts";
import * as pulumi from "@pulumi/pulumi";
import { ObservabilityStack } from "../../components/index.ts";
import { probesOf } from "../../components/platform/probes.ts";
import type { Workload } from "../../components/platform/workload.ts";
import { partWorkload, stackWorkloads } from "../../components/stack-part.ts";
import { otelCollectorConfig } from "../../config/collector/document.ts";
import { alerting } from "../../config/grafana/alerting/provisioning.ts";
import { alertsSchema, objectivesSchema } from "../../config/grafana/alerting/settings.ts";
import { dashboardProvider } from "../../config/grafana/dashboard-provider.ts";
import { dashboardFiles } from "../../config/grafana/dashboards/dashboards.ts";
import { runbooksFile } from "../../config/grafana/dashboards/runbooks.ts";
import { datasources, generatedDatasources } from "../../config/grafana/datasources.ts";
import { grafanaServerEnv } from "../../config/grafana/server.ts";
import { jaegerConfig } from "../../config/parts/jaeger.ts";
import { lokiConfig } from "../../config/parts/loki.ts";
import { partEntries, partList, parts, type PartName } from "../../config/parts/parts.ts";
import { noSurroundings, partProcess } from "../../config/parts/processes.ts";
import { victoriaMetricsFlags } from "../../config/parts/victoria-metrics.ts";
import { recordResources } from "../support/record-resources.ts";
import { delivery, noDocker, settings } from "../support/settings.ts";
import { portOf, type AnyPart } from "../../config/parts/part.ts";
import { furtherSecrets } from "../support/further-parts.ts";
import { plainWorkload } from "../support/workloads.ts";

const stack = settings({
  ...everyPart,
  serviceNamespace: "integr8scode",
  ports: { grafana: 13000, loki: 13100, otlpGrpc: 14317, otlpHttp: 14318 },
});
const secretFiles = [{ path: "/run/secrets/one", content: pulumi.secret("x") }];

/** What every part has that says nothing else. */
const common = {
  ...plainWorkload,
  configFiles: [],
  secretFiles,
  check: "none",
  imageMounts: [],
  userId: 10001,
  groupId: 10001,
  replicas: 1,
  readsInstances: false,
} satisfies Workload;

function ask(port: number, path: string): readonly string[] {
  return ["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${port}${path}`];
}

/** The workloads as they have to be, each with all of its fields; any other part's follows from its description. */
const expected: Readonly<Partial<Record<PartName, Workload>>> = {
  loki: {
    ...common,
    name: "loki",
    image: { kind: "reference", reference: "grafana/loki:3.7.8" },
    args: ["-config.file=/etc/loki/local-config.yaml"],
    // Without TMPDIR the compactor has nowhere to write and deletes nothing.
    env: { GOMEMLIMIT: "204MiB", TMPDIR: "/loki" },
    configFiles: [
      {
        path: "/etc/loki/local-config.yaml",
        content: lokiConfig({
          retentionHours: 720,
          memoryMib: 256,
          compactionIntervalSeconds: 600,
          retentionDeleteDelaySeconds: 7200,
          maxDiskGib: 5,
        }),
      },
    ],
    sharedFiles: [{ ...lokiOverrides, access: "reads" }],
    ports: [{ name: "http", port: 3100, hostPort: 13100 }],
    dataVolumes: [{ name: "loki_data", path: "/loki", sizeMib: 10240 }],
    scratchPaths: [],
    probes: probesOf({
      port: 3100,
      httpPath: "/ready",
      // An image without a shell: no wget, no grep.
      selfCheck: ["/usr/bin/loki", "-health"],
      intervalSeconds: 2,
      startPeriodSeconds: 30,
      gates: true,
    }),
    memoryMib: 256,
    stopGraceSeconds: 60,
  },
  victoriaMetrics: {
    ...common,
    name: "victoria-metrics",
    image: { kind: "reference", reference: "victoriametrics/victoria-metrics:v1.150.0" },
    args: victoriaMetricsFlags({ retentionHours: 720, memoryMib: 256 }),
    env: { GOMEMLIMIT: "204MiB" },
    ports: [{ name: "http", port: 8428, hostPort: 8428 }],
    dataVolumes: [{ name: "victoria_metrics_data", path: "/victoria-metrics-data", sizeMib: 10240 }],
    scratchPaths: [],
    probes: probesOf({
      port: 8428,
      httpPath: "/health",
      selfCheck: ask(8428, "/health"),
      intervalSeconds: 2,
      startPeriodSeconds: 30,
      gates: false,
    }),
    memoryMib: 256,
    // It writes what is in memory when it stops.
    stopGraceSeconds: 60,
  },
  jaeger: {
    ...common,
    name: "jaeger",
    image: { kind: "reference", reference: "jaegertracing/jaeger:2.13.0" },
    args: ["--config=/etc/jaeger/config.yaml"],
    env: { GOMEMLIMIT: "409MiB" },
    configFiles: [{ path: "/etc/jaeger/config.yaml", content: jaegerConfig({ retentionHours: 720 }) }],
    ports: [
      { name: "query", port: 16686, hostPort: 16686 },
      // Nobody sends to it but the Collector.
      { name: "otlp-grpc", port: 4317, hostPort: "internal" },
      { name: "health", port: 13133, hostPort: "internal" },
      { name: "metrics", port: 8888, hostPort: "internal" },
    ],
    dataVolumes: [{ name: "jaeger_data", path: "/badger", sizeMib: 10240 }],
    scratchPaths: [{ path: "/tmp", sizeMib: "none" }],
    probes: probesOf({
      port: 13133,
      httpPath: "/status",
      selfCheck: ask(13133, "/status"),
      intervalSeconds: 2,
      startPeriodSeconds: 30,
      gates: false,
    }),
    memoryMib: 512,
    stopGraceSeconds: 30,
  },
  otelCollector: {
    ...common,
    name: "otel-collector",
    image: { kind: "reference", reference: "otel/opentelemetry-collector-contrib:0.158.0" },
    args: ["--config", "/etc/otelcol-contrib/config.yaml"],
    env: { GOMEMLIMIT: "204MiB" },
    configFiles: [
      {
        path: "/etc/otelcol-contrib/config.yaml",
        content: otelCollectorConfig({
          memoryMib: 256,
          queueMib: 512,
          readsHost: true,
          enrichment: {},
          ...delivery,
        }),
      },
    ],
    ports: [
      { name: "otlp-grpc", port: 4317, hostPort: 14317 },
      { name: "otlp-http", port: 4318, hostPort: 14318 },
      { name: "health", port: 13133, hostPort: "internal" },
    ],
    dataVolumes: [{ name: "otel_collector_queue", path: "/var/lib/otelcol", sizeMib: 4096 }],
    scratchPaths: [],
    probes: probesOf({
      port: 13133,
      httpPath: "/",
      selfCheck: "none",
      intervalSeconds: 2,
      startPeriodSeconds: 10,
      gates: false,
    }),
    memoryMib: 256,
    stopGraceSeconds: 30,
  },
  grafana: {
    ...common,
    name: "grafana",
    image: { kind: "reference", reference: "grafana/grafana:12.3.1" },
    args: [],
    env: {
      GOMEMLIMIT: "307MiB",
      ...grafanaServerEnv({ adminUser: "admin", hostPort: 13000, publicUrl: undefined }),
    },
    configFiles: [
      {
        path: "/etc/grafana/provisioning/datasources/stack.yaml",
        content: datasources(generatedDatasources(partList)),
      },
      {
        path: "/etc/grafana/provisioning/alerting/stack.yaml",
        content: alerting(
          {
            objectives: objectivesSchema.parse({}),
            memoryLimitsMib: { "victoria-metrics": 256 },
            runningHosts: partList.map(({ host }) => host),
          },
          alertsSchema.parse({}),
          "http://127.0.0.1:13000/",
        ),
      },
      { path: "/etc/grafana/provisioning/dashboards/stack.yaml", content: dashboardProvider() },
      ...dashboardFiles(),
      runbooksFile(),
    ],
    ports: [{ name: "http", port: 3000, hostPort: 13000 }],
    dataVolumes: [{ name: "grafana_data", path: "/var/lib/grafana", sizeMib: 1024 }],
    scratchPaths: [{ path: "/tmp", sizeMib: "none" }],
    probes: probesOf({
      port: 3000,
      httpPath: "/api/health",
      selfCheck: ask(3000, "/api/health"),
      intervalSeconds: 2,
      startPeriodSeconds: 60,
      gates: false,
    }),
    memoryMib: 384,
    // The user of its image.
    userId: 472,
    groupId: 0,
    stopGraceSeconds: 30,
  },
};

/** What a part's description says of its workload, where nothing is set. */
function described(name: PartName): Workload {
  const part: AnyPart = parts[name];
  const { args, env, configFiles, check, sharedFiles, readsInstances } = partProcess(name, stack, noSurroundings);
  const { host, image, memoryMib, data, readiness, runtime, scratchPaths, stopGraceSeconds, user } = part;
  const limit: Readonly<Record<string, string>> =
    runtime === "go" ? { GOMEMLIMIT: `${Math.floor(memoryMib.default * 0.8)}MiB` } : {};
  return {
    ...plainWorkload,
    ...{ name: host, image: { kind: "reference", reference: image }, args, configFiles, secretFiles, check },
    env: { ...limit, ...env },
    ports: Object.entries(part.ports).map(([port, { port: number, published }]) => ({
      name: port,
      port: number,
      hostPort: published === undefined ? "internal" : number,
    })),
    dataVolumes: data === "none" ? [] : [{ name: data.volume, path: data.path, sizeMib: data.defaultGib * 1024 }],
    sharedFiles,
    ...{
      imageMounts: [],
      scratchPaths: scratchPaths.map((path) => ({ path, sizeMib: "none" })),
      memoryMib: memoryMib.default,
      ...user,
      stopGraceSeconds,
      replicas: 1,
    },
    probes: probesOf({ ...readiness, port: portOf(part, readiness.port), intervalSeconds: 2 }),
    readsInstances,
  };
}

describe("a part of the stack as a workload", () => {
  for (const [name] of partEntries) {
    it(`has every field as it has to be: ${name}`, () => {
      assert.deepEqual(partWorkload(name, stack, noSurroundings, secretFiles), expected[name] ?? described(name));
    });
  }

  it("follows the memory limit with GOMEMLIMIT, so that Go collects before the kernel kills", () => {
    for (const [name, { runtime }] of partEntries) {
      const { env, memoryMib } = partWorkload(name, settings({ memoryMib: { [name]: 1000 } }), noSurroundings, []);
      assert.deepEqual([env["GOMEMLIMIT"], memoryMib], [runtime === "go" ? "800MiB" : undefined, 1000]);
    }
  });

  it("runs nothing and keeps its data where the stack is switched off", () => {
    const off = stackWorkloads(settings({ observability: false }), noSurroundings);
    assert.deepEqual(
      off.map(({ replicas, dataVolumes }) => [replicas, dataVolumes.length]),
      partList.map(({ data }) => [0, data === "none" ? 0 : 1]),
    );
  });

  it("reads secrets from files, so that none is in an environment", () => {
    for (const { env } of stackWorkloads(stack, noSurroundings)) {
      const named = Object.keys(env).filter((key) => /PASSWORD|SECRET|TOKEN/.test(key));
      assert.deepEqual(
        named.filter((key) => !key.endsWith("__FILE")),
        [],
      );
    }
  });
});

describe("the secrets of the parts", () => {
  it("are generated once, and those of Grafana kept with the data, whatever the generator's options become", async () => {
    const resources = await recordResources(() => new ObservabilityStack("o", { docker: { host: noDocker } }));
    const generated = resources.filter(({ type }) => type.startsWith("random:"));
    const options = { length: 32, special: false };
    const kept = { inputs: options, protect: true, ignoreChanges: ["length", "special"] };
    const renewed = { inputs: options, protect: false, ignoreChanges: [] };
    const expected = [
      { name: "o-grafana-admin-password", ...kept },
      { name: "o-grafana-secret-key", ...kept },
      { name: "o-victoria-metrics-admin-key", ...renewed },
      ...furtherSecrets("o", true).map((name) => ({ name, ...kept })),
      ...furtherSecrets("o", false).map((name) => ({ name, ...renewed })),
    ];
    const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);
    assert.deepEqual(
      generated
        .map(({ name, inputs, protect, ignoreChanges }) => ({ name, inputs, protect, ignoreChanges }))
        .sort(byName),
      expected.sort(byName),
    );
  });
});

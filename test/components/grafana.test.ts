import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { grafanaWorkload } from "../../components/grafana.ts";
import { ObservabilityStack } from "../../components/index.ts";
import { dashboardProvider } from "../../config/grafana/dashboard-provider.ts";
import { servicesDashboard } from "../../config/grafana/dashboards/services.ts";
import { datasources } from "../../config/grafana/datasources.ts";
import { grafanaServerEnv } from "../../config/grafana/server.ts";
import { recordResources } from "../support/record-resources.ts";
import { noDocker } from "../support/settings.ts";

const args = {
  image: "grafana/grafana:12.3.1",
  memoryMib: 384,
  hostPort: 13000,
  adminUser: "admin",
  publicUrl: undefined,
  replicas: 1,
  dashboards: [],
  datasources: [],
};

describe("Grafana as a workload", () => {
  it("comes with its data sources and the home dashboard, as the user of its image (S18)", () => {
    const secretFiles = [{ path: "/run/secrets/one", content: pulumi.secret("x") }];
    assert.deepEqual(grafanaWorkload(args, secretFiles), {
      name: "grafana",
      image: { kind: "reference", reference: "grafana/grafana:12.3.1" },
      args: [],
      env: grafanaServerEnv(args),
      configFiles: [
        { path: "/etc/grafana/provisioning/datasources/stack.yaml", content: datasources() },
        { path: "/etc/grafana/provisioning/dashboards/stack.yaml", content: dashboardProvider() },
        { path: "/etc/grafana/dashboards/services.json", content: servicesDashboard() },
      ],
      secretFiles,
      check: "none",
      ports: [{ name: "http", port: 3000, hostPort: 13000 }],
      dataVolumes: [{ name: "grafana_data", path: "/var/lib/grafana" }],
      imageMounts: [],
      scratchPaths: ["/tmp"],
      readiness: {
        port: 3000,
        httpPath: "/api/health",
        selfCheck: ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/api/health"],
        intervalSeconds: 2,
        startPeriodSeconds: 60,
        gates: false,
      },
      memoryMib: 384,
      userId: 472,
      groupId: 0,
      stopGraceSeconds: 30,
      replicas: 1,
      readsInstances: false,
    });
  });

  it("reads its secrets from files, so that none is in its environment", () => {
    const env = grafanaServerEnv(args);
    assert.equal(env["GF_SECURITY_ADMIN_PASSWORD__FILE"], "/run/secrets/grafana-admin-password");
    assert.equal(env["GF_SECURITY_SECRET_KEY__FILE"], "/run/secrets/grafana-secret-key");
    const plain = Object.keys(env).filter((key) => /PASSWORD|SECRET|TOKEN/.test(key) && !key.endsWith("__FILE"));
    assert.deepEqual(plain, []);
  });
});

describe("Grafana's credentials", () => {
  it("are generated once and kept with the data, whatever the generator's options become", async () => {
    const resources = await recordResources(() => new ObservabilityStack("o", { docker: { host: noDocker } }));
    const generated = resources.filter(({ name, type }) => type.startsWith("random:") && name.startsWith("o-grafana-"));
    assert.deepEqual(
      generated.map(({ name, inputs, protect, ignoreChanges }) => ({ name, inputs, protect, ignoreChanges })),
      ["o-grafana-admin-password", "o-grafana-secret-key"].map((name) => ({
        name,
        inputs: { length: 32, special: false },
        protect: true,
        ignoreChanges: ["length", "special"],
      })),
    );
  });
});

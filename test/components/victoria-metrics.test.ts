import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { victoriaMetricsWorkload } from "../../components/victoria-metrics.ts";
import { victoriaMetricsFlags } from "../../config/victoria-metrics.ts";

const args = {
  image: "victoriametrics/victoria-metrics:v1.150.0",
  hostPort: 8428,
  retentionHours: 720,
  memoryMib: 256,
};

describe("VictoriaMetrics as a workload", () => {
  it("is one process with its data in a volume and a minute to write it when it stops", () => {
    const secretFiles = [{ path: "/run/secrets/one", content: pulumi.secret("x") }];
    assert.deepEqual(victoriaMetricsWorkload({ ...args, replicas: 1 }, secretFiles), {
      name: "victoria-metrics",
      image: { kind: "reference", reference: "victoriametrics/victoria-metrics:v1.150.0" },
      args: victoriaMetricsFlags(args),
      env: { GOMEMLIMIT: "204MiB" },
      configFiles: [],
      secretFiles,
      check: "none",
      ports: [{ name: "http", port: 8428, hostPort: 8428 }],
      dataVolumes: [{ name: "victoria_metrics_data", path: "/victoria-metrics-data" }],
      imageMounts: [],
      scratchPaths: [],
      readiness: {
        port: 8428,
        httpPath: "/health",
        selfCheck: ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8428/health"],
        intervalSeconds: 2,
        startPeriodSeconds: 30,
        gates: false,
      },
      memoryMib: 256,
      userId: 10001,
      groupId: 10001,
      stopGraceSeconds: 60,
      replicas: 1,
      readsInstances: false,
    });
  });
});

import assert from "node:assert/strict";
import { jaegerWorkload } from "../../components/jaeger.ts";
import { jaegerConfig } from "../../config/jaeger.ts";

describe("Jaeger as a workload", () => {
  it("keeps its traces in a volume, within a memory limit, and says when it is ready (D11)", () => {
    const args = { image: "jaegertracing/jaeger:2.13.0", hostPort: 16686, retentionHours: 720, memoryMib: 512 };
    assert.deepEqual(jaegerWorkload({ ...args, replicas: 1 }), {
      name: "jaeger",
      image: { kind: "reference", reference: "jaegertracing/jaeger:2.13.0" },
      args: ["--config=/etc/jaeger/config.yaml"],
      env: { GOMEMLIMIT: "409MiB" },
      configFiles: [{ path: "/etc/jaeger/config.yaml", content: jaegerConfig(args) }],
      secretFiles: [],
      check: "none",
      ports: [
        { name: "query", port: 16686, hostPort: 16686 },
        // Nobody sends to it but the Collector.
        { name: "otlp-grpc", port: 4317, hostPort: "internal" },
        { name: "health", port: 13133, hostPort: "internal" },
      ],
      dataVolumes: [{ name: "jaeger_data", path: "/badger" }],
      imageMounts: [],
      scratchPaths: ["/tmp"],
      readiness: {
        port: 13133,
        httpPath: "/status",
        selfCheck: ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:13133/status"],
        intervalSeconds: 2,
        startPeriodSeconds: 30,
        gates: false,
      },
      memoryMib: 512,
      userId: 10001,
      groupId: 10001,
      stopGraceSeconds: 30,
      replicas: 1,
      readsInstances: false,
    });
  });
});

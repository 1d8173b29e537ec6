import assert from "node:assert/strict";
import { otelCollectorWorkload } from "../../components/otel-collector.ts";
import { otelCollectorConfig } from "../../config/otel-collector.ts";

describe("the Collector as a workload", () => {
  it("publishes both OTLP ports and keeps its queues in a volume (S7)", () => {
    const args = {
      image: "otel/opentelemetry-collector-contrib:0.158.0",
      hostPorts: { otlpGrpc: 14317, otlpHttp: 14318 },
      memoryMib: 256,
      queueMib: 512,
      serviceNamespace: "integr8scode",
      enrichment: {},
      secretFiles: [],
    };
    assert.deepEqual(otelCollectorWorkload({ ...args, replicas: 1 }), {
      name: "otel-collector",
      image: { kind: "reference", reference: "otel/opentelemetry-collector-contrib:0.158.0" },
      args: ["--config", "/etc/otelcol-contrib/config.yaml"],
      env: { GOMEMLIMIT: "204MiB" },
      configFiles: [{ path: "/etc/otelcol-contrib/config.yaml", content: otelCollectorConfig(args) }],
      secretFiles: [],
      check: "none",
      ports: [
        { name: "otlp-grpc", port: 4317, hostPort: 14317 },
        { name: "otlp-http", port: 4318, hostPort: 14318 },
        { name: "health", port: 13133, hostPort: "internal" },
      ],
      dataVolumes: [{ name: "otel_collector_queue", path: "/var/lib/otelcol" }],
      imageMounts: [],
      scratchPaths: [],
      readiness: {
        port: 13133,
        httpPath: "/",
        selfCheck: "none",
        intervalSeconds: 2,
        startPeriodSeconds: 10,
        gates: false,
      },
      memoryMib: 256,
      userId: 10001,
      groupId: 10001,
      stopGraceSeconds: 30,
      replicas: 1,
      readsInstances: false,
    });
  });
});

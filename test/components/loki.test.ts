import assert from "node:assert/strict";
import { lokiWorkload } from "../../components/loki.ts";
import { lokiConfig } from "../../config/loki.ts";

const args = {
  image: "grafana/loki:3.7.8",
  hostPort: 13100,
  retentionHours: 720,
  memoryMib: 256,
  compactionIntervalSeconds: 600,
  retentionDeleteDelaySeconds: 7200,
  replicas: 1,
};

describe("Loki as a workload", () => {
  it("is one process in 256 MiB with its data in loki_data, ready before others start (S13, S25, S26)", () => {
    assert.deepEqual(lokiWorkload(args), {
      name: "loki",
      image: { kind: "reference", reference: "grafana/loki:3.7.8" },
      args: ["-config.file=/etc/loki/local-config.yaml"],
      // Without TMPDIR the compactor has nowhere to write and deletes nothing.
      env: { GOMEMLIMIT: "204MiB", TMPDIR: "/loki" },
      configFiles: [{ path: "/etc/loki/local-config.yaml", content: lokiConfig(args) }],
      secretFiles: [],
      check: "none",
      ports: [{ name: "http", port: 3100, hostPort: 13100 }],
      dataVolumes: [{ name: "loki_data", path: "/loki" }],
      imageMounts: [],
      scratchPaths: [],
      readiness: {
        port: 3100,
        httpPath: "/ready",
        // An image without a shell: no wget, no grep.
        selfCheck: ["/usr/bin/loki", "-health"],
        intervalSeconds: 2,
        startPeriodSeconds: 30,
        gates: true,
      },
      memoryMib: 256,
      userId: 10001,
      groupId: 10001,
      stopGraceSeconds: 60,
      replicas: 1,
      readsInstances: false,
    });
  });

  it("follows the memory limit with GOMEMLIMIT, so that Go collects before the kernel kills", () => {
    assert.deepEqual(lokiWorkload({ ...args, memoryMib: 512 }), {
      ...lokiWorkload(args),
      env: { GOMEMLIMIT: "409MiB", TMPDIR: "/loki" },
      configFiles: [{ path: "/etc/loki/local-config.yaml", content: lokiConfig({ ...args, memoryMib: 512 }) }],
      memoryMib: 512,
    });
  });
});

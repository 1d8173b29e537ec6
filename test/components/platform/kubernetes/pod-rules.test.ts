import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { podProblems, processorShare } from "../../../../components/platform/kubernetes/pod-rules.ts";
import type { Workload } from "../../../../components/platform/workload.ts";
import { problemLines } from "../../../../config/problem.ts";
import { plainWorkload } from "../../../support/workloads.ts";

const lines = (change: Partial<Workload>, resources: Parameters<typeof podProblems>[1] = {}): readonly string[] =>
  problemLines(podProblems({ ...plainWorkload, ...change }, resources));
const ports = (...names: readonly string[]): Workload["ports"] =>
  names.map((name, index) => ({ name, port: 80 + index, hostPort: "internal" }));

describe("a pod's share of the processor", () => {
  const workload = { ...plainWorkload, cpuRequestMillicores: 100, cpuLimitMillicores: 200 };

  it("is what the settings say, each of the two by itself, else what the program says, else the default", () => {
    assert.deepEqual(processorShare(plainWorkload, {}), { request: 20, limit: "none" });
    assert.deepEqual(processorShare(workload, { other: { cpuLimitMillicores: 1 } }), { request: 100, limit: 200 });
    assert.deepEqual(processorShare(workload, { plain: { cpuLimitMillicores: 300 } }), { request: 100, limit: 300 });
    assert.deepEqual(processorShare(workload, { plain: { cpuRequestMillicores: 50 } }), { request: 50, limit: 200 });
  });
});

describe("a pod is refused before a deployment", () => {
  it("for nothing that the API server takes", () => {
    const change = {
      ports: ports("http", "a", "1a", "otlp-grpc", "a23456789012345"),
      configFiles: ["/etc/a.yaml", "/etc/a/b", "/etc/a-b"].map((path) => ({ path, content: "x".repeat(1000) })),
    };
    assert.deepEqual(lines(change), []);
  });

  it("for a limit of the processor below what is asked for, wherever each of them is set", () => {
    const because = "ask for less; kubernetes.resources.plain comes before what the program says";
    const asked = (request: number): string =>
      `cpuLimitMillicores: must be at least what is asked for on this cluster (${request})`;
    assert.deepEqual(lines({ cpuLimitMillicores: 10 }), [`${asked(20)}, got 10; set at least 20, or ${because}`]);
    assert.deepEqual(lines({ cpuLimitMillicores: 100 }, { plain: { cpuRequestMillicores: 200 } }), [
      `${asked(200)}, got 100; set at least 200, or ${because}`,
    ]);
    assert.deepEqual(lines({ cpuRequestMillicores: 100 }, { plain: { cpuLimitMillicores: 50 } }), [
      `${asked(100)}, got 50; set at least 100, or ${because}`,
    ]);
    assert.deepEqual(lines({ cpuRequestMillicores: 100, cpuLimitMillicores: 200 }, { plain: {} }), []);
  });

  it("for a label that the stack goes by", () => {
    const own = ["app.kubernetes.io/name", "app.kubernetes.io/instance", "observability/role"];
    const labels = Object.fromEntries([...own, "team"].map((key) => [key, "x"]));
    assert.deepEqual(
      lines({ kubernetes: { labels } }),
      own.map(
        (key) => `kubernetes.labels."${key}": must not replace a label that the stack goes by, got "x"; rename it`,
      ),
    );
  });

  it("for the user root", () => {
    assert.deepEqual(lines({ userId: 0 }), [
      "userId: must not be 0, which the restricted Pod Security profile refuses, got 0; choose another user that the image works with, for example 1000",
    ]);
  });

  for (const name of ["HTTP", "a234567890123456", "80", "a--b", "-a", "a-", "a_b", ""]) {
    it(`for a port named "${name}"`, () => {
      assert.deepEqual(lines({ ports: ports("http", name) }), [
        `ports.1.name: must be at most 15 lower-case letters, digits and single inner hyphens, with a letter among them, got "${name}"; rename it`,
      ]);
    });
  }

  it("for more files than a ConfigMap holds", () => {
    const half = { path: "/a", content: "ü".repeat(256 * 1024) };
    assert.deepEqual(lines({ configFiles: [half, { ...half, path: "/b" }] }), []);
    assert.deepEqual(lines({ configFiles: [half, { path: "/b", content: `${half.content}!` }] }), [
      "configFiles: must have at most 1048576 bytes together, which is what a ConfigMap holds, got 1048577; leave some out",
    ]);
  });

  it("for two files that would be one", () => {
    const rule = "must differ from /etc/a_b in more than characters that no key of a ConfigMap may have";
    const content = pulumi.output("x");
    assert.deepEqual(
      lines({
        configFiles: ["/etc/a_b", "/etc/a/b"].map((path) => ({ path, content: "x" })),
        secretFiles: ["/etc/a_b", "/etc/c", "/etc/a b"].map((path) => ({ path, content })),
      }),
      [
        `configFiles.1.path: ${rule}, got "/etc/a/b"; rename one of the two`,
        `secretFiles.2.path: ${rule}, got "/etc/a b"; rename one of the two`,
      ],
    );
  });
});

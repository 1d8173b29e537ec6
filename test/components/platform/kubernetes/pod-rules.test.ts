import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { podProblems } from "../../../../components/platform/kubernetes/pod-rules.ts";
import type { Workload } from "../../../../components/platform/workload.ts";
import { problemLines } from "../../../../config/problem.ts";
import { plainWorkload } from "../../../support/workloads.ts";

const lines = (change: Partial<Workload>): readonly string[] =>
  problemLines(podProblems({ ...plainWorkload, ...change }));
const ports = (...names: readonly string[]): Workload["ports"] =>
  names.map((name, index) => ({ name, port: 80 + index, hostPort: "internal" }));

describe("a pod is refused before a deployment", () => {
  it("for nothing that the API server takes", () => {
    const change = {
      ports: ports("http", "a", "1a", "otlp-grpc", "a23456789012345"),
      configFiles: ["/etc/a.yaml", "/etc/a/b", "/etc/a-b"].map((path) => ({ path, content: "x".repeat(1000) })),
    };
    assert.deepEqual(lines(change), []);
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

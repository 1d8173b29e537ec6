import assert from "node:assert/strict";
import { inArguments } from "../../config/argument-paths.ts";
import { problemLines } from "../../config/problem.ts";

const args = {
  volumes: {
    cache: { path: "/cache", kind: "scratch" },
    uploads: { path: "/up", kind: "kept" },
    more: { path: "/more", kind: "scratch" },
  },
} as const;

const configFiles = [{ path: "/etc/a" }, { path: "/etc/b" }];

describe("the problems of a service's workload", () => {
  const paths = {
    "dataVolumes.0.path": "volumes.uploads.path",
    "scratchPaths.1.path": "volumes.cache.path",
    "scratchPaths.2.sizeMib": "volumes.more.sizeMib",
    "configFiles.0.path": 'configFiles."/etc/a"',
    "configFiles.1.content": 'configFiles."/etc/b"',
    "configFiles.10.path": "configFiles.10.path",
    "ports.0.hostPort": "ports.0.hostPort",
  };
  for (const [from, to] of Object.entries(paths)) {
    it(`are told at ${to}, as its arguments have it`, () => {
      const problem = { path: from, rule: `must differ from ${from}`, got: "1", change: "change one of the two" };
      assert.deepEqual(problemLines(inArguments([problem], args, { configFiles })), [
        `${to}: must differ from ${to}, got 1; change one of the two`,
      ]);
    });
  }
});

import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { refuse, workloadProblems } from "../../../components/platform/workload-rules.ts";
import { probesOf } from "../../../components/platform/probes.ts";
import type { Workload } from "../../../components/platform/workload.ts";
import { problemLines } from "../../../config/problem.ts";
import { noFacts, plainWorkload, sampleWorkloads } from "../../support/workloads.ts";

const valid: Workload = {
  ...plainWorkload,
  name: "shop",
  image: { kind: "reference", reference: "shop:1" },
  probes: probesOf({
    port: 80,
    httpPath: "/",
    selfCheck: "none",
    intervalSeconds: 1,
    startPeriodSeconds: 1,
    gates: false,
  }),
  memoryMib: 128,
  stopGraceSeconds: 30,
};

const port = { name: "http", port: 80, hostPort: "internal" } as const;

/** The lines that a change of the valid workload gives. */
function problemsOf(change: Partial<Workload>, leastReplicas?: number): readonly string[] {
  return problemLines(workloadProblems({ ...valid, ...change }, leastReplicas));
}

describe("a workload", () => {
  it("is valid as each of the stack's own", () => {
    for (const workload of Object.values(sampleWorkloads)) assert.deepEqual(workloadProblems(workload(noFacts)), []);
    assert.deepEqual(problemsOf({}), []);
    assert.deepEqual(problemsOf({ name: "a".repeat(63), replicas: 0 }), []);
  });

  const whole = "must be a whole number from";
  const change = "choose one in the range";
  const image = "must be an image with a tag (`repository:tag`), a digest (`repository@sha256:…`) or both";
  const version = "name the version that you mean, for example grafana/loki:3.7.8";
  const secret = pulumi.secret("y");
  const refusals: readonly (readonly [Partial<Workload>, string])[] = [
    [
      { ports: [port, { ...port, name: "other" }] },
      "ports.1.port: must differ from ports.0.port, got 80; change one of the two",
    ],
    [
      { ports: [port, { ...port, port: 81 }] },
      'ports.1.name: must differ from ports.0.name, got "http"; change one of the two',
    ],
    [
      { ports: [port, { name: "a", port: 81, hostPort: 8000 }, { name: "b", port: 82, hostPort: 8000 }] },
      "ports.2.hostPort: must differ from ports.1.hostPort, got 8000; change one of the two",
    ],
    [
      { ports: [{ ...port, hostPort: [8000, 8001] }], replicas: 3 },
      "ports.0.hostPort: must be as many as there are instances (3), one for each, got a list; write one for each, or a single one for the first",
    ],
    [
      { ports: [{ ...port, hostPort: [8000, 80] }], replicas: 2 },
      `ports.0.hostPort.1: ${whole} 1024 to 65535 (the lower ones are reserved for the system), got 80; ${change}`,
    ],
    [
      { ports: [{ ...port, hostPort: [8000, 8001, 8000] }], replicas: 3 },
      "ports.0.hostPort.2: must differ from ports.0.hostPort.0, got 8000; change one of the two",
    ],
    [{ ports: [{ ...port, port: 0 }] }, `ports.0.port: ${whole} 1 to 65535, got 0; ${change}`],
    [{ ports: [{ ...port, port: 80.5 }] }, `ports.0.port: ${whole} 1 to 65535, got 80.5; ${change}`],
    [
      { ports: [{ ...port, hostPort: 65536 }] },
      `ports.0.hostPort: ${whole} 1024 to 65535 (the lower ones are reserved for the system), got 65536; ${change}`,
    ],
    [
      { ports: [{ ...port, hostPort: 1023 }] },
      `ports.0.hostPort: ${whole} 1024 to 65535 (the lower ones are reserved for the system), got 1023; ${change}`,
    ],
    [{ memoryMib: 5 }, `memoryMib: ${whole} 6 to 1048576 (less is refused by Docker), got 5; ${change}`],
    [{ memoryMib: Number.NaN }, `memoryMib: ${whole} 6 to 1048576 (less is refused by Docker), got NaN; ${change}`],
    [{ memoryMib: 2 ** 21 }, `memoryMib: ${whole} 6 to 1048576 (less is refused by Docker), got 2097152; ${change}`],
    [
      { memoryRequestMib: 129 },
      "memoryRequestMib: must be at most memoryMib (128), got 129; ask for less, or raise memoryMib",
    ],
    [{ memoryRequestMib: 5 }, `memoryRequestMib: ${whole} 6 to 1048576 (less is refused by Docker), got 5; ${change}`],
    [{ cpuRequestMillicores: 0 }, `cpuRequestMillicores: ${whole} 1 to 1024000 (1000 are one core), got 0; ${change}`],
    [{ cpuLimitMillicores: 9 }, `cpuLimitMillicores: ${whole} 10 to 1024000 (1000 are one core), got 9; ${change}`],
    [
      { cpuRequestMillicores: 200, cpuLimitMillicores: 100 },
      "cpuLimitMillicores: must be at least cpuRequestMillicores (200), got 100; set at least 200, or ask for less",
    ],
    [{ userId: -1 }, `userId: ${whole} 0 to 2147483647, got -1; ${change}`],
    [{ groupId: 1.5 }, `groupId: ${whole} 0 to 2147483647, got 1.5; ${change}`],
    [{ userId: 0.5, groupId: 0.5 }, `userId: ${whole} 0 to 2147483647, got 0.5; ${change}`],
    [{ stopGraceSeconds: 3601 }, `stopGraceSeconds: ${whole} 0 to 3600, got 3601; ${change}`],
    [{ replicas: -1 }, `replicas: ${whole} 0 to 100, got -1; ${change}`],
    [{ replicas: 101 }, `replicas: ${whole} 0 to 100, got 101; ${change}`],
    [
      { configFiles: [{ path: "/a", content: "x" }], secretFiles: [{ path: "/a", content: secret }] },
      'secretFiles.0.path: must differ from configFiles.0.path, got "/a"; change one of the two',
    ],
    [{ configFiles: [{ path: "a", content: "x" }] }, 'configFiles.0.path: must be absolute, got "a"; begin it with /'],
    [
      { secretFiles: [{ path: "b", content: secret }] },
      'secretFiles.0.path: must be absolute, got "b"; begin it with /',
    ],
    [
      { dataVolumes: [{ name: "data", path: "./c", sizeMib: 1024 }] },
      'dataVolumes.0.path: must be absolute, got "./c"; begin it with /',
    ],
    [
      { scratchPaths: [{ path: "tmp", sizeMib: "none" }] },
      'scratchPaths.0.path: must be absolute, got "tmp"; begin it with /',
    ],
    [
      { dataVolumes: [{ name: "data", path: "/a", sizeMib: 1024 }], scratchPaths: [{ path: "/a", sizeMib: "none" }] },
      'scratchPaths.0.path: must differ from dataVolumes.0.path, got "/a"; change one of the two',
    ],
    [
      {
        dataVolumes: [{ name: "data", path: "/a", sizeMib: 1 }],
        configFiles: [
          { path: "/a/b", content: "x" },
          { path: "/ab", content: "x" },
        ],
      },
      'configFiles.0.path: must not be in the volume /a, got "/a/b"; choose another path',
    ],
    [
      { scratchPaths: [{ path: "/a", sizeMib: "none" }], secretFiles: [{ path: "/a/b", content: secret }] },
      'secretFiles.0.path: must not be in the volume /a, got "/a/b"; choose another path',
    ],
    [
      { configFiles: [{ path: "/a", content: "" }] },
      'configFiles.0.content: must not be empty, got ""; leave the file out',
    ],
    [
      { check: { args: [], setting: "shop.config" } },
      'check.args: must tell the image to check and end, got an empty list; write them, or set check to "none"',
    ],
    [{ env: { "A=B": "x" } }, 'env."A=B": must have names without = that are not empty, got "A=B"; rename it'],
    [{ env: { "": "x" } }, 'env."": must have names without = that are not empty, got ""; rename it'],
    [{ image: { kind: "reference", reference: "shop" } }, `image: ${image}, got "shop"; ${version}`],
  ];
  for (const [wrong, line] of refusals) {
    it(`is refused: ${line}`, () => {
      assert.deepEqual(problemsOf(wrong), [line]);
    });
  }

  for (const name of ["Shop", "1shop", "shop-", "shop_api", "", "a".repeat(64)]) {
    it(`is refused with the name ${JSON.stringify(name)}, which is no host name`, () => {
      const rule = "must be a DNS label: at most 63 lower-case letters, digits and inner hyphens, a letter first";
      assert.deepEqual(problemsOf({ name }), [`name: ${rule}, got ${JSON.stringify(name)}; rename it`]);
    });
  }

  it("may be switched off unless it is told to run", () => {
    assert.deepEqual(problemsOf({ replicas: 0 }, 0), []);
    assert.deepEqual(problemsOf({ replicas: 0 }, 1), [`replicas: ${whole} 1 to 100, got 0; ${change}`]);
  });

  it("is told all its problems at once, each path once", () => {
    assert.deepEqual(
      problemsOf({
        ports: [port, port, { ...port, name: "a", port: 0 }, { ...port, name: "b", port: 0 }],
        memoryMib: 0,
      }),
      [
        `ports.2.port: ${whole} 1 to 65535, got 0; ${change}`,
        `ports.3.port: ${whole} 1 to 65535, got 0; ${change}`,
        "ports.1.port: must differ from ports.0.port, got 80; change one of the two",
        'ports.1.name: must differ from ports.0.name, got "http"; change one of the two',
        `memoryMib: ${whole} 6 to 1048576 (less is refused by Docker), got 0; ${change}`,
      ],
    );
  });
});

describe("refuse", () => {
  const problem = { path: "image", rule: "must be one", got: "1", change: "add one" };

  it("puts the name in front of every path, and nothing where there is no name", () => {
    const two = [problem, { ...problem, path: "env.A" }];
    assert.throws(
      () => {
        refuse("OBS1002", "shop", two);
      },
      { message: "shop.image: must be one, got 1; add one\nshop.env.A: must be one, got 1; add one (OBS1002)" },
    );
    assert.throws(
      () => {
        refuse("OBS1002", "", [problem]);
      },
      { message: "image: must be one, got 1; add one (OBS1002)", errorCode: "OBS1002" },
    );
  });

  it("lets pass what has no problem", () => {
    refuse("OBS1002", "shop", []);
  });
});

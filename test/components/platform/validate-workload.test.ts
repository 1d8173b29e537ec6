import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { validateWorkload } from "../../../components/platform/validate-workload.ts";
import type { Workload } from "../../../components/platform/workload.ts";
import { sampleWorkloads } from "../../support/workloads.ts";

const valid: Workload = {
  name: "shop",
  image: { kind: "reference", reference: "shop:1" },
  args: [],
  env: {},
  configFiles: [],
  secretFiles: [],
  ports: [],
  dataVolumes: [],
  readiness: { port: 80, httpPath: "/", selfCheck: "none", intervalSeconds: 1, startPeriodSeconds: 1, gates: false },
  memoryMib: 128,
  userId: 1000,
  groupId: 1000,
  stopGraceSeconds: 30,
  replicas: 1,
};

const port = { name: "http", port: 80, hostPort: "internal" } as const;

describe("a workload", () => {
  it("is valid as each of the stack's own", () => {
    for (const workload of Object.values(sampleWorkloads)) validateWorkload(workload());
    validateWorkload(valid);
    validateWorkload({ ...valid, name: "a".repeat(63), replicas: 0 });
  });

  const refusals: readonly (readonly [Partial<Workload>, string])[] = [
    [{ ports: [port, { ...port, name: "other" }] }, "ports: must be unique, got 80 twice"],
    [{ ports: [port, { ...port, port: 81 }] }, "port names: must be unique, got http twice"],
    [{ ports: [{ ...port, port: 0 }] }, "port: must be a whole number from 1 to 65535, got 0"],
    [{ ports: [{ ...port, port: 80.5 }] }, "port: must be a whole number from 1 to 65535, got 80.5"],
    [{ ports: [{ ...port, hostPort: 65536 }] }, "hostPort: must be a whole number from 1 to 65535, got 65536"],
    [{ memoryMib: 5 }, "memoryMib: must be a whole number from 6 to 9007199254740991, got 5"],
    [{ memoryMib: Number.NaN }, "memoryMib: must be a whole number from 6 to 9007199254740991, got NaN"],
    [{ userId: -1 }, "userId: must be a whole number from 0 to 2147483647, got -1"],
    [{ groupId: 1.5 }, "groupId: must be a whole number from 0 to 2147483647, got 1.5"],
    [{ stopGraceSeconds: 3601 }, "stopGraceSeconds: must be a whole number from 0 to 3600, got 3601"],
    [{ replicas: -1 }, "replicas: must be a whole number from 0 to 100, got -1"],
    [
      { configFiles: [{ path: "/a", content: "x" }], secretFiles: [{ path: "/a", content: pulumi.secret("y") }] },
      "file paths: must be unique, got /a twice",
    ],
    [{ configFiles: [{ path: "a", content: "x" }] }, "path: must be absolute, got a"],
    [{ secretFiles: [{ path: "b", content: pulumi.secret("y") }] }, "path: must be absolute, got b"],
    [{ dataVolumes: [{ name: "data", path: "./c" }] }, "path: must be absolute, got ./c"],
    [{ configFiles: [{ path: "/a", content: "" }] }, "/a: must not be empty, Docker refuses empty uploads"],
  ];
  for (const [change, problem] of refusals) {
    it(`is refused: ${problem}`, () => {
      assert.throws(
        () => {
          validateWorkload({ ...valid, ...change });
        },
        { message: `shop: ${problem}` },
      );
    });
  }

  for (const name of ["Shop", "1shop", "shop-", "shop_api", "", "a".repeat(64)]) {
    it(`is refused with the name ${JSON.stringify(name)}, which is no host name`, () => {
      assert.throws(
        () => {
          validateWorkload({ ...valid, name });
        },
        {
          message: `${name}: name: must be a DNS label (lower-case letters, digits, inner hyphens), got ${JSON.stringify(name)}`,
        },
      );
    });
  }

  it("is told all its problems at once, each once", () => {
    assert.throws(
      () => {
        validateWorkload({ ...valid, ports: [port, port, port], memoryMib: 0 });
      },
      {
        message: [
          "shop: ports: must be unique, got 80 twice",
          "shop: port names: must be unique, got http twice",
          "shop: memoryMib: must be a whole number from 6 to 9007199254740991, got 0",
        ].join("\n"),
      },
    );
  });
});

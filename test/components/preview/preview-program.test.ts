import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random";
import { ObservabilityStack } from "../../../components/index.ts";
import { previewProgram, programFingerprint } from "../../../components/preview/preview-program.ts";
import { secretValue } from "../../../components/preview/values.ts";
import { furtherHosts, furtherKept, furtherPorts, ofFurtherPorts } from "../../support/further-parts.ts";

const identity = { project: "shop", stack: "dev" };

describe("previewProgram", () => {
  it("runs a program with its configuration and returns what it exports, secrets marked", async () => {
    const { outputs } = await previewProgram(
      () => ({ hours: pulumi.runtime.allConfig()["shop:hours"], password: pulumi.secret("x") }),
      { ...identity, config: { "shop:hours": "48" } },
    );
    assert.deepEqual(outputs, { hours: "48", password: secretValue });
  });

  it("has the workloads of every stack in the program", async () => {
    const { footprint, ports } = await previewProgram(() => {
      const ports = {
        ...{ grafana: 3001, loki: 3002, otlpGrpc: 3003, otlpHttp: 3004, jaeger: 3005, victoriaMetrics: 3006 },
        ...ofFurtherPorts(({ port }) => port + 20_000),
      };
      new ObservabilityStack("one", { name: "one" });
      new ObservabilityStack("two", { name: "two", ports });
    }, identity);
    assert.equal(footprint.instances.length, 10 + 2 * furtherHosts.length);
    assert.equal(footprint.volumes.length, 10 + 2 * furtherKept.length);
    assert.deepEqual(
      ports.map(({ hostPort }) => hostPort),
      [
        ...[3000, 3001, 3002, 3003, 3004, 3005, 3006, 3100, 4317, 4318, 8428, 16686],
        ...furtherPorts.flatMap(({ port }) => [port, port + 20_000]),
      ].sort((a, b) => a - b),
    );
  });

  it("has a fingerprint that is the same for the same program, and another one for whatever is another", async () => {
    const of = async (program: () => unknown): Promise<string> =>
      programFingerprint(await previewProgram(program, identity));
    const salted = (options: pulumi.CustomResourceOptions, salt = "a"): RandomPassword =>
      new RandomPassword("p", { length: 8, overrideSpecial: pulumi.secret(salt) }, options);
    const programs: readonly (() => unknown)[] = [
      () => salted({}),
      () => salted({}, "b"),
      () => salted({ retainOnDelete: true }),
      () => salted({ aliases: [{ name: "q" }] }),
      () => ({ password: salted({}).urn }),
      () => ({ password: pulumi.secret("x") }),
      () => ({ password: pulumi.secret("y") }),
      () => {
        new ObservabilityStack("one", { name: "one" });
      },
      () => {
        new ObservabilityStack("one", { name: "one", retentionHours: 48 });
      },
    ];
    const first: string[] = [];
    const second: string[] = [];
    for (const program of programs) first.push(await of(program));
    for (const program of programs) second.push(await of(program));
    assert.deepEqual(second, first);
    assert.equal(new Set(first).size, programs.length);
  });

  it("has none for resources of another origin", () => {
    assert.throws(
      () => programFingerprint({ resources: [] }),
      /^Error: resources: must be those of a preview by previewProgram, got others$/,
    );
  });
});

import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random";
import { unknownValue } from "../../../components/preview/values.ts";
import { generatedSecret, recordProgram, recordResources } from "../../support/record-resources.ts";

describe("a recorded program", () => {
  it("has URNs with the types of all parents, without the stack's", async () => {
    const resources = await recordResources(() => {
      const outer = new pulumi.ComponentResource("test:index:Outer", "outer");
      const inner = new pulumi.ComponentResource("test:index:Inner", "inner", {}, { parent: outer });
      new pulumi.ComponentResource("test:index:Leaf", "a::b", {}, { parent: inner });
    });
    assert.deepEqual(
      resources.map(({ urn, parent }) => [urn, parent]),
      [
        [
          "urn:pulumi:test::observability::test:index:Outer$test:index:Inner$test:index:Leaf::a::b",
          "urn:pulumi:test::observability::test:index:Outer$test:index:Inner::inner",
        ],
        [
          "urn:pulumi:test::observability::test:index:Outer$test:index:Inner::inner",
          "urn:pulumi:test::observability::test:index:Outer::outer",
        ],
        [
          "urn:pulumi:test::observability::test:index:Outer::outer",
          "urn:pulumi:test::observability::pulumi:pulumi:Stack::observability-test",
        ],
      ],
    );
  });

  it("may have one name twice under two parents", async () => {
    const resources = await recordResources(() => {
      for (const type of ["test:index:A", "test:index:B"]) {
        const parent = new pulumi.ComponentResource(type, "parent");
        new pulumi.ComponentResource("test:index:Leaf", "leaf", {}, { parent });
      }
    });
    assert.equal(resources.length, 4);
  });

  it("has the secrets that a provider generates, and of what it computes no more", async () => {
    const [password] = await recordResources(() => new RandomPassword("p", { length: 8 }));
    assert.deepEqual(password?.outputs, {
      length: 8,
      result: { secret: generatedSecret("p", "result") },
      bcryptHash: { secret: generatedSecret("p", "bcryptHash") },
    });
  });

  it("is told its project, stack and configuration, and that it is a preview", async () => {
    const seen: unknown[] = [];
    await recordProgram(
      () => {
        seen.push(pulumi.getProject(), pulumi.getStack(), pulumi.runtime.allConfig(), pulumi.runtime.isDryRun());
      },
      { "observability:retentionHours": "48" },
    );
    assert.deepEqual(seen, ["observability", "test", { "observability:retentionHours": "48" }, true]);
  });

  it("has what the program exports, known or not", async () => {
    const { outputs } = await recordProgram(() => {
      const { id } = new RandomPassword("p", { length: 8 });
      return { plain: 1, secret: pulumi.secret("x"), unknown: pulumi.output(pulumi.unknown), id };
    });
    assert.deepEqual(outputs, { plain: 1, secret: { secret: "x" }, unknown: unknownValue, id: "p-id" });
  });

  it("may export nothing", async () => {
    const { resources, outputs } = await recordProgram(() => undefined);
    assert.deepEqual({ resources, outputs }, { resources: [], outputs: {} });
  });
});

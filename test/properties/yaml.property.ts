import assert from "node:assert/strict";
import fc from "fast-check";
import { stackConfig } from "../../cli/stack-config.ts";
import { UserError } from "../../cli/user-error.ts";

/** Pieces of which YAML's grammar is made: whatever they add up to is read, or refused with a place. */
const piece = fc.oneof(
  fc.constantFrom(
    ..."\n|\n  |\n    |\t|: |:|- |? |, |#| #|[|]|{|}|\"|'|\\|&a |*a|!!str |!!binary |!x |\|\n|>-\n|---\n|...\n|%YAML 1.2\n|<<: *a|~|@|`|\r\n".split(
      /(?<!\\)\|/,
    ),
  ),
  fc.constantFrom(
    "config:",
    "observability:a",
    "observabilty:a",
    "observability:a: ",
    "secure: ",
    "encryptionsalt: v1",
  ),
  fc.constantFrom("0777", "1_0", ".nan", "1e999", "2024-01-01", "true", "null", "0x1F", "-0"),
  fc.string({ unit: "binary", maxLength: 4 }),
);

describe("any text as a stack's settings", () => {
  it("is read as plain settings, or refused by file, line and column, without what stands there", () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.boolean(), (pieces, isConfig) => {
        const secret = "s3cr3t w0rd!";
        const text = `${isConfig ? "config:\n  observability:b: 1" : ""}${pieces.join("")}${secret}`;
        try {
          const config = stackConfig(
            { name: "Pulumi.yaml", text: "name: observability" },
            { name: "Pulumi.dev.yaml", text },
          );
          for (const value of Object.values(config)) assert.equal(typeof value, "string");
        } catch (error) {
          assert.ok(error instanceof UserError, String(error));
          const lines = error.message.split("\n");
          for (const line of lines.slice(0, -2))
            assert.match(line, /^(Pulumi\.dev\.yaml:\d+:\d+: .+; .+|\u2026 and \d+ more)$/u);
          assert.deepEqual(lines.slice(-2), ["nothing was changed", "  next: correct Pulumi.dev.yaml"]);
          const [, line, column] = /^Pulumi\.dev\.yaml:(\d+):(\d+):/.exec(error.message) ?? [];
          assert.ok(Number(line) <= text.split("\n").length && Number(column) >= 1, error.message);
          assert.ok(!error.message.includes(secret), error.message);
          refused += 1;
        }
      }),
      { numRuns: 5000 },
    );
    assert.ok(refused > 500, `${refused} refused`);
  });
});

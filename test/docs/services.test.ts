import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { problemLines } from "../../config/problem.ts";
import { judgedServiceArgs } from "../../config/service-args.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "services.md"), "utf8");

/** Arguments as the page has them: plain data in the words of TypeScript, which YAML reads as well. */
const examples = [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(
  ([, text = ""]) => parse(`{ ${text} }`) as Readonly<Record<string, unknown>>,
);

describe("docs/services.md", () => {
  it("has examples", () => {
    assert.notEqual(examples.length, 0);
  });

  for (const example of examples) {
    it(`has arguments that a service takes: ${Object.keys(example).join(", ")}`, () => {
      const image = "registry.example.com/checkout:1.4.2";
      assert.deepEqual(
        problemLines(judgedServiceArgs({ image, ports: [{ name: "http", port: 8080 }], ...example }).problems),
        [],
      );
    });
  }
});

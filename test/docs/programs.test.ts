import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { unknownValue } from "../../components/index.ts";
import { recordResources, type RecordedResource } from "../support/record-resources.ts";
import { noDocker } from "../support/settings.ts";

const root = join(import.meta.dirname, "..", "..");
const markdown = readFileSync(join(root, "docs", "programs.md"), "utf8");

/** The programs of a section of the page. */
function programsOf(heading: string): readonly string[] {
  const [, section = ""] = markdown.split(`\n## ${heading}\n`);
  const [own = ""] = section.split("\n## ");
  return [...own.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);
}

let programs = 0;

/** Runs a program as the file beside Pulumi.yaml that it would be. */
function resourcesOf(code: string): Promise<readonly RecordedResource[]> {
  programs += 1;
  const program = join(root, `.program-example-${process.pid}-${programs}.ts`);
  // No test depends on the machine's own Docker.
  writeFileSync(program, code.replace('("observability")', `("observability", { docker: { host: "${noDocker}" } })`));
  return recordResources(() => import(pathToFileURL(program).href)).finally(() => {
    rmSync(program);
  });
}

describe("docs/programs.md", () => {
  it("gives a service what other resources give", async () => {
    const [program = ""] = programsOf("What another resource gives");
    const resources = await resourcesOf(program);
    const inputs = (name: string): Readonly<Record<string, unknown>> | undefined =>
      resources.find((each) => each.name === name && each.type !== "observability:index:InstrumentedService")?.inputs;
    assert.deepEqual(inputs("observability-image-checkout")?.["name"], unknownValue);
    const { envs, uploads } = inputs("observability-checkout") ?? {};
    const own = (envs as readonly unknown[]).filter((each) => !/^OTEL_/.test(String(each)));
    assert.deepEqual(own, ["DATABASE_NAME=orders-id", "DATABASE_PASSWORD_FILE=/run/secrets/DATABASE_PASSWORD"]);
    assert.deepEqual(
      (uploads as readonly { readonly file: string }[]).map(({ file }) => file),
      ["/run/secrets/DATABASE_PASSWORD", "/etc/checkout/database.json"],
    );
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import fc from "fast-check";
import { parse } from "yaml";
import { projectName, stackFileSchemaPath } from "../../cli/project.ts";
import { programSettings, programSettingsSchema } from "../../config/program-settings.ts";
import { stackFileSchema, withProjectConfig } from "../../generators/reference.ts";
import { anyConfig, asPulumiConfig, badConfig, kindsBeyondSchema, type Config } from "../support/program-config.ts";

const root = join(import.meta.dirname, "..", "..");
const identity = { project: projectName, stack: "dev" };

function contentOf(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

describe("Pulumi.yaml", () => {
  const file = join(root, "Pulumi.yaml");
  const text = contentOf("Pulumi.yaml");
  const project = parse(text) as {
    readonly name: string;
    readonly backend: { readonly url: string };
    readonly config: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };

  it("has the settings, their meaning and their defaults as the schema has them", async () => {
    assert.equal(text, await withProjectConfig(text, file));
  });

  it("gives each setting a meaning and a default, without which the engine asks for it, and no type", () => {
    assert.deepEqual(Object.keys(project.config), Object.keys(programSettingsSchema.shape));
    for (const [key, entry] of Object.entries(project.config)) {
      assert.deepEqual(Object.keys(entry), ["description", "default"], key);
    }
  });

  it("changes nothing for a user who sets nothing", () => {
    const defaults = Object.fromEntries(Object.entries(project.config).map(([key, entry]) => [key, entry["default"]]));
    const program = programSettings(asPulumiConfig(defaults), identity);
    assert.deepEqual(program, programSettings({}, identity));
    assert.deepEqual([program.stack.name, program.stack.environment], ["observability-dev", "dev"]);
  });

  it("keeps everything else when it is written, comments and the place of the state included", async () => {
    const lines = ["name: other", "# Why it is so.", "runtime: nodejs # really", "backend:", "  url: file://./.state"];
    const written = await withProjectConfig(`${lines.join("\n")}\nconfig:\n  old:\n    default: 1\n`, file);
    assert.equal(written.slice(0, written.indexOf("\n# Written by")), lines.join("\n"));
    assert.equal(written.slice(written.indexOf("# Written by")), text.slice(text.indexOf("# Written by")));
    assert.deepEqual([project.name, project.backend.url], [projectName, "file://./.pulumi-state"]);
  });
});

describe("the JSON schema of a stack's settings file", () => {
  const check = new Ajv().compile(JSON.parse(contentOf(stackFileSchemaPath)) as object);

  function accepts(config: Config): boolean {
    const entries = Object.entries(config).map(([key, value]) => [`${projectName}:${key}`, value]);
    return check({ config: Object.fromEntries(entries) as unknown }) as boolean;
  }

  it("is what the settings' schema says", async () => {
    assert.equal(contentOf(stackFileSchemaPath), await stackFileSchema(join(root, stackFileSchemaPath)));
  });

  it("is found by an editor that opens the settings of the stack dev, and has no complaint there", () => {
    const dev = contentOf("Pulumi.dev.yaml");
    assert.equal(dev.split("\n")[0], `# yaml-language-server: $schema=./${stackFileSchemaPath}`);
    assert.equal(check(parse(dev)), true, JSON.stringify(check.errors));
  });

  it("leaves alone what belongs to Pulumi and to other projects", () => {
    const others = { "docker:host": "ssh://a", "pulumi:tags": { a: "b" } };
    assert.equal(check({ config: others, encryptionsalt: "v1:x", environment: ["shared"] }), true);
  });

  it("accepts every good configuration, also as `pulumi config set` writes it, with numbers in quotes", () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        assert.equal(accepts(config), true, JSON.stringify([config, check.errors]));
        const quoted = Object.entries(config).map(([key, value]) => [
          key,
          typeof value === "number" || typeof value === "boolean" ? String(value) : value,
        ]);
        assert.equal(accepts(Object.fromEntries(quoted) as Config), true, JSON.stringify([quoted, check.errors]));
      }),
    );
  });

  it("refuses what the program refuses, but for what one setting means to another or to a file, which no schema can see", () => {
    fc.assert(
      fc.property(badConfig(), ({ config, defects }) => {
        assert.equal(
          accepts(config),
          defects.every(({ kind }) => kindsBeyondSchema.includes(kind)),
        );
      }),
    );
  });
});

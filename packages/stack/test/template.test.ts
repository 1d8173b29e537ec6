import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { packageFolder, usersFolder, type UsersFolder } from "./support/packed-stack.ts";

const template = join(packageFolder, "../../templates/observability-typescript");

/** Previews the program as a program of Pulumi would be, with configuration from its first argument. */
const previewer = `
import { previewProgram } from "@observability/stack/testing";
const config = JSON.parse(process.argv[2]);
const { resources, outputs } = await previewProgram(() => import("./index.ts"), { project: "shop", stack: "dev", config });
process.stdout.write(JSON.stringify({ names: resources.map(({ type, name }) => type + " " + name), outputs: Object.keys(outputs) }));
`;

describe("the template for pulumi new", function () {
  this.timeout(120_000);
  let user: UsersFolder;

  before(() => {
    user = usersFolder(template);
    // As pulumi new does.
    for (const name of readdirSync(template)) {
      const text = readFileSync(join(template, name), "utf8");
      const filled = text.replaceAll("${PROJECT}", "shop").replaceAll("${DESCRIPTION}", "A shop");
      writeFileSync(join(user.path, name), filled);
    }
    writeFileSync(join(user.path, "preview.mjs"), previewer);
  });
  after(() => {
    user.remove();
  });

  function node(...args: readonly string[]): string {
    return execFileSync(process.execPath, args, { cwd: user.path, encoding: "utf8" });
  }

  function preview(config: Readonly<Record<string, string>>): {
    readonly names: readonly string[];
    readonly outputs: readonly string[];
  } {
    return JSON.parse(node("preview.mjs", JSON.stringify(config))) as ReturnType<typeof preview>;
  }

  it("makes a program whose types are right", () => {
    node("node_modules/typescript/bin/tsc", "-p", ".");
  });

  it("asks for nothing that has no default, and makes a stack with a service of that on Docker", () => {
    const { template: asked } = parse(readFileSync(join(template, "Pulumi.yaml"), "utf8")) as {
      readonly template: { readonly config: Readonly<Record<string, { readonly default: string }>> };
    };
    const config = Object.entries(asked.config).map(([name, { default: value }]) => [`shop:${name}`, value] as const);
    const { names, outputs } = preview(Object.fromEntries(config));
    assert.ok(names.includes("docker:index/container:Container observability-hello"), names.join("\n"));
    assert.deepEqual([...outputs].sort(), ["grafanaPassword", "urls"]);
  });

  it("makes them on a cluster, by settings in the configuration", () => {
    const settings = JSON.stringify({ kubernetes: { context: "kind-shop" } });
    const { names } = preview({ "shop:target": "kubernetes", "shop:image": "a/b:1", "shop:settings": settings });
    assert.ok(names.includes("kubernetes:apps/v1:Deployment observability-hello"), names.join("\n"));
    assert.ok(!names.some((name) => name.includes(":Container ")));
  });

  it("has the packages in the versions of this repository", () => {
    interface Manifest {
      readonly version: string;
      readonly dependencies: Readonly<Record<string, string>>;
      readonly devDependencies: Readonly<Record<string, string>>;
    }
    const read = (folder: string): Manifest =>
      JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
    const { dependencies, devDependencies } = read(join(packageFolder, "../.."));
    const tested: Readonly<Record<string, string>> = {
      ...{ ...dependencies, ...devDependencies },
      "@observability/stack": read(packageFolder).version,
    };
    for (const folder of [template, join(packageFolder, "examples", "typescript")]) {
      const manifest = read(folder);
      const needed = { ...manifest.dependencies, ...manifest.devDependencies };
      assert.deepEqual(needed, Object.fromEntries(Object.keys(needed).map((name) => [name, tested[name]])), folder);
    }
  });
});

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { UsersFolder } from "../../packages/stack/test/support/packed-stack.ts";
import { componentSettings, componentSettingsPath } from "../../generators/component-settings.ts";
import { componentFolder, inferredSchema, installedComponent } from "./support/installed-component.ts";

const repository = join(componentFolder, "../..");

/** Previews the component as a program that hands over what its first argument says. */
const previewer = `
const { previewProgram } = await import("@observability/stack/testing");
const { Stack } = await import("./index.js");
const args = JSON.parse(process.argv[2]);
try {
  const run = () => { const { urls, serviceNames } = new Stack("o", args); return { urls, serviceNames }; };
  const { resources, outputs, files } = await previewProgram(run, { project: "shop", stack: "dev" });
  process.stdout.write(JSON.stringify({ resources, outputs, files }));
} catch (error) {
  process.stdout.write(JSON.stringify({ refused: error.message }));
}
`;

interface Previewed {
  readonly refused?: string;
  readonly resources: readonly { readonly type: string; readonly name: string; readonly inputs: object }[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly files: readonly { readonly path: string; readonly content?: string }[];
}

const property = z.looseObject({ $ref: z.string().optional(), plain: z.boolean().optional() });
const schemaShape = z.looseObject({
  name: z.string(),
  version: z.string(),
  resources: z.record(z.string(), z.looseObject({ inputProperties: z.record(z.string(), property) })),
  types: z.record(z.string(), z.looseObject({ properties: z.record(z.string(), property) })),
});

describe("the component for programs in other languages", function () {
  this.timeout(120_000);
  let installed: UsersFolder;

  before(() => {
    installed = installedComponent();
    // As Pulumi's host does, which compiles the files in memory.
    execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", ".", "--outDir", "."], {
      cwd: installed.path,
    });
    writeFileSync(join(installed.path, "preview.mjs"), previewer);
  });
  after(() => {
    installed.remove();
  });

  function preview(args: object): Previewed {
    const options = { cwd: installed.path, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const;
    return JSON.parse(execFileSync(process.execPath, ["preview.mjs", JSON.stringify(args)], options)) as Previewed;
  }

  it("has every setting and argument that there is, until npm run docs", async () => {
    const file = join(repository, componentSettingsPath);
    assert.equal(readFileSync(file, "utf8"), await componentSettings(file));
  });

  it("has the schema that is written down, until npm run package:schema", () => {
    const written: unknown = JSON.parse(readFileSync(join(componentFolder, "schema.json"), "utf8"));
    assert.deepEqual(inferredSchema(installed), written);
  });

  it("has the versions of this repository", () => {
    const manifest = z.looseObject({ version: z.string(), dependencies: z.record(z.string(), z.string()) });
    const read = (folder: string): z.output<typeof manifest> =>
      manifest.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
    const { version, dependencies } = read(componentFolder);
    const root = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
      readonly version: string;
      readonly dependencies: Readonly<Record<string, string>>;
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    const tested = { ...root.dependencies, ...root.devDependencies, "@observability/stack": root.version };
    assert.equal(version, root.version);
    for (const [name, needed] of Object.entries(dependencies)) {
      assert.equal(needed, tested[name as keyof typeof tested], name);
    }
  });

  it("takes what the example in YAML hands over", () => {
    const example = parse(readFileSync(join(componentFolder, "examples", "yaml", "Pulumi.yaml"), "utf8")) as {
      readonly resources: { readonly observability: { readonly type: string; readonly properties: object } };
    };
    const { name, resources, types } = schemaShape.parse(inferredSchema(installed));
    const [, stack] = Object.entries(resources).find(([type]) => type === `${name}:index:Stack`) ?? assert.fail();
    assert.equal(example.resources.observability.type, `${name}:Stack`);
    const unknown: string[] = [];
    const walk = (
      value: object,
      properties: Readonly<Record<string, z.output<typeof property>>>,
      path: string,
    ): void => {
      for (const [key, inner] of Object.entries(value) as (readonly [string, unknown])[]) {
        const known = properties[key];
        if (known === undefined) unknown.push(`${path}${key}`);
        const type = types[known?.$ref?.replace("#/types/", "") ?? ""];
        if (type !== undefined && typeof inner === "object" && inner !== null) {
          walk(inner, type.properties, `${path}${key}.`);
        }
      }
    };
    walk(example.resources.observability.properties, stack.inputProperties, "");
    assert.deepEqual(unknown, []);
  });

  it("makes the stack and its services of them, with what is JSON in them read", () => {
    const { resources, outputs, files } = preview({
      settings: {
        name: "shop",
        serviceNamespace: "shop",
        ports: { grafana: 3001 },
        otelCollector: {
          config: {
            processors: JSON.stringify({
              "resource/team": { attributes: [{ key: "team", value: "a", action: "upsert" }] },
            }),
            service: JSON.stringify({ pipelines: { logs: { processors: ["resource/team"] } } }),
          },
        },
      },
      services: { hello: { image: "a/b:1", secretEnv: { TOKEN: "hunter2" } } },
    });
    const named = resources.map(({ type, name }) => `${type} ${name}`);
    assert.ok(named.includes("docker:index/container:Container o-hello"), named.join("\n"));
    const component = resources.find(({ type }) => type === "observability-stack:index:Stack");
    // Nothing of them is kept in the state as the component's own.
    assert.deepEqual(component?.inputs, {});
    assert.deepEqual(outputs["serviceNames"], { hello: "shop-hello" });
    assert.equal((outputs["urls"] as Readonly<Record<string, string>>)["grafana"], "http://127.0.0.1:3001");
    assert.ok(files.some(({ content }) => content?.includes("resource/team")));
  });

  it("has services wait for others by their names, in whatever order they stand", () => {
    const cart = {
      image: "a/b:1",
      ports: [{ name: "http", port: 8080 }],
      healthCheck: { port: 8080, path: "/", command: ["node", "check.js"] },
    };
    const { resources } = preview({ services: { shop: { image: "a/b:1", dependsOn: ["cart"] }, cart } });
    const waiting = resources.filter(({ name }) => name === "o-cart-ready");
    assert.equal(waiting.length, 1, resources.map(({ name }) => name).join(" "));
  });

  it("refuses services that wait for one that there is not, or for each other", () => {
    const services = (...dependsOn: readonly unknown[]): object =>
      Object.fromEntries(
        dependsOn.map((before, index) => ["abc".charAt(index), { image: "a/b:1", dependsOn: before }] as const),
      );
    assert.equal(
      preview({ services: services(["d", 5], ["toString"], "a") }).refused,
      'services.a.dependsOn.0: must be the name of a service, got "d"; name one of a, b, c\n' +
        "services.a.dependsOn.1: must be the name of a service, got 5; name one of a, b, c\n" +
        'services.b.dependsOn.0: must be the name of a service, got "toString"; name one of a, b, c\n' +
        "services.c.dependsOn: must be a list of names of services, got something else; write [NAME] (OBS1002)",
    );
    assert.equal(
      preview({ services: services(["b"], ["c"], ["b"]) }).refused,
      "services.b.dependsOn: must not lead back to the service, got b → c → b; remove one of these (OBS1002)",
    );
    assert.equal(
      preview({ services: services(["a"]) }).refused,
      "services.a.dependsOn: must not lead back to the service, got a → a; remove one of these (OBS1002)",
    );
  });

  it("refuses wrong settings with every problem, and what is no JSON by its path", () => {
    assert.equal(
      preview({ settings: { retentionHours: 1, serviceNamespace: "Shop_" } }).refused,
      "the configuration has 2 problem(s), nothing was changed (OBS1001):\n" +
        "  retentionHours: must be a whole number of hours from 24 to 876000 (a day to 100 years, which all three stores can keep), got 1; set at least 24, for example 720 for 30 days\n" +
        '  serviceNamespace: must be at most 40 lower-case letters, digits and inner hyphens, a letter first, got "Shop_"; set one that fits, for example shop',
    );
    assert.equal(
      preview({ settings: { grafana: { datasources: ["hunter2"] } } }).refused,
      "settings.grafana.datasources[]: must be JSON, got another text; write it with fn::toJSON, or your language's own (OBS1001)",
    );
  });
});

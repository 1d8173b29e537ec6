import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { createRequire, findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { catalogue } from "../../src/instrumentations/catalogue.ts";

const packageFolder = join(import.meta.dirname, "../..");
const require = createRequire(join(packageFolder, "package.json"));

/** What is asked of an instrumentation. */
interface Defining {
  getModuleDefinitions(): readonly { readonly name: string }[];
}

describe("the catalogue of instrumentations", () => {
  for (const { name, className, modules } of catalogue) {
    it(`loads ${name} for exactly the modules that it changes`, () => {
      const classes = require(`@opentelemetry/instrumentation-${name}`) as Record<
        string,
        new (config: { enabled: false }) => Defining
      >;
      const Class = classes[className];
      assert.ok(Class !== undefined, className);
      const changed = new Class({ enabled: false }).getModuleDefinitions().map((definition) => definition.name);
      assert.deepEqual([...modules].sort(), [...new Set(changed)].sort());
    });
  }

  it("has every instrumentation that the package depends on, but for those that are there from the start", () => {
    const { dependencies } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    const installed = Object.keys(dependencies).flatMap((name) => /instrumentation-(.+)$/.exec(name)?.[1] ?? []);
    const fromTheStart = ["http", "runtime-node", "undici"];
    assert.deepEqual([...catalogue.map(({ name }) => name), ...fromTheStart].sort(), installed.sort());
  });

  it("has none that reads OTEL_SEMCONV_STABILITY_OPT_IN, which the README says of them", () => {
    const readers = [...catalogue.map(({ name }) => name), "http", "undici"].filter((name) => {
      const manifest = findPackageJSON(`@opentelemetry/instrumentation-${name}`, join(packageFolder, "package.json"));
      assert.ok(manifest !== undefined, name);
      const files = globSync("{dist,build}/**/*.{cjs,js}", { cwd: dirname(manifest) });
      assert.ok(files.length > 0, name);
      return files.some((file) => readFileSync(join(dirname(manifest), file), "utf8").includes("SEMCONV_STABILITY"));
    });
    assert.deepEqual(readers, []);
  });
});

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { packageEntries, publicApi } from "../build/build-package.ts";
import { billOfMaterials } from "../build/sbom.ts";
import { packPackage, type PackedPackage } from "../../shared/test/packed-package.ts";

const packageFolder = join(import.meta.dirname, "..");

describe("the package that npm pack makes", function () {
  this.timeout(120_000);
  let packed: PackedPackage;
  let tarball: Uint8Array;

  before(() => {
    packed = packPackage(packageFolder);
    tarball = readFileSync(packed.tarball);
  });
  after(() => {
    packed.remove();
  });

  it("holds what is built, the source it was built from, the licence and the README, and nothing else", () => {
    const built = [
      ...packageEntries().flatMap(({ name }) => [`${name}.cjs`, `${name}.mjs`, `${name}.d.cts`, `${name}.d.mts`]),
      "register.cjs.map",
      "testing.cjs.map",
      // What the entries share.
      "start-telemetry.cjs",
      "start-telemetry.cjs.map",
    ].map((name) => `dist/${name}`);
    const sources = globSync("src/**/*.ts", { cwd: packageFolder });
    assert.deepEqual(packed.files.toSorted(), ["LICENSE", "README.md", "package.json", ...built, ...sources].sort());
  });

  it("shows users what is written down in api/, until npm run api", () => {
    for (const [fileName, text] of publicApi()) {
      assert.equal(text, readFileSync(join(packageFolder, "api", fileName), "utf8"), fileName);
    }
  });

  it("is laid out as publint wants it", async () => {
    const { messages } = await publint({ pack: { tarball: new Uint8Array(tarball).buffer }, strict: true });
    assert.deepEqual(messages, []);
  });

  it("has types that are right for both module systems and every way of resolving them that knows exports", async () => {
    const result = await checkPackage(createPackageFromTarballData(tarball));
    assert.ok(result.types !== false);
    // TypeScript's old `node10` knows no `exports`, and finds the main entry only.
    const problems = result.problems.filter(
      (problem) => !("resolutionKind" in problem && problem.resolutionKind === "node10"),
    );
    assert.deepEqual(problems, []);
  });

  it("installs nothing but what it needs to run, and runs nothing when it is installed", () => {
    const manifest = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as {
      readonly scripts: Readonly<Record<string, string>>;
      readonly dependencies: Readonly<Record<string, string>>;
    };
    assert.equal("devDependencies" in manifest, false);
    assert.deepEqual(Object.keys(manifest.scripts).sort(), ["api", "build", "prepack", "sbom"]);
    for (const [name, version] of Object.entries(manifest.dependencies)) assert.match(version, /^\d+\.\d+\.\d+$/, name);
  });

  it("has a bill of materials with exactly what is installed with it, each part with its hash", () => {
    const bill = JSON.parse(billOfMaterials()) as Bill;
    const { name, version } = readManifest(packageFolder);
    assert.deepEqual(
      [bill.bomFormat, bill.metadata.component.name, bill.metadata.component.purl],
      ["CycloneDX", name, `pkg:npm/${encodeURIComponent("@")}${name.slice(1)}@${version}`],
    );
    assert.deepEqual(
      bill.components.map((part) => `${part.name}@${part.version}`).sort(),
      [...installedWith(packageFolder)].sort(),
    );
    assert.deepEqual(
      bill.components.filter(({ hashes = [] }) => !hashes.some(({ alg }) => alg === "SHA-512")),
      [],
    );
  });
});

/** What is read of a bill of materials in CycloneDX. */
interface Bill {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string; readonly purl: string } };
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly hashes?: readonly { readonly alg: string }[];
  }[];
}

/** What is read of any package.json. */
interface AnyManifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function readManifest(folder: string): AnyManifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as AnyManifest;
}

/** Everything that a package needs, and what that needs, as Node.js finds it from where it is: `name@version`. */
function installedWith(folder: string, found = new Set<string>()): ReadonlySet<string> {
  for (const dependency of Object.keys(readManifest(folder).dependencies ?? {})) {
    let from = folder;
    while (!existsSync(join(from, "node_modules", dependency, "package.json"))) {
      if (from === dirname(from)) assert.fail(`${dependency} of ${folder} is not installed`);
      from = dirname(from);
    }
    const target = join(from, "node_modules", dependency);
    const { name, version } = readManifest(target);
    if (found.has(`${name}@${version}`)) continue;
    found.add(`${name}@${version}`);
    installedWith(target, found);
  }
  return found;
}

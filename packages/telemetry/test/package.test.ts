import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { packageEntries, publicApi } from "../build/build-package.ts";

const packageFolder = join(import.meta.dirname, "..");

/** What `npm pack --json` says of a tarball. */
interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

describe("the package that npm pack makes", function () {
  this.timeout(120_000);
  let folder: string;
  let packed: Packed;
  let tarball: Uint8Array;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telemetry-package-"));
    const output = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
      cwd: packageFolder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [first] = JSON.parse(output) as Packed[];
    assert.ok(first !== undefined);
    packed = first;
    tarball = readFileSync(join(folder, packed.filename));
  });
  after(() => {
    rmSync(folder, { recursive: true });
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
    assert.deepEqual(
      packed.files.map(({ path }) => path).sort(),
      ["LICENSE", "README.md", "package.json", ...built, ...sources].sort(),
    );
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
    assert.deepEqual(Object.keys(manifest.scripts).sort(), ["api", "build", "prepack"]);
    for (const [name, version] of Object.entries(manifest.dependencies)) assert.match(version, /^\d+\.\d+\.\d+$/, name);
  });
});

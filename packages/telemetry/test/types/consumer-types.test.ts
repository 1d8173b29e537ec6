import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { packPackage, unpackFor, type PackedPackage } from "../../../shared/test/packed-package.ts";

const packageFolder = join(import.meta.dirname, "../..");

/** How users compile: an ES module, CommonJS, and what a bundler will read. */
const consumers = {
  "an ES module": { file: "consumer.mts", module: ts.ModuleKind.Node16, resolution: ts.ModuleResolutionKind.Node16 },
  CommonJS: { file: "consumer.cts", module: ts.ModuleKind.Node16, resolution: ts.ModuleResolutionKind.Node16 },
  "a bundler": { file: "consumer.ts", module: ts.ModuleKind.ESNext, resolution: ts.ModuleResolutionKind.Bundler },
} as const;

describe("the types of the package", function () {
  this.timeout(120_000);
  let packed: PackedPackage;
  let folder: string;

  before(() => {
    packed = packPackage(packageFolder);
    folder = realpathSync(mkdtempSync(join(tmpdir(), "telemetry-types-")));
    writeFileSync(join(folder, "package.json"), "{}");
    unpackFor(folder, packed, [join(packageFolder, "node_modules"), join(packageFolder, "../../node_modules")]);
  });
  after(() => {
    rmSync(folder, { recursive: true });
    packed.remove();
  });

  for (const [name, { file, module, resolution }] of Object.entries(consumers)) {
    it(`let ${name} write what public-api.ts has, and not what it expects to be wrong`, () => {
      const consumer = join(folder, file);
      copyFileSync(join(import.meta.dirname, "public-api.ts"), consumer);
      const program = ts.createProgram([consumer], {
        module,
        moduleResolution: resolution,
        target: ts.ScriptTarget.ES2022,
        lib: ["lib.es2024.d.ts"],
        types: ["node"],
        typeRoots: [join(folder, "node_modules/@types")],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
      });
      const declarations = program.getSourceFiles().filter(({ fileName }) => fileName.includes("telemetry/dist/"));
      assert.deepEqual(
        declarations
          .map(({ fileName }) => fileName.slice(fileName.lastIndexOf("/") + 1))
          .filter((one) => one.endsWith(".d.cts"))
          .sort(),
        ["index.d.cts", "register.d.cts", "testing.d.cts"],
      );
      assert.equal(ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), formatHost), "");
    });
  }
});

const formatHost: ts.FormatDiagnosticsHost = {
  getCanonicalFileName: (path) => path,
  getCurrentDirectory: () => "",
  getNewLine: () => "\n",
};

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { globSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import ts from "typescript";
import { dist, publicApi, readAtRunTime } from "../build/build-package.ts";
import { packageFolder, packedStack, usersFolder, type UsersFolder } from "./support/packed-stack.ts";

const repository = join(packageFolder, "../..");

/** What is read of a package.json. */
interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

describe("the stack as a package that npm pack makes", function () {
  this.timeout(120_000);
  let tarball: Uint8Array;

  before(() => {
    tarball = readFileSync(packedStack().tarball);
  });

  it("holds what is compiled, what that reads at run time, the licence and the README, and nothing else", () => {
    const compiled = /^dist\/(components|config)\/[^.]+\.(js|d\.ts)$/;
    const others = packedStack().files.filter((path) => !compiled.test(path));
    const read = readAtRunTime.flatMap((path) =>
      statSync(join(repository, path)).isFile() ? [path] : filesBelow(path).map((below) => `${path}/${below}`),
    );
    assert.deepEqual(
      others.toSorted(),
      // npm packs no rules of its own, which some of the packages in the instrumentation's image have.
      [
        "LICENSE",
        "README.md",
        "package.json",
        ...read.filter((path) => !path.endsWith(".npmignore")).map(inDist),
      ].sort(),
    );
    const components = globSync("components/**/*.ts", { cwd: repository });
    const expected = components.flatMap((path) => [path.replace(/\.ts$/, ".js"), path.replace(/\.ts$/, ".d.ts")]);
    assert.deepEqual(
      expected.map(inDist).filter((path) => !packedStack().files.includes(path)),
      [],
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

  it("has types that are right for every way of resolving them that knows exports", async () => {
    const result = await checkPackage(createPackageFromTarballData(tarball));
    assert.ok(result.types !== false);
    const problems = result.problems.filter(
      (problem) =>
        // CommonJS requires ES modules since Node.js 22.12, which the package asks for.
        problem.kind !== "CJSResolvesToESM" &&
        // TypeScript's old `node10` knows no `exports`, and finds the main entry only.
        !("resolutionKind" in problem && problem.resolutionKind === "node10"),
    );
    assert.deepEqual(problems, []);
  });

  it("declares every package that it imports and no other, Pulumi's as the program's own, in versions of this repository", () => {
    const files = globSync("{components,config}/**/*.js", { cwd: dist });
    const imported = files.flatMap((file) =>
      ts.preProcessFile(readFileSync(join(dist, file), "utf8")).importedFiles.map(({ fileName }) => fileName),
    );
    const packages = imported
      .filter((name) => !name.startsWith(".") && !name.startsWith("node:"))
      .map((name) => name.split("/", name.startsWith("@") ? 2 : 1).join("/"));
    const { dependencies, peerDependencies, scripts } = manifest(packageFolder);
    const { dependencies: tested } = manifest(repository);
    const declared = [...new Set(packages)].sort().map((name) => {
      const version = tested[name] ?? "none";
      return name.startsWith("@pulumi/") ? ([name, `^${version}`] as const) : ([name, version] as const);
    });
    assert.deepEqual({ ...dependencies, ...peerDependencies }, Object.fromEntries(declared));
    assert.ok(Object.keys(peerDependencies).every((name) => name.startsWith("@pulumi/")));
    assert.ok(Object.keys(dependencies).every((name) => !name.startsWith("@pulumi/")));
    assert.deepEqual(Object.keys(scripts).sort(), ["api", "build", "prepack"]);
  });

  describe("in a program of a user, outside of the repository", () => {
    let user: UsersFolder;

    before(() => {
      user = usersFolder(join(packageFolder, "examples", "typescript"));
      for (const [index, code] of readmeExamples().entries())
        writeFileSync(join(user.path, `readme-${index}.ts`), code);
    });
    after(() => {
      user.remove();
    });

    it("is type-checked, and so are the examples of the README", () => {
      assert.equal(readmeExamples().length, 2);
      runIn(user, "typescript/bin/tsc", "-p", ".");
    });

    it("is previewed on Docker and on Kubernetes by the user's own mocha", () => {
      assert.deepEqual(titles(user, "shop.test.ts"), {
        failed: [],
        passed: ["is a stack and a service on Docker", "is a stack and a service on a cluster"],
      });
    });

    it("is judged by the tests of docs/previews.md, over what it has deployed itself", () => {
      const page = readFileSync(join(repository, "docs/previews.md"), "utf8");
      const [, test = ""] = /^```ts\n([^]*?)^```$/m.exec(page) ?? [];
      writeFileSync(join(user.path, "page.test.ts"), test);
      writeFileSync(join(user.path, "state.json"), JSON.stringify({ deployment: { resources: [keptVolume] } }));
      runIn(user, "typescript/bin/tsc", "-p", ".");
      assert.deepEqual(titles(user, "page.test.ts"), {
        failed: [],
        passed: [
          "replaces and deletes nothing that is deployed",
          "opens these ports on this machine, and none beyond it",
          "has no secret in plain sight, {}",
          'has no secret in plain sight, {"target":"kubernetes","kubernetes":{"context":"kind-shop"}}',
          "keeps its data",
        ],
      });
      writeFileSync(
        join(user.path, "state.json"),
        JSON.stringify({ deployment: { resources: [{ ...keptVolume, inputs: { name: "another" } }] } }),
      );
      assert.deepEqual(titles(user, "page.test.ts").failed, ["replaces and deletes nothing that is deployed"]);
    });

    it("can be required by CommonJS", () => {
      const code = 'process.stdout.write(typeof require("@observability/stack").ObservabilityStack)';
      assert.equal(runIn(user, undefined, "--eval", code), "function");
    });
  });
});

/** What the package's README has as TypeScript. */
function readmeExamples(): readonly string[] {
  const readme = readFileSync(join(packageFolder, "README.md"), "utf8");
  return [...readme.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = ""]) => code);
}

const stackType = "observability:index:ObservabilityStack$";
/** What a state has of the volume of Loki's data. */
const keptVolume = {
  urn: `urn:pulumi:dev::shop::${stackType}observability:index:Loki$docker:index/volume:Volume::observability-loki-data`,
  type: "docker:index/volume:Volume",
  provider: `urn:pulumi:dev::shop::${stackType}pulumi:providers:docker::observability-docker::some-id`,
  inputs: { name: "shop-dev_loki_data" },
};

interface Titled {
  readonly title: string;
}

/** Titles of the tests that the user's own mocha has run. */
function titles(
  user: UsersFolder,
  file: string,
): { readonly failed: readonly string[]; readonly passed: readonly string[] } {
  const args = [join(user.path, "node_modules/mocha/bin/mocha.js"), "--reporter", "json", file];
  // Its exit code is the number of tests that have failed.
  const { stdout } = spawnSync(process.execPath, args, { cwd: user.path, encoding: "utf8" });
  const report = JSON.parse(stdout) as {
    readonly passes: readonly Titled[];
    readonly failures: readonly Titled[];
  };
  const of = (tests: readonly Titled[]): readonly string[] => tests.map(({ title }) => title);
  return { failed: of(report.failures), passed: of(report.passes) };
}

function inDist(path: string): string {
  return `dist/${path}`;
}

/** Paths of the files in a folder of the repository, relative to it. */
function filesBelow(folder: string): readonly string[] {
  const root = join(repository, folder);
  const below = readdirSync(root, { withFileTypes: true, recursive: true });
  return below.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** What Node.js prints. @param script of an installed package; `undefined` for none */
function runIn({ path }: UsersFolder, script: string | undefined, ...args: readonly string[]): string {
  const program = script === undefined ? [] : [join(path, "node_modules", script)];
  try {
    return execFileSync(process.execPath, [...program, ...args], { cwd: path, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    if (!(error instanceof Error) || !("stdout" in error)) throw error;
    throw new Error(`${script ?? "node"}: must end well, got ${String(error.stdout)}`, { cause: error });
  }
}

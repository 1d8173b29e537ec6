import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const packageFolder = join(import.meta.dirname, "..");
const repository = join(packageFolder, "../..");

/** What is used of package.json. */
interface Manifest {
  readonly name: string;
  readonly scripts: unknown;
  readonly exports: unknown;
}

/** What is used of package-lock.json. */
interface Lock {
  readonly packages: Readonly<Record<string, { readonly link?: true }>>;
}

/**
 * The software bill of materials of the package in CycloneDX 1.5: what is installed with it, in the versions of this
 * repository's lock file, which its tests have run with. No network is needed.
 *
 * npm describes the project of a folder, and a workspace as a part of the repository's. So the package is made a project
 * of its own, with its production dependencies only.
 */
export function billOfMaterials(): string {
  const {
    scripts: _scripts,
    exports: _exports,
    ...manifest
  } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as Manifest;
  const { packages } = JSON.parse(readFileSync(join(repository, "package-lock.json"), "utf8")) as Lock;
  const inRepository = Object.entries(packages).filter(([path, { link }]) => link !== true && path.startsWith(modules));
  const own = Object.entries(packages).flatMap(([path, entry]) =>
    path.startsWith(`${workspace}/${modules}`) ? [[path.slice(workspace.length + 1), entry] as const] : [],
  );
  const temporary = mkdtempSync(join(tmpdir(), "telemetry-sbom-"));
  // npm names a project by its folder.
  const project = join(temporary, manifest.name);
  const npm = (...args: readonly string[]): string =>
    execFileSync("npm", args, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  try {
    mkdirSync(project, { recursive: true });
    writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
    const lock = { lockfileVersion: 3, packages: { "": manifest, ...Object.fromEntries([...inRepository, ...own]) } };
    writeFileSync(join(project, "package-lock.json"), JSON.stringify(lock));
    // Takes away what others in the repository need; it fails if anything is missing.
    npm("install", "--package-lock-only", "--offline", "--ignore-scripts", "--omit=dev");
    return npm("sbom", "--package-lock-only", "--omit=dev", "--sbom-format=cyclonedx", "--sbom-type=library");
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

const workspace = "packages/telemetry";
const modules = "node_modules/";

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { extractApi } from "../../shared/build/extract-api.ts";

const packageFolder = join(import.meta.dirname, "..");
const repository = join(packageFolder, "../..");
const project = join(packageFolder, "tsconfig.build.json");
const { resolve } = createRequire(import.meta.url);

/** Where the package is built. */
export const dist = join(packageFolder, "dist");

/** What the components read at run time, by its path in the repository: it has the same one in `dist/`. */
export const readAtRunTime = [
  "canary",
  "disk-guard",
  "docs/runbooks",
  "instrumentation/Dockerfile",
  "instrumentation/.dockerignore",
  "instrumentation/dist",
] as const;

/** What is read of package.json. */
interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

/** The entries that package.json has under `exports`: name, and path of the declarations in the package. */
function packageEntries(): readonly { readonly name: string; readonly types: string }[] {
  const { exports } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as Manifest;
  return Object.entries(exports).flatMap(([path, conditions]) =>
    typeof conditions === "string" ? [] : [{ name: path === "." ? "index" : basename(path), types: conditions.types }],
  );
}

/**
 * Builds what `npm pack` puts into the package. Each source file becomes a file at its own path below `dist/`, since the
 * components find what they read from where they are.
 *
 * @throws Error if `instrumentation/dist` is not there
 */
export function buildPackage(): void {
  if (!existsSync(join(repository, "instrumentation", "dist"))) {
    throw new Error("instrumentation/dist: must be there, got nothing; run npm run prepare in the repository's folder");
  }
  rmSync(dist, { recursive: true, force: true });
  const compiler = join(resolve("typescript/package.json"), "../bin/tsc");
  execFileSync(process.execPath, [compiler, "--project", project, "--outDir", dist], { stdio: "inherit" });
  for (const path of readAtRunTime) cpSync(join(repository, path), join(dist, path), { recursive: true });
}

/** What users can see of each entry in what was built last, as text to compare and to keep: by name of its file. */
export function publicApi(): ReadonlyMap<string, string> {
  return new Map(
    packageEntries().map(({ name, types }) => {
      const fileName = `${name}.api.md`;
      const entry = { name, packageFolder, project, declaration: join(packageFolder, types) };
      extractApi(entry, { report: { folder: dist, fileName } });
      const report = join(dist, fileName);
      const text = readFileSync(report, "utf8").replaceAll("\r\n", "\n");
      rmSync(report);
      return [fileName, text] as const;
    }),
  );
}

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, isAbsolute, join, parse } from "node:path";
import { build } from "rolldown";
import { extractApi, type ExtractedApi } from "../../shared/build/extract-api.ts";

const packageFolder = join(import.meta.dirname, "..");
const { resolve } = createRequire(import.meta.url);

/** The condition under which this repository's own programs take the TypeScript source instead of what is built. */
const sourceCondition = "@observability/source";

/** One thing that users import. */
export interface Entry {
  /** Name of its files in `dist/`, without an extension. */
  readonly name: string;
  /** Its source, relative to the package's folder. */
  readonly source: string;
}

/** What is read of package.json. */
interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, unknown>>>>;
}

/** The entries that package.json has under `exports`. */
export function packageEntries(): readonly Entry[] {
  const { exports } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as Manifest;
  return Object.entries(exports).flatMap(([path, conditions]) => {
    const source = typeof conditions === "string" ? undefined : conditions[sourceCondition];
    return typeof source === "string" ? [{ name: path === "." ? "index" : basename(path), source }] : [];
  });
}

/**
 * Builds what `npm pack` puts into the package: the code once, as CommonJS, and for each entry an ES module that
 * exports the same. With two builds of the code, a process that uses both module systems would have all of it twice,
 * OpenTelemetry's SDK included.
 *
 * @param outDir absolute path; what is in it is removed
 */
export async function buildPackage(outDir: string): Promise<void> {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  await buildCode(outDir);
  const declarations = mkdtempSync(join(tmpdir(), "telemetry-declarations-"));
  try {
    emitDeclarations(declarations);
    for (const entry of packageEntries()) {
      rollUp(entry, declarations, { declarationFile: join(outDir, `${entry.name}.d.cts`) });
      writeFileSync(join(outDir, `${entry.name}.d.mts`), `export * from "./${entry.name}.cjs";\n`);
    }
  } finally {
    rmSync(declarations, { recursive: true });
  }
}

/** What users can see of each entry, as text to compare and to keep. */
export function publicApi(): ReadonlyMap<string, string> {
  const declarations = mkdtempSync(join(tmpdir(), "telemetry-declarations-"));
  try {
    emitDeclarations(declarations);
    return new Map(
      packageEntries().map((entry) => {
        const fileName = `${entry.name}.api.md`;
        rollUp(entry, declarations, { report: { folder: declarations, fileName } });
        return [fileName, readFileSync(join(declarations, fileName), "utf8").replaceAll("\r\n", "\n")] as const;
      }),
    );
  } finally {
    rmSync(declarations, { recursive: true });
  }
}

async function buildCode(outDir: string): Promise<void> {
  const { output } = await build({
    cwd: packageFolder,
    input: Object.fromEntries(packageEntries().map(({ name, source }) => [name, source])),
    platform: "node",
    // Everything but the package's own files is a dependency.
    external: (id) => !id.startsWith(".") && !isAbsolute(id),
    output: {
      dir: outDir,
      format: "cjs",
      entryFileNames: "[name].cjs",
      chunkFileNames: "[name].cjs",
      sourcemap: true,
    },
  });
  for (const chunk of output) {
    if (chunk.type !== "chunk" || !chunk.isEntry) continue;
    const from = `./${chunk.fileName}`;
    const { exports: names } = chunk;
    const code = names.length === 0 ? `import "${from}";\n` : `export { ${names.join(", ")} } from "${from}";\n`;
    writeFileSync(join(outDir, `${chunk.name}.mjs`), code);
  }
}

/** Writes a declaration of each source file. */
function emitDeclarations(outDir: string): void {
  const compiler = join(resolve("typescript/package.json"), "../bin/tsc");
  const project = join(packageFolder, "tsconfig.build.json");
  execFileSync(process.execPath, [compiler, "--project", project, "--outDir", outDir], { stdio: "inherit" });
}

/** @throws Error if something that users can see is not exported, or has no docstring */
function rollUp({ name, source }: Entry, declarations: string, extracted: ExtractedApi): void {
  const { dir, name: file } = parse(source);
  extractApi(
    {
      name,
      packageFolder,
      declaration: join(declarations, dir.replace(/^\.\/src\/?/, ""), `${file}.d.ts`),
      project: join(packageFolder, "tsconfig.build.json"),
    },
    extracted,
  );
}

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const repository = join(import.meta.dirname, "../../..");

/** What `npm pack` has made, in a temporary folder. */
export interface PackedPackage {
  /** Its own name. */
  readonly name: string;
  /** Path of the tarball. */
  readonly tarball: string;
  /** Paths in the package. */
  readonly files: readonly string[];
  readonly remove: () => void;
}

/** Packs a package of this repository as it is published. @param packageFolder with its package.json */
export function packPackage(packageFolder: string): PackedPackage {
  const folder = mkdtempSync(join(tmpdir(), "packed-package-"));
  const output = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: packageFolder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [packed] = JSON.parse(output) as {
    readonly name: string;
    readonly filename: string;
    readonly files: readonly { readonly path: string }[];
  }[];
  if (packed === undefined) throw new Error(`npm pack: must print what it has packed, got ${output}`);
  return {
    name: packed.name,
    tarball: join(folder, packed.filename),
    files: packed.files.map(({ path }) => path),
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * Unpacks it where a program in this folder finds it, with everything that this repository has installed beside it.
 *
 * @param folder of the program; it gets `node_modules`
 * @param modules folders of installed packages; of two packages with the same name, that of the first one is taken
 */
export function unpackFor(
  folder: string,
  { name, tarball }: PackedPackage,
  modules: readonly string[] = [join(repository, "node_modules")],
): void {
  const target = join(folder, "node_modules", name);
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", target]);
  for (const from of modules) linkAll(from, join(folder, "node_modules"));
}

/** Links each package; of two with the same name, the one that was there before stays. */
function linkAll(from: string, to: string): void {
  for (const { name } of readdirSync(from, { withFileTypes: true })) {
    if (name.startsWith(".")) continue;
    if (name.startsWith("@")) {
      linkAll(join(from, name), join(to, name));
      continue;
    }
    mkdirSync(dirname(join(to, name)), { recursive: true });
    if (!readdirSync(to).includes(name)) symlinkSync(join(from, name), join(to, name), "dir");
  }
}

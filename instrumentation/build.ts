import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/*
 * Collects what the image has: the telemetry library as `npm pack` would have it, beside every package that it needs,
 * in the versions of package-lock.json. A bundle would not do: instrumentations load and patch by name.
 */

const root = join(import.meta.dirname, "..");
const out = join(import.meta.dirname, "dist");
const library = "@observability/telemetry";
const libraryFolder = join(root, "packages", "telemetry");

/** Nothing loads these; they are two thirds of the size. */
const left = /\.(map|ts|mts|cts|md|markdown|flow)$/;

/** Folders of the library's dependencies, theirs included. */
function dependencyFolders(): readonly string[] {
  const args = ["ls", "--workspace", library, "--omit=dev", "--all", "--parseable"];
  const listed = execFileSync("npm", args, { cwd: root, encoding: "utf8" }).trim().split("\n");
  return listed.filter((folder) => folder !== root && !folder.endsWith(join("node_modules", library)));
}

/** Where a package's folder is in the image: the library's own dependencies lie within it. */
function placeOf(folder: string): string {
  const within = relative(libraryFolder, folder);
  return within.startsWith("..") ? join(out, relative(root, folder)) : join(out, "node_modules", library, within);
}

/** Copies what is loaded, readable to every user: the checkout may be of a strict umask. */
function copy(from: string, to: string, skip: readonly string[]): void {
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    const source = join(entry.parentPath, entry.name);
    const path = relative(from, source);
    if (!entry.isFile() || left.test(path) || skip.includes(path.split(sep)[0] ?? "")) continue;
    copyFile(source, join(to, path));
  }
}

function copyFile(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(source, target);
  chmodSync(target, 0o644);
}

rmSync(out, { recursive: true, force: true });
// Packages of its own lie in a package's `node_modules` and are listed by themselves.
for (const folder of dependencyFolders()) copy(folder, placeOf(folder), ["node_modules"]);
copy(join(libraryFolder, "dist"), join(placeOf(libraryFolder), "dist"), []);
for (const name of ["package.json", "LICENSE"]) copyFile(join(libraryFolder, name), join(placeOf(libraryFolder), name));
copyFile(join(import.meta.dirname, "register.mjs"), join(out, "register.mjs"));
for (const entry of readdirSync(out, { withFileTypes: true, recursive: true })) {
  if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o755);
}
chmodSync(out, 0o755);

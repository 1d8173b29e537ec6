import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import dockerignore from "@balena/dockerignore";

/**
 * First 12 hex digits of a hash over the names and contents of what a build would be sent: every file below the folder
 * that its `.dockerignore` lets through, and the Dockerfile, which is sent in any case. `extra` is hashed along.
 */
export function contentHash(folder: string, dockerfile: string, extra: string): string {
  const hash = createHash("sha256").update(extra);
  for (const file of [dockerfile, ...contextFiles(folder)]) {
    hash.update(`\0${file}\0`).update(readFileSync(join(folder, file)));
  }
  return hash.digest("hex").slice(0, 12);
}

function contextFiles(folder: string): string[] {
  const ignoreFile = join(folder, ".dockerignore");
  const ignored = dockerignore.default().add(existsSync(ignoreFile) ? readFileSync(ignoreFile, "utf8") : "");
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((file) => !ignored.ignores(file))
    .sort();
}

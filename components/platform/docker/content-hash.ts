import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join, posix } from "node:path";
import dockerignore from "@balena/dockerignore";

/**
 * First 12 hex digits of a hash over what a build would be sent: every file, symbolic link and folder below the folder
 * that its `.dockerignore` lets through, each with its permissions, and the Dockerfile, which is sent in any case. Times
 * and owners are left out: no layer of the image depends on them. `extra` is hashed along.
 */
export function contentHash(folder: string, dockerfile: string, extra: string): string {
  const hash = createHash("sha256").update(extra);
  hash.update("\0").update(readFileSync(join(folder, dockerfile)));
  for (const path of contextEntries(folder)) {
    const { kind, mode, content } = sentEntry(join(folder, path));
    // With its length: a content may hold what looks like the next entry.
    hash.update(`\0${path}\0${kind}\0${mode.toString(8)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 12);
}

/** An entry as the builder is sent it: of a link its target, and not what is there. */
function sentEntry(path: string): { readonly kind: string; readonly mode: number; readonly content: string | Buffer } {
  const status = lstatSync(path);
  if (status.isSymbolicLink()) return { kind: "link", mode: 0, content: readlinkSync(path) };
  const mode = status.mode & 0o7777;
  if (status.isDirectory()) return { kind: "folder", mode, content: "" };
  return { kind: "file", mode, content: readFileSync(path) };
}

/** Paths below the folder with slashes, sorted. A folder that is kept out is sent all the same for what is let through in it. */
function contextEntries(folder: string): readonly string[] {
  const ignoreFile = join(folder, ".dockerignore");
  const ignored = dockerignore.default().add(existsSync(ignoreFile) ? readFileSync(ignoreFile, "utf8") : "");
  const sent = entriesBelow(folder).filter((path) => !ignored.ignores(path));
  return [...new Set(sent.flatMap((path) => [path, ...foldersAbove(path)]))].sort();
}

/** Files, links and folders. Node.js' own recursion follows links to folders, which no builder does. */
function entriesBelow(folder: string, below = ""): readonly string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(below, entry.name);
    if (entry.isDirectory()) return [path, ...entriesBelow(folder, path)];
    return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
  });
}

function foldersAbove(path: string): readonly string[] {
  const above = posix.dirname(path);
  return above === "." ? [] : [above, ...foldersAbove(above)];
}

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { changesOf, releasedChangelog } from "./changelog.ts";

/*
 * What `npm version` runs between writing package.json and its commit: the packages have the version of the repository, and
 * the changelog a section. With `--notes` it prints that section instead, for the page of the release.
 */

const changelog = join(import.meta.dirname, "..", "CHANGELOG.md");
const { npm_package_version: version = "" } = process.env;
if (version === "") throw new Error("npm_package_version: must be set; run npm version, or npm run release:notes");

const text = readFileSync(changelog, "utf8");
if (process.argv.includes("--notes")) {
  process.stdout.write(changesOf(text, version));
} else {
  writeFileSync(changelog, releasedChangelog(text, version, new Date().toISOString().slice(0, 10)));
  const args = ["version", version, "--workspaces", "--no-git-tag-version", "--allow-same-version"];
  execFileSync("npm", args, { stdio: "inherit", shell: process.platform === "win32" });
}

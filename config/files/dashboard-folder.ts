import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import type { FolderFile } from "../grafana/own-dashboards.ts";

/**
 * Every `*.json` file below a folder, sorted; `undefined` if there is no such folder.
 *
 * @param folder relative to the working directory, which for a program of Pulumi is the folder of Pulumi.yaml
 */
export function readDashboardFolder(folder: string): readonly FolderFile[] | undefined {
  const root = resolve(folder);
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  return readdirSync(root, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ path: relative(root, file).split(sep).join("/"), content: readFileSync(file, "utf8") }));
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TextFile } from "./text-file.ts";

/** What the canary's process starts with, and what that imports. */
const names = ["main.mjs", "canary.mjs", "stores.mjs"];

/** The script of the canary as files in its container: those of the folder `canary/` of this repository, as they are. */
export function canaryScript(folder: string): readonly TextFile[] {
  return names.map((name) => ({
    path: `${folder}/${name}`,
    content: readFileSync(join(import.meta.dirname, "..", "canary", name), "utf8"),
  }));
}

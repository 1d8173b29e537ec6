import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TextFile } from "./text-file.ts";

/** What all scripts import. */
const common = ["ask.mjs", "process.mjs", "report.mjs", "troubles.mjs"].map((name) => `canary/${name}`);

/** Files that a process starts with and those that it imports, by their paths in this repository; the first is what starts. */
const scripts = {
  canary: [...["main.mjs", "canary.mjs", "stores.mjs"].map((name) => `canary/${name}`), ...common],
  "disk-guard": [
    ...["main.mjs", "guard.mjs", "overrides.mjs", "retention.mjs", "stores.mjs"].map((name) => `disk-guard/${name}`),
    ...common,
  ],
} as const;

/** A script of this repository as files in its container, in the same folders there. */
export function nodeScript(folder: string, name: keyof typeof scripts): readonly TextFile[] {
  return scripts[name].map((path) => ({
    path: `${folder}/${path}`,
    content: readFileSync(join(import.meta.dirname, "..", path), "utf8"),
  }));
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RecordedService } from "./services.ts";

/** What docs/languages/README.md calls a language. */
const titles: Readonly<Record<RecordedService["language"], string>> = {
  nodejs: "Node.js",
  python: "Python",
  java: "Java",
  go: "Go",
};

/** Names of the metrics that arrive of a language's SDK, as the table in docs/languages/README.md has them. */
export function documentedMetrics(language: RecordedService["language"]): readonly string[] {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "languages", "README.md"), "utf8");
  const row = page.split("\n").find((line) => line.startsWith(`| ${titles[language]} `)) ?? "";
  return [...row.matchAll(/`(\w+)`( \(histogram\))?/g)].flatMap(([, name = "", isHistogram]) =>
    isHistogram === undefined ? [name] : ["bucket", "count", "sum"].map((part) => `${name}_${part}`),
  );
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runbookFolder } from "./links.ts";

/** A page about an alert. */
export interface RunbookPage {
  /** Name of its rule. */
  readonly name: string;
  readonly title: string;
  /** Everything below its title, in Markdown. Links to other pages are the names of their files. */
  readonly text: string;
}

/** The pages of {@link runbookFolder}, by their titles. */
export function runbookPages(): readonly RunbookPage[] {
  const folder = join(import.meta.dirname, "..", "..", "..", runbookFolder);
  const pages = readdirSync(folder).map((file) => {
    const [heading = "", ...lines] = readFileSync(join(folder, file), "utf8").split("\n");
    return { name: file.replace(/\.md$/, ""), title: heading.replace(/^# /, ""), text: lines.join("\n").trim() };
  });
  return pages.toSorted((one, other) => one.title.localeCompare(other.title, "en"));
}

/** Writes what the documentation takes from the program: the README's table of settings. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withReference } from "./reference.ts";

const readme = join(import.meta.dirname, "..", "README.md");
writeFileSync(readme, await withReference(readFileSync(readme, "utf8"), readme));

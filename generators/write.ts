/** Writes what comes from the program: the descriptions of its settings, the guide's listings, and the pages of the error codes. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stackFileSchemaPath } from "../cli/project.ts";
import { componentSettings, componentSettingsPath } from "./component-settings.ts";
import { errorPages } from "./error-pages.ts";
import { guidePages, withGenerated } from "./guide.ts";
import { referencePages, stackFileSchema, withProjectConfig, withReference } from "./reference.ts";

const root = join(import.meta.dirname, "..");

async function rewrite(path: string, written: (text: string, file: string) => Promise<string>): Promise<void> {
  const file = join(root, path);
  writeFileSync(file, await written(readFileSync(file, "utf8"), file));
}

for (const page of Object.keys(referencePages)) await rewrite(page, withReference);
await rewrite("Pulumi.yaml", withProjectConfig);
const schemaFile = join(root, stackFileSchemaPath);
writeFileSync(schemaFile, await stackFileSchema(schemaFile));
const settingsFile = join(root, componentSettingsPath);
writeFileSync(settingsFile, await componentSettings(settingsFile));
for (const page of guidePages) await rewrite(page, withGenerated);
for (const [path, text] of await errorPages()) {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

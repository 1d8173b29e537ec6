import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { componentFolder, inferredSchema, installedComponent } from "./support/installed-component.ts";

const file = join(componentFolder, "schema.json");
const installed = installedComponent();
try {
  const text = JSON.stringify(inferredSchema(installed));
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
} finally {
  installed.remove();
}

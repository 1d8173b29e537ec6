import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPackage, publicApi } from "./build-package.ts";

const folder = join(import.meta.dirname, "..", "api");
mkdirSync(folder, { recursive: true });
buildPackage();
for (const [fileName, text] of publicApi()) writeFileSync(join(folder, fileName), text);

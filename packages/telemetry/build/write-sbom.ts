import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { billOfMaterials } from "./sbom.ts";

writeFileSync(join(import.meta.dirname, "..", "sbom.cdx.json"), billOfMaterials());

import { dirname } from "node:path";

/** Folder of Pulumi.yaml. */
export const projectFolder = dirname(import.meta.dirname);

/** Name of the project, as Pulumi.yaml has it. */
export const projectName = "observability";

/** Where the JSON schema of the stacks' settings files is, relative to them. */
export const stackFileSchemaPath = "config/stack-settings.schema.json";

import { dirname, join } from "node:path";

/** Folder of Pulumi.yaml. */
export const projectFolder = dirname(import.meta.dirname);

/** Name of the project, as Pulumi.yaml has it. */
export const projectName = "observability";

/** Where the JSON schema of the stacks' settings files is, relative to them. */
export const stackFileSchemaPath = "config/stack-settings.schema.json";

/** Where the local backend keeps its state, and beside it the passphrase. Named in Pulumi.yaml as well. */
export const stateFolder = join(projectFolder, ".pulumi-state");

/** Encrypts the secrets of the state; made at the first start, readable by its owner only. */
export const passphraseFile = join(stateFolder, "passphrase");

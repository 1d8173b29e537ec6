import { join } from "node:path";
import { z } from "zod";
import { projectFolder } from "./project.ts";

/** Where the local backend keeps its state, and beside it the passphrase. Named in Pulumi.yaml as well. */
export const stateFolder = join(projectFolder, ".pulumi-state");

/** Encrypts the secrets of the state; made at the first start, readable by its owner only. */
export const passphraseFile = join(stateFolder, "passphrase");

const metadata = z.looseObject({ name: z.string().optional(), uid: z.string().optional() });
const values = z.looseObject({ metadata: metadata.optional().catch(undefined) }).optional();
const resource = z.looseObject({
  type: z.string(),
  id: z.string().optional(),
  urn: z.string(),
  inputs: values,
  outputs: values,
});

/** Pulumi's state as far as the commands look into it. */
export const deploymentSchema = z.looseObject({
  resources: z.array(resource).nullish(),
  pending_operations: z.array(z.looseObject({ type: z.string(), resource })).nullish(),
});

/** A resource in Pulumi's state. */
export type StateResource = z.output<typeof resource>;

/** What Pulumi knows of a stack. */
export interface KnownState {
  readonly resources: readonly StateResource[];
  /** Resources whose creation was cut off: they may be there or not, and hold nothing yet. */
  readonly cutOff: readonly StateResource[];
  /** The project's other stacks in the same backend. Reading them takes a while: asked for only where it matters. */
  readonly others: () => Promise<readonly OtherStack[]>;
}

/** Another stack of the project. */
export interface OtherStack {
  readonly stack: string;
  readonly resources: readonly StateResource[];
}

import * as preview from "../../components/preview/record-program.ts";

export { generatedSecret } from "../../components/preview/record-program.ts";

/** A resource as the program registered it, with the text of its secrets: `{ secret: "…" }`. */
export interface RecordedResource extends Omit<preview.PreviewResource, "inputs" | "outputs"> {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** A whole program: its resources sorted by URN, and what it exports. */
export interface RecordedProgram {
  readonly resources: readonly RecordedResource[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Pulumi project and stack under which the programs run. */
export const recordedIdentity = { project: "observability", stack: "test" } as const;

/**
 * What a program registers with Pulumi.
 *
 * @param config Pulumi configuration, with the project's prefix on each key.
 */
export function recordProgram(
  program: () => unknown,
  config: Readonly<Record<string, string>> = {},
): Promise<RecordedProgram> {
  return preview.recordProgram(program, { ...recordedIdentity, config }, (secret) => ({ secret }));
}

/** Every resource that a program registers, sorted by URN. */
export async function recordResources(program: () => unknown): Promise<readonly RecordedResource[]> {
  return (await recordProgram(program)).resources;
}

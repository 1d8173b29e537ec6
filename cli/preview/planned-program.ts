import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { previewProgram, programFingerprint } from "../../components/preview/preview-program.ts";
import { projectFolder, projectName } from "../project.ts";
import { refusedProgram } from "../refused-program.ts";
import { stackFileName } from "../settings-file.ts";
import type { StateResource } from "../state.ts";

/** A program as it would be deployed, with what it exports. */
export type PlannedProgram = Awaited<ReturnType<typeof previewProgram>>;

/** Finds out what the program would deploy: at the first call, as each program can be loaded once. */
export type Plan = () => Promise<PlannedProgram>;

/** Where a target is only asked whether it is there. */
export const noPlan: Plan = () => Promise.reject(new Error("nothing may be planned before the settings are written"));

/**
 * What the program at the top of the repository would deploy: it is run without Pulumi's engine, Docker or a network.
 *
 * @param config the stack's Pulumi configuration, with the project's name in front of each key
 * @param command what the user runs again after a correction, for instance `npm run up`
 * @throws UserError with the problems of the settings, or with the first one of the program, before anything is created.
 */
export async function plannedProgram(
  stack: string,
  config: Readonly<Record<string, string>>,
  command: string,
): Promise<PlannedProgram> {
  try {
    return await previewProgram(() => import("../../index.ts"), { project: projectName, stack, config });
  } catch (error) {
    // The settings' and the services' problems have a code; any other one is a fault of the program.
    throw refusedProgram(error, `correct ${stackFileName(stack)}, then ${command}`);
  }
}

/** Of every npm package that is installed its version and checksum, as npm keeps it; Pulumi's plugins follow them. */
const installedPackages = join(projectFolder, "node_modules", ".package-lock.json");

/**
 * All that decides what Pulumi would do, but for what the target has: the program with its secrets and options, the state, and
 * the versions of what runs them. As long as this text is the same, a deployment would find nothing to change.
 *
 * @param machine the versions of Node.js and of the Pulumi CLI
 */
export function decisionBasis(
  planned: PlannedProgram,
  state: readonly StateResource[],
  machine: readonly string[],
): string {
  // Each deployment writes them into the state in another order.
  const resources = state.toSorted((a, b) => (a.urn < b.urn ? -1 : 1));
  const parts = [programFingerprint(planned), machine, readFileSync(installedPackages, "utf8"), resources];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

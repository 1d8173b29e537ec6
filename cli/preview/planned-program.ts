import { previewProgram } from "../../components/preview/preview-program.ts";
import { CodedError } from "../../config/coded-error.ts";
import { projectName } from "../project.ts";
import { stackFileName } from "../settings-file.ts";
import { UserError } from "../user-error.ts";

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
    if (!(error instanceof CodedError)) throw error;
    const next = `correct ${stackFileName(stack)}, then ${command}`;
    throw new UserError([error.errorCode], `${error.message}\n  next: ${next}`, { cause: error });
  }
}

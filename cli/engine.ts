import type { UpOptions } from "@pulumi/pulumi/automation/index.js";
import { explain, type Explanation } from "./engine-failures.ts";
import { throughInterrupts } from "./interrupt.ts";
import type { Progress } from "./progress.ts";
import { UserError } from "./user-error.ts";

/**
 * Runs an action of Pulumi's engine, {@link throughInterrupts}.
 *
 * @param action is given the options by which it reports to the progress
 * @param failed what to tell if it fails, with the cause and the next command as the user can understand them
 * @throws UserError if it fails or was interrupted.
 */
export async function runEngine<Result>(
  progress: Progress,
  action: (options: UpOptions) => Promise<Result>,
  failed: (why: Explanation) => string,
): Promise<Result> {
  try {
    const options = { onEvent: progress.onEvent, suppressOutputs: true, color: "never" } as const;
    return await throughInterrupts(progress.line, () => action(options));
  } catch (error) {
    if (error instanceof UserError) throw error;
    const why = explain(progress.problems, String(error));
    throw new UserError(why.code ?? "OBS1404", failed(why), { cause: error });
  }
}

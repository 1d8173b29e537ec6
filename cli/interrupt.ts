import type { UpOptions } from "@pulumi/pulumi/automation/index.js";
import { explain, type Explanation } from "./explain.ts";
import type { Progress } from "./progress.ts";
import { UserError } from "./user-error.ts";

/** Exit code of a command that Ctrl-C has ended, as a shell has it. */
const interruptedCode = 130;

/**
 * Runs an action that a command of Pulumi does, through Ctrl-C. The terminal sends the signal to Pulumi as well, which
 * finishes what is under way after the first and stops at once after the second; this process only has to wait for it.
 *
 * @throws UserError with the next command, if the action was interrupted.
 */
export async function throughInterrupts<Result>(
  say: (line: string) => void,
  action: () => Promise<Result>,
): Promise<Result> {
  let interrupts = 0;
  const onInterrupt = (): void => {
    interrupts += 1;
    say(
      interrupts === 1
        ? "interrupted: what is under way is finished first; Ctrl-C once more stops at once"
        : "stopping at once: the next npm run up or down finds out what was cut off",
    );
  };
  return listening(
    ["SIGINT"],
    onInterrupt,
    action,
    "what was done so far is kept\n  next: npm run up, or npm run down",
  );
}

/**
 * Runs an action while signals are listened to. One that a signal has interrupted has failed, whatever it says itself:
 * Pulumi calls an interrupted `destroy` a success.
 *
 * @param action is given a signal that aborts with the first of them
 * @param after what is to be said of an interruption
 */
async function listening<Result>(
  signals: readonly NodeJS.Signals[],
  onSignal: () => void,
  action: (signal: AbortSignal) => Promise<Result>,
  after: string,
): Promise<Result> {
  const ended = new AbortController();
  const listener = (): void => {
    ended.abort();
    onSignal();
  };
  const interrupted = (cause?: unknown): UserError =>
    new UserError(`interrupted; ${after}`, { cause, exitCode: interruptedCode });
  for (const signal of signals) process.on(signal, listener);
  try {
    const result = await action(ended.signal);
    if (ended.signal.aborted) throw interrupted();
    return result;
  } catch (error) {
    throw ended.signal.aborted ? interrupted(error) : error;
  } finally {
    for (const signal of signals) process.off(signal, listener);
  }
}

/** Options by which every action of Pulumi's engine reports to a {@link Progress}. */
type EngineOptions = Pick<UpOptions, "onEvent" | "suppressOutputs" | "color">;

/**
 * Runs an action of Pulumi's engine, {@link throughInterrupts}.
 *
 * @param failed what to tell if it fails, with the cause and the next command as the user can understand them
 * @throws UserError if it fails or was interrupted.
 */
export async function runEngine<Result>(
  progress: Progress,
  action: (options: EngineOptions) => Promise<Result>,
  failed: (why: Explanation) => string,
): Promise<Result> {
  try {
    const options: EngineOptions = { onEvent: progress.onEvent, suppressOutputs: true, color: "never" };
    return await throughInterrupts(progress.line, () => action(options));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(failed(explain(progress.problems, String(error))), { cause: error });
  }
}

/**
 * Runs an action that changes nothing of the stack's, and has it end and tidy up at Ctrl-C or SIGTERM.
 *
 * @param action ends when its signal does
 * @throws UserError with the next command, if the action was interrupted.
 */
export async function untilInterrupted<Result>(action: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  return listening(["SIGINT", "SIGTERM"], () => undefined, action, "nothing was changed\n  next: npm run up");
}

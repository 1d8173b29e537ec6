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
  process.on("SIGINT", onInterrupt);
  try {
    const result = await action();
    // Pulumi calls an interrupted `destroy` a success.
    if (interrupts > 0) throw interrupted();
    return result;
  } catch (error) {
    throw interrupts > 0 ? interrupted(error) : error;
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

/**
 * Runs an action that changes nothing of the stack's, and has it end and tidy up at Ctrl-C or SIGTERM.
 *
 * @param action ends when its signal does
 * @throws UserError with the next command, if the action was interrupted.
 */
export async function untilInterrupted<Result>(action: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const ended = new AbortController();
  const onSignal = (): void => {
    ended.abort();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const result = await action(ended.signal);
    if (ended.signal.aborted) throw unchanged();
    return result;
  } catch (error) {
    throw ended.signal.aborted ? unchanged(error) : error;
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

function unchanged(cause?: unknown): UserError {
  return new UserError("interrupted; nothing was changed\n  next: npm run up", { cause, exitCode: interruptedCode });
}

function interrupted(cause?: unknown): UserError {
  return new UserError("interrupted; what was done so far is kept\n  next: npm run up, or npm run down", {
    cause,
    exitCode: interruptedCode,
  });
}

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

function interrupted(cause?: unknown): UserError {
  return new UserError("interrupted; what was done so far is kept\n  next: npm run up, or npm run down", {
    cause,
    exitCode: interruptedCode,
  });
}

import type { Say } from "./target.ts";
import { UserError } from "./user-error.ts";

/** Exit code of a command that Ctrl-C has ended, as a shell has it. */
const interruptedCode = 130;

/**
 * Runs an action that a command of Pulumi does, through Ctrl-C. The terminal sends the signal to Pulumi as well, which
 * finishes what is under way after the first and stops at once after the second; this process only has to wait for it.
 *
 * @throws UserError with the next command, if the action was interrupted.
 */
export function throughInterrupts<Result>(say: Say, action: () => Promise<Result>): Promise<Result> {
  let interrupts = 0;
  const onInterrupt = (): void => {
    interrupts += 1;
    say(
      interrupts === 1
        ? "interrupted: what is under way is finished first; Ctrl-C once more stops at once"
        : "stopping at once: the next npm run up or down finds out what was cut off",
    );
  };
  const after = "what was done so far is kept\n  next: npm run up, or npm run down";
  return listening(["SIGINT"], onInterrupt, action, () => after);
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
  after: () => string,
): Promise<Result> {
  const ended = new AbortController();
  const listener = (): void => {
    ended.abort();
    onSignal();
  };
  const interrupted = (cause?: unknown): UserError =>
    new UserError("OBS1403", `interrupted; ${after()}`, { cause, exitCode: interruptedCode });
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

/**
 * Runs an action that can end at any time, and has it end and tidy up at Ctrl-C, SIGTERM or the end of the terminal, by its
 * signal.
 *
 * @param next the command to be run again
 * @param left what is to be said of what the action leaves then
 * @throws UserError with the next command, if the action was interrupted.
 */
export function untilInterrupted<Result>(
  action: (signal: AbortSignal) => Promise<Result>,
  next = "npm run up",
  left: () => string = () => "nothing was changed",
): Promise<Result> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  return listening(
    signals,
    () => undefined,
    action,
    () => `${left()}\n  next: ${next}`,
  );
}

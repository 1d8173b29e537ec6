/** A problem that the user can solve: printed as it stands, without a stack trace. */
export class UserError extends Error {
  /** Exit code of the command. @default 1 */
  readonly exitCode: number;

  constructor(message: string, { exitCode = 1, ...options }: ErrorOptions & { readonly exitCode?: number } = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** How many problems are listed; a message of more than ten lines is not read. */
const mostProblems = 7;

/**
 * The error for everything that keeps a command from doing its work, a line for each problem, before anything was changed.
 *
 * @param next what to do
 */
export function refused(problems: readonly string[], next: string): UserError {
  const shown = problems.slice(0, mostProblems);
  const more = problems.length > shown.length ? [`… and ${problems.length - shown.length} more`] : [];
  return new UserError([...shown, ...more, "nothing was changed", `  next: ${next}`].join("\n"));
}

/**
 * Runs a command's main function; a {@link UserError} ends the process with its exit code and its message, and so does
 * what the system says of a file or a folder.
 */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const { message, exitCode } = asUserError(error);
    process.stderr.write(`\n${message}\n`);
    process.exitCode = exitCode;
  }
}

/** @throws what was thrown, if it is a fault of the program. */
function asUserError(error: unknown): UserError {
  if (error instanceof UserError) return error;
  const isOfSystem = error instanceof Error && "code" in error && "syscall" in error && "path" in error;
  if (!isOfSystem) throw error;
  return new UserError(
    `${String(error.path)}: must be usable by this command, got ${error.message}\n  next: correct that, then try again`,
    { cause: error },
  );
}

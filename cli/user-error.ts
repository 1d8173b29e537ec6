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

/** The error of a command that has changed nothing, with a line for each problem. @param next what to do */
export function refused(problems: readonly string[], next: string): UserError {
  const shown = problems.slice(0, mostProblems);
  const more = problems.length > shown.length ? [`… and ${problems.length - shown.length} more`] : [];
  return new UserError([...shown, ...more, "nothing was changed", `  next: ${next}`].join("\n"));
}

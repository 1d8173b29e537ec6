import { errorPagePath, type ErrorCode } from "../config/error-codes.ts";

/** A problem that the user can solve, with the code of its cause. */
export interface UserProblem {
  readonly code: ErrorCode;
  readonly text: string;
}

/** Codes of an error, which has several if it joins problems of several causes. */
type ErrorCodes = readonly [ErrorCode, ...ErrorCode[]];

/** An error that the user can solve: printed as it stands, with its codes, without a stack trace. */
export class UserError extends Error {
  readonly errorCodes: ErrorCodes;
  /** Exit code of the command. @default 1 */
  readonly exitCode: number;

  constructor(
    codes: ErrorCode | ErrorCodes,
    message: string,
    { exitCode = 1, ...options }: ErrorOptions & { readonly exitCode?: number } = {},
  ) {
    super(message, options);
    this.errorCodes = typeof codes === "string" ? [codes] : codes;
    this.exitCode = exitCode;
  }
}

/** How many lines the problems have; a message of more than ten lines, that of its codes included, is not read. */
const mostLines = 7;

/** The error of a command that has changed nothing, with a line for each problem, of which there is one. @param next what to do */
export function refused(problems: readonly UserProblem[], next: string): UserError {
  const texts = problems.map(({ text }) => text);
  const shown = texts.length > mostLines ? texts.slice(0, mostLines - 1) : texts;
  const more = texts.length > shown.length ? [`… and ${texts.length - shown.length} more`] : [];
  const [first, ...others] = new Set(problems.map(({ code }) => code));
  if (first === undefined) throw new Error("a refusal: must have a problem, has none");
  return new UserError([first, ...others], [...shown, ...more, "nothing was changed", `  next: ${next}`].join("\n"));
}

/** Problems of one cause. */
export function coded(code: ErrorCode, texts: readonly string[]): readonly UserProblem[] {
  return texts.map((text) => ({ code, text }));
}

/** The last line of an error, which names its codes, each with its page. */
export function codeLine(codes: ErrorCodes): string {
  return `  code: ${codes.map((code) => `${code}, ${errorPagePath(code)}`).join("; ")}`;
}

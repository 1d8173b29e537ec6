import type { ErrorCode } from "./error-codes.ts";

/** An error that a user can solve, with the code of the page that says how. */
export class CodedError extends Error {
  readonly errorCode: ErrorCode;

  constructor(errorCode: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.errorCode = errorCode;
  }
}

/** A message with its code, as plain Pulumi shows it, which shows nothing of an error but its message. */
export function withCode(code: ErrorCode, message: string): string {
  return `${message} (${code})`;
}

/** An error whose message ends with its code. */
export function codedError(code: ErrorCode, message: string): CodedError {
  return new CodedError(code, withCode(code, message));
}

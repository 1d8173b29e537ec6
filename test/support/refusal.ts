import assert from "node:assert/strict";

/** The message of the error that a call throws. @throws AssertionError if it throws none */
export function refusalOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
  throw new assert.AssertionError({ message: "accepted" });
}

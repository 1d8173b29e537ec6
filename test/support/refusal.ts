import assert from "node:assert/strict";
import { CodedError } from "../../config/coded-error.ts";

/** The error that a call throws. @throws AssertionError if it throws none */
function errorOf(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: "accepted" });
}

/** The message of the error that a call throws. @throws AssertionError if it throws none */
export function refusalOf(call: () => unknown): string {
  return errorOf(call).message;
}

/** The same of wrong arguments of a service, without their code at its end. */
export function serviceRefusalOf(call: () => unknown): string {
  const error = errorOf(call);
  assert.ok(error instanceof CodedError, String(error));
  assert.equal(error.errorCode, "OBS1002");
  const [, problems = ""] = /^([\s\S]+) \(OBS1002\)$/.exec(error.message) ?? [];
  assert.notEqual(problems, "", error.message);
  return problems;
}

import { isRecord, languages, type Execution } from "../shared/execution.ts";
import { parseSimulate, type Fault } from "../shared/fault.ts";
import { HttpError } from "../shared/http-error.ts";

/** A checked request body of `POST /api/v1/executions`. */
export type Submission = Pick<Execution, "language" | "script" | "fault"> & Partial<Pick<Execution, "execution_id">>;

/** Longest script, in characters. */
const maxScriptLength = 16_384;

const fields = ["script", "language", "execution_id", "simulate"];

/**
 * Checks what a client sent. `language` is python and `simulate` is random unless given.
 *
 * @throws HttpError 400 that names the field and the rule.
 */
export function parseSubmission(body: unknown, drawFault: () => Fault | "none"): Submission {
  if (!isRecord(body)) throw invalid("body", "must be a JSON object", body);
  const unknownField = Object.keys(body).find((field) => !fields.includes(field));
  if (unknownField !== undefined) throw invalid("body", `may have the fields ${fields.join(", ")}`, unknownField);

  const { script, execution_id, simulate } = body;
  if (typeof script !== "string" || script === "" || script.length > maxScriptLength) {
    throw invalid("script", `must be a text of 1 to ${maxScriptLength} characters`, script);
  }
  const language = languages.find((name) => name === (body["language"] ?? "python"));
  if (language === undefined) throw invalid("language", `must be one of ${languages.join(", ")}`, body["language"]);
  if (execution_id !== undefined && (typeof execution_id !== "string" || !/^[\w-]{1,64}$/.test(execution_id))) {
    throw invalid("execution_id", "must be 1 to 64 letters, digits, - or _", execution_id);
  }
  const fault = parseSimulate(simulate, drawFault);
  if (fault === undefined) {
    throw invalid("simulate", "must be random, none, error, slow, error:<service> or slow:<service>", simulate);
  }
  return { script, language, fault, ...(execution_id === undefined ? {} : { execution_id }) };
}

function invalid(field: string, rule: string, value: unknown): HttpError {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  const got = text.length > 100 ? `${text.slice(0, 100)}… (${text.length} characters)` : text;
  return new HttpError(400, `${field}: ${rule}, got ${got}`);
}

import { z } from "zod";
import { hiddenProblem, nearMatch, problem, problemLines, type Problem } from "./problem.ts";

/**
 * Runs a schema and reports all problems together.
 *
 * @param acrossFields finds what is wrong between fields. It is asked although single fields are wrong, and so has to
 *   leave those out; a refinement of the schema would not be asked.
 * @throws Error with one line a problem: `<path>: <rule>, got <value>; <what to change>`.
 */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  acrossFields: (input: unknown) => readonly Problem[],
): z.output<Schema> {
  const result = schema.safeParse(input);
  const issues = result.error?.issues ?? [];
  const problems = [...issues.flatMap((issue) => problemsOf(issue, schema, input)), ...acrossFields(input)];
  if (result.success && problems.length === 0) return result.data;
  const lines = problemLines(problems);
  throw new Error(
    `the configuration has ${lines.length} problem(s), nothing was changed:\n${lines.map((line) => `  ${line}`).join("\n")}`,
  );
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType, input: unknown): readonly Problem[] {
  if (issue.code !== "unrecognized_keys") {
    return [{ path: pathText(issue.path) || "settings", text: issue.message }];
  }
  const known = knownKeys(schema, issue.path);
  return issue.keys.map((key) => {
    const path = [...issue.path, key];
    const near = nearMatch(key, Object.keys(known));
    if (near === undefined) {
      const change = `remove it, or use one of ${Object.keys(known).join(", ")}`;
      return problem(pathText(path), "is no setting", valueAt(input, path), change);
    }
    const change = `did you mean ${pathText([...issue.path, near])}?`;
    return known[near]?.secret === true
      ? hiddenProblem(pathText(path), "is no setting", change)
      : problem(pathText(path), "is no setting", valueAt(input, path), change);
  });
}

/** Keys with dots in between; a key that has more than letters, digits, _ and - is quoted. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map((key) => (/^[\w-]+$/.test(String(key)) ? String(key) : JSON.stringify(key))).join(".");
}

/** What is known of a place in the settings. */
interface KnownSetting {
  readonly properties?: Readonly<Record<string, KnownSetting>>;
  /** Whether its values are never shown (`secretTexts` in fields.ts). */
  readonly secret?: boolean;
}

/** What may stand at a place in the settings. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): Readonly<Record<string, KnownSetting>> {
  let place = z.toJSONSchema(schema, { io: "input" }) as KnownSetting;
  for (const key of path) place = place.properties?.[String(key)] ?? {};
  return place.properties ?? {};
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) value = isRecord(value) ? value[String(key)] : undefined;
  return value;
}

/** Whether a value has settings below it. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

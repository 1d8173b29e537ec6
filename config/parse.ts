import { z } from "zod";
import { hiddenProblem, nearMatch, problem, problemLines, type Problem } from "./problem.ts";

/** What somebody writes, as the messages call it. */
interface Words {
  /** A single one of it, for instance `setting`. */
  readonly one: string;
  /** All of it, for instance `settings`. */
  readonly all: string;
}

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
  const problems = [...schemaProblems(schema, input, { one: "setting", all: "settings" }), ...acrossFields(input)];
  if (result.success && problems.length === 0) return result.data;
  const lines = problemLines(problems);
  throw new Error(
    `the configuration has ${lines.length} problem(s), nothing was changed:\n${lines.map((line) => `  ${line}`).join("\n")}`,
  );
}

/** Everything that a schema finds wrong; an unknown key with the known one that it is near to. */
export function schemaProblems(schema: z.ZodType, input: unknown, words: Words): readonly Problem[] {
  const issues = schema.safeParse(input).error?.issues ?? [];
  return issues.flatMap((issue) => problemsOf(issue, schema, input, words));
}

function problemsOf(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  input: unknown,
  { one, all }: Words,
): readonly Problem[] {
  if (issue.code !== "unrecognized_keys") {
    return [{ path: pathText(issue.path) || all, text: issue.message }];
  }
  const known = knownKeys(schema, issue.path);
  const rule = `is no ${one}`;
  return issue.keys.map((key) => {
    const path = [...issue.path, key];
    const near = nearMatch(key, Object.keys(known));
    if (near === undefined) {
      const change = `remove it, or use one of ${Object.keys(known).join(", ")}`;
      return problem(pathText(path), rule, valueAt(input, path), change);
    }
    const change = `did you mean ${pathText([...issue.path, near])}?`;
    return known[near]?.secret === true
      ? hiddenProblem(pathText(path), rule, change)
      : problem(pathText(path), rule, valueAt(input, path), change);
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

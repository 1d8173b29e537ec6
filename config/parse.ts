import { z } from "zod";
import { plainInput } from "./plain.ts";
import { configurationError, hidden, nearMatch, pathText, problem, type Problem } from "./problem.ts";

/**
 * Runs a schema and reports all problems together. No message shows a value that the schema does not know, nor one at or
 * below a place that it marks as holding secrets (`withSecrets` in fields.ts).
 *
 * @param acrossFields finds what is wrong between fields. It is called even if single fields are wrong, which it has to
 *   leave out; a refinement of the schema would not be called then. It is given plain data of a limited depth.
 * @param derived what the schema is run on; it fills in what follows from something else than the input
 * @throws Error with one line a problem: `<path>: <rule>, got <value>; <what to change>`.
 */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  acrossFields: (input: unknown) => readonly Problem[],
  derived: (input: unknown) => unknown = (given) => given,
): z.output<Schema> {
  const plain = plainInput(input, "settings");
  const given = derived(plain.value);
  const result = schema.safeParse(given);
  const problems = [
    ...plain.problems,
    ...schemaProblems(schema, given, "setting", result),
    ...withoutSecrets(schema, acrossFields(given)),
  ];
  if (result.success && problems.length === 0) return result.data;
  throw configurationError("OBS1001", problems);
}

function withoutSecrets(schema: z.ZodType, problems: readonly Problem[]): readonly Problem[] {
  if (problems.length === 0) return [];
  const root = nodeOf(schema);
  return problems.map((each) => (mayHoldSecret(root, pathKeys(each.path)) ? hidden(each) : each));
}

/**
 * Everything that a schema finds wrong with plain data; an unknown key with the known one that it is near to.
 *
 * @param word what the messages call a single value of it; all of them are its plural with an s
 */
export function schemaProblems(
  schema: z.ZodType,
  input: unknown,
  word: string,
  { error }: Pick<z.ZodSafeParseResult<unknown>, "error"> = schema.safeParse(input),
): readonly Problem[] {
  if (error === undefined) return [];
  const root = nodeOf(schema);
  return error.issues.flatMap((issue) => problemsOf(issue, root, input, word));
}

/** The message of a schema's issue: {@link parseWith} makes a problem of it, with the value at the issue's path. */
export function ruleMessage(rule: string, change: string): string {
  return JSON.stringify([rule, change]);
}

const writtenRule = z.tuple([z.string(), z.string()]);

function problemsOf(issue: z.core.$ZodIssue, root: SchemaNode, input: unknown, word: string): readonly Problem[] {
  const { code } = issue;
  if (code === "unrecognized_keys") {
    const known = Object.keys(nodeAt(root, issue.path)?.properties ?? {});
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      const near = nearMatch(key, known);
      const change =
        near === undefined
          ? `remove it, or use one of ${known.join(", ")}`
          : `did you mean ${pathText([...issue.path, near])}?`;
      // Its value may be a secret under a misspelt name, or at the wrong place.
      return hidden(problem(pathText(path), `is no ${word}`, valueAt(input, path), change));
    });
  }
  const path = pathText(issue.path) || `${word}s`;
  const [rule, change] = writtenRule.parse(JSON.parse(issue.message));
  // What breaks its rule is the name, which is in the path.
  if (code === "invalid_key") return [problem(path, rule, issue.path.at(-1), change)];
  const found = problem(path, rule, valueAt(input, issue.path), change);
  return [mayHoldSecret(root, issue.path) ? hidden(found) : found];
}

/** The keys of {@link pathText}, those in quotes as they are: no place with a name of its own has one. */
function pathKeys(path: string): readonly string[] {
  return path.match(/"(?:[^"\\]|\\.)*"|[^."]+/g) ?? [];
}

/** A place in the settings, as a JSON schema describes it. */
interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  /** Whether it may hold secrets (`withSecrets` in fields.ts). */
  readonly secret?: boolean;
}

/** By schema: it takes longer to write one than to run it. */
const knownNodes = new WeakMap<z.ZodType, SchemaNode>();

function nodeOf(schema: z.ZodType): SchemaNode {
  const known = knownNodes.get(schema) ?? (z.toJSONSchema(schema, { io: "input" }) as SchemaNode);
  knownNodes.set(schema, known);
  return known;
}

function nodeAt(root: SchemaNode, path: readonly PropertyKey[]): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>((place, key) => nodeBelow(place, key), root);
}

function nodeBelow(place: SchemaNode | undefined, key: PropertyKey): SchemaNode | undefined {
  const { properties = {}, additionalProperties, items } = place ?? {};
  if (Object.hasOwn(properties, key)) return properties[String(key)];
  return typeof additionalProperties === "object" ? additionalProperties : items;
}

/**
 * Whether a secret may be at a place: the nearest mark says so, there is one below that something else is written for, or
 * it is a group, in whose place a single value may be anything.
 */
function mayHoldSecret(root: SchemaNode, path: readonly PropertyKey[]): boolean {
  let place: SchemaNode | undefined = root;
  let isMarked = root.secret ?? false;
  for (const key of path) {
    place = nodeBelow(place, key);
    isMarked = place?.secret ?? isMarked;
  }
  return isMarked || (place !== undefined && (place.type === "object" || hasMark(place)));
}

function hasMark({ secret, properties = {}, additionalProperties, items }: SchemaNode): boolean {
  const below = [...Object.values(properties), additionalProperties, items];
  return secret === true || below.some((place) => typeof place === "object" && hasMark(place));
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Readonly<Record<PropertyKey, unknown>>)[key]
        : undefined,
    input,
  );
}

/** Whether a value has settings below it. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text parsed as JSON; `undefined` if it is none. */
export function parsedJson(content: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

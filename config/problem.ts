import { distance } from "fastest-levenshtein";
import { CodedError, withCode } from "./coded-error.ts";
import type { ErrorCode } from "./error-codes.ts";

/** What is wrong with the value at a path: `<path>: <rule>, got <value>; <what to change>`. */
export interface Problem {
  readonly path: string;
  /** Lower-case, without a period, for instance `must be true or false`. */
  readonly rule: string;
  /** The value as a message shows it, {@link notShown} if it is, or may be, a secret. */
  readonly got: string;
  /** What to do about it, written as the rule is, for instance `write true or false without quotes`. */
  readonly change: string;
}

/** Stands in a message for a value that is, or may be, a secret. */
export const notShown = "a value that is not shown";

/** Longest value, path and rest of a line in a message, in characters. */
const most = { value: 100, path: 300, rest: 2000 } as const;

/** Says what is wrong with a value; see {@link Problem} for how rule and change are written. */
export function problem(path: string, rule: string, value: unknown, change: string): Problem {
  return { path, rule, got: shown(value), change };
}

/** The {@link problem} of a value if it breaks the rule, as a list that others are joined to; else none. */
export function problemIf(
  isBroken: boolean,
  path: string,
  rule: string,
  value: unknown,
  change: string,
): readonly Problem[] {
  return isBroken ? [problem(path, rule, value, change)] : [];
}

/** A {@link problem} with a value that is, or may be, a secret. */
export function hiddenProblem(path: string, rule: string, change: string): Problem {
  return { path, rule, got: notShown, change };
}

/** Words for a value that show nothing of what it holds. */
const kinds: readonly string[] = ["nothing", "null", "a list", "an empty list", "a group", "an empty group"];

/** A problem without its value, but for what kind of value it is. */
export function hidden(problem: Problem): Problem {
  return kinds.includes(problem.got) ? problem : { ...problem, got: notShown };
}

/**
 * A line for each problem. Of several at one path the first is told: one value, one thing to do. Whatever text of a user
 * is in a line, it stays one line of letters that are seen, and has an end.
 */
export function problemLines(problems: readonly Problem[]): readonly string[] {
  const first = new Map<string, Problem>();
  for (const each of problems) if (!first.has(each.path)) first.set(each.path, each);
  return [...first.values()].map(
    ({ path, rule, got, change }) =>
      `${visible(path, most.path)}: ${visible(`${rule}, got ${got}; ${change}`, most.rest)}`,
  );
}

/** Most problems that are told at once. */
const mostLines = 100;

/** The error of a configuration that has problems: how many, and a line for each. */
export function configurationError(code: ErrorCode, problems: readonly Problem[]): CodedError {
  const lines = problemLines(problems);
  const rest = lines.length > mostLines ? `; the first ${mostLines}:` : ":";
  const told = lines.slice(0, mostLines).map((line) => `  ${line}`);
  const header = withCode(code, `the configuration has ${lines.length} problem(s), nothing was changed`);
  return new CodedError(code, `${header}${rest}\n${told.join("\n")}`);
}

/**
 * A problem for each value that an earlier path has already.
 *
 * @param values each with its path
 */
export function duplicates(
  values: readonly (readonly [path: string, value: unknown])[],
  change: string,
): readonly Problem[] {
  const owners = new Map<unknown, string>();
  return values.flatMap(([path, value]) => {
    const owner = owners.get(value);
    if (owner !== undefined) return [problem(path, `must differ from ${owner}`, value, change)];
    owners.set(value, path);
    return [];
  });
}

/**
 * A value as a message shows it: a text in quotes, cut where it gets long and without the credentials of an address in
 * it; of anything that holds other values only what it is, since what it holds may be secret, endless or unreadable.
 */
export function shown(value: unknown): string {
  switch (typeof value) {
    case "string":
      return visible(JSON.stringify(withoutCredentials(value)), most.value);
    case "bigint":
      return visible(`${value}n`, most.value);
    case "undefined":
      return "nothing";
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      return value === null ? "null" : kindOfObject(value);
    default:
      return String(value);
  }
}

function kindOfObject(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (isPlain(value)) return Object.keys(value).length === 0 ? "an empty group" : "a group";
  const prototype: unknown = Object.getPrototypeOf(value);
  const owner: unknown = Object.getOwnPropertyDescriptor(Object(prototype), "constructor")?.value;
  return typeof owner === "function" && owner.name !== ""
    ? `an instance of ${visible(owner.name, most.value)}`
    : "an instance of a class";
}

/** Whether an object is what braces make, and nothing of a class: a `Map`, a `Promise`, an `Output` of Pulumi. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(Object(prototype)) === null;
}

/**
 * The beginning of a text, as much as is shown and a little more, and `https://user:password@host` in it without what is
 * before the `@`, which in an image's reference is no credential. Where it ends before that is known, all of it is one.
 */
function withoutCredentials(text: string): string {
  const beginning = text.slice(0, 4 * most.value);
  const seen = beginning
    .replace(/([a-z][a-z\d+.-]*:\/\/)\S*@(?!sha\d+:)/gi, "$1…@")
    .replace(/^[^\s/]*:[^\s/]*@(?!sha\d+:)/, "…@");
  if (beginning.length === text.length) return seen;
  return seen.replace(/([a-z][a-z\d+.-]*:\/\/)\S*$/i, "$1…").replace(/^[^\s/]*:[^\s/]*$/, "…");
}

/** Control characters, direction marks, other blanks and line breaks, unpaired surrogates. */
const unseen = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/** A text whose every character is seen, the others escaped as in JSON; cut where it has more than so many characters. */
export function visible(text: string, mostCharacters: number): string {
  const units = Array.from(text.slice(0, 4 * mostCharacters), (character) =>
    unseen.test(character) ? escaped(character) : character,
  );
  let length = 0;
  const fitting = units.filter((unit) => (length += unit.length > 2 ? unit.length : 1) < mostCharacters);
  const isWhole = length <= mostCharacters && text.length <= 4 * mostCharacters;
  return isWhole ? units.join("") : `${fitting.join("")}…`;
}

function escaped(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

/** Keys with dots in between; a key that has more than letters, digits, _ and - is quoted. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map((key) => (/^[\w-]+$/.test(String(key)) ? String(key) : JSON.stringify(key))).join(".");
}

/** The word that somebody may have meant: a few letters differ, at most a third of them; `undefined` if none is near. */
export function nearMatch(word: string, known: readonly string[]): string | undefined {
  // Nothing that is much longer is near, and the distance of a very long one takes long.
  const [nearest] = known
    .filter((candidate) => word.length <= 2 * candidate.length)
    .map((candidate) => ({ candidate, letters: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.letters - b.letters);
  const most = Math.max(2, Math.floor(word.length / 3));
  return nearest !== undefined && nearest.letters <= most ? nearest.candidate : undefined;
}

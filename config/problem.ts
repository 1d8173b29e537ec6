import { distance } from "fastest-levenshtein";

/** What is wrong with the value at a path: `<rule>, got <value>; <what to change>`. */
export interface Problem {
  readonly path: string;
  readonly text: string;
}

/** Longest value in a message, in characters. */
const mostCharacters = 100;

/**
 * Says what is wrong with a value.
 *
 * @param rule lower-case, without a period, for instance `must be true or false`
 * @param change what to do about it, the same way, for instance `write true or false without quotes`
 */
export function problem(path: string, rule: string, value: unknown, change: string): Problem {
  return { path, text: complaint(rule, value, change) };
}

/** A {@link problem} with a value that is, or may be, a secret. */
export function hiddenProblem(path: string, rule: string, change: string): Problem {
  return { path, text: hiddenComplaint(rule, change) };
}

/** The text of a {@link hiddenProblem}. */
export function hiddenComplaint(rule: string, change: string): string {
  return `${rule}, got a value that is not shown; ${change}`;
}

/** The text of a {@link problem}. */
export function complaint(rule: string, value: unknown, change: string): string {
  return `${rule}, got ${shown(value)}; ${change}`;
}

/** A line for each problem. Of several at one path the first is told: one value, one thing to do. */
export function problemLines(problems: readonly Problem[]): readonly string[] {
  const paths = problems.map(({ path }) => path);
  return problems
    .filter(({ path }, index) => paths.indexOf(path) === index)
    .map(({ path, text }) => `${path}: ${text}`);
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

/** A value as a message shows it: as JSON in one line, cut where it gets long. */
export function shown(value: unknown): string {
  // Of NaN and Infinity JSON makes null, of a function nothing.
  const json = typeof value === "number" ? String(value) : (JSON.stringify(value) as string | undefined);
  const characters = Array.from(json ?? typeof value);
  if (characters.length <= mostCharacters) return characters.join("");
  return `${characters.slice(0, mostCharacters - 1).join("")}…`;
}

/** The word that somebody may have meant: a few letters differ, at most a third of them; `undefined` if none is near. */
export function nearMatch(word: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((candidate) => ({ candidate, letters: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.letters - b.letters);
  const most = Math.max(2, Math.floor(word.length / 3));
  return nearest !== undefined && nearest.letters <= most ? nearest.candidate : undefined;
}

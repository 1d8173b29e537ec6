import { isPlain, notShown, pathText, shown, type Problem } from "./problem.ts";

/** Plain data, and what of an input was none. */
export interface PlainInput {
  /** A copy in which `undefined` stands for everything that is not plain. */
  readonly value: unknown;
  /** The path of the input as a whole is {@link plainInput}'s `whole`. */
  readonly problems: readonly Problem[];
}

/** Deepest nesting: many times what is written by hand. */
const mostLevels = 100;

/** Most values in all of an input, many times what anybody writes. */
const mostValues = 100_000;

/** What is wrong with a value, without its path. */
type NotPlain = Omit<Problem, "path">;

/**
 * What a program hands over as plain data. Types are stripped on the way to a deployment, so anything may come; what is
 * reported here is what a schema reports badly: values of Pulumi that are only known later, promises, functions, instances of
 * classes, whole numbers of the type BigInt, data that contains itself, and data that has no end. The copy can be walked
 * through without precautions.
 *
 * @param whole path of the input as a whole
 */
export function plainInput(input: unknown, whole = ""): PlainInput {
  const problems: Problem[] = [];
  let values = 0;

  function copy(value: unknown, path: readonly string[], above: readonly unknown[]): unknown {
    values += 1;
    // The first one beyond is reported, and the rest is not read.
    if (values > mostValues + 1) return undefined;
    const found = values > mostValues ? tooMuch("values in all") : readable(() => notPlain(value, above));
    if ("rule" in found) {
      problems.push({ path: pathText(path) || whole, ...found });
      return undefined;
    }
    if (typeof value !== "object" || value === null) return value;
    const inside = [...above, value];
    const held = readable(() => keysOf(value));
    if ("rule" in held) {
      problems.push({ path: pathText(path) || whole, ...held });
      return undefined;
    }
    const entries = held.keys.map((key) => {
      const entry = readable(() => ({ value: (value as Readonly<Record<string, unknown>>)[key] }));
      // Under this name JavaScript would take the value for the class of the group.
      const found = key === "__proto__" ? notProperName : entry;
      if ("value" in found) return [key, copy(found.value, [...path, key], inside)] as const;
      problems.push({ path: pathText([...path, key]), ...found });
      return [key, undefined] as const;
    });
    return held.isList
      ? entries.map(([, entry]) => entry)
      : Object.fromEntries(entries.filter(([key]) => key !== "__proto__"));
  }

  return { value: copy(input, [], []), problems };
}

/** What a value holds others under; of a list also where it has none. */
function keysOf(value: object): { readonly keys: readonly string[]; readonly isList: boolean } {
  if (!Array.isArray(value)) return { keys: Object.keys(value), isList: false };
  return { keys: Array.from({ length: value.length }, (_, index) => String(index)), isList: true };
}

/** Names of the fields of an input that may be anything, none of a list that is longer than any; `undefined` if they cannot be read. */
export function namesIn(input: unknown): readonly string[] | undefined {
  if (typeof input !== "object" || input === null) return [];
  const found = readable(() => ({
    names: Array.isArray(input) && input.length > mostValues ? [] : Object.keys(input),
  }));
  return "names" in found ? found.names : undefined;
}

/** One field of what a program hands over, and everything else of it. */
export interface FieldApart {
  /** `undefined` if there is none, `null` if it cannot be read. */
  readonly field: unknown;
  /** Not read yet: {@link plainInput} says what of it throws an error. */
  readonly others: unknown;
}

/** A field of an input that may be anything: `undefined` if there is none, `null` if it cannot be read. */
export function fieldOf(input: unknown, name: string): unknown {
  if (typeof input !== "object" || input === null) return undefined;
  const field = readable(() => ({ value: (input as Readonly<Record<string, unknown>>)[name] }));
  return "value" in field ? field.value : null;
}

/** Takes a field that is no plain data out of an input whose other fields have to be. */
export function fieldApart(input: unknown, name: string): FieldApart {
  if (typeof input !== "object" || input === null) return { field: undefined, others: input };
  const others = readable(() => {
    const { [name]: _field, ...descriptors } = Object.getOwnPropertyDescriptors(input);
    return { value: Array.isArray(input) ? input : Object.defineProperties({}, descriptors) };
  });
  return { field: fieldOf(input, name), others: "value" in others ? others.value : input };
}

function notPlain(value: unknown, above: readonly unknown[]): NotPlain | { readonly isPlain: true } {
  const refused = (change: string, got = shown(value)): NotPlain => ({ rule: "must be plain data", got, change });
  if (typeof value === "bigint") return refused("write it as a number, without the n");
  if (typeof value === "function") return refused("call it, or leave it out");
  if (typeof value === "symbol") return refused("write it as text");
  if (typeof value !== "object" || value === null) return { isPlain: true };
  if (isOutput(value)) {
    const change =
      "an Output is known only during a deployment, and this is judged before it: write the value that it is made from";
    return refused(change, "an Output of Pulumi");
  }
  if (above.includes(value)) return refused("leave the reference back out", "a value that contains itself");
  if (above.length >= mostLevels) return refused("nest it less", `${mostLevels} values in each other`);
  if (Array.isArray(value)) return value.length > mostValues ? tooMuch("entries") : { isPlain: true };
  if (value instanceof Promise) return refused("put await in front", "a Promise");
  return isPlain(value) ? { isPlain: true } : refused("write its fields as a plain object");
}

function tooMuch(what: string): NotPlain {
  return { rule: `must have at most ${mostValues} ${what}`, got: "more", change: "leave out what nothing reads" };
}

const notProperName: NotPlain = { rule: "must not be the name of a value", got: notShown, change: "remove it" };

/** What is read of the caller's object, whose getter may throw. The error is not shown: it may hold a secret. */
function readable<Answer extends object>(read: () => Answer): Answer | NotPlain {
  try {
    return read();
  } catch {
    return { rule: "must be readable", got: "one that throws an error", change: "hand over a plain value" };
  }
}

/** By the mark that Pulumi gives to its Outputs; any other property of one would be an Output again. */
function isOutput(value: object): boolean {
  return (value as { readonly __pulumiOutput?: unknown }).__pulumiOutput === true;
}

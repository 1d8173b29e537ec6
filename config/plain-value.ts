import { isRecord } from "./parse.ts";
import { hiddenProblem, pathText, type Problem } from "./problem.ts";

/** Deepest group, and most values: far more than anybody writes, and little enough to be walked through. */
const mostPlain = { depth: 32, values: 10_000 } as const;

/**
 * What keeps a value in another program's language from being written into that program's file: it has to be what JSON
 * has, of text that is Unicode, and to have an end. No value is shown, since each may be a secret.
 *
 * @param path where the value stands
 */
export function plainProblems(value: unknown, path: readonly PropertyKey[]): readonly Problem[] {
  const counted = { values: 0 };
  const problems = walked(value, path, mostPlain.depth, counted);
  if (counted.values <= mostPlain.values) return problems;
  const rule = `must hold at most ${mostPlain.values} values, however often one of them is referred to`;
  return [hiddenProblem(pathText(path), rule, "write less")];
}

function walked(
  value: unknown,
  path: readonly PropertyKey[],
  depth: number,
  counted: { values: number },
): readonly Problem[] {
  counted.values += 1;
  if (counted.values > mostPlain.values) return [];
  const isList = Array.isArray(value);
  if (isList || isGroup(value)) {
    if (depth === 0) {
      const rule = `must be at most ${mostPlain.depth} groups and lists deep, and none may hold itself`;
      return [hiddenProblem(pathText(path), rule, "write it flatter")];
    }
    return Object.entries(value).flatMap(([key, inner]) =>
      // What is not set in a program is not there.
      inner === undefined && !isList
        ? []
        : [...textProblems(key, path), ...walked(inner, [...path, key], depth - 1, counted)],
    );
  }
  if (typeof value === "string") return textProblems(value, path);
  if (value === null || typeof value === "boolean" || Number.isFinite(value)) return [];
  const rule = "must be a text, a finite number, true, false, null, a list or a group";
  return [hiddenProblem(pathText(path), rule, "write one of them")];
}

/** A group as it is written: no object of a class, whose content is its own business. */
function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Half of a surrogate pair is no character, and no file can hold it. */
function textProblems(text: string, path: readonly PropertyKey[]): readonly Problem[] {
  if (text.isWellFormed() && !text.includes("\0")) return [];
  const rule = "must be text without NUL and without halves of characters";
  return [hiddenProblem(pathText(path), rule, "remove them")];
}

/** A plain value without what is not set in it. */
export function withoutUnset(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnset);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : [[key, withoutUnset(inner)]])),
  );
}

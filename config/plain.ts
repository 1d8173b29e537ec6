import { pathText } from "./parse.ts";
import type { Problem } from "./problem.ts";

/** Plain data, and what of an input was none. */
export interface PlainInput {
  /** A copy in which `undefined` stands for everything that is not plain. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/** Deepest nesting that somebody writes by hand, many times over. */
const mostDepth = 100;

/**
 * What a program hands over as plain data. Types are stripped on the way to a deployment, so anything may come; what is
 * told here is what no schema says well: values of Pulumi that are only known later, promises, functions, instances of
 * classes, whole numbers of the type BigInt, and data that contains itself.
 */
export function plainInput(input: unknown): PlainInput {
  const problems: Problem[] = [];
  const copy = (value: unknown, path: readonly string[], above: readonly unknown[]): unknown => {
    const other = notPlain(value, above);
    if (other !== undefined) {
      problems.push({ path: pathText(path), text: `must be plain data, got ${other.got}; ${other.change}` });
      return undefined;
    }
    if (typeof value !== "object" || value === null) return value;
    const inside = [...above, value];
    if (Array.isArray(value)) {
      return (value as readonly unknown[]).map((entry, index) => copy(entry, [...path, String(index)], inside));
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, copy(entry, [...path, key], inside)] as const),
    );
  };
  const value = copy(input, [], []);
  return { value, problems };
}

interface NotPlain {
  /** What was found. */
  readonly got: string;
  readonly change: string;
}

function notPlain(value: unknown, above: readonly unknown[]): NotPlain | undefined {
  if (typeof value === "bigint") return { got: `the BigInt ${value}`, change: "write it as a number, without the n" };
  if (typeof value === "function") return { got: "a function", change: "call it, or leave it out" };
  if (typeof value === "symbol") return { got: "a symbol", change: "write it as text" };
  if (typeof value !== "object" || value === null) return undefined;
  if (isOutput(value)) {
    const change =
      "what is known during a deployment only cannot be judged before it: write the value that it is made from";
    return { got: "an Output of Pulumi", change };
  }
  if (above.includes(value)) return { got: "a value that contains itself", change: "leave the reference back out" };
  if (above.length > mostDepth) return { got: `${mostDepth} values in each other`, change: "nest it less" };
  if (Array.isArray(value)) return undefined;
  if (value instanceof Promise) return { got: "a Promise", change: "put await in front" };
  const prototype = Object.getPrototypeOf(value) as object | null;
  // The outermost prototype and not this module's own `Object`: a test runner may run a program in a context of its own.
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return undefined;
  const name = prototype.constructor.name;
  return { got: `an instance of ${name === "" ? "a class" : name}`, change: "write its fields as a plain object" };
}

/** By the mark that Pulumi gives to its Outputs; any other property of one would be an Output again. */
function isOutput(value: object): boolean {
  return (value as { readonly __pulumiOutput?: unknown }).__pulumiOutput === true;
}

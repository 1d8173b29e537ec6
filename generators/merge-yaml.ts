import { isRecord } from "../config/parse.ts";

/** Two values of YAML as one: groups are merged, lists are joined, and of anything else the second is taken. */
export function merged(a: unknown, b: unknown): unknown {
  if (Array.isArray(a) && Array.isArray(b)) return [...(a as unknown[]), ...(b as unknown[])];
  if (!isRecord(a) || !isRecord(b)) return b;
  const both = Object.keys(b).map((key) => [key, Object.hasOwn(a, key) ? merged(a[key], b[key]) : b[key]]);
  return { ...a, ...(Object.fromEntries(both) as object) };
}

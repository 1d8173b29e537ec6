/*
 * The value of an environment variable, of text and of what only the platform knows. It has parts, since a mark within
 * the text could stand in a user's own text as well.
 */

/** A value that the platform fills in for each instance. Not every platform knows every one. */
export interface InstanceFact {
  /** `instance` is the name that the platform's own tools show, which every platform knows. */
  readonly fill: "instance" | "podUid" | "node" | "namespace";
}

/** The value of a variable: text as it is, or parts that are put together without anything in between. */
export type EnvValue = string | readonly (string | InstanceFact)[];

/** The name of the instance, which differs between instances and stays the same over a restart where that can be. */
export const instanceFact: InstanceFact = { fill: "instance" };

/**
 * A value as one text.
 *
 * @param fill what stands for a fact
 * @param literal how the reader of the result wants plain text. Default: as it is
 */
export function filledIn(
  value: EnvValue,
  fill: (fact: InstanceFact["fill"]) => string,
  literal: (text: string) => string = (text) => text,
): string {
  const parts = typeof value === "string" ? [value] : value;
  return parts.map((part) => (typeof part === "string" ? literal(part) : fill(part.fill))).join("");
}

/** The facts that a value is made with. */
export function factsOf(value: EnvValue): readonly InstanceFact["fill"][] {
  return typeof value === "string" ? [] : value.flatMap((part) => (typeof part === "string" ? [] : [part.fill]));
}

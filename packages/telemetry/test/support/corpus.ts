import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What has to be redacted. `{secret}` in a text is the secret; `{alnum36}` of a value are 36 letters and digits. */
export interface Leaks {
  /** Names of fields, in words, whose value is a secret. */
  readonly names: readonly string[];
  readonly texts: readonly string[];
  /** Credentials that are known by their form. */
  readonly values: readonly string[];
}

/** What has to stay as it is. */
export interface Lookalikes {
  readonly names: readonly string[];
  readonly texts: readonly string[];
}

/** Reads `redaction/corpus/leaks.json`. */
export function readLeaks(): Leaks {
  return read("leaks.json") as Leaks;
}

/** Reads `redaction/corpus/lookalikes.json`. */
export function readLookalikes(): Lookalikes {
  return read("lookalikes.json") as Lookalikes;
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, "../redaction/corpus", name), "utf8"));
}

const alphabets: Readonly<Record<string, string>> = {
  alnum: "b7Q2xZ9kL4mT0wR6vY3nP8sD1fG5hJ",
  digit: "4071928365",
  hex: "9f3a0c7e5b1d8642",
  upper: "Q7X2Z9K4M0W6R3V8",
};

/** A value with its `{alnum36}` and the like filled in. Written out, it would be taken for a real one by scanners. */
export function filledIn(value: string): string {
  return value.replace(/\{([a-z]+)(\d+)\}/g, (_, name: string, length: string) => {
    const alphabet = alphabets[name] ?? "";
    return alphabet.repeat(Math.ceil(Number(length) / alphabet.length)).slice(0, Number(length));
  });
}

/** The ways in which people write the words of a name. */
export function spellings(words: string): string[] {
  const parts = words.split(" ");
  const capitals = parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1));
  const camel = [parts[0] ?? "", ...capitals.slice(1)].join("");
  return [
    camel,
    capitals.join(""),
    parts.join("_"),
    parts.join("-"),
    parts.join("."),
    parts.join("_").toUpperCase(),
    capitals.join("-"),
  ];
}

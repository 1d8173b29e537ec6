import { paths } from "./names.ts";

/*
 * How the Collector and Grafana read a secret from its file, each in its own configuration. The content never is in the
 * configuration itself, which is plain text in Pulumi's state.
 */

/** Path of a secret in a container. */
export function secretFile(name: string): string {
  return `${paths.secrets}/${name}`;
}

/** Something in a text that is replaced when it is read. */
export interface Reference {
  /** As it stands in the text. */
  readonly written: string;
  /** Name of the secret; `undefined` if it is none. */
  readonly secret: string | undefined;
}

/** What the Collector replaces in a text: `${file:/run/secrets/NAME}`. `$$` is a dollar sign. */
export function collectorReferences(text: string): readonly Reference[] {
  return references(text, /\$\$|\$\{(?:file:([^}]*)|[^}]*)\}/g);
}

/** The files that Grafana puts into a text: `$__file{/run/secrets/NAME}`. `$$` is a dollar sign. */
export function grafanaReferences(text: string): readonly Reference[] {
  return references(text, /\$\$|\$__file\{([^}]*)\}/g);
}

function references(text: string, pattern: RegExp): readonly Reference[] {
  return [...text.matchAll(pattern)]
    .filter(([written]) => written !== "$$")
    .map(([written, file = ""]) => {
      const isSecret = file.startsWith(`${paths.secrets}/`);
      return { written, secret: isSecret ? file.slice(paths.secrets.length + 1) : undefined };
    });
}

/** Every text in a value, with its path. */
export function textsIn(
  value: unknown,
  path: readonly string[] = [],
): readonly (readonly [readonly string[], string])[] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, [...path, key]));
}

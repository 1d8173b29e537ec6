import type { z } from "zod";

/** Stands for a secret of the configuration: it is encrypted, and a preview asks for no passphrase. */
export const encryptedText = "[encrypted]";

/**
 * The part of Pulumi's configuration that belongs to this project as one object: `observability:ports` with its JSON
 * text becomes `ports: {…}`. Text that a setting takes as it stands stays text, an environment `2024` for instance, and
 * so does text that is not JSON; a list or a group is never text. An empty text is no setting: Pulumi makes it of a key
 * with nothing behind it.
 */
export function settingsFromPulumiConfig(
  config: Readonly<Record<string, string>>,
  project: string,
  fields: Readonly<Record<string, z.ZodType>>,
): Record<string, unknown> {
  const prefix = `${project}:`;
  const mine = Object.entries(config).filter(([key, text]) => key.startsWith(prefix) && text !== "");
  return Object.fromEntries(
    mine.map(([key, text]) => {
      const name = key.slice(prefix.length);
      const value = jsonOrText(text);
      const isText =
        (typeof value !== "object" || value === null) &&
        Object.hasOwn(fields, name) &&
        fields[name]?.safeParse(text).success === true;
      return [name, isText ? text : value];
    }),
  );
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

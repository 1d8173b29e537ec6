import { parse } from "yaml";
import { z } from "zod";

/** Stands for a secret of the configuration: it is encrypted, and a preview asks for no passphrase. */
export const encryptedText = "[encrypted]";

/** An empty file, or one with an empty `config:`, is `null`. */
const settingsFile = z.looseObject({ config: z.record(z.string(), z.unknown()).nullish() }).nullish();

const declaration = z.looseObject({ value: z.unknown().optional(), default: z.unknown().optional() });
const encrypted = z.strictObject({ secure: z.string() });

/**
 * The configuration that Pulumi hands to a program, from the text of its files: of the stack's file, and for what that
 * leaves out, of the project's. Objects are JSON texts, and a secret is {@link encryptedText}.
 *
 * @param project name of the project, which belongs in front of a key that has none
 */
export function stackConfig(projectText: string, stackText: string, project: string): Record<string, string> {
  const key = (name: string): string => (name.includes(":") ? name.replace(":config:", ":") : `${project}:${name}`);
  const declared = Object.entries(configIn(projectText)).flatMap(([name, given]) => {
    const value = defaultOf(given);
    return value === undefined ? [] : [[key(name), text(value)]];
  });
  const set = Object.entries(configIn(stackText)).map(([name, value]) => [key(name), text(value)]);
  return Object.fromEntries([...declared, ...set]) as Record<string, string>;
}

function configIn(yaml: string): Readonly<Record<string, unknown>> {
  return settingsFile.parse(parse(yaml))?.config ?? {};
}

/** In the project's file an object declares a setting, anything else is its value. */
function defaultOf(given: unknown): unknown {
  const { data } = declaration.safeParse(given);
  return data === undefined ? given : (data.value ?? data.default);
}

function text(value: unknown): string {
  const plain = withoutSecrets(value);
  if (plain === null || plain === undefined) return "";
  return typeof plain === "string" ? plain : JSON.stringify(plain);
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  if (encrypted.safeParse(value).success) return encryptedText;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withoutSecrets(entry)]));
}

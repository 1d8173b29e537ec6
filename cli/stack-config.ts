import { z } from "zod";
import { encryptedText } from "../config/pulumi-config.ts";
import { fullName, projectConfig, stackFileConfig, type SettingsFile } from "./settings-file.ts";

const declaration = z.looseObject({ value: z.unknown().optional(), default: z.unknown().optional() });
const encrypted = z.strictObject({ secure: z.string() });

/**
 * The configuration that Pulumi hands to a program, from its files: the stack's, if there is one, and for what that
 * leaves out, the project's. Objects are JSON texts, and a secret is {@link encryptedText}.
 *
 * @throws UserError if a file is not what Pulumi reads as it is meant.
 */
export function stackConfig(projectFile: SettingsFile, stackFile: SettingsFile | undefined): Record<string, string> {
  const declared = Object.entries(projectConfig(projectFile)).map(([name, entry]) => [name, defaultOf(entry)] as const);
  const given = stackFile === undefined ? [] : Object.entries(stackFileConfig(stackFile));
  const values = [...declared.filter(([, value]) => value !== undefined), ...given];
  return Object.fromEntries(values.map(([name, value]) => [fullName(name), text(value)]));
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

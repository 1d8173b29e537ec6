import { jsonSettings, type Settings } from "./settings";

/**
 * The settings with what was handed over as JSON in place of its text.
 *
 * @throws Error with the path of a text that is no JSON
 */
export function parsedSettings(settings: Settings): unknown {
  return parsed(settings, "");
}

function parsed(value: unknown, path: string): unknown {
  if (jsonSettings.includes(path)) return typeof value === "string" ? fromJson(value, path) : value;
  if (Array.isArray(value)) return value.map((entry) => parsed(entry, `${path}[]`));
  if (typeof value !== "object" || value === null) return value;
  const inner = (name: string): string => (path === "" ? name : `${path}.${name}`);
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, parsed(entry, inner(name))]));
}

function fromJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Without what it is: it may hold a secret.
    throw new Error(
      `settings.${path}: must be JSON, got another text; write it with fn::toJSON, or your language's own (OBS1001)`,
    );
  }
}

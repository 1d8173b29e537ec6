import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { parse, parseDocument } from "yaml";
import { z } from "zod";

/**
 * Runs an action, and removes the `encryptionsalt` that Pulumi writes into a stack's settings file meanwhile: the file
 * belongs to git, and the salt is of use only to secrets in that very file; the state has its own. So the file is put
 * back as it was, unless it holds secrets.
 */
export async function withoutNewSalt<Result>(settingsFile: string, action: () => Promise<Result>): Promise<Result> {
  removeLeftSalt(settingsFile);
  const before = textOf(settingsFile);
  try {
    return await action();
  } finally {
    const after = textOf(settingsFile);
    if (before !== undefined && after !== undefined && onlySaltAdded(before, after))
      writeFileSync(settingsFile, before);
  }
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** A salt that a killed command left behind fits no other passphrase, and is of no use without secrets beside it. */
function removeLeftSalt(settingsFile: string): void {
  const text = textOf(settingsFile);
  if (text === undefined || text.includes("secure:")) return;
  const clean = text.replace(/^encryptionsalt:.*\n?/m, "");
  if (clean !== text) writeFileSync(settingsFile, clean);
}

/** Whether two versions of a stack's settings differ in nothing but a new `encryptionsalt`. */
export function onlySaltAdded(before: string, after: string): boolean {
  // What is no YAML Pulumi has not written.
  if ([before, after].some((text) => parseDocument(text).errors.length > 0)) return false;
  const { encryptionsalt: oldSalt, ...old } = settingsIn(before);
  const { encryptionsalt: newSalt, ...current } = settingsIn(after);
  return (
    oldSalt === undefined && newSalt !== undefined && !after.includes("secure:") && isDeepStrictEqual(old, current)
  );
}

/** A settings file's content as Pulumi writes it back: numbers and booleans of the configuration become text. */
function settingsIn(text: string): Readonly<Record<string, unknown>> {
  const { config, ...others } = settingsSchema.parse(parse(text)) ?? {};
  const asText = Object.entries(config ?? {}).map(([key, value]) => [
    key,
    typeof value === "object" ? value : String(value as string | number | boolean),
  ]);
  return { ...others, config: Object.fromEntries(asText) as unknown };
}

/** An empty file, or one with an empty `config:`, is `null`. */
const settingsSchema = z.looseObject({ config: z.record(z.string(), z.unknown()).nullish() }).nullish();

import { z } from "zod";
import { byName, text, told } from "./fields.ts";
import { instrumentImageNames } from "./instrumentation.ts";
import { isRecord, parsedJson, schemaProblems } from "./parse.ts";
import { configurationError, problem, type Problem } from "./problem.ts";
import { resolveImages, type ImageName, type Images, type InstrumentImages } from "./resolve-images.ts";
import { taggedReference } from "./rules.ts";
import { stackSettingsSchema, type StackSettings } from "./settings-and-defaults.ts";

/** Name of the file that says which image each reference is; it is beside Pulumi.yaml. */
export const imageLockFile = "images.lock.json";

/** The digest that a registry has given of each image, by the reference that the settings have without it. */
export type ImageLock = ReadonlyMap<string, string>;

const again = "put the file back from git, or remove it and run npm run images:lock";

const lockSchema = z.strictObject({
  version: z.literal(1, told("must be 1, which this version of the program knows", again)),
  images: byName(
    text({ pattern: /^sha256:[0-9a-f]{64}$/, rule: "must be a digest (`sha256:…`)", change: again }),
    { ...taggedReference, change: again },
    "digests",
    again,
  ),
});

/** What the file holds. @throws Error with everything that is wrong with it */
export function parseImageLock(content: string): ImageLock {
  const given = parsedJson(content);
  if (!isRecord(given)) {
    const rule = "must be a JSON object, as npm run images:lock writes it";
    throw lockError([{ path: imageLockFile, rule, got: "something else", change: again }]);
  }
  const result = lockSchema.safeParse(given);
  if (result.success) return new Map(Object.entries(result.data.images));
  const problems = schemaProblems(lockSchema, given, "field", result);
  throw lockError(problems.map((each) => ({ ...each, path: `${imageLockFile}: ${each.path}` })));
}

/** The error of a file that cannot be used. */
export function lockError(problems: readonly Problem[]): Error {
  return configurationError("OBS1011", problems);
}

/** The file that holds a lock: the same for the same lock. */
export function imageLockText(lock: ImageLock): string {
  const images = Object.fromEntries([...lock].sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ version: 1, images }, null, 2)}\n`;
}

/** Whether a reference says by itself which image it is, so that there is nothing to lock. */
export function hasDigest(reference: string): boolean {
  return reference.includes("@");
}

/** A reference with the digest that the lock has of it, if it has one. */
export function pinned(reference: string, lock: ImageLock): string {
  const digest = lock.get(reference);
  return digest === undefined ? reference : `${reference}@${digest}`;
}

/** The table of images with the digests of the lock. */
export function pinnedImages(images: Images, lock: ImageLock): Images {
  const entries = Object.entries(images).map(([name, reference]) => [name, pinned(reference, lock)] as const);
  return Object.fromEntries(entries) as Record<ImageName, string>;
}

/** What services copy from with the digests of the lock, but for what it does not name. Whether that is used, only the program knows. */
export function pinnedInstrumentImages(images: InstrumentImages, lock: ImageLock): InstrumentImages {
  const known = Object.entries(images).filter(([, reference]) => hasDigest(reference) || lock.has(reference));
  return Object.fromEntries(known.map(([name, reference]) => [name, pinned(reference, lock)]));
}

/**
 * The references that a lock has to name: the table's, and of what services copy from those that a program needs, since few have
 * a service in each language, or a mirror with all of it.
 */
export function imagesToLock(images: StackSettings["images"], needed: readonly string[]): readonly string[] {
  const copied: readonly string[] = Object.values(instrumentImageNames);
  const isWanted = ([name, reference]: readonly [string, string]): boolean =>
    !hasDigest(reference) && (!copied.includes(name) || needed.includes(reference));
  return [
    ...new Set(
      Object.entries(images)
        .filter(isWanted)
        .map(([, reference]) => reference),
    ),
  ];
}

/** A problem for each image of the settings that a lock has to name and does not. Settings that are wrong by themselves are left out. */
export function imageLockProblems(given: unknown, lock: ImageLock | undefined): readonly Problem[] {
  if (lock === undefined || !isRecord(given)) return [];
  const { imageRegistry, images } = stackSettingsSchema.shape;
  const registry = imageRegistry.safeParse(given["imageRegistry"]).data;
  const overrides = images.safeParse(given["images"]).data;
  if (registry === undefined || overrides === undefined) return [];
  const { node, ...others } = resolveImages(registry, overrides);
  // Node.js's before the parts that run in it: one image is told once.
  const names = new Map<string, string>();
  for (const [name, reference] of Object.entries({ node, ...others })) {
    if (!hasDigest(reference) && !lock.has(reference) && !names.has(reference)) names.set(reference, name);
  }
  const rule = `must be an image that ${imageLockFile} has the digest of`;
  const change = "run npm run images:lock, or name the one that was locked";
  return [...names].map(([reference, name]) => problem(`images.${name}`, rule, reference, change));
}

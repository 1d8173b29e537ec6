import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { codeOf, messageOf } from "../errors.ts";
import { sha256Of } from "../sha256.ts";
import { firstLine } from "../text.ts";
import { UserError } from "../user-error.ts";
import {
  anyManifest,
  formatVersion,
  manifestName,
  manifestSchema,
  type BackedUpStore,
  type BackupManifest,
} from "./format.ts";
import type { Store } from "./store.ts";

/** @throws UserError if the folder is no backup, or one of a newer version. */
export function readManifest(folder: string): BackupManifest {
  try {
    const found: unknown = JSON.parse(readFileSync(join(folder, manifestName), "utf8"));
    const { format, version } = anyManifest.parse(found);
    if (format > formatVersion)
      throw refused(
        folder,
        `must be of format ${formatVersion} at most, got ${format}, which version ${version} has written`,
      );
    return manifestSchema.parse(found);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const why = codeOf(error) === "ENOENT" ? `no ${manifestName} in it` : firstLine(messageOf(error));
    throw refused(folder, `must be the folder of a backup, got: ${why}`, error);
  }
}

/** @throws UserError with every file that is not as it was written. */
export async function checkFiles(folder: string, { stores }: BackupManifest, signal: AbortSignal): Promise<void> {
  const problems: string[] = [];
  for (const { file, bytes, sha256 } of stores) {
    const path = join(folder, file);
    const found = statSync(path, { throwIfNoEntry: false })?.size;
    if (found !== bytes) problems.push(`${file} must have ${bytes} bytes, got ${found ?? "no such file"}`);
    else if ((await sha256Of(path, signal)) !== sha256)
      problems.push(`${file} must have the SHA-256 ${sha256}, got another`);
  }
  if (problems.length > 0) throw refused(folder, problems.join("; "));
}

/** A store that is restored, and what the backup has of it. */
export interface Restored {
  readonly store: Store;
  readonly backup: BackedUpStore;
}

/**
 * Which of a stack's stores gets what of a backup.
 *
 * @throws UserError with every store that the stack does not have, or that is older than what has written the data: a store
 * reads what an older one of its major version has written.
 */
export function matched({ stores: backups }: BackupManifest, stores: readonly Store[]): readonly Restored[] {
  const problems: string[] = [];
  const found = backups.flatMap((backup): readonly Restored[] => {
    const store = stores.find(({ name }) => name === backup.part);
    if (store === undefined)
      problems.push(
        `${backup.part}: must be a store of the stack, which runs ${stores.map(({ name }) => name).join(", ")}`,
      );
    else if (reads(store.image, backup.image)) return [{ store, backup }];
    else
      problems.push(
        `images.${backup.part}: must be ${backup.image}, or a newer one of its major version, got ${store.image}`,
      );
    return [];
  });
  if (problems.length === 0) return found;
  throw new UserError(
    "OBS1702",
    `${problems.join("\n")}\nnothing was changed\n  next: set what the lines say, npm run up, then npm run restore -- DIR`,
  );
}

/** Whether an image reads what another one has written, as far as their tags tell. */
function reads(image: string, writtenBy: string): boolean {
  if (image === writtenBy) return true;
  const [mine, theirs] = [versionOf(image), versionOf(writtenBy)];
  if (mine === undefined || theirs === undefined || mine[0] !== theirs[0]) return false;
  const [, minor, patch] = mine;
  return minor > theirs[1] || (minor === theirs[1] && patch >= theirs[2]);
}

function versionOf(image: string): readonly [major: number, minor: number, patch: number] | undefined {
  const found = /:v?(\d+)\.(\d+)\.(\d+)[^/:]*$/.exec(image.replace(/@.*$/, ""));
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3])];
}

function refused(folder: string, problem: string, cause?: unknown): UserError {
  return new UserError(
    "OBS1701",
    `${folder}: ${problem}\nnothing was changed\n  next: name another folder, or copy this one again`,
    { cause },
  );
}

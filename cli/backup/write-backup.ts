import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { mib } from "../download.ts";
import { codeOf, messageOf } from "../errors.ts";
import { UserError } from "../user-error.ts";
import { packInto } from "./archive.ts";
import { manifestName, type BackedUpStore, type BackupManifest } from "./format.ts";
import { runningText, whileStopped, type StopContext } from "./while-stopped.ts";
import type { Store } from "./store.ts";

/** What is backed up. */
export interface BackupContent extends Omit<BackupManifest, "stores"> {
  readonly stores: readonly (Store & Pick<BackedUpStore, "secrets">)[];
}

/**
 * Writes a backup of one store after the other, each of which is stopped while it is copied. The folder is there when all of it
 * is, and nothing else is left, whatever keeps it from being written.
 *
 * @throws UserError if a store cannot be copied, or the file cannot be written.
 */
export async function writeBackup(
  folder: string,
  { stores, ...content }: BackupContent,
  context: StopContext,
): Promise<BackupManifest> {
  const { target, progress, signal } = context;
  mkdirSync(dirname(resolve(folder)), { recursive: true });
  // Beside the folder: another disk may not have the room, and nothing could be renamed to this one.
  const staging = mkdtempSync(join(dirname(resolve(folder)), ".backup-"));
  try {
    const written: BackedUpStore[] = [];
    for (const { secrets, ...store } of stores) {
      const { name, part, image } = store;
      const file = `${part.host}.tar.gz`;
      const archive = await whileStopped(store, context, () => {
        const onBytes = (bytes: number): void => {
          progress.waitingFor(`copying ${part.title}: ${mib(bytes)}`);
        };
        return packInto(join(staging, file), { target, store, signal, onBytes });
      });
      written.push({ part: name, image, file, ...archive, secrets });
    }
    const manifest: BackupManifest = { ...content, stores: written };
    writeFileSync(join(staging, manifestName), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
    signal.throwIfAborted();
    renameSync(staging, folder);
    return manifest;
  } catch (error) {
    if (error instanceof UserError || signal.aborted) throw error;
    const isFull = codeOf(error) === "ENOSPC";
    throw new UserError(
      isFull ? "OBS1105" : "OBS1704",
      `${folder}: ${isFull ? "there must be room for it, got a full disk" : `a backup must be written, got: ${messageOf(error)}`}\n` +
        `nothing is left of it, and ${runningText(context.away)}\n` +
        `  next: ${isFull ? "make room, or name a folder on another disk" : "solve that"}, then npm run backup -- DIR`,
      { cause: error },
    );
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readDashboardFolder } from "./grafana/dashboard-folder.ts";
import { imageLockFile, lockError, parseImageLock, type ImageLock } from "./image-lock.ts";
import { problem } from "./problem.ts";
import type { ProgramFiles } from "./program-settings.ts";

let isLockLeftOut = false;

/** Has the program run without the lock in this process, for the command that writes it: what it lacks is not refused. */
export function leaveOutImageLock(): void {
  isLockLeftOut = true;
}

/**
 * What the program at the top of the repository reads beside its configuration, for itself and for the commands.
 *
 * @param folder of Pulumi.yaml
 * @throws Error if the lock of images is there and cannot be used.
 */
export function programFiles(folder = dirname(import.meta.dirname)): ProgramFiles {
  return { readFolder: readDashboardFolder, imageLock: isLockLeftOut ? undefined : readImageLock(folder) };
}

function readImageLock(folder: string): ImageLock | undefined {
  const content = contentOf(join(folder, imageLockFile));
  return content === undefined ? undefined : parseImageLock(content);
}

/** `undefined` if there is no such file. */
function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (typeof code !== "string") throw error;
    if (code === "ENOENT") return undefined;
    throw lockError([problem(imageLockFile, "must be a file that can be read", code, "correct that, or remove it")]);
  }
}

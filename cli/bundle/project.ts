import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { imageLockFile } from "../../config/image-lock.ts";
import { messageOf } from "../errors.ts";
import { firstLine } from "../text.ts";
import { UserError } from "../user-error.ts";

const execute = promisify(execFile);

/** What git ignores and this project needs all the same: npm packages, and what is built from this repository. */
const neededFolders = ["node_modules", "dist"];

/**
 * The files of a project that a machine without a network needs: those that git has or would take, the npm packages, and
 * what was built; none of the others that git ignores, for instance Pulumi's state and the settings of other stacks. The lock
 * of images stays here: it names them by digests, which Docker forgets of what it loads.
 *
 * @param folder of the project
 * @param stackFile settings of the stack that the bundle is for
 * @returns paths relative to the project's folder; a folder stands for all that is in it.
 */
export async function projectFiles(folder: string, stackFile: string): Promise<readonly string[]> {
  const [files, ignored] = await Promise.all([
    git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
    git(folder, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"),
  ]);
  const folders = ignored.filter((path) => neededFolders.includes(basename(path)));
  const isWanted = (path: string): boolean => path !== imageLockFile && existsSync(join(folder, path));
  return [...new Set([...files, ...folders, stackFile])].filter(isWanted).map((path) => `./${path}`);
}

async function git(folder: string, ...args: readonly string[]): Promise<readonly string[]> {
  try {
    const { stdout } = await execute("git", args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    return stdout.split("\0").filter((path) => path !== "");
  } catch (error) {
    throw new UserError(
      "OBS1603",
      `${folder}: must be a clone, of which git says what belongs to it, got: ${firstLine(messageOf(error))}\n` +
        "  next: clone it by git, npm ci, then npm run bundle",
      { cause: error },
    );
  }
}

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "./user-error.ts";

const content = z.object({ pid: z.number(), since: z.string() });

/**
 * Runs an action that changes a stack, and nothing else that changes it meanwhile: not from its first look at Docker
 * to the last check. Pulumi's own lock covers the deployment only.
 *
 * @param folder where the lock is kept
 * @throws UserError if another command is at it.
 */
export async function withLock<Result>(
  folder: string,
  stackName: string,
  action: () => Promise<Result>,
): Promise<Result> {
  const file = join(folder, `${stackName}.lock`);
  take(file, stackName);
  try {
    return await action();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string, stackName: string): void {
  try {
    writeFileSync(file, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }), { flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    const { pid, since } = content.parse(JSON.parse(readFileSync(file, "utf8")));
    if (isRunning(pid)) {
      throw new UserError(
        `the stack ${stackName} is being changed by process ${pid}, since ${since}\n  next: wait until it has ended, then npm run up`,
      );
    }
    // Left by a command that was killed.
    rmSync(file);
    take(file, stackName);
  }
}

/** Whether there is a process of this id that has not ended. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // EPERM: it runs, and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Whether a process has ended and only its parent has not noticed yet, as far as the system tells (Linux). */
function isZombie(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  // The state is behind the command's name, which is in brackets and may hold anything.
  return existsSync(file) && readFileSync(file, "utf8").replace(/^.*\)/s, "").startsWith(" Z");
}

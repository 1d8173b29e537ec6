import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { UserError } from "./user-error.ts";

const holder = z.object({ pid: z.number(), since: z.string() });

/**
 * Runs an action that changes a stack while no other command does, from its first look at the target to the last check.
 * Pulumi's own lock covers the deployment only.
 *
 * The lock is that of an empty SQLite database, which the system itself holds for the process and releases when that
 * ends, however it ends: nothing that a killed command leaves behind has to be judged. The file beside it only says which
 * process holds the lock.
 *
 * @param folder where both files are kept
 * @throws UserError if another command holds the lock, or if the folder can hold none.
 */
export async function withLock<Result>(
  folder: string,
  stackName: string,
  action: () => Promise<Result>,
): Promise<Result> {
  const holderFile = join(folder, `${stackName}.lock`);
  const database = lockedDatabase(`${holderFile}.db`, () => whoHolds(holderFile, stackName));
  try {
    writeFileSync(holderFile, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }));
    return await action();
  } finally {
    rmSync(holderFile, { force: true });
    database.close();
  }
}

/** Codes of SQLite (sqlite.org/rescode.html). */
const sqliteBusy = 5;

function lockedDatabase(file: string, whoHoldsIt: () => string): DatabaseSync {
  try {
    const database = new DatabaseSync(file, { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ("errcode" in error && error.errcode === sqliteBusy) {
      throw new UserError("OBS1401", `${whoHoldsIt()}\n  next: wait until it has ended, then npm run up`, {
        cause: error,
      });
    }
    throw new UserError(
      "OBS1106",
      `${file}: must be a file that this command can lock, got: ${error.message}\n` +
        "  next: see who owns it and its folder, or remove it while no other command runs; then npm run up",
      { cause: error },
    );
  }
}

/** Says who holds the lock. A command that has just begun, or has almost ended, may have no file about it. */
function whoHolds(holderFile: string, stackName: string): string {
  const change = `the stack ${stackName} is being changed by`;
  try {
    const { pid, since } = holder.parse(JSON.parse(readFileSync(holderFile, "utf8")));
    return `${change} process ${pid}, since ${since}`;
  } catch {
    return `${change} another command`;
  }
}

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "./errors.ts";
import { stateFolder } from "./state.ts";

/*
 * What a target had of a stack's resources when the last deployment had ended well, as Target.observed tells it. As long
 * as that is what the target has now, there is nothing for Pulumi to refresh.
 */

function fileOf(stackName: string, folder: string): string {
  return join(folder, `${stackName}.observed`);
}

/** `undefined` if it is not known: there was no deployment, or it has not ended well. */
export function lastObserved(stackName: string, folder = stateFolder): string | undefined {
  try {
    return readFileSync(fileOf(stackName, folder), "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Before a deployment: until it has ended well, nothing is known. */
export function forgetObserved(stackName: string, folder = stateFolder): void {
  rmSync(fileOf(stackName, folder), { force: true });
}

/** @param observed `undefined` if the target cannot tell */
export function rememberObserved(stackName: string, observed: string | undefined, folder = stateFolder): void {
  if (observed !== undefined) writeFileSync(fileOf(stackName, folder), observed, { mode: 0o600 });
}

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "./errors.ts";
import { stateFolder } from "./state.ts";

/**
 * How the last deployment that had ended well has left a stack: two texts, each another one once something of it is another.
 * As long as the first is what it was there is nothing for Pulumi to refresh; with the second there is nothing to deploy.
 */
export interface Left {
  /** What the target has of the stack's resources, as `Target.observed` tells it. */
  readonly observed: string;
  /** What decides the rest: the program, the state and the versions. */
  readonly basis: string;
}

function fileOf(stackName: string, folder: string): string {
  return join(folder, `${stackName}.observed`);
}

/** `undefined` if it is not known: there was no deployment, or it has not ended well. */
export function lastLeft(stackName: string, folder = stateFolder): Left | undefined {
  try {
    const [observed = "", basis = ""] = readFileSync(fileOf(stackName, folder), "utf8").split("\n");
    return { observed, basis };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Before a deployment: until it has ended well, nothing is known. */
export function forgetLeft(stackName: string, folder = stateFolder): void {
  rmSync(fileOf(stackName, folder), { force: true });
}

export function rememberLeft(stackName: string, { observed, basis }: Left, folder = stateFolder): void {
  writeFileSync(fileOf(stackName, folder), `${observed}\n${basis}\n`, { mode: 0o600 });
}

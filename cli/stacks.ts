import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { nearMatch } from "../config/problem.ts";
import { defaultStack } from "./options.ts";
import { projectFolder, projectName } from "./project.ts";
import { stateFolder } from "./state.ts";
import { UserError } from "./user-error.ts";

/** Whether a stack belongs to this project as far as its files say: the default stack, or one with a settings file. */
export function hasSettings(stackName: string): boolean {
  return stackName === defaultStack || stacksWithFile().includes(stackName);
}

/** Whether the local backend has a stack, by its file: no command of Pulumi's is needed. */
export function isInLocalState(stackName: string): boolean {
  const folder = join(stateFolder, ".pulumi", "stacks", projectName);
  return [".json", ".json.gz"].some((ending) => existsSync(join(folder, `${stackName}${ending}`)));
}

/** The error for a stack that has no settings file and is not deployed. */
export function unknownStack(stackName: string): UserError {
  const known = stacksWithFile();
  const near = nearMatch(stackName, known);
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  return new UserError(
    "OBS1009",
    `--stack: must be a stack that has a settings file or is deployed (files: ${known.join(", ") || "none"}), got ${stackName}${meant}\n` +
      `  next: name one of them; or make a new one: npm run up -- --stack ${stackName} --target docker|kubernetes`,
  );
}

/** Names of the stacks that have a settings file, sorted. */
export function stacksWithFile(): readonly string[] {
  return readdirSync(projectFolder)
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
}

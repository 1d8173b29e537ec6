import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { z } from "zod";
import { commandOptions } from "../../cli/options.ts";
import { exportedState } from "../../cli/pulumi-stack.ts";
import { projectFolder } from "../../cli/project.ts";
import { readSettingsFile, stackFileConfig, stackFileName } from "../../cli/settings-file.ts";
import { runCommand } from "../../cli/run-command.ts";
import { UserError } from "../../cli/user-error.ts";
import { plannedToday, recordedState, statesFolder } from "./recorded-state.ts";

/*
 * Records what a release has deployed: npm run up, then npm run record:state [-- --target docker|kubernetes]. Later
 * programs are compared with it by test/states.test.ts.
 */

const packageSchema = z.looseObject({ version: z.string() });

async function main(): Promise<number> {
  const { stack } = commandOptions("npm run record:state [-- [--target docker|kubernetes] [--stack NAME]]", []);
  const name = stackFileName(stack);
  const file = readSettingsFile(name);
  if (file?.text.includes("secure:") === true) {
    throw new UserError(
      "OBS1007",
      `${name}: must hold no secret, or it would be recorded\n  next: deploy a stack without secrets`,
    );
  }
  const settings = file === undefined ? {} : stackFileConfig(file);
  const { version } = packageSchema.parse(JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")));
  const planned = await plannedToday({ stack, settings });
  const state = recordedState({ version, stack, settings }, planned, await exportedState(stack));
  const path = join(statesFolder, `${version}-${state.target}.json`);
  writeFileSync(path, await format(JSON.stringify(state), { ...(await resolveConfig(path)), filepath: path }));
  process.stdout.write(`${path}: ${state.resources.length} resources\n`);
  return 0;
}

await runCommand(main);

import { z } from "zod";
import { commandOptions, type CommandOptions } from "../options.ts";
import { difference } from "../preview/difference.ts";
import { plannedProgram } from "../preview/planned-program.ts";
import { differenceText, previewText } from "../preview/report.ts";
import { stackConfig } from "../stack-config.ts";
import { projectFile, readSettingsFile, stackFileName } from "../settings-file.ts";
import { changedStackFile } from "../stack-file.ts";
import { hasSettings, isInLocalState, unknownStack } from "../stacks.ts";
import { runCommand } from "../user-error.ts";

/** Prints what would be deployed, without Pulumi's engine, Docker or a network; with `--diff` also what would change. */
async function preview(): Promise<number> {
  const usage = "npm run preview [-- [--target docker|kubernetes] [--stack NAME] [--json] [--diff]]";
  const options = commandOptions(usage, ["json", "diff"]);
  const { stack, flags } = options;
  const { outputs, ...graph } = await plannedProgram(stack, configOf(options), "npm run preview");
  const urls = programUrls.parse(outputs["urls"]);
  const changes = flags.has("diff") ? difference(graph.resources, await deployedState(stack)) : undefined;
  if (flags.has("json")) {
    const content = { stack, ...graph, urls, ...(changes === undefined ? {} : { difference: changes }) };
    process.stdout.write(`${JSON.stringify(content, null, 2)}\n`);
    return 0;
  }
  process.stdout.write(`${previewText(graph, urls)}\n`);
  if (changes !== undefined) process.stdout.write(`\n${differenceText(changes, stack)}\n`);
  return 0;
}

const programUrls = z.record(z.string(), z.string());

function configOf({ stack, target }: CommandOptions<"json" | "diff", never>): Readonly<Record<string, string>> {
  if (target === undefined && !hasSettings(stack) && !isInLocalState(stack)) throw unknownStack(stack);
  // Of a new stack it is what `npm run up` would write.
  const stackFile = changedStackFile({ stack, target, values: {} }) ?? readSettingsFile(stackFileName(stack));
  return stackConfig(projectFile(), stackFile);
}

/** Needs the Pulumi CLI, and half a second for its library, which a preview alone does without. */
async function deployedState(stack: string): Promise<unknown> {
  const { exportedState } = await import("../pulumi-stack.ts");
  return exportedState(stack);
}

await runCommand(preview);

import { z } from "zod";
import type { CommandOptions } from "../options.ts";
import { difference } from "../../components/preview/difference.ts";
import { capacityOf } from "../../config/capacity.ts";
import { validSettings } from "../load-target.ts";
import { capacityText } from "../preview/capacity-report.ts";
import { plannedProgram } from "../preview/planned-program.ts";
import { differenceText, previewText } from "../preview/report.ts";
import { runOnStack } from "../run-command.ts";
import { environmentsOf, readSettingsFile, stackFileName } from "../settings-file.ts";
import { knownConfig } from "../setting-options.ts";
import { print } from "../text.ts";

const usage = "npm run preview [-- [--target docker|kubernetes] [--stack NAME] [--json] [--diff]]";

const programUrls = z.record(z.string(), z.string());

/** Prints what would be deployed, without Pulumi's engine, Docker or a network; with `--diff` also what would change. */
async function preview(options: CommandOptions): Promise<number> {
  const { stack, flags } = options;
  const config = configOf(options);
  const { outputs, ...graph } = await plannedProgram(stack, config, "npm run preview");
  const capacity = capacityOf(validSettings(config, stack).stack);
  const urls = programUrls.parse(outputs["urls"]);
  const changes = flags.has("diff") ? difference(graph.resources, await deployedState(stack)) : undefined;
  if (flags.has("json")) {
    const known = {
      ...(capacity === undefined ? {} : { capacity }),
      ...(changes === undefined ? {} : { difference: changes }),
    };
    const content = { stack, ...graph, urls, ...known };
    print(JSON.stringify(content, null, 2));
    return 0;
  }
  print(previewText(graph, urls));
  if (capacity !== undefined) print(`\n${capacityText(capacity)}`);
  if (changes !== undefined) print(`\n${differenceText(changes, stack)}`);
  return 0;
}

function configOf({ stack, target }: Pick<CommandOptions, "stack" | "target">): Readonly<Record<string, string>> {
  const config = knownConfig({ stack, target });
  const stackFile = readSettingsFile(stackFileName(stack));
  const environments = stackFile === undefined ? undefined : environmentsOf(stackFile);
  if (environments !== undefined) {
    // Beside the preview, whose output may be read by a program.
    process.stderr.write(
      `${stackFileName(stack)} takes settings from Pulumi ESC (${environments}), which only Pulumi's engine knows; ` +
        `what follows is without them\n  next: npm run pulumi -- preview --stack ${stack}\n`,
    );
  }
  return config;
}

/** The deployed state. Only `--diff` needs it, the Pulumi CLI, and half a second to load Pulumi's library. */
async function deployedState(stack: string): Promise<unknown> {
  const { exportedState } = await import("../pulumi-stack.ts");
  return exportedState(stack);
}

await runOnStack(usage, ["json", "diff"], preview);

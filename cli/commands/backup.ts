import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { formatVersion } from "../backup/format.ts";
import { checkUp, leftOut, secretChecksums, storesOf } from "../backup/stores.ts";
import { runningText } from "../backup/while-stopped.ts";
import { writeBackup } from "../backup/write-backup.ts";
import { mib } from "../download.ts";
import { untilInterrupted } from "../interrupt.ts";
import { loadDeployed } from "../load-target.ts";
import type { CommandOptions } from "../options.ts";
import { Progress } from "../progress.ts";
import { projectFolder } from "../project.ts";
import { withLockedStack } from "../pulumi-stack.ts";
import { resourcesOf } from "../recovery.ts";
import { runOnStack } from "../run-command.ts";
import type { Say } from "../target.ts";
import { print } from "../text.ts";
import { UserError } from "../user-error.ts";

const usage = "npm run backup -- DIR [--target docker|kubernetes] [--stack NAME]";

const packageFile = z.object({ version: z.string() });

/** Writes the data of every store to a folder, while everything else goes on. */
async function backup(
  { stack: stackName, target: wanted, argument: folder }: CommandOptions,
  tell: Say,
): Promise<number> {
  if (folder === undefined) throw new UserError("OBS1008", `DIR: must be named, got none\n  usage: ${usage}`);
  if (existsSync(folder)) {
    throw new UserError(
      "OBS1703",
      `${folder}: must not be there yet\n  next: remove it, or name another folder: npm run backup -- DIR`,
    );
  }
  const progress = new Progress(print);
  try {
    progress.phase("finding out what is stored");
    const manifest = await withLockedStack(
      stackName,
      async (stack) => {
        const { target, outputs, settings } = await loadDeployed(stack, wanted);
        const stores = storesOf(outputs, settings.stack);
        await checkUp(stores, target);
        const resources = await resourcesOf(stack);
        const content = {
          format: formatVersion,
          version: packageFile.parse(JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8"))).version,
          ...{ stack: stackName, name: settings.stack.name, target: settings.stack.target },
          createdAt: new Date().toISOString(),
          stores: stores.map((store) => ({ ...store, secrets: secretChecksums(store, resources) })),
        } as const;
        const away = new Set<string>();
        return untilInterrupted(
          (signal) => writeBackup(folder, content, { target, progress, signal, away }),
          "npm run backup -- DIR",
          () => `nothing is left of the backup, and ${runningText(away)}`,
        );
      },
      progress,
    );
    const width = Math.max(...manifest.stores.map(({ file }) => file.length));
    tell(`
${folder}:
${manifest.stores.map(({ file, bytes, image }) => `  ${file.padEnd(width)}  ${mib(bytes).padStart(10)}  ${image}`).join("\n")}
${leftOut.map(({ title, why }) => `not in it: ${title}; ${why}`).join("\n")}

To put it back, into this stack or another one: npm run restore -- ${folder}`);
    return 0;
  } finally {
    progress.stop();
  }
}

await runOnStack(usage, [], backup, [], "DIR");

import { answerTo } from "../ask.ts";
import type { BackupManifest } from "../backup/format.ts";
import { checkFiles, matched, readManifest } from "../backup/read-backup.ts";
import { restoreBackup } from "../backup/restore-backup.ts";
import { checkThere, secretChecksums, storesOf } from "../backup/stores.ts";
import { runningText } from "../backup/while-stopped.ts";
import { ensureLogin } from "../grafana-login.ts";
import { untilInterrupted } from "../interrupt.ts";
import { loadDeployed } from "../load-target.ts";
import type { CommandOptions } from "../options.ts";
import { Progress } from "../progress.ts";
import { withLockedStack } from "../pulumi-stack.ts";
import { resourcesOf } from "../recovery.ts";
import { runOnStack } from "../run-command.ts";
import type { Say } from "../target.ts";
import { print } from "../text.ts";
import { UserError } from "../user-error.ts";
import { table, verify } from "../verification/verify.ts";

const usage = "npm run restore -- DIR [--yes] [--target docker|kubernetes] [--stack NAME]";

/** Replaces the data of a deployed stack's stores by that of a backup, and proves that the stack works with it. */
async function restore(
  { stack: stackName, target: wanted, flags, argument: folder }: CommandOptions,
  tell: Say,
): Promise<number> {
  if (folder === undefined) throw new UserError("OBS1008", `DIR: must be named, got none\n  usage: ${usage}`);
  const isAgreed = flags.has("yes");
  if (!isAgreed && !process.stdin.isTTY) {
    throw new UserError("OBS1008", "restore: must be confirmed, and there is no terminal to ask\n  next: add --yes");
  }
  const manifest = readManifest(folder);
  const progress = new Progress(print);
  const restored: string[] = [];
  const away = new Set<string>();
  const left = (): string =>
    `${restored.length === 0 ? "nothing was changed" : `the data of ${restored.join(", ")} was replaced`}, and ${runningText(away)}`;
  try {
    return await withLockedStack(
      stackName,
      async (stack) => {
        const { target, outputs, settings } = await loadDeployed(stack, wanted);
        const stores = storesOf(outputs, settings.stack);
        const matches = matched(manifest, stores);
        await checkThere(stores, target);
        const next = "npm run restore -- DIR";
        progress.phase(`checking the files in ${folder}`);
        await untilInterrupted((signal) => checkFiles(folder, manifest, signal), next, left);
        progress.stop();
        if (!isAgreed && !(await confirmed(stackName, manifest))) {
          print("nothing was changed");
          return 1;
        }
        const resources = await resourcesOf(stack);
        const withSecrets = matches.map((match) => ({ ...match, secrets: secretChecksums(match.store, resources) }));
        await untilInterrupted(
          (signal) =>
            restoreBackup(folder, withSecrets, { target, progress, signal, away }, (title) => restored.push(title)),
          next,
          left,
        );
        const results = await target.reach(
          outputs,
          async (reached) => {
            await ensureLogin(reached, target, progress.line);
            progress.phase("verifying: one request, found again as log, trace and metric");
            return verify(reached, target, progress.line);
          },
          progress.line,
        );
        tell(`\n${table(results)}\n\n${restored.join(", ")}: as they were at ${manifest.createdAt}`);
        return results.every(({ passed }) => passed) ? 0 : 1;
      },
      progress,
    );
  } finally {
    progress.stop();
  }
}

/** Whether the user confirms it at the terminal. */
async function confirmed(stackName: string, { createdAt, stack }: BackupManifest): Promise<boolean> {
  const question =
    `This replaces all logs, metrics, traces and what Grafana's users have made in the stack ${stackName} by those of the stack ${stack} ` +
    `at ${createdAt}. Type its name to go on: `;
  return (await answerTo(question)) === stackName;
}

await runOnStack(usage, ["yes"], restore, [], "DIR");

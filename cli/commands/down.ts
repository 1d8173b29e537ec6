import { answerTo } from "../ask.ts";
import { loadTarget } from "../load-target.ts";
import { runEngine } from "../engine.ts";
import type { CommandOptions } from "../options.ts";
import { Progress } from "../progress.ts";
import { runPulumi, withLockedStack } from "../pulumi-stack.ts";
import { recover } from "../recovery.ts";
import { runOnStack } from "../run-command.ts";
import { print } from "../text.ts";
import { UserError } from "../user-error.ts";

const usage = "npm run down [-- --target docker|kubernetes] [--stack NAME] [--destroy-data [--yes]]";

/** Stops everything and keeps data and credentials, or removes those as well. */
async function down({ stack: stackName, target: wanted, flags }: CommandOptions): Promise<number> {
  const destroyData = flags.has("destroy-data");
  if (destroyData && !flags.has("yes") && !(await confirmed(stackName))) {
    print("nothing was changed");
    return 1;
  }
  const progress = new Progress(print);
  const say = progress.line;
  progress.phase(destroyData ? `removing the stack ${stackName} and its data` : `stopping the stack ${stackName}`);
  try {
    await withLockedStack(
      stackName,
      async (stack) => {
        const { target } = await loadTarget(stack, wanted);
        await target.describe();
        const { state, leftData } = await recover(stack, target, say);
        if (destroyData) await target.checkSoleOwner(state);
        if (destroyData) await unprotect(stackName);
        await runEngine(
          progress,
          (engine) => stack.destroy({ ...engine, excludeProtected: !destroyData }),
          ({ cause, next }) =>
            `not everything could be removed: ${cause}\ndata that is still there is kept\n  next: ${next.replace("npm run up", "npm run down")}`,
        );
        if (destroyData) {
          await target.removeLeftData(state, leftData);
          await stack.workspace.removeStack(stackName, { preserveConfig: true });
        }
      },
      progress,
    );
  } finally {
    progress.stop();
  }
  say(destroyData ? "removed" : "stopped; logs, metrics, traces and the login are kept for the next npm run up");
  return 0;
}

/** Whether the user confirms it at the terminal. @throws UserError if there is no terminal. */
async function confirmed(stackName: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new UserError(
      "OBS1008",
      "--destroy-data: must be confirmed, and there is no terminal to ask\n  next: add --yes",
    );
  }
  const question = `This deletes all logs, metrics, traces and credentials of the stack ${stackName} for good. Type its name to go on: `;
  return (await answerTo(question)) === stackName;
}

async function unprotect(stackName: string): Promise<void> {
  const code = await runPulumi(["state", "unprotect", "--all", "--yes", "--stack", stackName]);
  if (code !== 0)
    throw new UserError("OBS1407", "the data could not be unprotected; nothing was removed\n  next: npm run down");
}

await runOnStack(usage, ["destroy-data", "yes"], down);

import { loadDeployed } from "../load-target.ts";
import type { CommandOptions } from "../options.ts";
import { withStack } from "../pulumi-stack.ts";
import { runOnStack } from "../run-command.ts";
import type { Say } from "../target.ts";
import { UserError } from "../user-error.ts";
import { verifyService } from "../verification/service.ts";
import { table, verify } from "../verification/verify.ts";

const usage = "npm run verify [-- --service NAME] [--target docker|kubernetes] [--stack NAME]";

/** Proves that the stack works, or with `--service` that what one service sends arrives. */
async function run(options: CommandOptions<never, "service">, say: Say): Promise<number> {
  const { service } = options.values;
  return withStack(options.stack, async (stack) => {
    const { target, outputs } = await loadDeployed(stack, options.target);
    const states = [...(await target.instanceStates(outputs.instances)).values()];
    if (states.every((state) => state === "missing")) {
      throw new UserError("OBS1501", "the stack is not running\n  next: npm run up");
    }
    const results = await target.reach(
      outputs,
      (reached) => (service === undefined ? verify(reached, target, say) : verifyService(service, reached, say)),
      say,
    );
    say(`\n${table(results, service === undefined ? undefined : "time")}`);
    return results.every((result) => result.passed) ? 0 : 1;
  });
}

await runOnStack(usage, [], run, ["service"]);

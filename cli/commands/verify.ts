import { loadDeployed } from "../load-target.ts";
import { withStack } from "../pulumi-stack.ts";
import { runOnStack } from "../run-command.ts";
import { UserError } from "../user-error.ts";
import { table, verify } from "../verification/verify.ts";

const usage = "npm run verify [-- --target docker|kubernetes] [--stack NAME]";

await runOnStack(usage, [], (options, say) =>
  withStack(options.stack, async (stack) => {
    const { target, outputs } = await loadDeployed(stack, options.target);
    const states = [...(await target.instanceStates(outputs.instances)).values()];
    if (states.every((state) => state === "missing")) {
      throw new UserError("the stack is not running\n  next: npm run up");
    }
    const results = await target.reach(outputs, (reached) => verify(reached, target, say), say);
    say(`\n${table(results)}`);
    return results.every((result) => result.passed) ? 0 : 1;
  }),
);

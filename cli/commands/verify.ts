import { loadDeployed } from "../load-target.ts";
import { commandOptions, forStack } from "../options.ts";
import { withStack } from "../pulumi-stack.ts";
import { print } from "../text.ts";
import { runCommand, UserError } from "../user-error.ts";
import { table, verify } from "../verification/verify.ts";

await runCommand(async () => {
  const options = commandOptions("npm run verify [-- --target docker|kubernetes] [--stack NAME]", []);
  return withStack(options.stack, async (stack) => {
    const { target, outputs } = await loadDeployed(stack, options.target);
    const states = [...(await target.instanceStates(outputs.instances)).values()];
    if (states.every((state) => state === "missing")) {
      throw new UserError("the stack is not running\n  next: npm run up");
    }
    const results = await target.reach(outputs, (reached) => verify(reached, target, print), print);
    print(forStack(`\n${table(results)}`, options.stack));
    return results.every((result) => result.passed) ? 0 : 1;
  });
});

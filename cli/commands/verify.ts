import { loadTarget } from "../load-target.ts";
import { commandOptions, forStack } from "../options.ts";
import { deployedOutputs } from "../outputs.ts";
import { withStack } from "../pulumi-stack.ts";
import { runCommand, UserError } from "../user-error.ts";
import { table, verify } from "../verification/verify.ts";

await runCommand(async () => {
  const options = commandOptions("npm run verify [-- --target docker|kubernetes] [--stack NAME]", []);
  return withStack(options.stack, async (stack) => {
    const { target } = await loadTarget(stack, options.target);
    await target.describe();
    const outputs = deployedOutputs(await stack.outputs());
    const states = [...(await target.instanceStates(outputs.instances)).values()];
    if (states.every((state) => state === "missing")) {
      throw new UserError("the stack is not running\n  next: npm run up");
    }
    const say = (text: string): void => {
      process.stdout.write(`${text}\n`);
    };
    const results = await target.reach(outputs, (reached) => verify(reached, target, say), say);
    process.stdout.write(forStack(`\n${table(results)}\n`, options.stack));
    return results.every((result) => result.passed) ? 0 : 1;
  });
});

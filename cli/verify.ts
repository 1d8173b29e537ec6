import { deploymentOf } from "./deployment.ts";
import { instanceStates } from "./instances.ts";
import { commandOptions } from "./options.ts";
import { deployedOutputs } from "./outputs.ts";
import { withStack } from "./pulumi-stack.ts";
import { runCommand, UserError } from "./user-error.ts";
import { table, verify } from "./verification/verify.ts";

await runCommand(async () => {
  const { stack: stackName } = commandOptions("npm run verify [-- --stack NAME]", []);
  return withStack(stackName, async (stack) => {
    const deployment = await deploymentOf(stack);
    const { docker, settings } = deployment;
    await docker.serverVersion();
    const outputs = deployedOutputs(await stack.outputs());
    const names = outputs.instances.map(({ name }) => name);
    const states = [...(await instanceStates(docker, names, settings.stack.name)).values()];
    if (states.every((state) => state === "missing")) {
      throw new UserError("the stack is not running\n  next: npm run up");
    }
    const results = await verify(outputs, deployment, (text) => process.stdout.write(`${text}\n`));
    process.stdout.write(`\n${table(results)}\n`);
    return results.every((result) => result.passed) ? 0 : 1;
  });
});

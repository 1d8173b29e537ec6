import { commandOptions } from "./options.ts";
import { deployedOutputs } from "./outputs.ts";
import { withStack } from "./pulumi-stack.ts";
import { runCommand } from "./user-error.ts";

await runCommand(async () => {
  const { stack: stackName } = commandOptions("npm run password [-- --target docker|kubernetes] [--stack NAME]", []);
  const { grafanaPassword } = deployedOutputs(await withStack(stackName, (stack) => stack.outputs()));
  process.stdout.write(`${grafanaPassword}\n`);
  return 0;
});

import { loadTarget } from "../load-target.ts";
import { commandOptions } from "../options.ts";
import { deployedOutputs } from "../outputs.ts";
import { withStack } from "../pulumi-stack.ts";
import { print } from "../text.ts";
import { runCommand } from "../user-error.ts";

await runCommand(async () => {
  const options = commandOptions("npm run password [-- --target docker|kubernetes] [--stack NAME]", []);
  const { grafanaPassword } = await withStack(options.stack, async (stack) => {
    await loadTarget(stack, options.target);
    return deployedOutputs(await stack.outputs());
  });
  print(grafanaPassword);
  return 0;
});

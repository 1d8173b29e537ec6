import { loadTarget } from "../load-target.ts";
import { deployedOutputs } from "../outputs.ts";
import { withStack } from "../pulumi-stack.ts";
import { runOnStack } from "../run-command.ts";
import { print } from "../text.ts";

const usage = "npm run password [-- --target docker|kubernetes] [--stack NAME]";

await runOnStack(usage, [], (options) =>
  withStack(options.stack, async (stack) => {
    await loadTarget(stack, options.target);
    print(deployedOutputs(await stack.outputs()).grafanaPassword);
    return 0;
  }),
);

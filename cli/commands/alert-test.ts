import { checkContactPoints, notTested, testAlerts, testReport } from "../alert-test.ts";
import { loadDeployed } from "../load-target.ts";
import { withStack } from "../pulumi-stack.ts";
import { runOnStack } from "../run-command.ts";
import { UserError } from "../user-error.ts";

const usage = "npm run alert:test [-- --target docker|kubernetes] [--stack NAME]";

await runOnStack(usage, [], (options, say) =>
  withStack(options.stack, async (stack) => {
    const { target, outputs, settings } = await loadDeployed(stack, options.target);
    const { alerts, secrets } = settings.stack;
    const { contactPoints } = alerts;
    checkContactPoints(contactPoints);
    say(`sending a test alert to ${contactPoints.map(({ name }) => name).join(", ")}; it takes half a minute`);
    const results = await target.reach(
      outputs,
      async (reached) => {
        try {
          return await testAlerts({ outputs: reached, contactPoints, secrets: Object.values(secrets) });
        } catch (error) {
          throw new UserError("OBS1506", notTested(error), { cause: error });
        }
      },
      say,
    );
    say(`\n${testReport(results)}`);
    return results.every(({ reached }) => reached) ? 0 : 1;
  }),
);

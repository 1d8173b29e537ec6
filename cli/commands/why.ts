import { loadDeployed } from "../load-target.ts";
import type { CommandOptions } from "../options.ts";
import { withStack } from "../pulumi-stack.ts";
import { runOnStack } from "../run-command.ts";
import type { Say } from "../target.ts";
import { diagnose } from "../why/diagnosis.ts";
import { jsonOf, report, servicesTable } from "../why/report.ts";
import { allServices, checkParts, factsAbout } from "../why/why.ts";

const usage = "npm run why [-- [SERVICE] [--target docker|kubernetes] [--stack NAME] [--json]]";

/** Says why nothing arrives of a service; without a name, what arrives of all. */
async function why(options: CommandOptions<"json", never>, say: Say): Promise<number> {
  const isJson = options.flags.has("json");
  const { argument: service } = options;
  return withStack(options.stack, async (stack) => {
    const { target, outputs } = await loadDeployed(stack, options.target);
    await checkParts(outputs, target);
    return target.reach(
      outputs,
      async (reached) => {
        const nowMillis = Date.now();
        if (service === undefined) {
          const all = await allServices(reached, nowMillis);
          say(isJson ? JSON.stringify(Object.fromEntries(all), null, 2) : servicesTable(all, nowMillis));
          return 0;
        }
        const facts = await factsAbout(service, reached, target, nowMillis);
        const diagnosis = diagnose(facts);
        say(isJson ? JSON.stringify({ ...diagnosis, ...jsonOf(facts) }, null, 2) : report(facts, diagnosis));
        return diagnosis.arrives ? 0 : 1;
      },
      say,
    );
  });
}

await runOnStack(usage, ["json"], why, [], "SERVICE");

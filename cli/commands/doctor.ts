import { Docker } from "../docker/docker.ts";
import { validSettings } from "../load-target.ts";
import { findingsTable, prerequisites } from "../prerequisites.ts";
import { runOnStack } from "../run-command.ts";
import { knownConfig } from "../setting-options.ts";

const usage = "npm run doctor [-- --target docker|kubernetes] [--stack NAME]";

// Shows what this machine has of everything that a stack needs; fails if `npm run up` would not begin.
await runOnStack(usage, [], async (options, say) => {
  const { stack: stackName } = options;
  const settings = validSettings(knownConfig(options), stackName);
  const findings = await prerequisites({ settings, stackName, docker: new Docker(settings.stack.docker.host) });
  say(findingsTable(findings));
  const problems = findings.filter(({ problem }) => problem !== undefined).length;
  say(
    problems === 0
      ? "\nnothing keeps npm run up from working"
      : `\n${problems} problem(s); solve them, then npm run up`,
  );
  return problems === 0 ? 0 : 1;
});

import { once } from "node:events";
import { loadDeployed } from "../load-target.ts";
import { withStack } from "../pulumi-stack.ts";
import { runOnStack } from "../run-command.ts";
import { urlLines } from "../urls.ts";

const usage = "npm run open [-- --target docker|kubernetes] [--stack NAME]";

// Prints where everything is, and where that takes a connection, keeps it until Ctrl-C.
await runOnStack(usage, [], async (options, say) => {
  const { target, outputs } = await withStack(options.stack, (stack) => loadDeployed(stack, options.target));
  // Before anything is open, so that no signal finds it unattended.
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      ended.abort();
    });
  }
  const close = await target.open(say);
  for (const line of urlLines(outputs.urls, outputs.grafanaUser, target)) say(line);
  if (close === undefined) return 0;
  say("\nopen until Ctrl-C");
  if (!ended.signal.aborted) await once(ended.signal, "abort");
  await close();
  return 0;
});

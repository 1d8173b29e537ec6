import { once } from "node:events";
import { loadDeployed } from "../load-target.ts";
import { commandOptions, forStack } from "../options.ts";
import { tellingCommandsOf, withStack } from "../pulumi-stack.ts";
import { print } from "../text.ts";
import { urlLines } from "../urls.ts";
import { runCommand } from "../user-error.ts";

/** Prints where everything is, and where that takes a connection, keeps it until Ctrl-C. */
async function open(): Promise<number> {
  const options = commandOptions("npm run open [-- --target docker|kubernetes] [--stack NAME]", []);
  const say = (text: string): void => {
    print(forStack(text, options.stack));
  };
  const { target, outputs } = await withStack(options.stack, (stack) => loadDeployed(stack, options.target));
  // Before anything is open, so that no signal finds it unattended.
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      ended.abort();
    });
  }
  const opened = await tellingCommandsOf(options.stack, () => target.open(say));
  for (const line of urlLines(outputs.urls, outputs.grafanaUser, target)) say(line);
  if (opened === undefined) return 0;
  say("\nopen until Ctrl-C");
  if (!ended.signal.aborted) await once(ended.signal, "abort");
  await opened.close();
  return 0;
}

await runCommand(open);

import { isUp, waitUntilUp, type InstanceOutput } from "./instances.ts";
import type { Target } from "./target.ts";
import { UserError } from "./user-error.ts";

/** How many of the last lines of an instance that is down are shown. */
const shownLines = 5;

/**
 * Waits until everything is up that was deployed.
 *
 * @param signal ends the wait at once, with its reason
 * @throws UserError with what is not, and its last lines.
 */
export async function checkUp(
  instances: readonly InstanceOutput[],
  target: Pick<Target, "instanceStates" | "startMillis" | "lastLines" | "logCommand">,
  signal: AbortSignal,
): Promise<void> {
  const states = await waitUntilUp(() => target.instanceStates(instances), target.startMillis, signal);
  const [first, ...others] = [...states].filter(([, state]) => !isUp(state));
  if (first === undefined) return;
  const [name, state] = first;
  const more = others.map((other) => `${other[0]} is ${other[1]}`).join(", ");
  const said = await target.lastLines(name, shownLines);
  throw new UserError(
    "OBS1408",
    [
      `${name} is ${state}${more === "" ? "" : `; ${more}`}`,
      ...(said === "" ? [] : [`its last lines:\n${said}`]),
      `  next: npm run up; or see more: ${target.logCommand(name)}`,
    ].join("\n"),
  );
}

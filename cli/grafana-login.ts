import { parts } from "../config/parts/parts.ts";
import { instanceOf } from "./instances.ts";
import type { StackOutputs } from "./outputs.ts";
import type { Say, Target } from "./target.ts";
import { UserError } from "./user-error.ts";
import { GrafanaClient, HttpError } from "./grafana-client.ts";
import { whyNotReached } from "./text.ts";

/** How many of its last lines the next command shows of a log. */
const shownLines = 50;

/**
 * Sees to it that Grafana takes the password of the state. It does unless its data is older than the state: then the
 * data is kept and its password is set anew.
 *
 * @throws UserError if Grafana cannot be reached.
 */
export async function ensureLogin(outputs: StackOutputs, target: Target, say: Say): Promise<void> {
  const { grafanaUser, grafanaPassword, instances } = outputs;
  const grafana = instanceOf(instances, parts.grafana.host);
  if (outputs.urls.grafana === undefined || grafana === undefined) return;
  try {
    await new GrafanaClient(outputs.urls.grafana, grafanaUser, grafanaPassword).get("/api/user");
    return;
  } catch (error) {
    if (!(error instanceof HttpError)) {
      throw new UserError(
        `Grafana: must answer at ${outputs.urls.grafana}, got: ${whyNotReached(error)}\n` +
          `  next: npm run up; or see why: ${target.logCommand(grafana.name, shownLines)}`,
        { cause: error },
      );
    }
    // Whatever else is wrong with Grafana the verification tells.
    if (error.status !== 401) return;
  }
  say("Grafana's data is older than its password: setting the password of this stack");
  await target.runIn(grafana.name, resetPassword, grafanaPassword);
}

/** From standard input: an argument could be read in the list of processes. */
export const resetPassword = [
  ...["grafana", "cli", "--homepath", "/usr/share/grafana"],
  ...["admin", "reset-admin-password", "--password-from-stdin"],
];

import { parts } from "../config/parts/parts.ts";
import { instanceOf } from "./instances.ts";
import type { StackOutputs } from "./outputs.ts";
import type { Say, Target } from "./target.ts";
import { UserError } from "./user-error.ts";
import { grafanaOf, HttpError } from "./grafana-client.ts";
import { whyNotReached } from "./errors.ts";

/** How many of a log's last lines the next command shows. */
const shownLines = 50;

/**
 * Makes sure that Grafana accepts the password in the state. It does not if its data is older than the state: then the
 * data is kept, and the password is set again.
 *
 * @throws UserError if Grafana cannot be reached.
 */
export async function ensureLogin(outputs: StackOutputs, target: Target, say: Say): Promise<void> {
  const { grafanaPassword, instances } = outputs;
  const grafana = instanceOf(instances, parts.grafana.host);
  if (outputs.urls.grafana === undefined || grafana === undefined) return;
  try {
    await grafanaOf(outputs).get("/api/user");
    return;
  } catch (error) {
    if (!(error instanceof HttpError)) {
      throw new UserError(
        "OBS1506",
        `Grafana: must answer at ${outputs.urls.grafana}, got: ${whyNotReached(error)}\n` +
          `  next: npm run up; or see why: ${target.logCommand(grafana.name, shownLines)}`,
        { cause: error },
      );
    }
    // The verification reports any other problem of Grafana.
    if (error.status !== 401) return;
  }
  say("Grafana's data is older than its password: setting the password of this stack");
  await target.runIn(grafana.name, resetPassword, grafanaPassword);
}

/** Reads the password from standard input: an argument could be read in the list of processes. */
export const resetPassword = [
  ...["grafana", "cli", "--homepath", "/usr/share/grafana"],
  ...["admin", "reset-admin-password", "--password-from-stdin"],
];

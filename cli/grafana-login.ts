import { hosts } from "../config/names.ts";
import { instanceOf } from "./instances.ts";
import type { StackOutputs } from "./outputs.ts";
import type { Say, Target } from "./target.ts";
import { GrafanaClient, HttpError } from "./verification/grafana.ts";

/**
 * Sees to it that Grafana takes the password of the state. It does unless its data is older than the state: then the
 * data is kept and its password is set anew.
 */
export async function ensureLogin(outputs: StackOutputs, target: Target, say: Say): Promise<void> {
  const { grafanaUser, grafanaPassword, instances } = outputs;
  const grafana = instanceOf(instances, hosts.grafana);
  if (outputs.urls.grafana === undefined || grafana === undefined) return;
  try {
    await new GrafanaClient(outputs.urls.grafana, grafanaUser, grafanaPassword).get("/api/user");
    return;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    // Whatever else is wrong with Grafana the verification tells.
    if (error.status !== 401) return;
  }
  say("Grafana's data is older than its password: setting the password of this stack");
  await target.resetLogin(grafana.name, grafanaPassword);
}

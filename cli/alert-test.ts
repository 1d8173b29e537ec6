import pWaitFor, { TimeoutError } from "p-wait-for";
import { z } from "zod";
import { testMetric } from "../config/grafana/alerting/rules.ts";
import type { Alerts } from "../config/grafana/alerting/settings.ts";
import { severities, type Severity } from "../config/grafana/alerting/severities.ts";
import { stackNamespace } from "../config/names.ts";
import { whyNotReached } from "./errors.ts";
import { grafanaOf, type GrafanaClient } from "./grafana-client.ts";
import { urlOf, type StackOutputs } from "./outputs.ts";
import { codeLine, UserError } from "./user-error.ts";
import { post } from "./verification/probe.ts";

/** What became of the test at a contact point. */
export type TestResult = { readonly name: string } & (
  | { readonly reached: true; readonly firedSeconds: number; readonly resolvedSeconds: number }
  | { readonly reached: false; readonly cause: string }
);

/** What a test needs. */
export interface AlertTest {
  readonly outputs: StackOutputs;
  readonly contactPoints: Alerts["contactPoints"];
  /** Texts that no message shows: what a server is asked by has the address of a webhook in it. */
  readonly secrets: readonly string[];
}

/**
 * How long a contact point may take to be told, in milliseconds: a metric travels for some seconds, the rule is evaluated every
 * 10 s, and a Grafana that has just started has had its contact points for as long. A mail server may be slow.
 */
const timeoutMillis = 120_000;

/** How often Grafana is asked, and the metric is sent again. */
const everyMillis = 2_000;

const receivers = z.array(
  z.object({
    name: z.string(),
    integrations: z.array(
      z.object({ lastNotifyAttempt: z.string().default(""), lastNotifyAttemptError: z.string().default("") }),
    ),
  }),
);

/** The last time that Grafana tried to tell somebody, and what went wrong. */
interface Attempt {
  readonly at: string;
  readonly error: string;
}

/** @throws UserError if there is nobody to tell. */
export function checkContactPoints(contactPoints: Alerts["contactPoints"]): void {
  if (contactPoints.length > 0) return;
  throw new UserError(
    "OBS1505",
    "alerts.contactPoints: must have a contact point, got an empty list; alerts reach nobody\n" +
      "  next: add one as docs/alerts.md says, npm run up, then npm run alert:test",
  );
}

/**
 * Sends one alert of each severity that somebody is told of, the way of every other alert: a metric through the Collector
 * into VictoriaMetrics, a rule of Grafana, its policies, each contact point; and then that it is over.
 *
 * @throws Error if Grafana or the Collector cannot be asked.
 */
export async function testAlerts({ outputs, contactPoints, secrets }: AlertTest): Promise<readonly TestResult[]> {
  const grafana = grafanaOf(outputs);
  const otlpUrl = urlOf(outputs, "otlpHttp");
  const used = severities.filter((severity) => contactPoints.some((each) => each.severities.includes(severity)));
  const names = contactPoints.map(({ name }) => name);
  const told = async (value: 0 | 1): Promise<ReadonlyMap<string, Attempt & { readonly afterSeconds: number }>> => {
    const before = await attempts(grafana);
    const startedMillis = Date.now();
    const found = new Map<string, Attempt & { readonly afterSeconds: number }>();
    try {
      await pWaitFor(
        async () => {
          await sendTestMetric(otlpUrl, used, value);
          for (const [name, attempt] of await attempts(grafana)) {
            if (attempt.at === before.get(name)?.at || found.has(name)) continue;
            found.set(name, { ...attempt, afterSeconds: (Date.now() - startedMillis) / 1000 });
          }
          return names.every((name) => found.has(name));
        },
        { interval: everyMillis, timeout: timeoutMillis },
      );
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
    return found;
  };
  const fired = await told(1);
  // Whatever went wrong, the alert must not stay.
  const resolved = await told(0);
  return names.map((name) => resultOf(name, fired.get(name), resolved.get(name), secrets));
}

function resultOf(
  name: string,
  fired: (Attempt & { readonly afterSeconds: number }) | undefined,
  resolved: (Attempt & { readonly afterSeconds: number }) | undefined,
  secrets: readonly string[],
): TestResult {
  const failed = [fired, resolved].find((attempt) => attempt !== undefined && attempt.error !== "");
  if (failed !== undefined) {
    const cause = secrets.reduce((text, secret) => text.replaceAll(secret, "…"), failed.error);
    return { name, reached: false, cause: `Grafana could not tell it: ${cause}` };
  }
  const within = `within ${timeoutMillis / 1000} s`;
  if (fired === undefined) return { name, reached: false, cause: `Grafana did not try to tell it ${within}` };
  if (resolved === undefined) return { name, reached: false, cause: `it was told, but not that it is over ${within}` };
  return { name, reached: true, firedSeconds: fired.afterSeconds, resolvedSeconds: resolved.afterSeconds };
}

/** The last attempt of each contact point; of several integrations the one that failed. */
async function attempts(grafana: GrafanaClient): Promise<ReadonlyMap<string, Attempt>> {
  const path = "/api/alertmanager/grafana/config/api/v1/receivers";
  const all = receivers.parse(await grafana.get(path));
  return new Map(
    all.map(({ name, integrations }) => {
      const error = integrations
        .map(({ lastNotifyAttemptError }) => lastNotifyAttemptError)
        .find((each) => each !== "");
      const at = integrations.map(({ lastNotifyAttempt }) => lastNotifyAttempt).join(" ");
      return [name, { at, error: error ?? "" }];
    }),
  );
}

/** Sends the metric that the rule of the test looks at, for each severity. */
async function sendTestMetric(otlpHttpUrl: string, used: readonly Severity[], value: 0 | 1): Promise<void> {
  const text = (key: string, stringValue: string): object => ({ key, value: { stringValue } });
  const dataPoints = used.map((severity) => ({
    asInt: String(value),
    timeUnixNano: `${Date.now()}000000`,
    attributes: [text("severity", severity)],
  }));
  const resource = { attributes: [text("service.name", "alert-test"), text("service.namespace", stackNamespace)] };
  const metrics = [{ name: testMetric, gauge: { dataPoints } }];
  await post(`${otlpHttpUrl}/v1/metrics`, { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] });
}

/** A line for each contact point, and what to do about those that were not reached. */
export function testReport(results: readonly TestResult[]): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  const lines = results.map((result) =>
    result.reached
      ? `  ${result.name.padEnd(width)}  told after ${result.firedSeconds.toFixed(0)} s, and that it is over after ${result.resolvedSeconds.toFixed(0)} s`
      : `  ${result.name.padEnd(width)}  FAILED  ${result.cause}`,
  );
  const isAll = results.every(({ reached }) => reached);
  const next = "  next: correct the settings in alerts or the secret, npm run up, then npm run alert:test";
  return [...lines, ...(isAll ? [] : [next, codeLine(["OBS1508"])])].join("\n");
}

/** Why a test could not even begin. */
export function notTested(error: unknown): string {
  return `the stack: must answer, got ${whyNotReached(error)}\n  next: npm run verify`;
}

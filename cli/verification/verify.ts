import { apiServiceName } from "../../config/example-services.ts";
import { datasourceUid } from "../../config/parts/part.ts";
import { parts } from "../../config/parts/parts.ts";
import { instanceOf, isUp } from "../instances.ts";
import { urlOf, type StackOutputs } from "../outputs.ts";
import type { Target } from "../target.ts";
import { runChecks, type CheckContext, type CheckResult } from "./checks.ts";
import { grafanaOf, type GrafanaClient } from "../grafana-client.ts";
import { codeLine } from "../user-error.ts";
import { whyNotReached } from "../errors.ts";
import { apiMetricQuery, otlpMetricQuery, probeApi, probeOtlp } from "./probe.ts";

/**
 * Proves that the running stack does its job: every instance is up, and one request is found again as log, trace and
 * metric, and by the links between them, through Grafana.
 *
 * @returns one result for each check; an instance that is down ends the proof, since it is the cause of all the rest.
 */
export async function verify(
  outputs: StackOutputs,
  target: Target,
  report: (line: string) => void,
): Promise<readonly CheckResult[]> {
  const instances = await checkInstances(outputs, target);
  report(line(instances));
  if (!instances.passed || outputs.urls.grafana === undefined) return [instances];
  const grafana = grafanaOf(outputs);
  const reached = await reach(grafana, outputs);
  if ("passed" in reached) {
    report(line(reached));
    return [instances, reached];
  }
  report(`sent: ${reached.probe.description}; Grafana is ${reached.grafanaVersion}`);
  const logCommand = (host: string): string =>
    target.logCommand(instanceOf(outputs.instances, host)?.name ?? host, shownLines);
  const results = await runChecks({ grafana, logCommand, ...reached }, (result) => {
    report(line(result));
  });
  return [instances, ...results];
}

/** How many of a log's last lines the next command shows. */
const shownLines = 50;

type Reached = Pick<CheckContext, "grafanaVersion" | "metricBefore" | "probe">;

/** Sends the probe, once Grafana and the metric's value before it are known. */
async function reach(grafana: GrafanaClient, outputs: StackOutputs): Promise<Reached | CheckResult> {
  const { urls, serviceNames } = outputs;
  const name = "Grafana and the entry answer";
  const metric = async (query: string): Promise<number> =>
    (await grafana.metric(datasourceUid(parts.victoriaMetrics), query)) ?? 0;
  try {
    const grafanaVersion = await grafana.version();
    const suffix = `-${apiServiceName}`;
    const apiService = serviceNames.find((serviceName) => serviceName.endsWith(suffix));
    if (urls.api !== undefined && apiService !== undefined) {
      const metricBefore = await metric(apiMetricQuery(apiService));
      const namespace = apiService.slice(0, -suffix.length);
      return { grafanaVersion, metricBefore, probe: await probeApi(urls.api, namespace, apiService, metricBefore) };
    }
    const metricBefore = await metric(otlpMetricQuery);
    return { grafanaVersion, metricBefore, probe: await probeOtlp(urlOf(outputs, "otlpHttp"), metricBefore + 1) };
  } catch (error) {
    return { name, passed: false, cause: whyNotReached(error), next: "npm run up" };
  }
}

async function checkInstances({ instances }: StackOutputs, target: Target): Promise<CheckResult> {
  const startedMillis = Date.now();
  const name = `every ${target.instanceWord} is up`;
  const states = await target.instanceStates(instances);
  const down = [...states].filter(([, state]) => !isUp(state) && state !== "starting");
  if (down.length === 0) {
    const detail = `${instances.length} ${target.instanceWord}(s)`;
    return { name, passed: true, detail, afterMillis: Date.now() - startedMillis };
  }
  const cause = down.map(([instance, state]) => `${instance} is ${state}`).join(", ");
  const next = `npm run up; or see why: ${target.logCommand(down[0]?.[0] ?? "", shownLines)}`;
  return { name, passed: false, cause, next };
}

/** A result as one line. */
export function line(result: CheckResult): string {
  return result.passed ? `ok      ${result.name}: ${result.detail}` : `FAILED  ${result.name}: ${result.cause}`;
}

/**
 * The results as a table, and for what failed the probable cause and the next command.
 *
 * @param time what the time of a check is that passed
 */
export function table(results: readonly CheckResult[], time = "emit to found"): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  const rows = results.map((result) =>
    result.passed
      ? `  ${result.name.padEnd(width)}  passed  ${(result.afterMillis / 1000).toFixed(1).padStart(5)} s  ${result.detail}`
      : `  ${result.name.padEnd(width)}  FAILED           ${result.cause}\n  ${"".padEnd(width)}  next:   ${result.next}`,
  );
  const codes = results.every(({ passed }) => passed) ? [] : [codeLine(["OBS1507"])];
  return [`  ${"check".padEnd(width)}  result  ${time}`, ...rows, ...codes].join("\n");
}

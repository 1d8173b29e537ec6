import pWaitFor, { TimeoutError } from "p-wait-for";
import { datasourceUid } from "../../config/parts/part.ts";
import { parts } from "../../config/parts/parts.ts";
import { flatMap } from "../async.ts";
import type { FoundTrace, GrafanaClient } from "../grafana-client.ts";
import {
  addressFields,
  dashboardAddress,
  derivedFields,
  resolveField,
  resolveSpanQuery,
  resolveTraceQuery,
  shiftMillis,
  supportsField,
  tracesToLogsLink,
  tracesToMetricsLink,
  type AddressField,
  type LogLine,
} from "./links.ts";
import type { Probe } from "./probe.ts";

/** Outcome of one check. */
export type CheckResult = { readonly name: string } & (
  | { readonly passed: true; readonly detail: string; readonly afterMillis: number }
  | { readonly passed: false; readonly cause: string; readonly next: string }
);

/**
 * How long something may take to be found, in milliseconds. It may wait for a request to a store that has just been
 * replaced, which is given up after 30 s, and 15 s for the next; metrics leave a service every few seconds only.
 */
const timeoutMillis = { logs: 60_000, traces: 60_000, metrics: 90_000 };

/** Where a check looks, and what for. */
export interface CheckContext {
  readonly grafana: GrafanaClient;
  readonly grafanaVersion: string;
  readonly probe: Probe;
  /** Value of the probe's metric before the probe. */
  readonly metricBefore: number;
  /** The command that shows a backend's last lines. */
  readonly logCommand: (host: string) => string;
}

/** Looks for the probe's log, trace and metric, and follows the links between them; reports each as it ends. */
export async function runChecks(
  context: CheckContext,
  report: (result: CheckResult) => void,
): Promise<readonly CheckResult[]> {
  const reported = async <Value>(running: Promise<Found<Value>>): Promise<Found<Value>> => {
    const found = await running;
    report(found.result);
    return found;
  };
  const metric = reported(findMetric(context));
  const [log, trace] = await Promise.all([reported(findLog(context)), reported(findTrace(context))]);
  // While the metric is waited for, which leaves a service every few seconds only.
  const [links] = await Promise.all([followLinks(context, log.value ?? [], trace.value), metric]);
  for (const result of links) report(result);
  return [...[log, trace, await metric].map(({ result }) => result), ...links];
}

/** What is needed to follow links: of a probe, only the trace that they lead to and when it was sent. */
export type LinkContext = Pick<CheckContext, "grafana" | "grafanaVersion" | "logCommand"> & {
  readonly probe: Pick<Probe, "traceId" | "sentMillis">;
  /** How long the metrics of a span may take to be found, in milliseconds. Default: as long as those of a probe. */
  readonly metricsMillis?: number;
};

/** Follows every link between the signals from a line and a trace, each as the running Grafana would. */
export async function followLinks(
  context: LinkContext,
  lines: readonly LogLine[],
  trace: FoundTrace | undefined,
): Promise<readonly CheckResult[]> {
  const links = [
    ...(await logToTrace(context, lines)),
    ...(await logToDashboard(context, lines)),
    await traceToLogs(context, trace),
    await traceToMetrics(context, trace),
  ];
  return links.map(({ result }) => result);
}

/** A check's outcome, and if it has passed, what it found. */
interface Found<Value> {
  readonly result: CheckResult;
  readonly value?: Value;
}

function findLog(context: CheckContext): Promise<Found<readonly LogLine[]>> {
  const { grafana, probe } = context;
  return check(context, "log in Loki", parts.loki.host, async () => {
    const servicesOf = (lines: readonly LogLine[]): number =>
      new Set(lines.map((log) => log.labels["service_name"])).size;
    const lines = await waitFor(timeoutMillis.logs, async () => {
      const times = [probe.sentMillis - 60_000, Date.now() + 60_000] as const;
      const found = await grafana.logs(datasourceUid(parts.loki), probe.logQuery, ...times);
      return servicesOf(found) >= probe.leastServices ? found : undefined;
    });
    return [`${lines.length} line(s) of ${servicesOf(lines)} service(s)`, lines];
  });
}

function findTrace(context: CheckContext): Promise<Found<FoundTrace>> {
  const { grafana, probe } = context;
  return check(context, "trace in Jaeger", parts.jaeger.host, async () => {
    const trace = await waitFor(timeoutMillis.traces, async () => {
      const found = await grafana.trace(datasourceUid(parts.jaeger), probe.traceId);
      return found !== undefined && found.serviceNames.length >= probe.leastServices ? found : undefined;
    });
    return [`crosses ${trace.serviceNames.length} service(s)`, trace];
  });
}

function findMetric(context: CheckContext): Promise<Found<number>> {
  const { grafana, probe, metricBefore } = context;
  return check(context, "metric in VictoriaMetrics", parts.victoriaMetrics.host, async () => {
    const value = await waitFor(timeoutMillis.metrics, async () => {
      const found = await grafana.metric(datasourceUid(parts.victoriaMetrics), probe.metricQuery);
      // Not "greater": a service that was started anew since counts from zero.
      return found !== metricBefore ? found : undefined;
    });
    return [`counter went from ${metricBefore} to ${value}`, value];
  });
}

/** How the name of each check begins that leads from a log line to its trace. */
export const logToTraceName = "log → trace";

/** Follows every link from a log line to a trace that Loki's data source has, each as the running Grafana would. */
async function logToTrace(context: LinkContext, lines: readonly LogLine[]): Promise<readonly Found<FoundTrace>[]> {
  const { grafana, grafanaVersion, probe } = context;
  const fields = derivedFields(await grafana.jsonData(datasourceUid(parts.loki)));
  const usable = fields.filter((field) => supportsField(field, grafanaVersion));
  if (usable.length === 0) {
    const cause = "Grafana has no derived field that its version supports";
    return [{ result: { name: logToTraceName, passed: false, cause, next: "npm run up" } }];
  }
  return Promise.all(
    usable.map((field) => {
      return check(context, `${logToTraceName}: ${howFound(field)}`, parts.jaeger.host, async () => {
        const [line] = lines;
        if (line === undefined) throw new Error("there is no log line to start from");
        const id = resolveField(field, line);
        if (id !== probe.traceId)
          throw new Error(`the link gives ${id ?? "nothing"} for the line ${line.line.slice(0, 200)}`);
        const trace = await grafana.trace(field.datasourceUid, id);
        if (trace === undefined) throw new Error(`data source ${field.datasourceUid} does not know trace ${id}`);
        return [`opens the trace of ${trace.serviceNames.length} service(s)`, trace];
      });
    }),
  );
}

/** The same of each check that leads to a dashboard. */
export const logToDashboardName = "log → dashboard";

function howFound({ name, matcherType }: AddressField): string {
  return `${name}, ${matcherType === "label" ? "by metadata label" : "by regex on the line"}`;
}

/** Follows every link from a log line to a dashboard that Loki's data source has: it is there, and has what the link chooses. */
async function logToDashboard(context: LinkContext, lines: readonly LogLine[]): Promise<readonly Found<string>[]> {
  const { grafana, grafanaVersion } = context;
  const fields = addressFields(await grafana.jsonData(datasourceUid(parts.loki)));
  return Promise.all(
    fields
      .filter((field) => supportsField(field, grafanaVersion))
      .map((field) =>
        check(context, `${logToDashboardName}: ${howFound(field)}`, parts.grafana.host, async () => {
          const [line] = lines;
          if (line === undefined) throw new Error("there is no log line to start from");
          const url = resolveField(field, line);
          const wanted = line.labels["service_name"];
          const { uid, chosen } = dashboardAddress(url ?? "");
          if (wanted === undefined || chosen["service"] !== wanted)
            throw new Error(`the link gives ${url ?? "nothing"} for a line of ${wanted ?? "nobody"}`);
          const { title, variables } = await grafana.dashboard(uid);
          if (!variables.includes("service")) throw new Error(`the dashboard ${title} has no variable service`);
          return [`opens the dashboard ${title} of ${wanted}`, title];
        }),
      ),
  );
}

/** Follows the link that Jaeger's data source has for a trace. */
function traceToLogs(context: LinkContext, trace: FoundTrace | undefined): Promise<Found<readonly LogLine[]>> {
  const { grafana, probe } = context;
  return check(context, "trace → logs: tracesToLogsV2", parts.loki.host, async () => {
    if (trace === undefined) throw new Error("there is no trace to start from");
    const link = tracesToLogsLink(await grafana.jsonData(datasourceUid(parts.jaeger)));
    const query = resolveTraceQuery(link, probe.traceId);
    const lines = await grafana.logs(
      link.datasourceUid,
      query,
      Math.floor(trace.startMillis + shiftMillis(link.spanStartTimeShift)),
      Math.ceil(trace.endMillis + shiftMillis(link.spanEndTimeShift)),
    );
    if (lines.length === 0) throw new Error(`the query ${query} finds no line`);
    return [`opens ${lines.length} line(s)`, lines];
  });
}

/** Follows the links that Jaeger's data source has for a span, of each span of the trace. */
function traceToMetrics(context: LinkContext, trace: FoundTrace | undefined): Promise<Found<readonly string[]>> {
  const { grafana, metricsMillis = timeoutMillis.metrics } = context;
  return check(context, "trace → metrics: tracesToMetrics", parts.victoriaMetrics.host, async () => {
    if (trace === undefined) throw new Error("there is no trace to start from");
    const link = tracesToMetricsLink(await grafana.jsonData(datasourceUid(parts.jaeger)));
    const opened = await waitFor(
      metricsMillis,
      async () => {
        // What has happened once has a rate, but none of the latency a minute later.
        const names = await flatMap(link.queries, async ({ name, query }) => {
          const asked = new Set(trace.spanTags.map((spanTags) => resolveSpanQuery(query, link, spanTags)));
          const found = await flatMap([...asked], async (of) => [await grafana.metric(link.datasourceUid, of)]);
          return found.some((value) => value !== undefined) ? [name] : [];
        });
        return names.length > 0 ? names : undefined;
      },
      1000,
    );
    return [`opens ${opened.join(" and ")}`, opened];
  });
}

/** A check; whatever goes wrong is one that has failed. @param host the part of the stack to look at first then */
async function check<Value>(
  { logCommand, probe }: LinkContext,
  name: string,
  host: string,
  look: () => Promise<readonly [detail: string, value: Value]>,
): Promise<Found<Value>> {
  try {
    const [detail, value] = await look();
    return { result: { name, passed: true, detail, afterMillis: Date.now() - probe.sentMillis }, value };
  } catch (error) {
    const cause =
      error instanceof TimeoutError
        ? `${error.message}: the Collector has not delivered it, or ${host} does not answer`
        : String(error);
    const next = `${logCommand(host)}; ${logCommand(parts.otelCollector.host)}`;
    return { result: { name, passed: false, cause, next } };
  }
}

/**
 * Asks again until there is something to find. An answer that is an error ends the wait.
 *
 * @param interval milliseconds between two rounds of questions: more where a round is many
 */
async function waitFor<Value>(
  milliseconds: number,
  ask: () => Promise<Value | undefined>,
  interval = 250,
): Promise<Value> {
  return pWaitFor<Value>(
    async () => {
      const value = await ask();
      return value === undefined ? false : pWaitFor.resolveWith(value);
    },
    { interval, timeout: { milliseconds, message: `not found within ${milliseconds / 1000} s` } },
  );
}

import pWaitFor, { TimeoutError } from "p-wait-for";
import { datasourceUid } from "../../config/parts/part.ts";
import { parts } from "../../config/parts/parts.ts";
import type { FoundTrace, GrafanaClient } from "../grafana-client.ts";
import {
  derivedFields,
  resolveField,
  resolveTraceQuery,
  shiftMillis,
  supportsField,
  tracesToLogsLink,
  type LogLine,
} from "./links.ts";
import type { Probe } from "./probe.ts";

/** Outcome of one check. */
export type CheckResult = { readonly name: string } & (
  | { readonly passed: true; readonly detail: string; readonly afterMillis: number }
  | { readonly passed: false; readonly cause: string; readonly next: string }
);

/** How long something may take to be found, in milliseconds. Metrics leave a service every 15 s. */
const timeoutMillis = { logs: 30_000, traces: 30_000, metrics: 60_000 };

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
  const [log, trace, metric] = await Promise.all(
    [findLog(context), findTrace(context), findMetric(context)].map(async (running) => {
      const found = await running;
      report(found.result);
      return found;
    }),
  );
  const links = [...(await logToTrace(context, log?.lines ?? [])), await traceToLogs(context, trace?.trace)];
  links.forEach(report);
  return [log, trace, metric].flatMap((found) => (found === undefined ? [] : [found.result])).concat(links);
}

interface Found {
  readonly result: CheckResult;
  readonly lines?: readonly LogLine[];
  readonly trace?: FoundTrace;
}

async function findLog(context: CheckContext): Promise<Found> {
  const { grafana, probe } = context;
  const name = "log in Loki";
  return orFailure(context, name, parts.loki.host, async () => {
    const lines = await waitFor(timeoutMillis.logs, async () => {
      const found = await grafana.logs(
        datasourceUid(parts.loki),
        probe.logQuery,
        probe.sentMillis - 60_000,
        Date.now() + 60_000,
      );
      const services = new Set(found.map((log) => log.labels["service_name"]));
      return services.size >= probe.leastServices ? found : undefined;
    });
    const services = new Set(lines.map((log) => log.labels["service_name"]));
    return { result: passed(name, probe, `${lines.length} line(s) of ${services.size} service(s)`), lines };
  });
}

async function findTrace(context: CheckContext): Promise<Found> {
  const { grafana, probe } = context;
  const name = "trace in Jaeger";
  return orFailure(context, name, parts.jaeger.host, async () => {
    const trace = await waitFor(timeoutMillis.traces, async () => {
      const found = await grafana.trace(datasourceUid(parts.jaeger), probe.traceId);
      return found !== undefined && found.serviceNames.length >= probe.leastServices ? found : undefined;
    });
    return { result: passed(name, probe, `crosses ${trace.serviceNames.length} service(s)`), trace };
  });
}

async function findMetric(context: CheckContext): Promise<Found> {
  const { grafana, probe, metricBefore } = context;
  const name = "metric in VictoriaMetrics";
  return orFailure(context, name, parts.victoriaMetrics.host, async () => {
    const value = await waitFor(timeoutMillis.metrics, async () => {
      const found = await grafana.metric(datasourceUid(parts.victoriaMetrics), probe.metricQuery);
      // Not "greater": a service that was started anew since counts from zero.
      return found !== undefined && found !== metricBefore ? found : undefined;
    });
    return { result: passed(name, probe, `counter went from ${metricBefore} to ${value}`) };
  });
}

/** Follows every link that Loki's data source has for a log line, each as the running Grafana would. */
async function logToTrace(context: CheckContext, lines: readonly LogLine[]): Promise<CheckResult[]> {
  const { grafana, grafanaVersion, probe } = context;
  const fields = derivedFields(await grafana.jsonData(datasourceUid(parts.loki)));
  const usable = fields.filter((field) => supportsField(field, grafanaVersion));
  if (usable.length === 0)
    return [failed("log → trace", "Grafana has no derived field that its version supports", "npm run up")];
  return Promise.all(
    usable.map(async (field) => {
      const how = field.matcherType === "label" ? "by metadata label" : "by regex on the line";
      const name = `log → trace: ${field.name}, ${how}`;
      const { result } = await orFailure(context, name, parts.jaeger.host, async () => {
        const [line] = lines;
        if (line === undefined) throw new Error("there is no log line to start from");
        const id = resolveField(field, line);
        if (id !== probe.traceId)
          throw new Error(`the link gives ${id ?? "nothing"} for the line ${line.line.slice(0, 200)}`);
        const trace = await grafana.trace(field.datasourceUid, id);
        if (trace === undefined) throw new Error(`data source ${field.datasourceUid} does not know trace ${id}`);
        return { result: passed(name, probe, `opens the trace of ${trace.serviceNames.length} service(s)`) };
      });
      return result;
    }),
  );
}

/** Follows the link that Jaeger's data source has for a trace. */
async function traceToLogs(context: CheckContext, trace: FoundTrace | undefined): Promise<CheckResult> {
  const { grafana, probe } = context;
  const name = "trace → logs: tracesToLogsV2";
  const { result } = await orFailure(context, name, parts.loki.host, async () => {
    if (trace === undefined) throw new Error("there is no trace to start from");
    const link = tracesToLogsLink(await grafana.jsonData(datasourceUid(parts.jaeger)));
    const lines = await grafana.logs(
      link.datasourceUid,
      resolveTraceQuery(link, probe.traceId),
      Math.floor(trace.startMillis + shiftMillis(link.spanStartTimeShift)),
      Math.ceil(trace.endMillis + shiftMillis(link.spanEndTimeShift)),
    );
    if (lines.length === 0) throw new Error(`the query ${resolveTraceQuery(link, probe.traceId)} finds no line`);
    return { result: passed(name, probe, `opens ${lines.length} line(s)`) };
  });
  return result;
}

function passed(name: string, probe: Probe, detail: string): CheckResult {
  return { name, passed: true, detail, afterMillis: Date.now() - probe.sentMillis };
}

function failed(name: string, cause: string, next: string): CheckResult {
  return { name, passed: false, cause, next };
}

/** Turns what went wrong into a failed check; `host` is the part of the stack to look at first. */
async function orFailure(
  { logCommand }: CheckContext,
  name: string,
  host: string,
  check: () => Promise<Found>,
): Promise<Found> {
  try {
    return await check();
  } catch (error) {
    const cause =
      error instanceof TimeoutError
        ? `${error.message}: the Collector has not delivered it, or ${host} does not answer`
        : String(error);
    return { result: failed(name, cause, `${logCommand(host)}; ${logCommand(parts.otelCollector.host)}`) };
  }
}

/** Asks again until there is something to find. An answer that is an error ends the wait. */
async function waitFor<Value>(milliseconds: number, ask: () => Promise<Value | undefined>): Promise<Value> {
  return pWaitFor<Value>(
    async () => {
      const value = await ask();
      return value === undefined ? false : pWaitFor.resolveWith(value);
    },
    { interval: 250, timeout: { milliseconds, message: `not found within ${milliseconds / 1000} s` } },
  );
}

import { shown } from "../../config/problem.ts";
import { readable } from "../../config/grafana/dashboards/log-lines.ts";
import { datasourceUid, signals, type Signal } from "../../config/parts/part.ts";
import { parts } from "../../config/parts/parts.ts";
import { grafanaOf, type FoundTrace, type GrafanaClient } from "../grafana-client.ts";
import type { StackOutputs } from "../outputs.ts";
import { UserError } from "../user-error.ts";
import { recentMillis } from "../why/diagnosis.ts";
import { duration } from "../why/report.ts";
import { isPartOf, lookbackMillis, nearNames, Stores, type Newest } from "../why/stores.ts";
import { followLinks, logToDashboardName, logToTraceName, type CheckResult } from "./checks.ts";
import { readsMetadata, type LogLine } from "./links.ts";
import { line } from "./verify.ts";

/** How many names are listed that may be meant. */
const mostNames = 8;

/** How many lines with a trace are looked at until one is found whose trace is there, the newest first. */
const mostLines = 20;

/**
 * Proves that a service's own telemetry arrives: the newest log line, span and metric of it are of the last minutes, and
 * the links between them lead from its own line to its trace, from there to its lines, and from its spans to metrics.
 *
 * @param serviceName its `service.name`
 * @param metricsMillis how long the metrics of its newest span may take to come, in milliseconds. Default: half a
 *   minute, in which the Collector sends them six times
 * @returns one result for each check
 * @throws UserError with the names that may be meant, if nothing of that name has arrived in a day.
 */
export async function verifyService(
  serviceName: string,
  outputs: StackOutputs,
  report: (text: string) => void,
  metricsMillis = 30_000,
): Promise<readonly CheckResult[]> {
  const nowMillis = Date.now();
  const grafana = grafanaOf(outputs);
  const stores = new Stores(grafana, nowMillis);
  checkName(serviceName, await stores.serviceNames());
  const newest = await stores.newest(serviceName);
  const next = `npm run why -- ${serviceName}`;
  const arrived = signals.map((signal) => newestCheck(signal, newest, nowMillis, next));
  for (const result of arrived) report(line(result));
  const grafanaVersion = await grafana.version();
  const own = await ownTrace(serviceName, grafana, stores, nowMillis);
  const { trace, traceId } = own;
  const lines = readsMetadata(grafanaVersion)
    ? own.lines
    : await Promise.all(own.lines.map((found) => asShown(found, serviceName, grafana, nowMillis)));
  const probe = { traceId, sentMillis: Date.now() };
  const context = { grafana, grafanaVersion, probe, metricsMillis, logCommand: () => next };
  const followed = await followLinks(context, lines, trace);
  const isRewritten = lines.some(({ line: text }, index) => text !== own.lines[index]?.line);
  const links = ownLinks(followed, grafanaVersion, isRewritten, next);
  for (const result of links) report(line(result));
  return [...arrived, ...links];
}

/** How the names of the checks begin that start from a line. */
const fromLine = [logToTraceName, logToDashboardName];

/** The links of a service: it is what is asked about, and not the part that a link leads to. */
function ownLinks(
  followed: readonly CheckResult[],
  grafanaVersion: string,
  isRewritten: boolean,
  next: string,
): readonly CheckResult[] {
  const wayOf = ({ name }: CheckResult): string | undefined => fromLine.find((way) => name.startsWith(way));
  // Of the ways from a line to something one is for lines of JSON, and one for what has its attributes beside the line.
  const opened = new Set(followed.filter(({ passed }) => passed).map(wayOf));
  const counting = followed.filter(
    (result) => result.passed || wayOf(result) === undefined || !opened.has(wayOf(result)),
  );
  const isInLineOnly = !readsMetadata(grafanaVersion);
  return counting.map((result) => {
    if (result.passed) {
      if (!isRewritten || wayOf(result) === undefined) return result;
      const where = `from the line as the dashboards write it: Explore of Grafana ${grafanaVersion} has no link on it`;
      return { ...result, detail: `${result.detail}, ${where}` };
    }
    if (wayOf(result) === undefined || !isInLineOnly) return { ...result, next };
    const cause = `${result.cause}; Grafana ${grafanaVersion} looks in the text of a line only`;
    return { ...result, cause, next: `${next}; Grafana 11 looks beside the line as well` };
  });
}

/** @throws UserError unless a service of that name has sent something. */
function checkName(asked: string, known: readonly string[]): void {
  if (known.includes(asked)) return;
  const near = nearNames(asked, known).toSorted((a, b) => Number(isPartOf(asked, b)) - Number(isPartOf(asked, a)));
  const [what, names] = near.length > 0 ? ["near are", near] : ["there are", known];
  const some = names.length === 0 ? "there is none" : `${what} ${names.slice(0, mostNames).join(", ")}`;
  throw new UserError(
    "OBS1502",
    `--service: must be the service.name of something that has sent telemetry in the last ${duration(lookbackMillis)}, got ${shown(asked)}; ${some}\n  next: npm run why${/^[\w.:/-]+$/.test(asked) ? ` -- ${asked}` : ""}`,
  );
}

const words: Readonly<Record<Signal, string>> = { logs: "log line", traces: "span", metrics: "metric" };

function newestCheck(signal: Signal, newest: Newest, nowMillis: number, next: string): CheckResult {
  const name = `newest ${words[signal]}`;
  const millis = newest[signal];
  const age = millis === undefined ? undefined : Math.max(0, nowMillis - millis);
  if (age === undefined) return { name, passed: false, cause: `none in ${duration(lookbackMillis)}`, next };
  if (age <= recentMillis) return { name, passed: true, detail: `${duration(age)} old`, afterMillis: age };
  return { name, passed: false, cause: `${duration(age)} old, and none in ${duration(recentMillis)}`, next };
}

/**
 * A line as a user of Grafana 10 follows links from it, which finds them in its text only: one that has its trace in there
 * as it stands, and any other as the dashboards write it.
 */
async function asShown(
  found: LogLine,
  serviceName: string,
  grafana: GrafanaClient,
  nowMillis: number,
): Promise<LogLine> {
  const traceId = found.labels["trace_id"] ?? "";
  if (found.line.includes(traceId)) return found;
  const query = readable(`{service_name=${JSON.stringify(serviceName)}} | trace_id=${JSON.stringify(traceId)}`);
  const [shownLine = found] = await grafana.logs(loki, query, ...since(nowMillis), 1);
  return shownLine;
}

const loki = datasourceUid(parts.loki);

/** Start and end of the lines that count. */
function since(nowMillis: number): readonly [startMillis: number, endMillis: number] {
  return [nowMillis - recentMillis, nowMillis + 60_000];
}

/** What links can be followed from: a line of the service whose trace is there, or else a trace of it without a line. */
async function ownTrace(
  serviceName: string,
  grafana: GrafanaClient,
  stores: Stores,
  nowMillis: number,
): Promise<{ readonly lines: readonly LogLine[]; readonly trace: FoundTrace | undefined; readonly traceId: string }> {
  const query = `{service_name=${JSON.stringify(serviceName)}} | trace_id!=""`;
  const lines = await grafana.logs(loki, query, ...since(nowMillis), mostLines);
  const traceOf = (traceId: string): Promise<FoundTrace | undefined> =>
    grafana.trace(datasourceUid(parts.jaeger), traceId);
  for (const found of lines) {
    const traceId = found.labels["trace_id"] ?? "";
    const trace = await traceOf(traceId);
    if (trace?.serviceNames.includes(serviceName) === true) return { lines: [found], trace, traceId };
  }
  const [newest] = await stores.recentTraces(serviceName);
  const traceId = newest?.traceId ?? lines[0]?.labels["trace_id"] ?? "";
  return { lines: lines.slice(0, 1), trace: newest === undefined ? undefined : await traceOf(traceId), traceId };
}

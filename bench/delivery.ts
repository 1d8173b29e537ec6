/*
 * What became of that which the Collector has acknowledged: what it has handed over to the stores, what waits, and what a store
 * has of it when it is looked for.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { collectorPorts } from "../config/collector/document.ts";
import { exportersOf } from "../config/parts/exporters.ts";
import { signals, type Signal } from "../config/parts/part.ts";
import { partList } from "../config/parts/parts.ts";
import type { Amounts, Sent } from "./schedule.ts";
import { firstValue, shownValues, unless, workloads, type BenchWorkload } from "./stack-containers.ts";
import type { StackContainers } from "./stack-containers.ts";

const exporters = exportersOf(partList);

/** How the Collector names what it counts of each signal. */
const counted: Readonly<Record<Signal, string>> = { logs: "log_records", traces: "spans", metrics: "metric_points" };

/** Something of each signal. */
export async function ofEach(asked: (signal: Signal) => Promise<number>): Promise<Amounts> {
  const [logs = 0, traces = 0, metrics = 0] = await Promise.all(signals.map(asked));
  return { logs, traces, metrics };
}

/** The Collector's own numbers. Its containers are those of `toldNumbers`. */
export function numbersOf(containers: StackContainers): Promise<string> {
  return containers.urlOf("otel-collector", collectorPorts.metrics);
}

/** What the Collector has handed over since its start, as the stores have acknowledged it. @param numbers where it tells that */
export function handedOver(numbers: string): Promise<Amounts> {
  return ofEach((signal) => ofExporter(numbers, `otelcol_exporter_sent_${counted[signal]}_total`, signal));
}

/** Bytes that wait in the Collector's queues. @param numbers where it tells that */
export function waiting(numbers: string): Promise<Amounts> {
  return ofEach((signal) => ofExporter(numbers, "otelcol_exporter_queue_size", signal));
}

async function ofExporter(numbers: string, metric: string, wanted: Signal): Promise<number> {
  const values = await shownValues(numbers, metric, "exporter");
  const named = exporters.filter(({ signal }) => signal === wanted);
  return named.reduce((sum, { name }) => sum + (values.get(name) ?? 0), 0);
}

/** How long nothing more arrives until it is given up. */
const patienceMillis = 20_000;

/** What came of waiting. */
export interface HandedOver {
  /** How long it was waited. */
  readonly millis: number;
  /** Signals of which something is missing still. */
  readonly late: readonly Signal[];
}

/**
 * Waits until all that was acknowledged is handed over, or nothing more is.
 *
 * @param before what was handed over before it was sent
 * @param withinMillis how long it may take. Default: as long as something comes
 */
export async function untilHandedOver(
  numbers: string,
  before: Amounts,
  acknowledged: Amounts,
  withinMillis = Number.POSITIVE_INFINITY,
): Promise<HandedOver> {
  const startMillis = performance.now();
  let [late, most, atMillis]: [readonly Signal[], number, number] = [signals, -1, startMillis];
  while (late.length > 0 && performance.now() < Math.min(startMillis + withinMillis, atMillis + patienceMillis)) {
    await sleep(100);
    const now = await unless(handedOver(numbers));
    if (now === undefined) continue;
    late = signals.filter((signal) => now[signal] - before[signal] < acknowledged[signal]);
    const all = signals.reduce((sum, signal) => sum + now[signal], 0);
    if (all > most) [most, atMillis] = [all, performance.now()];
  }
  return { millis: performance.now() - startMillis, late };
}

/** Records of a store in a minute are counted at once: those of hours together would take the store's memory. */
const countedMillis = 60_000;

/**
 * How many lines or points a store has of the bench's services between two moments.
 *
 * @param api of a store that is asked as Prometheus is
 * @param selector what is counted
 * @param fromMillis the first moment that counts
 */
async function storedBetween(api: string, selector: string, fromMillis: number, toMillis: number): Promise<number> {
  let sum = 0;
  // What is at the beginning of a range is not in it.
  const before = fromMillis - 1;
  for (let end = toMillis; end > before; end -= countedMillis) {
    const millis = Math.min(countedMillis, end - before);
    const query = `sum(count_over_time(${selector}[${millis}ms]))`;
    sum += await firstValue(api, query, { time: (end / 1000).toFixed(3), latency_offset: "1ms", nocache: "1" });
  }
  return sum;
}

/**
 * Looks for what was acknowledged in the stores: each line and each point is counted, spans as the Collector has handed them over,
 * and of these a trace of each second is asked for by its id.
 *
 * @param fromMillis when the first was sent
 * @param before what was handed over before that
 * @returns what of it is not found
 */
export async function missingOf(
  containers: StackContainers,
  { acknowledged, traceIds }: Sent,
  fromMillis: number,
  before: Amounts,
): Promise<Amounts> {
  // VictoriaMetrics has points of the last seconds in memory, where no query finds them.
  await sleep(acknowledged.metrics > 0 ? 5000 : 0);
  const toMillis = Date.now();
  const [loki, metrics, jaeger, numbers] = await Promise.all([
    containers.urlOf("loki"),
    containers.urlOf("victoria-metrics"),
    containers.urlOf("jaeger"),
    numbersOf(containers),
  ]);
  const found: Readonly<Record<Signal, () => Promise<number>>> = {
    logs: () => storedBetween(`${loki}/loki/api/v1`, `{${ofBench}}`, fromMillis, toMillis),
    traces: async () => {
      let absent = 0;
      for (const id of traceIds) if (!(await hasTrace(jaeger, id))) absent += 1;
      return (await handedOver(numbers)).traces - before.traces - absent;
    },
    metrics: () => storedBetween(`${metrics}/api/v1`, `{${ofBench},__name__=~"bench_.*"}`, fromMillis, toMillis),
  };
  return ofEach(async (signal) =>
    acknowledged[signal] === 0 ? 0 : Math.max(0, acknowledged[signal] - (await found[signal]())),
  );
}

/** The services of a load, in a query. */
const ofBench = 'service_name=~"bench-.*"';

/** Whether Jaeger finds a trace. @param jaeger its address */
export async function hasTrace(jaeger: string, id: string): Promise<boolean> {
  const answer = await fetch(`${jaeger}/api/traces/${id}`);
  await answer.arrayBuffer();
  return answer.status === 200;
}

/** Requests that were not acknowledged, as text. @param refused how many, by the status of the answer */
export function statusesOf(refused: Sent["refused"]): string {
  return [...refused].map(([status, requests]) => `${requests} × ${status === 0 ? "no answer" : status}`).join(", ");
}

/** Those that have ended, by whatever it was. */
export async function ended(containers: StackContainers): Promise<readonly BenchWorkload[]> {
  const found = await Promise.all(workloads.map((workload) => containers.hasEnded(workload)));
  return workloads.filter((_, index) => found[index]);
}

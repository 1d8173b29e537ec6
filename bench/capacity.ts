/**
 * What each part takes of memory, processor and disk for so many lines, spans and series: the constants of
 * config/capacity.ts. Real containers, as the stack plans them, are given one load after the other while they are asked as
 * dashboards ask them; between two loads that differ in one number only, a straight line is a constant.
 * Needs Docker and the images: `npm run bench:capacity` (`-- --load idle --load "few lines"` for some of the loads, `--seconds 20`
 * for a short look, `--settings '{"memoryMib": {"jaeger": 384}}'` for a stack with other settings).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import pWaitFor from "p-wait-for";
import { exportersOf } from "../config/parts/exporters.ts";
import { signals } from "../config/parts/part.ts";
import { partList } from "../config/parts/parts.ts";
import { previewStack } from "../components/testing.ts";
import type { ObservabilityStackArgs } from "../components/index.ts";
import { docker, memoryOf, usedNanos, type Memory } from "./containers.ts";
import { logRequests, pointRequests, spanRequests } from "./requests.ts";
import { sendOnSchedule, type Stream } from "./schedule.ts";
import {
  firstValue,
  sender,
  StackContainers,
  storedLines,
  unless,
  workloads,
  type BenchWorkload,
} from "./stack-containers.ts";

/** What some services send together. */
interface Load {
  readonly seconds: number;
  readonly services: number;
  readonly linesPerSecond?: number;
  /** @default 350 */
  readonly lineBytes?: number;
  readonly spansPerSecond?: number;
  /** Series with a point every five seconds. */
  readonly series?: number;
  /** How many times faster than that the points come, which lie in the past. */
  readonly timesFaster?: number;
  /** Share of the traces that is stored, in per cent. */
  readonly keepPercent?: number;
}

const secondsBetweenPoints = 5;

const loads: Readonly<Record<string, Load>> = {
  idle: { seconds: 40, services: 0 },
  "few lines": { seconds: 40, services: 10, linesPerSecond: 1000 },
  "many short lines": { seconds: 40, services: 10, linesPerSecond: 10_000, lineBytes: 150 },
  "many lines": { seconds: 40, services: 10, linesPerSecond: 10_000 },
  "many lines of many services": { seconds: 60, services: 50, linesPerSecond: 10_000 },
  "few spans": { seconds: 90, services: 10, spansPerSecond: 200 },
  "many spans": { seconds: 90, services: 10, spansPerSecond: 2000 },
  "many spans, sampled": { seconds: 60, services: 10, spansPerSecond: 2000, keepPercent: 10 },
  "few series": { seconds: 40, services: 10, series: 5000 },
  "many series": { seconds: 40, services: 10, series: 50_000 },
  "two hours of few series": { seconds: 60, services: 10, series: 1000, timesFaster: 120 },
};

const { values } = parseArgs({
  options: {
    load: { type: "string", multiple: true, default: Object.keys(loads) },
    seconds: { type: "string" },
    settings: { type: "string", default: "{}" },
  },
});

/** What one container took. */
interface Taken {
  readonly own: number;
  readonly counted: number;
  readonly cores: number;
  readonly diskMib: number;
  readonly isKilled: boolean;
}

/** What came of a load. */
interface Outcome {
  /** Lines, spans and points that were acknowledged, and that the stores had at the end. */
  readonly acknowledged: number;
  readonly stored: number;
  readonly taken: Readonly<Record<BenchWorkload, Taken>>;
}

async function streamsOf(load: Load): Promise<readonly Stream[]> {
  const streams: Stream[] = [];
  for (let index = 0; index < load.services; index += 1)
    streams.push(...(await streamsOfService(`bench-${index}`, load)));
  return streams;
}

async function streamsOfService(name: string, load: Load): Promise<readonly Stream[]> {
  const { services, seconds, linesPerSecond = 0, lineBytes = 350, spansPerSecond = 0, series = 0, timesFaster } = load;
  const millisApart = secondsBetweenPoints * 1000;
  const history =
    timesFaster === undefined ? undefined : { startedMillis: Date.now() - seconds * timesFaster * 1000, millisApart };
  const each = (all: number): number => Math.round(all / services);
  return [
    ...(linesPerSecond > 0 ? [{ requests: logRequests(name, each(linesPerSecond), lineBytes), seconds: 1 }] : []),
    ...(spansPerSecond > 0 ? [{ requests: await spanRequests(name, each(spansPerSecond)), seconds: 1 }] : []),
    ...(series > 0
      ? [
          {
            requests: await pointRequests(name, each(series), history),
            seconds: secondsBetweenPoints / (timesFaster ?? 1),
          },
        ]
      : []),
  ];
}

/** The exporters that services' telemetry goes through, as a regular expression. */
const exporters = exportersOf(partList)
  .map(({ name }) => name)
  .join("|");

/** Lines, spans and points that the stores have taken of services, as the Collector counts them. */
function handedOver(metrics: string): Promise<number> {
  const sent = "otelcol_exporter_sent_(log_records|spans|metric_points)(_total)?";
  return firstValue(`${metrics}/api/v1`, `sum({__name__=~"${sent}",exporter=~"${exporters}"})`);
}

/** Sends for the given time, looks once a second, and asks all stores every five seconds. */
async function measure(containers: StackContainers, load: Load): Promise<Outcome> {
  const collector = await containers.collector();
  const [loki, jaeger, metrics] = await Promise.all(
    (["loki", "jaeger", "victoria-metrics"] as const).map((workload) => containers.urlOf(workload)),
  );
  const streams = await streamsOf(load);
  const used = (): Promise<readonly number[]> =>
    Promise.all(workloads.map((workload) => usedNanos(containers.of(workload))));
  const peaks = new Map<BenchWorkload, Memory>();
  const [before, startedMillis] = [await used(), performance.now()];
  const endMillis = startedMillis + load.seconds * 1000;
  const look = async (): Promise<void> => {
    while (performance.now() < endMillis) {
      for (const workload of workloads) {
        const { own, counted } = await memoryOf(containers.of(workload));
        const peak = peaks.get(workload) ?? { own: 0, counted: 0 };
        peaks.set(workload, { own: Math.max(peak.own, own), counted: Math.max(peak.counted, counted) });
      }
      await sleep(1000);
    }
  };
  const ask = async (): Promise<void> => {
    while (performance.now() < endMillis) {
      const rate = new URLSearchParams({ query: 'sum by (service_name) (rate({http_route!=""}[1m]))' });
      await unless(storedLines(loki ?? ""));
      await unless(fetch(`${jaeger ?? ""}/api/traces?service=bench-0&limit=200&lookback=1h`).then((it) => it.text()));
      await unless(fetch(`${metrics ?? ""}/api/v1/query?${rate.toString()}`).then((it) => it.text()));
      await sleep(5000);
    }
  };
  const sending = sendOnSchedule(streams, { seconds: load.seconds, post: sender(collector) });
  const [sent] = await Promise.all([sending, look(), ask()]);
  const acknowledged = signals.reduce((sum, signal) => sum + sent.acknowledged[signal], 0);
  const after = await used();
  const elapsedNanos = (performance.now() - startedMillis) * 1e6;
  const isStored = async (): Promise<boolean> => ((await unless(handedOver(metrics ?? ""))) ?? 0) >= acknowledged;
  // The Collector tells every 15 s.
  if (load.keepPercent === undefined) await unless(pWaitFor(isStored, { interval: 1000, timeout: 45_000 }));
  const stored = (await unless(handedOver(metrics ?? ""))) ?? 0;
  const killed = await Promise.all(workloads.map((workload) => containers.isKilled(workload)));
  // They write what they have in memory on the way out.
  await docker("stop", "--time", "60", ...workloads.map((workload) => containers.of(workload)));
  const disks = await containers.diskBytes();
  const taken = workloads.map((workload, index): [BenchWorkload, Taken] => [
    workload,
    {
      ...(peaks.get(workload) ?? { own: 0, counted: 0 }),
      cores: ((after[index] ?? 0) - (before[index] ?? 0)) / elapsedNanos,
      diskMib: (disks.get(workload) ?? 0) / 1024 ** 2,
      isKilled: killed[index] ?? false,
    },
  ]);
  return { acknowledged, stored, taken: Object.fromEntries(taken) as Outcome["taken"] };
}

process.stdout.write(
  "| load | part | memory of its own, peak MiB | counted against the limit, peak MiB | cores | disk MiB | acknowledged | stored |\n" +
    "| --- | --- | --- | --- | --- | --- | --- | --- |\n",
);
// As of any program: the stack judges them.
const settings = JSON.parse(values.settings) as ObservabilityStackArgs;
for (const name of values.load) {
  const known = loads[name];
  if (known === undefined) throw new Error(`--load: must be one of ${Object.keys(loads).join("; ")}, got ${name}`);
  const load = { ...known, ...(values.seconds === undefined ? {} : { seconds: Number(values.seconds) }) };
  const sampled = load.keepPercent === undefined ? {} : { tailSampling: { keepPercent: load.keepPercent } };
  const { resources } = await previewStack({ ...settings, otelCollector: { ...settings.otelCollector, ...sampled } });
  const outcome = await StackContainers.with(resources, {}, (containers) => measure(containers, load));
  for (const [workload, { own, counted, cores, diskMib, isKilled }] of Object.entries(outcome.taken)) {
    const cells = [
      ...[name, workload, `${own.toFixed(0)}${isKilled ? ", killed" : ""}`, counted.toFixed(0), cores.toFixed(3)],
      ...[diskMib.toFixed(1), outcome.acknowledged, outcome.stored],
    ];
    process.stdout.write(`| ${cells.join(" | ")} |\n`);
  }
}

/**
 * A steady mix of lines, spans and points for hours: memory, queues and disks every ten seconds, and at its end everything that
 * was acknowledged is looked for. Fails if something ended, was lost or refused, or if the memory of its own of a part grew by more
 * than a tenth of its limit over the second half, by the middle of the slopes between its samples.
 * Needs Docker and the images: `npm run bench:soak -- --minutes 120 --rate 3000`, of all records a second (`--csv FILE` for the
 * samples, `--minutes 1` for a short look).
 */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { previewStack } from "../components/testing.ts";
import { signals, type Signal } from "../config/parts/part.ts";
import { lineChart } from "./chart.ts";
import { memoryOf } from "./containers.ts";
import { ended, handedOver, missingOf, numbersOf, ofEach, statusesOf, untilHandedOver, waiting } from "./delivery.ts";
import { provenance } from "./machine.ts";
import { numberOption } from "./options.ts";
import { amountsOf, recordNames, streamsOf } from "./rates.ts";
import { csvOf, grownMib, type PartSample, type Sample } from "./samples.ts";
import { sendOnSchedule, type Amounts, type Sent } from "./schedule.ts";
import { sender, StackContainers, unless, workloads, type BenchWorkload } from "./stack-containers.ts";
import { toldNumbers } from "./variants.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "120" },
    rate: { type: "string", default: "3000" },
    csv: { type: "string" },
  },
});
const minutes = numberOption("minutes", values.minutes);
const perSecond = amountsOf("mix", numberOption("rate", values.rate, 1));

const secondsBetweenSamples = 10;

/** Share of its limit by which the memory of a part may grow over the second half. */
const mostGrowth = 0.1;

/** What came of all of it. */
interface Outcome {
  readonly sent: Sent;
  readonly samples: readonly Sample[];
  /** Signals of which something was not handed over. */
  readonly late: readonly Signal[];
  /** Acknowledged and not found; `undefined` where a store has ended. */
  readonly missing: Amounts | undefined;
  readonly ended: readonly BenchWorkload[];
}

async function measure(containers: StackContainers): Promise<Outcome> {
  const collector = await containers.collector();
  const numbers = await numbersOf(containers);
  const streams = await streamsOf(perSecond);
  const before = await handedOver(numbers);
  const [fromMillis, startMillis] = [Date.now(), performance.now()];
  const samples: Sample[] = [];
  let acknowledged = 0;
  const end = new AbortController();
  const look = async (): Promise<void> => {
    for (let at = startMillis; !end.signal.aborted; at += secondsBetweenSamples * 1000) {
      await sleep(Math.max(0, at - performance.now()), undefined, { signal: end.signal }).catch(() => undefined);
      const sample = await sampleOf(containers, numbers, (performance.now() - startMillis) / 1000, acknowledged);
      samples.push(sample);
      // Nothing is learnt from what comes after it.
      if (sample.ended.length > 0) end.abort();
    }
  };
  const sending = sendOnSchedule(streams, {
    seconds: minutes * 60,
    post: sender(collector),
    end: end.signal,
    onAcknowledged: (_, records) => (acknowledged += records),
  });
  const isOver = (): void => {
    end.abort();
  };
  const [sent] = await Promise.all([sending.finally(isOver), look().finally(isOver)]);
  const { late } = await untilHandedOver(numbers, before, sent.acknowledged);
  const gone = await ended(containers);
  const missing = gone.length > 0 ? undefined : await missingOf(containers, sent, fromMillis, before);
  return { sent, samples, late, missing, ended: gone };
}

async function sampleOf(
  containers: StackContainers,
  numbers: string,
  seconds: number,
  acknowledged: number,
): Promise<Sample> {
  const [gone, disks, bytes] = [await ended(containers), await containers.diskBytes(), await unless(waiting(numbers))];
  const parts = await Promise.all(
    workloads.map(async (workload): Promise<[BenchWorkload, PartSample]> => {
      const memory = await memoryOf(containers.of(workload));
      return [workload, { ...memory, disk: inMib(disks.get(workload) ?? 0) }];
    }),
  );
  const queues = await ofEach((signal) => Promise.resolve(inMib(bytes?.[signal] ?? Number.NaN)));
  return { seconds, acknowledged, parts: Object.fromEntries(parts) as Sample["parts"], queues, ended: gone };
}

function inMib(bytes: number): number {
  return bytes / 1024 ** 2;
}

const { resources } = await previewStack();
const [outcome, limits] = await StackContainers.with(resources, toldNumbers, async (containers) => {
  const limitOf = new Map(workloads.map((workload) => [workload, containers.memoryMib(workload)]));
  return [await measure(containers), limitOf] as const;
});
const { sent, samples, late, missing, ended: gone } = outcome;
if (values.csv !== undefined) writeFileSync(values.csv, csvOf(samples, workloads));

const load = signals.map((signal) => `${perSecond[signal]} ${recordNames[signal]}`).join(", ");
process.stdout.write(
  `${provenance(resources)}\n\n${load} a second, for ${minutes} min; the sender took ${(sent.cores * 100).toFixed(0)} % of a core\n\n` +
    "| part | own MiB, at the end | peak | grown over the second half, MiB | limit MiB | counted MiB, peak | disk MiB, at the end |\n" +
    "| --- | --- | --- | --- | --- | --- | --- |\n",
);
const problems = [
  ...(gone.length > 0 ? [`ended: ${gone.join(", ")}`] : []),
  ...(sent.refused.size > 0 ? [`refused: ${statusesOf(sent.refused)}`] : []),
  ...late.map((signal) => `${signal}: not all that was acknowledged was handed over`),
];
for (const workload of workloads) {
  const of = samples.map(({ parts }) => parts[workload]);
  const [grown, limit] = [grownMib(samples, workload), limits.get(workload) ?? Number.NaN];
  const sizes = [of.at(-1)?.own ?? Number.NaN, Math.max(...of.map(({ own }) => own)), grown, limit];
  const others = [Math.max(...of.map(({ counted }) => counted)), of.at(-1)?.disk ?? Number.NaN];
  process.stdout.write(`| ${[workload, ...[...sizes, ...others].map((size) => size.toFixed(0))].join(" | ")} |\n`);
  if (grown > limit * mostGrowth) problems.push(`${workload} grew by ${grown.toFixed(0)} MiB over the second half`);
}
process.stdout.write(
  "\n| of | sent | acknowledged | acknowledged and not found | waiting at most, MiB |\n| --- | --- | --- | --- | --- |\n",
);
for (const signal of signals) {
  const absent = missing?.[signal];
  const most = Math.max(...samples.map(({ queues }) => queues[signal]));
  const cells = [recordNames[signal], sent.sent[signal], sent.acknowledged[signal], absent ?? "?", most.toFixed(1)];
  process.stdout.write(`| ${cells.join(" | ")} |\n`);
  if (absent !== 0) problems.push(`${recordNames[signal]}: ${absent ?? "some"} acknowledged and not found`);
}
const series = workloads.map((name) => ({ name, values: samples.map(({ parts }) => parts[name].own) }));
process.stdout.write(`\n${lineChart("Memory of their own", { across: ["minutes", minutes], up: "MiB" }, series)}`);
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;

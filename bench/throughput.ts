/**
 * How many log lines Collector and Loki store for a second of processor time, as this stack configures them and as others
 * configure the same binaries: each in turn, for some rounds, at full speed. What was acknowledged is counted in Loki at the end.
 * Needs Docker and the images: `npm run bench:throughput` (`-- --seconds 5 --rounds 1` for a short look, `--lines 1000` for
 * larger requests, `--query` to ask Loki for all lines meanwhile).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { previewStack, type PreviewResource } from "../components/testing.ts";
import { usedNanos } from "./containers.ts";
import { logRequests } from "./requests.ts";
import { post, shownValues, StackContainers, storedLines, unless } from "./stack-containers.ts";
import { median } from "./statistics.ts";
import { variants, type Variant } from "./variants.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" },
    rounds: { type: "string", default: "3" },
    lines: { type: "string", default: "100" },
    query: { type: "boolean", default: false },
    variant: { type: "string", multiple: true, default: Object.keys(variants) },
  },
});
const [seconds, rounds, linesEach] = [Number(values.seconds), Number(values.rounds), Number(values.lines)];
const lineBytes = 350;
const senders = 4;

const measured = ["otel-collector", "loki"] as const;

/** What came of one variant in one round. */
interface Outcome {
  readonly acknowledged: number;
  readonly acceptedPerSecond: number;
  /** `undefined` if Loki was not there any more. */
  readonly stored: number | undefined;
  /** Seconds of processor time, of those in {@link measured}. */
  readonly used: readonly number[];
  /** Those that were killed for memory. */
  readonly killed: readonly string[];
}

/** Lines that Loki has been sent since its start, by its own count: asking for it reads no line. */
async function receivedLines(loki: string): Promise<number> {
  const counts = await shownValues(loki, "loki_distributor_lines_received_total", "tenant");
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** Sends for the given time, waits until Loki has it all or gets no more, and counts. */
async function measure(containers: StackContainers): Promise<Outcome> {
  const [collector, loki] = [await containers.collector(), await containers.urlOf("loki")];
  const used = (): Promise<readonly number[]> =>
    Promise.all(measured.map((workload) => usedNanos(containers.of(workload))));
  const [before, receivedBefore] = [await used(), (await unless(receivedLines(loki))) ?? 0];
  const startedMillis = performance.now();
  let [acknowledged, next] = [0, 0];
  const send = async (sender: number): Promise<void> => {
    const requests = logRequests(`bench-${sender}`, linesEach, lineBytes);
    while (performance.now() - startedMillis < seconds * 1000) {
      const first = next;
      next += linesEach;
      if ((await unless(post(collector, requests, first))) === 200) acknowledged += linesEach;
      else await sleep(200);
    }
  };
  let isOver = false;
  const ask = async (): Promise<void> => {
    while (values.query && !isOver) {
      await unless(storedLines(loki));
      await sleep(1000);
    }
  };
  const asking = ask();
  await Promise.all(Array.from({ length: senders }, (_, sender) => send(sender)));
  const sentSeconds = (performance.now() - startedMillis) / 1000;
  let received = 0;
  for (let same = 0; received < acknowledged && same < 30;) {
    const now = ((await unless(receivedLines(loki))) ?? receivedBefore) - receivedBefore;
    same = now === received ? same + 1 : 0;
    received = now;
    await sleep(500);
  }
  isOver = true;
  await asking;
  const after = await used();
  const stored = await unless(storedLines(loki));
  const killed = await Promise.all(
    measured.map(async (workload) => ((await containers.isKilled(workload)) ? [workload] : [])),
  );
  return {
    ...{ acknowledged, stored, killed: killed.flat(), acceptedPerSecond: acknowledged / sentSeconds },
    used: after.map((nanos, index) => (nanos - (before[index] ?? 0)) / 1e9),
  };
}

function run(resources: readonly PreviewResource[], variant: Variant): Promise<Outcome> {
  return StackContainers.with(resources, variant, measure);
}

function row(name: string, outcomes: readonly Outcome[]): string {
  const middle = (value: (outcome: Outcome) => number): string =>
    Math.round(median(outcomes.map(value))).toLocaleString("en");
  const killed = [...new Set(outcomes.flatMap((outcome) => outcome.killed))].join(", ");
  const lost = outcomes.map(({ acknowledged, stored }) => (stored === undefined ? "?" : acknowledged - stored));
  const per = (wanted: readonly (typeof measured)[number][]): string => {
    // A killed one has no processor time any more.
    if (outcomes.some((outcome) => outcome.killed.length > 0)) return "–";
    return middle(({ used, stored = 0 }) => {
      return (
        stored / used.reduce((sum, each, index) => sum + (wanted.some((one) => one === measured[index]) ? each : 0), 0)
      );
    });
  };
  const cells = [
    ...[name, middle(({ acceptedPerSecond }) => acceptedPerSecond), lost.join(", "), killed === "" ? "–" : killed],
    ...[per(measured), per(["otel-collector"]), per(["loki"])],
  ];
  return `| ${cells.join(" | ")} |`;
}

const { resources } = await previewStack();
const outcomes = new Map<string, Outcome[]>(values.variant.map((name) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, of] of outcomes) {
    const variant = variants[name];
    if (variant === undefined)
      throw new Error(`--variant: must be one of ${Object.keys(variants).join("; ")}, got ${name}`);
    of.push(await run(resources, variant));
    process.stderr.write(`${round + 1}: ${row(name, of.slice(-1))}\n`);
  }
}
process.stdout.write(
  "| settings | accepted a second | acknowledged and lost | killed for memory | stored a CPU second | of the Collector | of Loki |\n" +
    `| --- | --- | --- | --- | --- | --- | --- |\n${[...outcomes].map(([name, of]) => row(name, of)).join("\n")}\n`,
);

/**
 * The highest rate at which nothing is lost, of lines, of spans, of points and of all three together: ten services send at their
 * time, whether they were answered or not. A rate holds if every request of so many seconds was acknowledged within 10 s, the
 * stores had everything 2 s after the last answer, and nothing ended. Then twice the highest: senders are told, nothing ends, and
 * nothing acknowledged is lost. Each step has containers and stores of its own, and shares the machine with the sender.
 * Needs Docker and the images: `npm run bench:rate` (`-- --kind lines --seconds 3` for a short look, `--memory 256,512,1024` for
 * other memory limits, of each part, but no less than a part must have, `--from 20000` for the rate to try first).
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { previewStack, type PreviewResource, type StackPreview } from "../components/testing.ts";
import { partEntries } from "../config/parts/parts.ts";
import { signals } from "../config/parts/part.ts";
import { ended, handedOver, missingOf, numbersOf, statusesOf, untilHandedOver, type HandedOver } from "./delivery.ts";
import { provenance } from "./machine.ts";
import { numberOption } from "./options.ts";
import { amountsOf, kinds, streamsOf, type Kind } from "./rates.ts";
import { sendOnSchedule, type Amounts, type Sent } from "./schedule.ts";
import { highestRate } from "./search.ts";
import { sender, StackContainers } from "./stack-containers.ts";
import { toldNumbers } from "./variants.ts";

const kindNames = Object.keys(kinds) as readonly Kind[];

const { values } = parseArgs({
  options: {
    kind: { type: "string", multiple: true, default: [...kindNames] },
    seconds: { type: "string", default: "10" },
    memory: { type: "string" },
    from: { type: "string" },
  },
});
const seconds = numberOption("seconds", values.seconds, 1);
const memories = values.memory?.split(",").map((mib) => numberOption("memory", mib, 1)) ?? [undefined];
const from = values.from === undefined ? undefined : numberOption("from", values.from, 1);
const wanted = values.kind.map((name) => {
  const kind = kindNames.find((one) => one === name);
  if (kind === undefined) throw new Error(`--kind: must be one of ${kindNames.join(", ")}, got ${name}`);
  return kind;
});

/** How long after the last answer everything has to be in its store: longer, and a queue grows. */
const mostStoredMillis = 2000;

/** How late the sender may be at most, or it is its own rate that was measured. */
const mostLateMillis = 1000;

/** What is tried first of each, a second. */
const first: Readonly<Record<Kind, number>> = { lines: 10_000, spans: 2000, points: 40_000, mix: 10_000 };

/** What came of one rate. */
interface Step {
  readonly sent: Sent;
  /** After the last answer. */
  readonly over: HandedOver;
  /** Acknowledged records that are in no store; `undefined` if that was not looked at. */
  readonly missing: number | undefined;
  readonly ended: readonly string[];
}

/**
 * Sends at a rate, and looks for what was acknowledged.
 *
 * @param isPatient whether what waits in the queues is waited for; if not, nothing is looked for that comes too late
 */
function step(resources: readonly PreviewResource[], kind: Kind, rate: number, isPatient: boolean): Promise<Step> {
  return StackContainers.with(resources, toldNumbers, async (containers) => {
    const collector = await containers.collector();
    const numbers = await numbersOf(containers);
    const streams = await streamsOf(amountsOf(kind, rate));
    const before = await handedOver(numbers);
    const fromMillis = Date.now();
    const sent = await sendOnSchedule(streams, { seconds, post: sender(collector) });
    const within = isPatient ? undefined : mostStoredMillis;
    const over = await untilHandedOver(numbers, before, sent.acknowledged, within);
    const gone = await ended(containers);
    // What has ended cannot be asked.
    const isLookedFor = gone.length === 0 && (isPatient || over.late.length === 0);
    const missing = isLookedFor ? total(await missingOf(containers, sent, fromMillis, before)) : undefined;
    return { sent, over, missing, ended: gone };
  });
}

function total(amounts: Amounts): number {
  return signals.reduce((sum, signal) => sum + amounts[signal], 0);
}

/** Why a rate does not hold; nothing if it does. */
function problemsOf({ sent, over, missing, ended }: Step): readonly string[] {
  return [
    ...(sent.lateMillis > mostLateMillis ? [`the sender was ${(sent.lateMillis / 1000).toFixed(1)} s late`] : []),
    ...(sent.refused.size > 0 ? [`refused: ${statusesOf(sent.refused)}`] : []),
    ...(over.late.length > 0 ? [`not stored ${mostStoredMillis / 1000} s later: ${over.late.join(", ")}`] : []),
    ...((missing ?? 0) > 0 ? [`${missing ?? 0} lost`] : []),
    ...(ended.length > 0 ? [`ended: ${ended.join(", ")}`] : []),
  ];
}

/** Searches one kind with one size of memory, and goes beyond what it has found; a row of the table. */
async function search(resources: readonly PreviewResource[], memory: string, kind: Kind): Promise<string> {
  const tried = new Map<number, Step>();
  const passes = async (rate: number): Promise<boolean> => {
    const one = await step(resources, kind, rate, false);
    const problems = problemsOf(one);
    process.stderr.write(`${kind}, ${rate} a second: ${problems.length === 0 ? "holds" : problems.join("; ")}\n`);
    tried.set(rate, one);
    return problems.length === 0;
  };
  const highest = await highestRate(passes, { first: from ?? first[kind], precision: 0.1 });
  const held = tried.get(highest);
  if (held === undefined) throw new Error(`${kind}: a rate must hold, got none`);
  const [[above, failed] = [0, undefined]] = [...tried].filter(([rate]) => rate > highest).sort(([a], [b]) => a - b);
  const { sent, over, missing, ended } = await step(resources, kind, highest * 2, true);
  // What is held back is no loss: its sender waits, or is told.
  if (ended.length > 0 || missing !== 0) process.exitCode = 1;
  const cells = [
    ...[memory, kind, highest, failed === undefined ? "–" : `${above}: ${problemsOf(failed).join("; ")}`],
    ...[inSeconds(held.over), percent(held.sent.cores / cpus().length)],
    ...[percent(total(sent.acknowledged) / total(sent.sent)), statusesOf(sent.refused) || "–"],
    ...[over.late.length > 0 ? "–" : inSeconds(over), ended.join(", ") || "–", missing ?? "?"],
  ];
  return `| ${cells.join(" | ")} |\n`;
}

function inSeconds({ millis }: HandedOver): string {
  return (millis / 1000).toFixed(1);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

/** A stack whose parts have so much memory each, or the least that they must have. */
function stackOf(mib: number | undefined): Promise<StackPreview> {
  if (mib === undefined) return previewStack();
  const sizes = partEntries.map(([name, { memoryMib }]) => [name, Math.max(mib, memoryMib.minimum)] as const);
  return previewStack({ memoryMib: Object.fromEntries(sizes) });
}

for (const mib of memories) {
  const { resources } = await stackOf(mib);
  process.stdout.write(`${provenance(resources)}; each step ${seconds} s\n\n`);
  const heads = [
    ...["memory, MiB", "sent", "highest a second", "lowest that did not hold", "stored after, s", "sender's share"],
    ...["at twice: acknowledged", "not acknowledged", "stored after, s", "ended", "lost"],
  ];
  process.stdout.write(`| ${heads.join(" | ")} |\n|${" --- |".repeat(heads.length)}\n`);
  for (const kind of wanted)
    process.stdout.write(await search(resources, mib === undefined ? "default" : String(mib), kind));
}

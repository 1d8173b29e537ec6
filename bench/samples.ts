import { signals } from "../config/parts/part.ts";
import type { Memory } from "./containers.ts";
import type { Amounts } from "./schedule.ts";
import { slope } from "./statistics.ts";
import type { BenchWorkload } from "./stack-containers.ts";

/** What one part has at a moment, in MiB. */
export interface PartSample extends Memory {
  readonly disk: number;
}

/** What is seen of all at a moment. */
export interface Sample {
  /** Since the start. */
  readonly seconds: number;
  /** Records that were acknowledged until then. */
  readonly acknowledged: number;
  readonly parts: Readonly<Record<BenchWorkload, PartSample>>;
  /** MiB that wait in the Collector's queue of each signal; not a number if it did not answer. */
  readonly queues: Amounts;
  /** Those that have ended. */
  readonly ended: readonly BenchWorkload[];
}

const columns = ["own", "counted", "disk"] as const satisfies readonly (keyof PartSample)[];

/** Samples as a table of comma-separated values, with a line of names. */
export function csvOf(samples: readonly Sample[], workloads: readonly BenchWorkload[]): string {
  const heads = [
    ...["seconds", "acknowledged", ...workloads.flatMap((part) => columns.map((column) => `${part} ${column} MiB`))],
    ...[...signals.map((signal) => `${signal} waiting MiB`), "ended"],
  ];
  const lines = samples.map(({ seconds, acknowledged, parts, queues, ended }) => [
    ...[seconds.toFixed(0), acknowledged],
    ...workloads.flatMap((part) => columns.map((column) => parts[part][column].toFixed(1))),
    ...[...signals.map((signal) => queues[signal].toFixed(2)), ended.join(" ")],
  ]);
  return [heads, ...lines].map((cells) => `${cells.join(",")}\n`).join("");
}

/** By how many MiB the memory of its own of a part has grown over the second half. */
export function grownMib(samples: readonly Sample[], part: BenchWorkload): number {
  const half = samples.slice(Math.floor(samples.length / 2));
  const [first, last] = [half.at(0)?.seconds ?? 0, half.at(-1)?.seconds ?? 0];
  return slope(half.map(({ seconds, parts }) => [seconds, parts[part].own])) * (last - first);
}

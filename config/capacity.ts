/*
 * What a stack takes of memory, processor and disk for what its services send: of each a base, and so much on top for each
 * service, line, span and series. How the constants were measured is in docs/measured.md.
 */
import type { TailSampling } from "./collector/tail-sampling.ts";
import { isExpected, type Expected } from "./expected-settings.ts";
import { exportersOf } from "./parts/exporters.ts";
import { partEntries, partList, parts, type PartName } from "./parts/parts.ts";
import { runningHostsOf } from "./parts/processes.ts";
import type { StackSettings } from "./settings-and-defaults.ts";
import { goMemoryShare, mibInGib } from "./units.ts";

/** What is counted, in a second but for services and series. */
interface Amounts {
  /** What is there without anything that comes. */
  readonly base: 1;
  /** Services that send lines: a stream each in Loki. */
  readonly streams: number;
  /** Requests of all signals to the Collector. */
  readonly requests: number;
  readonly lines: number;
  /** Text of the lines, in MiB. */
  readonly lineMib: number;
  readonly spans: number;
  readonly storedSpans: number;
  /** Spans whose trace waits for whether it is stored, at once. */
  readonly waitingSpans: number;
  readonly series: number;
  readonly points: number;
}

/** So much for each of an amount. */
export type Rates = Readonly<Partial<Record<keyof Amounts, number>>>;

/** What a part takes. */
interface Needs {
  /** Memory of its own in MiB, at its peak. Page cache is not in it: the kernel takes that back. */
  readonly memoryMib: Rates;
  readonly cores: Rates;
  /** @default it keeps nothing */
  readonly disk?: Disk;
}

interface Disk {
  readonly baseMib: number;
  /** Bytes of each that comes. */
  readonly bytes: Rates;
  /** Bytes of each day on which there is one. @default none */
  readonly bytesADay?: Rates;
  /** Days beyond the retention for which it stays. @default 0 */
  readonly daysBeyond?: number;
}

const kibInMib = 1 / 1024;
const secondsADay = 24 * 3600;

/**
 * By part; one that is not measured is not here. Memory is what a part needs: where there is more, Go takes it before it collects.
 * All of it by `npm run bench:capacity`, with the limits of memory by default, but for what is said.
 */
export const measuredNeeds: Readonly<Partial<Record<PartName, Needs>>> = {
  loki: {
    // Idle 50 MiB. A stream has a chunk of up to 0.5 MiB in memory, and what of it is not compressed yet. With 10,000 lines a second of
    // 100 streams it held with 256 MiB.
    memoryMib: { base: 60, streams: 0.9, lineMib: 15 },
    // 1,000 and 10,000 lines a second of 10 services, and 10,000 of 100.
    cores: { base: 0.01, streams: 0.0014, lines: 2.1e-5 },
    // 276 bytes a line of 350, of which 230 are random, so that they hardly compress.
    disk: { baseMib: 10, bytes: { lineMib: 0.8 * 1024 ** 2 } },
  },
  victoriaMetrics: {
    // Idle 27 MiB, with 5,000 series 52, with 50,000 series 144.
    memoryMib: { base: 42, series: 2.1 * kibInMib },
    // 10,000 points a second.
    cores: { base: 0.01, points: 1.1e-5 },
    // 1.44 million points of 1,000 series 3.4 MiB, 50,000 series with 8 points each 15.8. It keeps whole months (docs.victoriametrics.com/victoriametrics/#retention).
    disk: { baseMib: 10, bytes: { points: 2 }, bytesADay: { series: 330 }, daysBeyond: 31 },
  },
  jaeger: {
    // Badger fills tables in memory, however slowly spans come: with 200 a second 371 MiB after 5 minutes; with 2,000 a second 507 of
    // 512 after 2 minutes, 466 of 640, and killed with 384.
    memoryMib: { base: 390, storedSpans: 0.06 },
    // 200 and 2,000 spans a second.
    cores: { base: 0.01, storedSpans: 1.7e-4 },
    // 180,000 spans with 12 attributes each.
    disk: { baseMib: 10, bytes: { storedSpans: 1031 } },
  },
  otelCollector: {
    // Idle 22 MiB, 55 with 2,000 spans a second, 34 with 10,000 lines, 36 with 10,000 points, and 116 with 20,000 spans that wait.
    memoryMib: { base: 30, lineMib: 3, spans: 0.012, waitingSpans: 3.1 * kibInMib, points: 0.001 },
    // Mostly a write to disk for each request.
    cores: { base: 0.01, requests: 0.0023, lines: 7.5e-6, spans: 2e-5, points: 3e-6 },
  },
  // Its peak by `npm run bench:load`; lines, spans and series are nothing to it.
  grafana: { memoryMib: { base: 72 }, cores: { base: 0.01 }, disk: { baseMib: 60, bytes: {} } },
};

/**
 * The most that was measured to be stored of each in a second, lines by `npm run bench:throughput`: what becomes of more is not
 * known.
 */
export const mostMeasured = {
  lines: 25_000,
  lineMib: (25_000 * 350) / 1024 ** 2,
  spans: 2000,
  points: 10_000,
} as const;

/** Share of a disk that the stores may fill: above it Loki takes nothing more (`wal.disk_full_threshold`). */
const usableShare = 0.9;

/** One for each part that stores something. */
export const queueCount = exportersOf(partList).length;

/**
 * MiB on disk of the Collector's queues when they are full, each of so many. A tenth on top: pages that are not full, and the
 * copy that a compaction makes of the rest. In whole tenths, since with a fraction 363 GiB would be a little more.
 */
export function queuesMib(queueMib: number): number {
  return (queueMib * queueCount * 11) / 10;
}

/** What a part is expected to take. */
export interface PartCapacity {
  /** Its host name. */
  readonly part: string;
  /** What the limit has to be for what is expected, and what it is. */
  readonly memoryMib: { readonly expected: number; readonly limit: number };
  readonly cores: number;
  /** `undefined` if it keeps nothing. */
  readonly disk: DiskCapacity | undefined;
}

/** What is expected on a disk. */
export interface DiskCapacity {
  /** Once the retention is over, in GiB: it stays so then. */
  readonly gib: number;
  /** Size of the disk, if it is known. */
  readonly roomGib: number | undefined;
  /** Days for which the disk has room, of which the retention is to be one; `undefined` if nothing comes, or the room is not known. */
  readonly daysThatFit: number | undefined;
}

/** What a stack is expected to take. */
export interface Capacity {
  readonly expected: Expected;
  readonly retentionDays: number;
  readonly parts: readonly PartCapacity[];
  /** Host names of parts that run and were not measured: nothing is known of them. */
  readonly notMeasured: readonly string[];
  readonly total: Omit<PartCapacity, "part" | "disk"> & { readonly disk: DiskCapacity };
}

/** What a stack is expected to take by these settings; `undefined` if they say nothing of what comes, or nothing runs. */
export function capacityOf(settings: StackSettings): Capacity | undefined {
  const { expected, observability, otelCollector, retentionHours, target, kubernetes } = settings;
  const { maxDiskGib } = settings.loki;
  if (!isExpected(expected) || !observability) return undefined;
  const { tailSampling, queueMib } = otelCollector;
  const amounts = amountsOf(expected, tailSampling);
  const days = retentionHours / 24;
  const running = runningHostsOf(settings);
  const known = partEntries.filter(([, { host }]) => running.includes(host));
  const rows = known.flatMap(([name, { host, data }]) => {
    const memory = memoryMibOf(name, amounts);
    const cores = coresOf(name, amounts);
    if (memory === undefined || cores === undefined) return [];
    const room = target === "kubernetes" ? volumeGib(kubernetes.storageGib, name) : undefined;
    const disk = data === "none" ? undefined : diskOf([name], amounts, days, queueMib, room, maxDiskGib);
    return [{ part: host, memoryMib: { expected: memory, limit: settings.memoryMib[name] }, cores, disk }];
  });
  const sum = (of: (part: PartCapacity) => number): number => rows.reduce((before, each) => before + of(each), 0);
  const names = known.map(([name]) => name);
  return {
    expected,
    retentionDays: days,
    parts: rows,
    notMeasured: known.flatMap(([name, { host }]) => (measuredNeeds[name] === undefined ? [host] : [])),
    total: {
      memoryMib: {
        expected: sum(({ memoryMib }) => memoryMib.expected),
        limit: sum(({ memoryMib }) => memoryMib.limit),
      },
      cores: sum(({ cores }) => cores),
      disk: diskOf(names, amounts, days, queueMib, target === "docker" ? expected.diskGib : undefined, maxDiskGib),
    },
  };
}

/** What comes in a second. @param sampling which traces are stored; all of them if there is none */
export function amountsOf(expected: Expected, sampling: TailSampling | undefined): Amounts {
  const { services, linesPerSecond, lineBytes, spansPerSecond, activeSeries, secondsBetweenPoints } = expected;
  // Each sends a request of each signal that it has: of lines and spans every second.
  const requests =
    (linesPerSecond > 0 ? 1 : 0) + (spansPerSecond > 0 ? 1 : 0) + (activeSeries > 0 ? 1 / secondsBetweenPoints : 0);
  return {
    base: 1,
    streams: linesPerSecond > 0 ? services : 0,
    requests: services * requests,
    lines: linesPerSecond,
    lineMib: (linesPerSecond * lineBytes) / 1024 ** 2,
    spans: spansPerSecond,
    storedSpans: (spansPerSecond * (sampling?.keepPercent ?? 100)) / 100,
    waitingSpans: spansPerSecond * (sampling?.decisionWaitSeconds ?? 0),
    series: activeSeries,
    points: activeSeries / secondsBetweenPoints,
  };
}

/**
 * MiB that the limit of a part's memory has to be; `undefined` if it is not measured. Go gets what it needs below GOMEMLIMIT: above
 * it, it does little but collect.
 */
export function memoryMibOf(name: PartName, amounts: Amounts): number | undefined {
  const measured = measuredNeeds[name]?.memoryMib;
  if (measured === undefined) return undefined;
  const needed = together(measured, amounts);
  return Math.ceil(parts[name].runtime === "go" ? needed / goMemoryShare : needed);
}

/** Cores that a part takes; `undefined` if it is not measured. */
export function coresOf(name: PartName, amounts: Amounts): number | undefined {
  const measured = measuredNeeds[name]?.cores;
  return measured === undefined ? undefined : together(measured, amounts);
}

/**
 * What parts have on a disk together.
 *
 * @param days of the retention
 * @param queueMib size of each of the Collector's queues
 * @param roomGib size of the disk, if it is known
 * @param maxLogGib most that logs may take, for which fewer days of them are kept. Default: no limit
 */
export function diskOf(
  names: readonly PartName[],
  amounts: Amounts,
  days: number,
  queueMib: number,
  roomGib: number | undefined,
  maxLogGib = Infinity,
): DiskCapacity {
  const disks = names.flatMap((name) => {
    const disk = measuredNeeds[name]?.disk;
    return disk === undefined ? [] : [{ disk, isLogs: name === "loki" }];
  });
  const queues = names.includes("otelCollector") ? queuesMib(queueMib) : 0;
  const mibADay = (disk: Disk): number =>
    (together(disk.bytes, amounts) * secondsADay + together(disk.bytesADay ?? {}, amounts)) / 1024 ** 2;
  // A day of logs is always kept.
  const logDays = (disk: Disk): number => Math.max(1, (maxLogGib * mibInGib) / mibADay(disk));
  const isBounded = ({ disk, isLogs }: (typeof disks)[number]): boolean => isLogs && logDays(disk) < days;
  const growing = disks.reduce((sum, each) => sum + (isBounded(each) ? 0 : mibADay(each.disk)), 0);
  // What is there however long the retention is.
  const fixed = disks.reduce((sum, each) => {
    const { disk } = each;
    const kept = (disk.daysBeyond ?? 0) + (isBounded(each) ? logDays(disk) : 0);
    return sum + disk.baseMib + mibADay(disk) * kept;
  }, queues);
  const room = roomGib === undefined ? undefined : roomGib * mibInGib * usableShare - fixed;
  return {
    gib: (fixed + growing * days) / mibInGib,
    roomGib,
    daysThatFit: room === undefined || growing === 0 ? undefined : Math.max(0, Math.floor(room / growing)),
  };
}

/** GiB that a disk must have at least for this. */
export function neededGib({ gib }: Pick<DiskCapacity, "gib">): number {
  return Math.ceil(gib / usableShare);
}

function together(rates: Rates, amounts: Amounts): number {
  const names = Object.keys(rates) as readonly (keyof Amounts)[];
  return names.reduce((sum, name) => sum + (rates[name] ?? 0) * amounts[name], 0);
}

/** Size of a part's volume on Kubernetes; `undefined` if it has none. */
export function volumeGib(sizes: StackSettings["kubernetes"]["storageGib"], name: PartName): number | undefined {
  return Object.entries(sizes).find(([kept]) => kept === name)?.[1];
}

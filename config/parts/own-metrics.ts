import { addressOf, type AnyPart, type KeptMetric, type Target, targetsOf } from "./part.ts";

/** A part whose metrics about itself the Collector collects. */
export interface ScrapedPart {
  readonly host: string;
  /** `host:port` as the Collector reaches it. */
  readonly address: string;
  /** Memory limit in MiB, which becomes a metric beside the others. */
  readonly memoryMib: number;
  readonly kept: Readonly<Record<string, KeptMetric>>;
}

/** The parts that measure themselves. @param memoryLimitsMib memory limit of each part in MiB, by host name */
export function scrapedOf(
  all: readonly AnyPart[],
  memoryLimitsMib: Readonly<Record<string, number>>,
): readonly ScrapedPart[] {
  return all.flatMap((part) => {
    const { host, metrics } = part;
    if (metrics === "none") return [];
    const { port, kept } = metrics;
    const memoryMib = memoryLimitsMib[host];
    if (memoryMib === undefined) throw new Error(`${host}: must have a memory limit, has none`);
    const address = typeof port === "string" ? addressOf(part, port) : `127.0.0.1:${port.loopback}`;
    return [{ host, address, memoryMib, kept }];
  });
}

/** The ports of others at which the Collector collects them. */
export function scrapedTargets(all: readonly AnyPart[]): readonly Target[] {
  return targetsOf(all, ({ metrics }) => {
    if (metrics === "none" || typeof metrics.port !== "string") return "none";
    return { port: metrics.port };
  });
}

/**
 * What each part says of its process, under the same names for all of them. The Collector adds `up`, which is 0 while it
 * does not reach the part, and `process_memory_limit_bytes` (config/collector/own-metrics.ts).
 */
const ofProcess = {
  memory: { name: "process_resident_memory_bytes", says: "memory that the process uses, in bytes" },
  cpu: { name: "process_cpu_seconds_total", says: "processor time that it has used, in seconds" },
  uptime: { name: "process_uptime_seconds", says: "how long it runs, in seconds; a smaller one is a new start" },
} as const;

/** The moment of the start, of which the Collector makes the time since. */
export const startTime = "process_start_time_seconds";

/** The metrics of a process as Prometheus' libraries name them, in Go and elsewhere. */
export const processMetrics: Readonly<Record<string, KeptMetric>> = {
  [ofProcess.memory.name]: { says: ofProcess.memory.says },
  [ofProcess.cpu.name]: { says: ofProcess.cpu.says },
  [startTime]: { says: ofProcess.uptime.says, storedAs: ofProcess.uptime.name },
};

/** The same as a Collector names them, and Jaeger, which is made of one. */
export const collectorProcessMetrics: Readonly<Record<string, KeptMetric>> = {
  otelcol_process_memory_rss_bytes: { says: ofProcess.memory.says, storedAs: ofProcess.memory.name },
  otelcol_process_cpu_seconds_total: { says: ofProcess.cpu.says, storedAs: ofProcess.cpu.name },
  otelcol_process_uptime_seconds_total: { says: ofProcess.uptime.says, storedAs: ofProcess.uptime.name },
};

/** A reader of a Collector's own metrics that writes them with the names above, and nothing that is the same on each series. */
export function collectorReader(host: string, port: number): object {
  const names = { without_scope_info: true, without_type_suffix: false, without_units: false };
  return { pull: { exporter: { prometheus: { host, port, ...names } } } };
}

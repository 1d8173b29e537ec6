import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";

/** How many bytes of each signal wait at most. */
export interface MemoryLimits {
  readonly logs: number;
  readonly spans: number;
  readonly metrics: number;
}

const mib = 1024 * 1024;

/** Share of the process's memory that each signal may take, and what it never needs more than. */
const shares = {
  logs: { divisor: 16, most: 128 * mib },
  spans: { divisor: 32, most: 64 * mib },
  metrics: { divisor: 64, most: 32 * mib },
} as const;

/**
 * Memory that this process can have, in bytes: the smallest of its cgroup's limit, the machine's memory, and the heap's
 * limit (`--max-old-space-size`). What waits is not on the heap, but whoever bounds the heap has sized the process.
 */
export function processMemoryBytes(): number {
  // 0, or more than any machine has, if there is no limit.
  const constrained = process.constrainedMemory() || Infinity;
  return Math.min(constrained, totalmem(), getHeapStatistics().heap_size_limit);
}

/** How much of the process's memory may be taken by what waits: logs a 16th, spans a 32nd, metrics a 64th. */
export function memoryLimits(processBytes: number): MemoryLimits {
  const limit = ({ divisor, most }: { readonly divisor: number; readonly most: number }): number =>
    Math.min(most, Math.floor(processBytes / divisor));
  return { logs: limit(shares.logs), spans: limit(shares.spans), metrics: limit(shares.metrics) };
}

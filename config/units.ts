/** Numbers to text, one formatter for each syntax that a consumer wants. */

/** MiB in one GiB. */
export const mibInGib = 1024;

/** Bytes in one GiB. */
export const bytesInGib = 1024 ** 3;

/** Whole hours as a Go duration: `720h`. Loki, VictoriaMetrics and Jaeger all read it. */
export function hours(count: number): string {
  return `${count}h`;
}

/** Bytes as Loki's flagext reads them: `96MB`. */
export function megabytes(count: number): string {
  return `${count}MB`;
}

/** Memory as the Go runtime's GOMEMLIMIT and VictoriaMetrics' flags read it: `204MiB`. */
export function mebibytes(count: number): string {
  return `${count}MiB`;
}

/**
 * Seconds as Go's `Duration.String()` prints them: `90` is `1m30s`, `3600` is `1h0m0s`.
 * Docker hands durations back in this form only, so any other spelling is a difference on every `pulumi up`.
 */
export function goDuration(seconds: number): string {
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  const s = seconds % 60;
  if (h > 0) return `${h}h${m}m${s}s`;
  if (m > 0) return `${m}m${s}s`;
  return `${s}s`;
}

/** Share of a memory limit that a Go program may fill before its collector works harder. */
export const goMemoryShare = 0.8;

/** {@link goMemoryShare} of a memory limit, in MiB. */
export function goMemoryLimitMib(memoryMib: number): number {
  return Math.floor(memoryMib * goMemoryShare);
}

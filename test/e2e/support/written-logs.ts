const hourMillis = 3_600_000;

/**
 * What Loki would have counted of its chunks if it had written so many bytes on each of the last days, one value an hour, as
 * VictoriaMetrics imports it.
 */
export function writtenLogs(bytesADay: number, days: number): string {
  const hours = days * 24;
  return Array.from({ length: hours + 1 }, (_, hour) => {
    const at = Date.now() - (hours - hour) * hourMillis - 30_000;
    return `loki_ingester_chunk_stored_bytes_total{service_name="loki"} ${(bytesADay / 24) * hour} ${at}\n`;
  }).join("");
}

// @ts-check
import { ask, parsed } from "../canary/ask.mjs";

/*
 * The size of the logs, by what Loki counts of the bytes that it writes to its disk, out of the store of metrics: Loki counts
 * anew with each start, and its index has the bytes before they were compressed, those of the last half hour several times.
 */

const daySeconds = 24 * 3600;

/** What Loki has written in 24 hours, to the end of each. The first value of a counter is not counted: it may be an old one. */
const written = "sum(increase(loki_ingester_chunk_stored_bytes_total[24h]))";

/**
 * Bytes that Loki has written to its disk in the last 24 hours, in those before, and so on; `undefined` before it has written
 * any. A day of which nothing is known counts as none: less is deleted then, and never more.
 * @param {string} metrics @param {number} hours how far back @param {number} nowMillis @param {AbortSignal} signal
 */
export async function bytesByDay(metrics, hours, nowMillis, signal) {
  const count = Math.ceil(hours / 24);
  const end = Math.floor(nowMillis / 1000);
  const start = end - (count - 1) * daySeconds;
  const query = new URLSearchParams({
    query: written,
    start: `${start}`,
    end: `${end}`,
    step: `${daySeconds}`,
    nocache: "1",
  });
  const { text } = await ask(`${metrics}/api/v1/query_range?${query.toString()}`, { signal });
  const { data } = /** @type {{ data?: { result?: readonly { values: readonly [number, string][] }[] } }} */ (
    parsed(text)
  );
  if (data?.result === undefined) throw new Error(`metrics: must answer a result, got ${text.slice(0, 200)}`);
  const [found] = data.result;
  if (found === undefined) return undefined;
  const days = Array.from({ length: count }, () => 0);
  for (const [seconds, value] of found.values) {
    const [day, bytes] = [Math.round((end - seconds) / daySeconds), Number(value)];
    if (!(bytes >= 0) || days[day] === undefined)
      throw new Error(`metrics: must answer bytes of days, got ${text.slice(0, 200)}`);
    days[day] = bytes;
  }
  return days;
}

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Exported } from "./otlp-json.ts";
import { recordedServices } from "./services.ts";
import { sentMillis } from "./trim.ts";

/** What was recorded of a language, in the order in which it was sent. */
export function recordingOf(language: string): readonly Exported[] {
  return readFileSync(join(import.meta.dirname, "recorded", `${language}.jsonl`), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Exported);
}

const paths = { resourceLogs: "logs", resourceSpans: "traces", resourceMetrics: "metrics" } as const;

/** Everything that was recorded, with when it was sent: milliseconds after the first. */
function recording(): readonly { readonly exported: Exported; readonly afterMillis: number }[] {
  const all = recordedServices.flatMap(({ language }) => recordingOf(language));
  const first = Math.min(...all.map(sentMillis));
  return all
    .map((exported) => ({ exported, afterMillis: sentMillis(exported) - first }))
    .toSorted((a, b) => a.afterMillis - b.afterMillis);
}

/** How long after the last of one round the next one begins, in milliseconds. */
const pauseMillis = 2000;

/**
 * Sends what was recorded as if it happened now: a first round at once, as if it had just ended, so that totals have
 * grown already, and then round after round as fast as it was, until it is stopped. Every round has traces of its own.
 *
 * @returns what stops it, and throws if something was not taken
 */
export async function replayRecordings(otlpHttpUrl: string): Promise<() => Promise<void>> {
  const all = recording();
  const [firstMillis, roundMillis] = [
    Math.min(...all.map(({ exported }) => sentMillis(exported))),
    (all.at(-1)?.afterMillis ?? 0) + pauseMillis,
  ];
  const stopping = new AbortController();
  const startMillis = Date.now();
  const send = async (round: number, { exported, afterMillis }: (typeof all)[number]): Promise<void> => {
    const roundStart = startMillis + round * roundMillis;
    await sleep(Math.max(0, roundStart + afterMillis - Date.now()), undefined, { signal: stopping.signal });
    await post(otlpHttpUrl, moved(exported, BigInt(roundStart - firstMillis) * 1_000_000n, String(round)));
  };
  for (const one of all) await send(-1, one);
  const running = (async () => {
    for (let round = 0; !stopping.signal.aborted; round += 1) for (const one of all) await send(round, one);
  })().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  return async () => {
    stopping.abort();
    await running;
  };
}

const times = /^(?:time|startTime|endTime|observedTime)UnixNano$/;
const ids = /^(?:traceId|spanId|parentSpanId)$/;

/** The same at another time, and with ids of its own. */
function moved(exported: Exported, nanoseconds: bigint, salt: string): Exported {
  return JSON.parse(
    JSON.stringify(exported, (key, value: unknown) => {
      if (typeof value !== "string") return value;
      if (times.test(key) && value !== "0") return String(BigInt(value) + nanoseconds);
      if (!ids.test(key) || value === "") return value;
      return createHash("sha256").update(`${salt} ${value}`).digest("hex").slice(0, value.length);
    }),
  ) as Exported;
}

async function post(otlpHttpUrl: string, exported: Exported): Promise<void> {
  for (const [kind, path] of Object.entries(paths)) {
    if (!(kind in exported)) continue;
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${otlpHttpUrl}/v1/${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(exported),
    });
    assert.equal(answer.status, 200, await answer.text());
  }
}

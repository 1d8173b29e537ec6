import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { GrafanaClient } from "../../../cli/grafana-client.ts";
import { datasourceUid } from "../../../config/parts/part.ts";
import { parts } from "../../../config/parts/parts.ts";

/** The service that sends {@link traceKinds}. */
export const sampledService = "sampled";

/** A service whose traces are to be kept all, whatever is kept of the others. */
export const favouredService = "favoured";

/** Traces of one span each: how long it took, and what else there is to say. */
export const traceKinds = {
  good: { millis: 20 },
  failed: { millis: 20, status: { code: 2 } },
  slow: { millis: 700 },
  asked: { millis: 20, traceState: "observability=keep" },
  favoured: { millis: 20, service: favouredService },
} as const satisfies Record<string, { millis: number; status?: object; traceState?: string; service?: string }>;

type Kind = keyof typeof traceKinds;

/** How many traces there are of each kind. */
export const tracesOfKind = 10;

/** Sends them by OTLP over HTTP. @returns their ids */
export async function sendTraces(otlpHttpUrl: string): Promise<Readonly<Record<Kind, readonly string[]>>> {
  const startMillis = Date.now();
  const ids = {} as Record<Kind, readonly string[]>;
  for (const [kind, { millis, service = sampledService, ...rest }] of Object.entries<{
    readonly millis: number;
    readonly service?: string;
  }>(traceKinds)) {
    const spans = Array.from({ length: tracesOfKind }, () => ({
      ...{ traceId: randomBytes(16).toString("hex"), spanId: randomBytes(8).toString("hex"), name: kind, kind: 2 },
      ...{ startTimeUnixNano: `${startMillis}000000`, endTimeUnixNano: `${startMillis + millis}000000` },
      ...rest,
    }));
    const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
    const answer = await fetch(`${otlpHttpUrl}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
    });
    assert.equal(answer.status, 200, await answer.text());
    ids[kind as Kind] = spans.map(({ traceId }) => traceId);
  }
  return ids;
}

/** How many traces of each kind are in Jaeger. */
export async function storedTraces(
  grafana: GrafanaClient,
  ids: Readonly<Record<Kind, readonly string[]>>,
): Promise<Readonly<Record<string, number>>> {
  const counted = Object.entries(ids).map(async ([kind, all]) => {
    const found = await Promise.all(all.map((id) => grafana.trace(datasourceUid(parts.jaeger), id)));
    return [kind, found.filter((trace) => trace !== undefined).length] as const;
  });
  return Object.fromEntries(await Promise.all(counted));
}

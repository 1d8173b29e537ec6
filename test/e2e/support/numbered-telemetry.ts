import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pWaitFor from "p-wait-for";
import { datasourceUid } from "../../../config/parts/part.ts";
import { parts } from "../../../config/parts/parts.ts";
import { grafanaOf, HttpError } from "../../../cli/grafana-client.ts";
import { urlOf, type StackOutputs } from "../../../cli/outputs.ts";
import { post } from "../../../cli/verification/probe.ts";
import { logs } from "./loki.ts";

/** How many lines, spans and points there are of a service; what is stored twice counts twice. */
export interface Stored {
  readonly lines: number;
  readonly spans: number;
  readonly points: number;
}

const text = (key: string, stringValue: string): object => ({ key, value: { stringValue } });
const number = (value: number): object => ({ key: "number", value: { intValue: String(value) } });

/**
 * Sends one log line, one span and one point of a metric, each with a number; ends when the Collector has taken them. What it
 * has not taken is sent again as it was, for a minute, as an SDK does.
 */
async function send(otlpUrl: string, serviceName: string, value: number): Promise<void> {
  const resource = { attributes: [text("service.name", serviceName), text("service.namespace", "e2e")] };
  const timeUnixNano = `${Date.now()}000000`;
  const id = createHash("sha256").update(`${serviceName} ${value}`).digest("hex");
  const span = {
    traceId: id.slice(0, 32),
    spanId: id.slice(32, 48),
    name: "numbered",
    startTimeUnixNano: timeUnixNano,
    endTimeUnixNano: timeUnixNano,
    attributes: [number(value)],
  };
  const line = { timeUnixNano, body: { stringValue: JSON.stringify({ number: value }) } };
  const metric = { name: "numbered_points", gauge: { dataPoints: [{ asInt: String(value), timeUnixNano }] } };
  await Promise.all([
    taken(`${otlpUrl}/v1/logs`, { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [line] }] }] }),
    taken(`${otlpUrl}/v1/traces`, { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
    taken(`${otlpUrl}/v1/metrics`, { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [metric] }] }] }),
  ]);
}

async function taken(url: string, body: object): Promise<void> {
  const isTaken = (): Promise<boolean> =>
    post(url, body).then(
      () => true,
      () => false,
    );
  await pWaitFor(isTaken, { interval: 200, timeout: { milliseconds: 60_000, message: `${url} takes nothing` } });
}

/** Sends so many, one after the other. */
export async function sendNumbered(outputs: StackOutputs, serviceName: string, count: number): Promise<void> {
  for (let value = 1; value <= count; value += 1) await send(urlOf(outputs, "otlpHttp"), serviceName, value);
}

/**
 * Sends about ten a second until the result is called, which says how many the Collector has taken.
 *
 * @param onSent is told each number when it is sent
 */
export function trickle(
  outputs: StackOutputs,
  serviceName: string,
  onSent: (value: number) => void = () => undefined,
): () => Promise<number> {
  const end = new AbortController();
  const sent = (async (): Promise<number> => {
    let count = 0;
    while (!end.signal.aborted) {
      onSent((count += 1));
      await send(urlOf(outputs, "otlpHttp"), serviceName, count);
      await sleep(100);
    }
    return count;
  })();
  return () => {
    end.abort();
    return sent;
  };
}

/** The numbers of a service's points that a stack has now, in order. */
export async function storedPoints(outputs: StackOutputs, serviceName: string): Promise<readonly number[]> {
  const query = new URLSearchParams({ "match[]": `numbered_points{service_name="${serviceName}"}` });
  const answer = await fetch(`${urlOf(outputs, "victoriaMetrics")}/api/v1/export?${query.toString()}`);
  const series = (await answer.text()).split("\n").filter((line) => line !== "");
  return series.flatMap((line) => (JSON.parse(line) as { values: readonly number[] }).values).sort((a, b) => a - b);
}

/** What a stack has of a service now. */
export async function stored(outputs: StackOutputs, serviceName: string): Promise<Stored> {
  const grafana = grafanaOf(outputs);
  const found = await logs(grafana, `{service_name="${serviceName}"}`);
  const parameters = new URLSearchParams({ service: serviceName, limit: "5000", lookback: "1h" });
  const traces = await grafana.proxy(datasourceUid(parts.jaeger), `api/traces?${parameters.toString()}`);
  const { data } = traces as { data: readonly { readonly spans: readonly unknown[] }[] };
  const counted = `sum(count_over_time(numbered_points{service_name="${serviceName}"}[1h]))`;
  const points = await grafana.metric(datasourceUid(parts.victoriaMetrics), counted);
  return { lines: found.length, spans: data.flatMap(({ spans }) => spans).length, points: points ?? 0 };
}

/**
 * The same, once there are at least so many of each, or after a minute.
 *
 * @param of what is waited for
 */
export async function eventuallyStored(
  outputs: StackOutputs,
  serviceName: string,
  count: number,
  of: readonly (keyof Stored)[] = ["lines", "spans", "points"],
): Promise<Stored> {
  let found: Stored = { lines: 0, spans: 0, points: 0 };
  const isThere = async (): Promise<boolean> => {
    try {
      found = await stored(outputs, serviceName);
    } catch (error) {
      // A store that has just been started.
      if (error instanceof HttpError) return false;
      throw error;
    }
    return of.every((kind) => found[kind] >= count);
  };
  await pWaitFor(isThere, { interval: 1000, timeout: { milliseconds: 60_000, fallback: () => undefined } });
  return found;
}

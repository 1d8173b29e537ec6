import { setTimeout as sleep } from "node:timers/promises";
import pWaitFor from "p-wait-for";
import { datasourceUid } from "../../../config/parts/part.ts";
import { parts } from "../../../config/parts/parts.ts";
import { grafanaOf } from "../../../cli/grafana-client.ts";
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

/** Sends one log line, one span and one point of a metric, each with a number; ends when the Collector has taken them. */
async function send(otlpUrl: string, serviceName: string, value: number): Promise<void> {
  const resource = { attributes: [text("service.name", serviceName), text("service.namespace", "e2e")] };
  const timeUnixNano = `${Date.now()}000000`;
  const span = {
    traceId: value.toString(16).padStart(32, serviceName.length.toString(16)),
    spanId: value.toString(16).padStart(16, "a"),
    name: "numbered",
    startTimeUnixNano: timeUnixNano,
    endTimeUnixNano: timeUnixNano,
    attributes: [number(value)],
  };
  const line = { timeUnixNano, body: { stringValue: JSON.stringify({ number: value }) } };
  const metric = { name: "numbered_points", gauge: { dataPoints: [{ asInt: String(value), timeUnixNano }] } };
  await Promise.all([
    post(`${otlpUrl}/v1/logs`, { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [line] }] }] }),
    post(`${otlpUrl}/v1/traces`, { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
    post(`${otlpUrl}/v1/metrics`, { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [metric] }] }] }),
  ]);
}

/** Sends so many, one after the other. */
export async function sendNumbered(outputs: StackOutputs, serviceName: string, count: number): Promise<void> {
  for (let value = 1; value <= count; value += 1) await send(urlOf(outputs, "otlpHttp"), serviceName, value);
}

/** Sends about ten a second until the result is called, which says how many the Collector has taken. */
export function trickle(outputs: StackOutputs, serviceName: string): () => Promise<number> {
  const end = new AbortController();
  const sent = (async (): Promise<number> => {
    let count = 0;
    while (!end.signal.aborted) {
      await send(urlOf(outputs, "otlpHttp"), serviceName, (count += 1));
      await sleep(100);
    }
    return count;
  })();
  return () => {
    end.abort();
    return sent;
  };
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

/** The same, once there are at least so many of each, or after a minute. */
export async function eventuallyStored(outputs: StackOutputs, serviceName: string, count: number): Promise<Stored> {
  let found: Stored = { lines: 0, spans: 0, points: 0 };
  const isThere = async (): Promise<boolean> => {
    found = await stored(outputs, serviceName);
    return Object.values(found).every((value: number) => value >= count);
  };
  await pWaitFor(isThere, { interval: 1000, timeout: { milliseconds: 60_000, fallback: () => undefined } });
  return found;
}

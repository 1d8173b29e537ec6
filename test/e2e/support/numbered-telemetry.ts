import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pWaitFor from "p-wait-for";
import { z } from "zod";
import { urlOf, type StackOutputs } from "../../../cli/outputs.ts";

/** How many lines, spans and points there are of a service; what is stored twice counts twice. */
export interface Stored {
  readonly lines: number;
  readonly spans: number;
  readonly points: number;
}

/** Their numbers, in order. */
export type StoredNumbers = Readonly<Record<keyof Stored, readonly number[]>>;

/** A stack, or what stands for one: where it takes telemetry, and where its stores are asked. */
export type Addresses = Pick<StackOutputs, "urls">;

/** What a steady sender does beside sending. */
export interface Trickle {
  /** Is told each number when it is sent. */
  readonly onSent?: (value: number) => void;
  /** Is told the status of each answer that was none of success, or 0 if there was none, and what it says. */
  readonly onRefused?: (status: number, text: string) => void;
  /** How far each number's clock is ahead, in milliseconds. @default 0 */
  readonly aheadMillis?: (value: number) => number;
  /** How many bytes each line, span and point is larger. @default 0 */
  readonly paddingBytes?: number;
  /** Further attributes of each line, each span and an event of it, as OTLP has them in JSON. @default none */
  readonly attributes?: readonly object[];
}

const text = (key: string, stringValue: string): object => ({ key, value: { stringValue } });
const number = (value: number): object => ({ key: "number", value: { intValue: String(value) } });

/**
 * Sends one log line, one span and one point of a metric, each with a number; ends when the Collector has taken them. What it
 * has not taken is sent again as it was, for two minutes, as an SDK does.
 */
async function send(addresses: Addresses, serviceName: string, value: number, options: Trickle): Promise<void> {
  const resource = { attributes: [text("service.name", serviceName), text("service.namespace", "e2e")] };
  const { paddingBytes = 0, onSent, onRefused, aheadMillis, attributes = [] } = options;
  const timeUnixNano = `${Date.now() + (aheadMillis?.(value) ?? 0)}000000`;
  const id = createHash("sha256").update(`${serviceName} ${value}`).digest("hex");
  // Of letters that hardly compress.
  const padding = randomBytes(Math.ceil(paddingBytes / 2)).toString("hex");
  const span = {
    traceId: id.slice(0, 32),
    spanId: id.slice(32, 48),
    name: "numbered",
    startTimeUnixNano: timeUnixNano,
    endTimeUnixNano: timeUnixNano,
    attributes: [...attributes, number(value), text("padding", padding)],
    events: attributes.length === 0 ? [] : [{ name: "numbered", timeUnixNano, attributes }],
  };
  const line = { timeUnixNano, attributes, body: { stringValue: JSON.stringify({ number: value, padding }) } };
  const metric = {
    name: "numbered_points",
    description: padding,
    gauge: { dataPoints: [{ asInt: String(value), timeUnixNano }] },
  };
  const url = urlOf(addresses, "otlpHttp");
  onSent?.(value);
  await Promise.all([
    taken(`${url}/v1/logs`, { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [line] }] }] }, onRefused),
    taken(`${url}/v1/traces`, { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }, onRefused),
    taken(`${url}/v1/metrics`, { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [metric] }] }] }, onRefused),
  ]);
}

async function taken(url: string, body: object, onRefused: Trickle["onRefused"]): Promise<void> {
  const isTaken = async (): Promise<boolean> => {
    const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const answer = await unlessAway(fetch(url, { ...request, signal: AbortSignal.timeout(10_000) }));
    if (answer?.ok !== true) onRefused?.(answer?.status ?? 0, (await answer?.text()) ?? "");
    return answer?.ok === true;
  };
  await pWaitFor(isTaken, { interval: 200, timeout: { milliseconds: 120_000, message: `${url} takes nothing` } });
}

/** The answer, or `undefined` from where nobody answers. */
function unlessAway(asked: Promise<Response>): Promise<Response | undefined> {
  return asked.catch(() => undefined);
}

/** Sends so many, one after the other. */
export async function sendNumbered(addresses: Addresses, serviceName: string, count: number): Promise<void> {
  for (let value = 1; value <= count; value += 1) await send(addresses, serviceName, value, {});
}

/** Sends about ten a second until the result is called, which says how many the Collector has taken. */
export function trickle(addresses: Addresses, serviceName: string, options: Trickle = {}): () => Promise<number> {
  const end = new AbortController();
  const sent = (async (): Promise<number> => {
    let count = 0;
    while (!end.signal.aborted) {
      await send(addresses, serviceName, (count += 1), options);
      await sleep(100);
    }
    return count;
  })();
  return () => {
    end.abort();
    return sent;
  };
}

const lokiAnswer = z.object({
  data: z.object({
    result: z.array(z.object({ values: z.array(z.tuple([z.string(), z.string()]).rest(z.unknown())) })),
  }),
});
const jaegerAnswer = z.object({
  data: z.array(
    z.object({ spans: z.array(z.object({ tags: z.array(z.object({ key: z.string(), value: z.unknown() })) })) }),
  ),
});
const series = z.object({ values: z.array(z.number()) });

/** How far from now telemetry may be to be found, in milliseconds: three hours. */
const aroundMillis = 3 * 3_600_000;

/** What a stack has of a service now. */
export async function storedNumbers(addresses: Addresses, serviceName: string): Promise<StoredNumbers> {
  const [lines, spans, points] = await Promise.all([
    storedLines(addresses, serviceName),
    storedSpans(addresses, serviceName),
    storedPoints(addresses, serviceName),
  ]);
  const inOrder = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b);
  return { lines: inOrder(lines), spans: inOrder(spans), points: inOrder(points) };
}

async function storedLines(addresses: Addresses, serviceName: string): Promise<readonly number[]> {
  const range = { start: `${Date.now() - aroundMillis}000000`, end: `${Date.now() + aroundMillis}000000` };
  // Without what makes it large.
  const query = `{service_name="${serviceName}"} | json number | line_format "{{.number}}"`;
  const parameters = new URLSearchParams({ query, ...range, limit: "5000" });
  const answer = await read(`${urlOf(addresses, "loki")}/loki/api/v1/query_range?${parameters.toString()}`);
  const { result } = lokiAnswer.parse(JSON.parse(answer)).data;
  return result.flatMap(({ values }) => values.map(([, line]) => Number(line)));
}

async function storedSpans(addresses: Addresses, serviceName: string): Promise<readonly number[]> {
  const parameters = new URLSearchParams({
    service: serviceName,
    limit: "5000",
    start: `${Date.now() - aroundMillis}000`,
    end: `${Date.now() + aroundMillis}000`,
  });
  const answer = await read(`${urlOf(addresses, "jaeger")}/api/traces?${parameters.toString()}`);
  const spans = jaegerAnswer.parse(JSON.parse(answer)).data.flatMap((trace) => trace.spans);
  return spans.flatMap(({ tags }) => tags.filter(({ key }) => key === "number").map(({ value }) => Number(value)));
}

async function storedPoints(addresses: Addresses, serviceName: string): Promise<readonly number[]> {
  const query = new URLSearchParams({
    "match[]": `numbered_points{service_name="${serviceName}"}`,
    ...{ start: String((Date.now() - aroundMillis) / 1000), end: String((Date.now() + aroundMillis) / 1000) },
  });
  const answer = await read(`${urlOf(addresses, "victoriaMetrics")}/api/v1/export?${query.toString()}`);
  const lines = answer.split("\n").filter((line) => line !== "");
  return lines.flatMap((line) => series.parse(JSON.parse(line)).values);
}

/** A store that does not answer, or has nothing to answer with yet. */
class StoreAway extends Error {}

async function read(url: string): Promise<string> {
  const answer = await unlessAway(fetch(url, { signal: AbortSignal.timeout(10_000) }));
  if (answer?.ok !== true) throw new StoreAway(`${url} answers ${answer?.status ?? "nothing"}`);
  return answer.text();
}

/** How many of each a stack has of a service now. */
export async function stored(addresses: Addresses, serviceName: string): Promise<Stored> {
  const { lines, spans, points } = await storedNumbers(addresses, serviceName);
  return { lines: lines.length, spans: spans.length, points: points.length };
}

/**
 * The same, once there are at least so many of each, or after a minute.
 *
 * @param of what is waited for
 */
export async function eventuallyStored(
  addresses: Addresses,
  serviceName: string,
  count: number,
  of: readonly (keyof Stored)[] = ["lines", "spans", "points"],
): Promise<Stored> {
  let found: Stored = { lines: 0, spans: 0, points: 0 };
  const isThere = async (): Promise<boolean> => {
    try {
      found = await stored(addresses, serviceName);
    } catch (error) {
      // A store that has just been started.
      if (error instanceof StoreAway) return false;
      throw error;
    }
    return of.every((kind) => found[kind] >= count);
  };
  await pWaitFor(isThere, { interval: 1000, timeout: { milliseconds: 60_000, fallback: () => undefined } });
  return found;
}

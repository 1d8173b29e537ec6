// @ts-check
import { ask, parsed } from "./ask.mjs";

/*
 * How a beat of the canary is sent, and how each store is asked for beats: the Collector's OTLP as JSON
 * (opentelemetry.io/docs/specs/otlp/#otlphttp), and the stores' own APIs.
 */

/**
 * What is sent of one signal in one minute.
 * @typedef {object} Beat
 * @property {number} number Unique: when it was sent, in milliseconds since 1970.
 * @property {string} traceId
 */

/**
 * How one signal is sent, and found again.
 * @typedef {object} Signal
 * @property {string} name
 * @property {string} path Where OTLP takes it.
 * @property {(beat: Beat) => object} request The beat as a request of OTLP.
 * @property {(beats: readonly Beat[], signal: AbortSignal) => Promise<ReadonlySet<number>>} find Numbers of those beats that the store has.
 */

/**
 * Base addresses, without a slash at the end.
 * @typedef {object} Addresses
 * @property {string} collector
 * @property {string} logs Loki.
 * @property {string} traces Jaeger.
 * @property {string} metrics VictoriaMetrics.
 */

/** Most lines that Loki is asked for: all of two hours, and more than enough. */
const mostLines = "1000";

/** Who sends the beats. One instance for ever, so that a restart makes no new series. */
const identity = { "service.name": "canary", "service.namespace": "stack", "service.instance.id": "canary" };
const own = '{service_name="canary",service_namespace="stack"}';

/** Keeps a beat's trace, whatever the stack keeps of traces (config/collector/tail-sampling.ts). */
const traceState = "observability=keep";

/** @param {Readonly<Record<string, string>>} attributes */
const otlp = (attributes) => Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } }));

const resource = { attributes: otlp(identity) };
const scope = { name: "canary" };

/** @param {number} milliseconds */
const nanoseconds = (milliseconds) => `${milliseconds}000000`;

/**
 * The signals, each with its store.
 * @param {Addresses} addresses
 * @returns {readonly Signal[]}
 */
export function signalsOf({ logs, traces, metrics }) {
  return [
    {
      name: "logs",
      path: "/v1/logs",
      request: ({ number, traceId }) => {
        const timeUnixNano = nanoseconds(number);
        const body = { stringValue: `canary ${number}` };
        const record = { timeUnixNano, severityNumber: 9, severityText: "INFO", body, traceId };
        return { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [record] }] }] };
      },
      find: async (beats, signal) => {
        const { first, last } = spanned(beats);
        const range = { start: nanoseconds(first - 1), end: nanoseconds(last + 1) };
        const query = new URLSearchParams({
          query: own,
          limit: mostLines,
          direction: "backward",
          ...range,
        });
        const { text } = await ask(`${logs}/loki/api/v1/query_range?${query.toString()}`, { signal });
        const { data } = /** @type {{ data: { result: { values: [string, string][] }[] } }} */ (parsed(text));
        const lines = data.result.flatMap(({ values }) => values.map(([, line]) => line));
        return new Set(lines.map((line) => Number(/canary (\d+)/.exec(line)?.[1])));
      },
    },
    {
      name: "traces",
      path: "/v1/traces",
      request: ({ number, traceId }) => {
        const times = { startTimeUnixNano: nanoseconds(number), endTimeUnixNano: nanoseconds(number + 1) };
        const span = { traceId, spanId: traceId.slice(16), traceState, name: "canary", kind: 1, ...times };
        return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span] }] }] };
      },
      find: async (beats, signal) => {
        /** @type {Set<number>} */
        const found = new Set();
        for (const { number, traceId } of beats) {
          const { status } = await ask(`${traces}/api/traces/${traceId}`, { signal, also: 404 });
          if (status !== 404) found.add(number);
        }
        return found;
      },
    },
    {
      name: "metrics",
      path: "/v1/metrics",
      request: ({ number }) => {
        const gauge = { dataPoints: [{ timeUnixNano: nanoseconds(number), asInt: `${number}` }] };
        const metric = { name: "canary.beat", description: "When the canary sent this, in milliseconds", gauge };
        return { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: [metric] }] }] };
      },
      find: async (beats, signal) => {
        const { first, last } = spanned(beats);
        const query = new URLSearchParams({
          query: `canary_beat${own}[${last - first + 2000}ms]`,
          time: `${(last + 1000) / 1000}`,
        });
        const { text } = await ask(`${metrics}/api/v1/query?${query.toString()}`, { signal });
        const { data } = /** @type {{ data: { result: { values: [number, string][] }[] } }} */ (parsed(text));
        return new Set(data.result.flatMap(({ values }) => values.map(([, value]) => Number(value))));
      },
    },
  ];
}

/** @param {readonly Beat[]} beats */
function spanned(beats) {
  const numbers = beats.map(({ number }) => number);
  return { first: Math.min(...numbers), last: Math.max(...numbers) };
}

/**
 * Sends a beat to the Collector.
 * @param {Addresses} addresses @param {Signal} signal @param {Beat} beat @param {AbortSignal} abort
 * @throws {Error} if the Collector has not said that it took it
 */
export async function send({ collector }, { path, request }, beat, abort) {
  const headers = { "content-type": "application/json" };
  const { text } = await ask(`${collector}${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(request(beat)),
    signal: abort,
  });
  if (text === "") return;
  const { partialSuccess = {} } = /** @type {{ partialSuccess?: Readonly<Record<string, unknown>> }} */ (parsed(text));
  const rejected = Object.entries(partialSuccess).filter(
    ([key, count]) => key.startsWith("rejected") && Number(count) > 0,
  );
  if (rejected.length > 0) throw new Error(`${path}: must take the beat, got ${JSON.stringify(partialSuccess)}`);
}

import { signals, type Signal } from "../config/parts/part.ts";
import { logRequests, pointRequests, spanRequests, type Requests } from "./requests.ts";
import type { Amounts, Stream } from "./schedule.ts";

/** How many services send. */
const services = 10;

/** How many lines, spans and points each request has. */
export const recordsOfRequest: Amounts = { logs: 100, traces: 100, metrics: 1000 };

/** What a record of each signal is called. */
export const recordNames = { logs: "lines", traces: "spans", metrics: "points" } as const satisfies Readonly<
  Record<Signal, string>
>;

/** Bytes of a line. */
export const lineBytes = 350;

/** What is sent, by its name: which share of the records is of each signal. */
export const kinds = {
  lines: { logs: 1, traces: 0, metrics: 0 },
  spans: { logs: 0, traces: 1, metrics: 0 },
  points: { logs: 0, traces: 0, metrics: 1 },
  mix: { logs: 0.5, traces: 0.1, metrics: 0.4 },
} as const satisfies Readonly<Record<string, Amounts>>;

/** One of {@link kinds}. */
export type Kind = keyof typeof kinds;

/** Records of each signal a second. */
export function amountsOf(kind: Kind, recordsPerSecond: number): Amounts {
  const { logs, traces, metrics } = kinds[kind];
  return { logs: logs * recordsPerSecond, traces: traces * recordsPerSecond, metrics: metrics * recordsPerSecond };
}

const requestsOf: Readonly<Record<Signal, (service: string, records: number) => Requests | Promise<Requests>>> = {
  logs: (service, records) => logRequests(service, records, lineBytes),
  traces: spanRequests,
  // Not a second argument more: what comes third is a time in the past.
  metrics: (service, records) => pointRequests(service, records),
};

/** What ten services send together of so much a second, each its share of every signal. */
export async function streamsOf(perSecond: Amounts): Promise<readonly Stream[]> {
  const streams: Stream[] = [];
  for (const signal of signals.filter((one) => perSecond[one] > 0)) {
    const records = recordsOfRequest[signal];
    for (let service = 0; service < services; service += 1) {
      const requests = await requestsOf[signal](`bench-${service}`, records);
      streams.push({ requests, seconds: (records * services) / perSecond[signal] });
    }
  }
  return streams;
}

import { setImmediate as immediately, setTimeout as sleep } from "node:timers/promises";
import type { Signal } from "../config/parts/part.ts";
import { traceIdOf, type Requests } from "./requests.ts";

/** What is sent every so often. */
export interface Stream {
  readonly requests: Requests;
  /** Between two requests. */
  readonly seconds: number;
}

/** Lines, spans and points, by their signal. */
export type Amounts = Readonly<Record<Signal, number>>;

/** What came of a schedule. */
export interface Sent {
  /** Records that were sent. */
  readonly sent: Amounts;
  /** Records that were acknowledged. */
  readonly acknowledged: Amounts;
  /** Requests that were not, by the status of the answer; 0 if there was none. */
  readonly refused: ReadonlyMap<number, number>;
  /** The id of an acknowledged trace of each second, if there were spans. */
  readonly traceIds: readonly string[];
  /** By how much the latest request was sent after its time, in milliseconds: more than a moment, and the rate is not the one wanted. */
  readonly lateMillis: number;
  /** Share of one core that this process took. */
  readonly cores: number;
}

/** What a schedule needs beside its streams. */
export interface Schedule {
  readonly seconds: number;
  /** Sends a request; returns the status of the answer, or fails if there is none. */
  readonly post: (signal: Signal, body: Buffer) => Promise<number>;
  /** Ends it early. */
  readonly end?: AbortSignal;
  /** Is told what was acknowledged. */
  readonly onAcknowledged?: (signal: Signal, records: number) => void;
}

/**
 * Sends each request at its time, whether those before it were answered or not: a rate, where senders that wait for their answers
 * would slow down with whom they send to. Ends when all answers are there.
 */
export async function sendOnSchedule(
  streams: readonly Stream[],
  { seconds, post, end, onAcknowledged }: Schedule,
): Promise<Sent> {
  const sent = { logs: 0, traces: 0, metrics: 0 };
  const acknowledged = { logs: 0, traces: 0, metrics: 0 };
  const refused = new Map<number, number>();
  const traceIds = new Map<number, string>();
  const underWay = new Set<Promise<void>>();
  const cpuBefore = process.cpuUsage();
  const startMillis = performance.now();
  const endMillis = startMillis + seconds * 1000;
  let [number, lateMillis] = [0, 0];
  const send = async (requests: Requests, body: Buffer): Promise<void> => {
    const { signal, records } = requests;
    const status = await post(signal, body).catch(() => 0);
    if (status !== 200) {
      refused.set(status, (refused.get(status) ?? 0) + 1);
      return;
    }
    acknowledged[signal] += records;
    onAcknowledged?.(signal, records);
    const second = Math.floor((performance.now() - startMillis) / 1000);
    if (signal === "traces" && !traceIds.has(second)) traceIds.set(second, traceIdOf(requests, body));
  };
  const follow = async (stream: Stream): Promise<void> => {
    const { requests, seconds: apart } = stream;
    // One after the other, so that those of a signal do not come all at once.
    const alike = streams.filter((other) => other.requests.signal === requests.signal);
    const first = startMillis + (alike.indexOf(stream) / alike.length) * apart * 1000;
    for (
      let turn = 0, at = first;
      at < endMillis && end?.aborted !== true;
      turn += 1, at = first + turn * apart * 1000
    ) {
      const early = at - performance.now();
      await (early > 0 ? sleep(early) : immediately());
      lateMillis = Math.max(lateMillis, performance.now() - at);
      sent[requests.signal] += requests.records;
      // The buffer of a request is that of the next one too.
      const answered = send(requests, Buffer.from(requests.next(number)));
      number += requests.records;
      underWay.add(answered);
      void answered.finally(() => underWay.delete(answered));
    }
  };
  await Promise.all(streams.map(follow));
  await Promise.all(underWay);
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    ...{ sent, acknowledged, refused, lateMillis, traceIds: [...traceIds.values()] },
    cores: (user + system) / 1000 / (performance.now() - startMillis),
  };
}

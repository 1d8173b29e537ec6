/*
 * Requests of services go into the queues on disk in groups. A queue writes each request to its file with a commit of its own,
 * and the client waits for it; so what comes within a moment is gathered, written with one commit, and acknowledged
 * after it. The Collector has no component that gathers and lets its clients wait in front of a queue on disk, but an
 * exporter's queue in memory does (`wait_for_result`): the Collector sends to itself. Source of each key: as of delivery.ts.
 */
import { batchBytes, shortWay } from "./delivery.ts";
import { stackNamespace } from "../names.ts";
import type { Signal } from "../parts/part.ts";

/** Names of what gathers and of what takes the groups. Both end in the stack's namespace, and queries leave them out by that. */
export const grouping = { exporter: `otlp_grpc/${stackNamespace}`, receiver: `otlp/${stackNamespace}` } as const;

/** Name of the pipeline from the groups of a signal to the queues of its stores. */
export function groupedPipeline(signal: Signal): string {
  return `${signal}/grouped`;
}

/** Labels of the Collector's own metrics: what it takes from services, and what it hands on to others than itself. */
export const fromOthers = `receiver!~".+/${stackNamespace}"`;
export const toOthers = `exporter!~".+/${stackNamespace}"`;

/** @param port of loopback, on which the Collector hears itself */
export function groupingExporter(port: number): object {
  return {
    endpoint: `127.0.0.1:${port}`,
    ...shortWay,
    // Below the 10 s after which an SDK sends again: what a full queue takes in the meantime would be there twice.
    timeout: "5s",
    // The client sends again.
    retry_on_failure: { enabled: false },
    sending_queue: {
      wait_for_result: true,
      sizer: "bytes",
      queue_size: waitingBytes,
      block_on_overflow: true,
      // While one group is written the next one is gathered.
      num_consumers: 2,
      // Log lines stored for a second of processor time, 4 senders of 100 lines: 21,700 without groups, 23,800 with 2 ms, 27,200
      // with 5 and 28,100 with 10, where each waits longer (`npm run bench:throughput`).
      batch: { flush_timeout: "5ms", ...batchBytes },
    },
  };
}

/** Bytes of requests that wait to be written at most: some of the largest ones. Their clients wait as well. */
const waitingBytes = 64 * 1024 * 1024;

/** @param port of loopback, on which the Collector hears itself */
export function groupingReceiver(port: number): object {
  // Larger than any group: a record is not split, and a request may be one record.
  return { protocols: { grpc: { endpoint: `127.0.0.1:${port}`, max_recv_msg_size_mib: 64 } } };
}

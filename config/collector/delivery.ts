/*
 * How the Collector hands on what it has taken: what is common to its exporters, and the way of what must not be lost.
 * Source of each key: go.opentelemetry.io/collector/exporter/exporterhelper, README.md and internal/queuebatch/config.go.
 */

/**
 * The stores are on the same machine or in the same cluster: there gzip, the default, takes more of two processors than what
 * it saves of the network is worth. Log lines stored for a second of processor time, in batches of 100, side by side: 16,800
 * with it, 18,900 without (`npm run bench:throughput`).
 */
export const shortWay = { tls: { insecure: true }, compression: "none" } as const;

/** Bytes from which on a batch waits for no more, and that it has at most. */
export const batchBytes = { min_size: 262144, max_size: 3000000 } as const;

/** Until it is stored, through a queue on disk. A full queue holds the client back. @param queueMib room of the queue */
export function durableDelivery(queueMib: number): object {
  return {
    timeout: "30s",
    // 0: until it is delivered. With a limit the oldest data of a long outage is thrown away first.
    retry_on_failure: { enabled: true, initial_interval: "1s", max_interval: "15s", max_elapsed_time: "0s" },
    sending_queue: {
      storage: "file_storage",
      sizer: "bytes",
      queue_size: queueMib * 1024 * 1024,
      block_on_overflow: true,
      num_consumers: 4,
      batch: { flush_timeout: "200ms", ...batchBytes },
    },
  };
}

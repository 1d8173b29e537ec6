import { parse, stringify } from "yaml";
import { collectorPorts } from "../config/collector/document.ts";
import { collectorReader } from "../config/parts/own-metrics.ts";

/** What of a planned container a variant may change. */
export interface Container {
  readonly envs: readonly string[];
  readonly memory: number;
}

/** How the same binaries are configured, in place of what this stack makes of them. */
export interface Variant {
  readonly container?: (workload: string, container: Container) => Container;
  /** The content of a file. */
  readonly file?: (workload: string, content: string) => string;
}

type Section = Readonly<Record<string, object>>;

/** The stores' exporters of a Collector's configuration with something of each changed. */
function exporters(content: string, change: (exporter: object) => object): string {
  const settings = parse(content) as { readonly exporters: Section };
  const changed = Object.entries(settings.exporters).map(([name, exporter]) => [name, change(exporter)] as const);
  return stringify({ ...settings, exporters: Object.fromEntries(changed) });
}

/** A Collector's configuration whose pipelines hand each request to the queues as it comes. */
function ungrouped(content: string): string {
  const { service, ...settings } = parse(content) as {
    readonly service: { readonly pipelines: Readonly<Record<string, { readonly exporters: readonly string[] }>> };
  };
  const pipelines = Object.entries(service.pipelines).flatMap(([name, pipeline]) => {
    if (name.endsWith("/grouped")) return [];
    return [[name, { ...pipeline, exporters: (service.pipelines[`${name}/grouped`] ?? pipeline).exporters }] as const];
  });
  return stringify({ ...settings, service: { ...service, pipelines: Object.fromEntries(pipelines) } });
}

function ofCollector(change: (content: string) => string): Variant {
  return { file: (workload, content) => (workload === "otel-collector" ? change(content) : content) };
}

/** The stack as it is, but that the Collector tells its own numbers to the bench as well. */
export const toldNumbers: Variant = ofCollector((content) => {
  const { service, ...settings } = parse(content) as {
    readonly service: { readonly telemetry: { readonly metrics: { readonly readers: readonly object[] } } };
  };
  const { metrics } = service.telemetry;
  const open = collectorReader("0.0.0.0", collectorPorts.metrics);
  const readers = metrics.readers.map((reader) => ("pull" in reader ? open : reader));
  const telemetry = { ...service.telemetry, metrics: { ...metrics, readers } };
  return stringify({ ...settings, service: { ...service, telemetry } });
});

/** A Collector that batches in memory, as most examples have it, and acknowledges before anything is stored. */
function batching(memory: object, batch: object): string {
  return stringify({
    receivers: { otlp: { protocols: { http: { endpoint: "0.0.0.0:4318" } } } },
    processors: {
      memory_limiter: { check_interval: "1s", ...memory },
      resource: { attributes: [{ key: "service.namespace", value: "unknown", action: "insert" }] },
      batch,
    },
    exporters: { "otlp_http/loki": { endpoint: "http://loki:3100/otlp", tls: { insecure: true } } },
    service: {
      pipelines: {
        logs: {
          receivers: ["otlp"],
          processors: ["memory_limiter", "resource", "batch"],
          exporters: ["otlp_http/loki"],
        },
      },
      telemetry: { logs: { level: "warn" } },
    },
  });
}

/** A Loki with its defaults, as far as a single one on its own disk can have them. */
const defaultLoki = stringify({
  auth_enabled: false,
  server: { http_listen_port: 3100, log_level: "warn" },
  common: {
    instance_addr: "127.0.0.1",
    path_prefix: "/loki",
    replication_factor: 1,
    ring: { kvstore: { store: "inmemory" } },
    storage: { filesystem: { chunks_directory: "/loki/chunks", rules_directory: "/loki/rules" } },
  },
  schema_config: {
    configs: [
      {
        ...{ from: "2024-01-01", store: "tsdb", object_store: "filesystem", schema: "v13" },
        index: { prefix: "index_", period: "24h" },
      },
    ],
  },
  limits_config: { allow_structured_metadata: true, retention_period: "720h" },
  compactor: { working_directory: "/loki/compactor", retention_enabled: true, delete_request_store: "filesystem" },
  analytics: { reporting_enabled: false },
});

const sizes: Readonly<Record<string, number>> = { "otel-collector": 192, loki: 256 };

function others(collector: string): Variant {
  return {
    container: (workload, { memory, envs }) =>
      workload in sizes ? { memory: sizes[workload] ?? memory, envs: [] } : { memory, envs },
    file: (workload, content) =>
      workload === "otel-collector" ? collector : workload === "loki" ? defaultLoki : content,
  };
}

/** The settings that are measured side by side, by the name in the table. */
export const variants: Readonly<Record<string, Variant>> = {
  ours: {},
  "ours, gzip between the parts": ofCollector((content) =>
    exporters(content, (exporter) => ({ ...exporter, compression: "gzip" })),
  ),
  "ours, each request to disk on its own": ofCollector(ungrouped),
  // Not durable: how much of the way the queue on disk is.
  "ours, queues in memory": ofCollector((content) =>
    exporters(content, (exporter) =>
      "sending_queue" in exporter && typeof exporter.sending_queue === "object"
        ? { ...exporter, sending_queue: { ...exporter.sending_queue, storage: undefined } }
        : exporter,
    ),
  ),
  "batches of 10 s in memory": others(
    batching({ limit_mib: 150, spike_limit_mib: 40 }, { timeout: "10s", send_batch_size: 1024 }),
  ),
  "batches of 200 ms in memory": others(
    batching({ limit_mib: 150, spike_limit_mib: 40 }, { timeout: "200ms", send_batch_size: 8192 }),
  ),
};

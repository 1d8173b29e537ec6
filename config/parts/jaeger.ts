import { stringify } from "yaml";
import { derivedMetrics } from "../collector/derived-metrics.ts";
import { noUserText } from "../expansion.ts";
import { hours } from "../units.ts";
import { collectorProcessMetrics, collectorReader } from "./own-metrics.ts";
import { part, type KeptMetric } from "./part.ts";

const queryPort = 16686;
const otlpGrpcPort = 4317;
const healthPort = 13133;
const metricsPort = 8888;
const dataPath = "/badger";
const configPath = "/etc/jaeger/config.yaml";

/** How far around a trace its logs are looked for: clocks differ, and work goes on after the last span. */
const aroundTrace = { spanStartTimeShift: "-5m", spanEndTimeShift: "5m" };

/** How far around a span its metrics are shown. */
const aroundSpan = { spanStartTimeShift: "-30m", spanEndTimeShift: "30m" };

/** Attributes of a span by which its metrics are found, with their labels; that of the service the Collector adds. */
const spanTags = [
  { key: "service.name", value: "service_name" },
  { key: "service.namespace", value: "service_namespace" },
];
/** Grafana replaces `$__tags` by {@link spanTags}, and a span's own name by nothing (createSpanLink.tsx, 10 to 13). */
const ofService = "{$__tags}[$__rate_interval]";

/** What is asked of the metrics of a span's service. */
const spanQueries = [
  {
    name: "Requests a second by operation",
    query: `sum by (span_name) (rate(${derivedMetrics.calls}${ofService}))`,
  },
  {
    name: "Latency p95 by operation",
    query: `histogram_quantile(0.95, sum by (span_name, le, vmrange) (increase(${derivedMetrics.duration}_bucket${ofService})))`,
  },
];

/**
 * What is kept of Jaeger's metrics about itself. How many spans it takes and refuses the Collector knows, under names that
 * Jaeger, made of a Collector, would use as well. Source: the metrics of 2.13.0, as it writes them.
 */
const jaegerMetrics: Readonly<Record<string, KeptMetric>> = {
  ...collectorProcessMetrics,
  jaeger_storage_requests_total: { says: "queries, by `operation` and `result`", isRare: true },
  jaeger_storage_latency_seconds: { says: "how long queries took", isHistogram: true, isRare: true },
  jaeger_storage_badger_size_bytes_lsm: { says: "bytes of its keys and spans on disk" },
  jaeger_storage_badger_size_bytes_vlog: { says: "bytes of its value log on disk" },
  jaeger_storage_badger_write_bytes_user: { says: "bytes that it was given to store, since its start" },
  jaeger_storage_badger_put_num_user: { says: "entries that it was given to store, since its start" },
};

/** Stores the traces: one instance on badger, for the retention period. */
export const jaeger = part({
  host: "jaeger",
  title: "Jaeger",
  image: "jaegertracing/jaeger:2.13.0",
  // Badger fills tables of 64 MiB in memory and writes some while it fills the next: with 256 MiB it was killed after 18,000 spans,
  // with 384 after 198,000 (`npm run bench:capacity`).
  memoryMib: { minimum: 512, default: 512 },
  data: { volume: "jaeger_data", path: dataPath, defaultGib: 10, backup: "all" },
  ports: {
    query: {
      port: queryPort,
      purpose: "user interface and HTTP API",
      published: { setting: "jaeger", title: "Jaeger", purpose: "traces", isOpened: true },
    },
    "otlp-grpc": {
      port: otlpGrpcPort,
      purpose: "OTLP from the Collector",
    },
    health: {
      port: healthPort,
      purpose: "`/status`; `/config` is the configuration in force",
    },
    metrics: { port: metricsPort, purpose: "`/metrics`" },
  },
  configuredBy: "yaml",
  user: { userId: 10001, groupId: 10001 },
  stopGraceSeconds: 30,
  // The image declares it as a volume, for which Docker would otherwise make one without a name.
  scratchPaths: ["/tmp"],
  readiness: {
    port: "health",
    httpPath: "/status",
    selfCheck: ["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${healthPort}/status`],
    startPeriodSeconds: 30,
    gates: false,
  },
  exporter: { signal: "traces", type: "otlp_grpc", port: "otlp-grpc", config: (address) => ({ endpoint: address }) },
  datasource: {
    signal: "traces",
    type: "jaeger",
    uid: "jaeger",
    port: "query",
    isDefault: false,
    // From a trace to its logs by the id alone: the lines of all services together tell what happened.
    jsonData: ({ logs, metrics }) => ({
      nodeGraph: { enabled: true },
      tracesToLogsV2: {
        datasourceUid: logs,
        ...aroundTrace,
        customQuery: true,
        query: '{service_name=~".+"} | trace_id="${__trace.traceId}"',
      },
      tracesToMetrics: { datasourceUid: metrics, ...aroundSpan, tags: spanTags, queries: spanQueries },
    }),
  },
  metrics: { port: "metrics", kept: jaegerMetrics },
  // The Collector underneath would replace `${env:…}`.
  reads: { args: [noUserText], env: [noUserText], [configPath]: [noUserText] },
  process: ({ retentionHours }) => ({
    args: [`--config=${configPath}`],
    configFiles: [{ path: configPath, content: jaegerConfig({ retentionHours }) }],
  }),
});

/**
 * Jaeger v2 on badger: traces survive a restart and go after the retention period.
 * No batch processor in front of the storage, so a sender hears "stored" only after the commit.
 */
export function jaegerConfig({ retentionHours }: { readonly retentionHours: number }): string {
  const store = "badger_store";
  return stringify({
    service: {
      extensions: ["jaeger_storage", "jaeger_query", "healthcheckv2"],
      pipelines: { traces: { receivers: ["otlp"], exporters: ["jaeger_storage_exporter"] } },
      telemetry: {
        logs: { level: "warn" },
        metrics: { level: "normal", readers: [collectorReader("0.0.0.0", metricsPort)] },
      },
    },
    extensions: {
      healthcheckv2: {
        use_v2: true,
        http: {
          endpoint: `0.0.0.0:${healthPort}`,
          status: { enabled: true, path: "/status" },
          // Gives back the configuration in force, the retention among it.
          config: { enabled: true, path: "/config" },
        },
      },
      jaeger_query: {
        storage: { traces: store },
        http: { endpoint: `0.0.0.0:${queryPort}` },
        // The same over gRPC, which nobody uses: it cannot be switched off, and is on every address unless one is named.
        grpc: { endpoint: "127.0.0.1:16685" },
        // Or traces of requests to Jaeger itself would stand among those of the services.
        enable_tracing: false,
      },
      jaeger_storage: {
        backends: {
          [store]: {
            badger: {
              directories: { keys: `${dataPath}/keys`, values: `${dataPath}/values` },
              ephemeral: false,
              ttl: { spans: hours(retentionHours) },
            },
          },
        },
      },
    },
    receivers: {
      otlp: {
        protocols: { grpc: { endpoint: `0.0.0.0:${otlpGrpcPort}`, max_recv_msg_size_mib: 64 } },
      },
    },
    exporters: { jaeger_storage_exporter: { trace_storage: store } },
  });
}

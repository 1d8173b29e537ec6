import { noUserText } from "../expansion.ts";
import { secretsFolder } from "../names.ts";
import { hours, mebibytes } from "../units.ts";
import { processMetrics } from "./own-metrics.ts";
import { part, type KeptMetric } from "./part.ts";

const httpPort = 8428;
const dataPath = "/victoria-metrics-data";

/** File with the generated key that {@link guardedRequests} need. */
export const keyFile = `${secretsFolder}/victoria-metrics-admin-key`;

/** Paths that a stack uses. */
const usedPaths = "/api/v1/(?:query|query_range|series|labels|label/\\{\\}/values)|/opentelemetry/v1/metrics";

/** Caches that slow everything down when they are too small. */
const mainCaches = "storage/(?:tsid|metricName)|indexdb/(?:dataBlocks|tagFiltersToMetricIDs)";

/** What is kept of VictoriaMetrics' metrics about itself. Source: the metrics of 1.150.0, as it writes them. */
const ownMetrics: Readonly<Record<string, KeptMetric>> = {
  ...processMetrics,
  vm_rows_inserted_total: { says: "points that it was sent", only: { type: "opentelemetry|promremotewrite" } },
  vm_rows_ignored_total: { says: "points that it threw away, by `reason`" },
  vm_rows_invalid_total: { says: "points that it could not read, by `type`" },
  vm_rows: { says: "points that it stores", only: { type: "storage/.+" } },
  vm_new_timeseries_created_total: { says: "series that were new" },
  vm_cache_entries: { says: "series that points came for within the hour", only: { type: "storage/hour_metric_ids" } },
  vm_cache_size_bytes: { says: "bytes in its main caches, by `type`", only: { type: mainCaches } },
  vm_cache_size_max_bytes: { says: "the most that may be in each", only: { type: mainCaches } },
  vm_slow_row_inserts_total: { says: "points whose series was not in the cache" },
  vm_slow_per_day_index_inserts_total: { says: "points of series that were new on their day" },
  vm_slow_queries_total: { says: "queries that took longer than five seconds" },
  vm_request_duration_seconds: {
    says: "how long queries took, by `path` and `quantile`",
    only: { path: usedPaths },
    isRare: true,
  },
  vm_request_duration_seconds_count: { says: "queries, by `path`", only: { path: usedPaths }, isRare: true },
  vm_http_request_errors_total: { says: "requests that it refused, by `path`", only: { path: usedPaths } },
  vm_concurrent_select_limit_reached_total: { says: "queries that had to wait for others" },
  vm_concurrent_select_limit_timeout_total: { says: "queries that waited in vain" },
  vm_concurrent_insert_limit_reached_total: { says: "requests with points that had to wait for others" },
  vm_concurrent_insert_limit_timeout_total: { says: "requests with points that waited in vain" },
  vm_data_size_bytes: { says: "bytes on disk, by `type`" },
  vm_free_disk_space_bytes: { says: "free bytes where its data is" },
  vm_total_disk_space_bytes: { says: "all bytes there" },
  vm_free_disk_space_limit_bytes: { says: "with fewer free ones it takes no more points" },
  vm_storage_is_read_only: { says: "1 when that is so" },
};

/** Stores the metrics: one instance, for the retention period. */
export const victoriaMetrics = part({
  host: "victoria-metrics",
  title: "VictoriaMetrics",
  image: "victoriametrics/victoria-metrics:v1.150.0",
  memoryMib: { minimum: 96, default: 256 },
  data: { volume: "victoria_metrics_data", path: dataPath, defaultGib: 10, backup: "all" },
  ports: {
    http: {
      port: httpPort,
      purpose: "queries, `/vmui`, OTLP from the Collector, `/health`, `/metrics`",
      published: {
        setting: "victoriaMetrics",
        title: "VictoriaMetrics",
        purpose: "metrics, /vmui for queries",
        isOpened: false,
      },
    },
  },
  configuredBy: "flags",
  user: { userId: 10001, groupId: 10001 },
  // There is no write-ahead log: what is in memory is written on the way out.
  stopGraceSeconds: 60,
  readiness: {
    port: "http",
    httpPath: "/health",
    selfCheck: ["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${httpPort}/health`],
    startPeriodSeconds: 30,
    gates: false,
  },
  // No person and no stored data needs it, so a lost one is generated anew.
  generatedSecrets: { "admin-key": { path: keyFile, isKept: false } },
  exporter: {
    signal: "metrics",
    type: "otlp_http",
    port: "http",
    config: (address) => ({ metrics_endpoint: `http://${address}/opentelemetry/v1/metrics` }),
  },
  datasource: {
    signal: "metrics",
    type: "prometheus",
    uid: "victoria-metrics",
    port: "http",
    isDefault: true,
    jsonData: () => ({
      httpMethod: "POST",
      // A rate looks at four times this at least: the parts, which are asked every 30 s, have two points in it.
      timeInterval: "15s",
    }),
  },
  metrics: { port: "http", kept: ownMetrics },
  // It would replace `%{NAME}` in its flags.
  reads: { args: [noUserText], env: [noUserText], [keyFile]: [noUserText] },
  process: (context) => ({ args: victoriaMetricsFlags(context) }),
});

/**
 * Requests that delete, stop or load the server; without a key, whoever reaches the port may send them, and a web page that is
 * open on the machine does. Every flag `-…AuthKey` of `victoria-metrics -help` but those of pages that only show
 * something (`-flagsAuthKey`, `-metricsAuthKey`).
 */
const guardedRequests = [
  "config",
  "delete",
  "forceFlush",
  "forceMerge",
  "logNewSeries",
  "metricNamesStatsReset",
  "pprof",
  "reload",
  "search.resetCache",
  "snapshot",
] as const;

/**
 * Resource attributes that become labels. All of them by default, but series with more than 40 labels are dropped.
 * Without `service.instance.id` two processes of one service would write the same series.
 */
export const promotedResourceAttributes = [
  "service.name",
  "service.namespace",
  "service.version",
  "service.instance.id",
  "deployment.environment.name",
  "host.name",
  "k8s.cluster.name",
  "k8s.namespace.name",
  "k8s.node.name",
  "k8s.pod.name",
  "k8s.container.name",
  "k8s.deployment.name",
] as const;

/**
 * Command line of a single VictoriaMetrics that takes metrics by native OTLP.
 * Source of each flag: docs.victoriametrics.com/victoriametrics/single-server-victoriametrics/#list-of-command-line-flags.
 */
export function victoriaMetricsFlags(settings: {
  readonly retentionHours: number;
  readonly memoryMib: number;
}): readonly string[] {
  return [
    `-httpListenAddr=:${httpPort}`,
    `-storageDataPath=${dataPath}`,
    `-retentionPeriod=${hours(settings.retentionHours)}`,
    // For the caches; the rest is for queries and merges. The default of 60 % leaves them too little in a small container.
    `-memory.allowedBytes=${mebibytes(Math.floor(settings.memoryMib * 0.375))}`,
    // Without a write-ahead log a kill costs what is in memory: points wait there for up to 4 s until they are a part, and a part
    // for up to twice this (lib/storage/partition.go). 2 s is the least that is followed; by default 5 s.
    "-inmemoryDataFlushInterval=2s",
    "-opentelemetry.usePrometheusNaming",
    "-opentelemetry.promoteAllResourceAttributes=false",
    `-opentelemetry.promoteResourceAttributes=${promotedResourceAttributes.join(",")}`,
    "-opentelemetry.promoteScopeMetadata=false",
    // How long the newest points stay hidden: they are pushed, so there is no slow scrape to wait for (default 30s).
    "-search.latencyOffset=1s",
    // A point that the Collector delivers twice is one: it has the same millisecond. No longer than that, or points that
    // are close together would be lost; of cumulative numbers, as they are sent here, no millisecond needs two.
    "-dedup.minScrapeInterval=1ms",
    ...guardedRequests.map((request) => `-${request}AuthKey=file://${keyFile}`),
    // By default it lets every web page read the answers.
    "-http.disableCORS",
    "-loggerLevel=WARN",
  ];
}

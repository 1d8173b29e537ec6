import { stringify } from "yaml";
import { noUserText } from "../expansion.ts";
import { group, seconds, wholeNumber } from "../fields.ts";
import { lokiOverrides } from "../loki-overrides.ts";
import { dashboardUids } from "../names.ts";
import { goDuration, hours, megabytes } from "../units.ts";
import { processMetrics } from "./own-metrics.ts";
import { part, type KeptMetric } from "./part.ts";

const httpPort = 3100;
const dataPath = "/loki";
const configPath = "/etc/loki/local-config.yaml";

/** Resource attributes that become index labels; every other one becomes structured metadata. */
export const lokiIndexLabels = ["service.name", "service.namespace", "deployment.environment.name"] as const;

/** How long a query may take; a minute by default, in which a small machine does not get through a week. */
const querySeconds = 120;

/**
 * How long Loki may take to answer, longer than a query: by default the connection is cut after 30 s, without an answer.
 * A client has to wait as long.
 */
export const lokiAnswerSeconds = querySeconds + 10;

/**
 * Compressed size at which a chunk goes to disk; each stream has one in memory until then. With the default of 1.5 MiB,
 * 10,000 lines a second of 50 services have a Loki with 256 MiB killed for memory; with this one those of 100 have not
 * (`npm run bench:capacity -- --load "many lines of many services"`).
 */
const chunkBytes = 512 * 1024;

/** Chunks that one part of a query reads at once. */
const queriedBytes = 12 * 1024 * 1024;

/**
 * The regular expression that finds the trace id in a line of JSON, with or without a space after the colon, as different
 * JSON writers have it, or in a line that the dashboards make readable.
 */
const traceIdInLine = '(?:"trace_id":\\s*"|(?:^|\\s)trace_id=)(\\w+)';

/**
 * The regular expression that finds who wrote a line: in a line of JSON, or in one that the dashboards make readable, whose
 * columns a level and a service have. Others begin with a level too, but hardly with a word and two blanks behind it.
 */
const serviceInLine = '(?:"service\\.name":\\s*"|^(?:[A-Z]{5,8}|[A-Z]{4} ) (?=\\S{24}|\\S+ {2}))([^\\s"]+)';

/** What is kept of Loki's metrics about itself. Source: the metrics of 3.7.8, as it writes them. */
const lokiMetrics: Readonly<Record<string, KeptMetric>> = {
  ...processMetrics,
  loki_distributor_lines_received_total: { says: "lines that it was sent", isRare: true },
  loki_distributor_bytes_received_total: { says: "their bytes, metadata among them", isRare: true },
  loki_distributor_structured_metadata_bytes_received_total: { says: "bytes of their metadata", isRare: true },
  loki_discarded_samples_total: { says: "lines that it threw away, by `reason`", isRare: true },
  loki_discarded_bytes_total: { says: "bytes of lines that it threw away, by `reason`", isRare: true },
  loki_request_duration_seconds: {
    says: "how long requests took, by `route` and `status_code`: those that write, and queries",
    isHistogram: true,
    only: { route: "otlp_v1_logs|loki_api_v1_(?:query|query_range|labels|label_values|series)" },
    isRare: true,
  },
  loki_ingester_memory_streams: { says: "streams that lines came for lately" },
  loki_ingester_memory_chunks: { says: "chunks in memory" },
  loki_ingester_chunk_stored_bytes_total: { says: "bytes that it has written to its disk", isRare: true },
  loki_ingester_chunks_flush_failures_total: { says: "chunks that it could not write" },
  loki_ingester_wal_disk_full_failures_total: { says: "lines that are not in its write-ahead log, for want of room" },
  loki_ingester_wal_disk_usage_percent: { says: "how full the file system of its data is, from 0 to 1" },
  loki_compactor_apply_retention_last_successful_run_timestamp_seconds: {
    says: "when it last looked for what is older than the retention, as a Unix time; 0 for not yet",
  },
  loki_compactor_apply_retention_operation_total: { says: "how often it did, by `status`", isRare: true },
  loki_boltdb_shipper_compact_tables_operation_total: { says: "compactions of its index, by `status`", isRare: true },
  loki_panic_total: { says: "requests that ended in a fault of Loki" },
};

/** Stores the logs: one instance, on its own disk, for the retention period. */
export const loki = part({
  host: "loki",
  title: "Loki",
  image: "grafana/loki:3.7.8",
  memoryMib: { minimum: 128, default: 256 },
  data: { volume: "loki_data", path: dataPath, defaultGib: 10, backup: "all" },
  ports: {
    http: {
      port: httpPort,
      purpose: "queries, OTLP from the Collector at `/otlp`, `/ready`, `/metrics`, `/config`",
      published: { setting: "loki", title: "Loki", purpose: "logs, API only", isOpened: false },
    },
  },
  configuredBy: "yaml",
  settings: group({
    compactionIntervalSeconds: seconds(600),
    retentionDeleteDelaySeconds: seconds(7200),
    maxDiskGib: wholeNumber({
      least: 1,
      most: 1024 ** 2,
      unit: "GiB",
      change: "set for example 20, or leave it out",
    }).optional(),
  })
    .prefault({})
    .describe(
      "How often Loki's compactor looks for expired chunks, and how long it waits before it deletes their files. `maxDiskGib`: fewer days of logs are kept rather than more than so much on the disk, see docs/operations/logs.md; one day always is. Default: the retention alone decides.",
    ),
  user: { userId: 10001, groupId: 10001 },
  // Chunks in memory are flushed on the way out.
  stopGraceSeconds: 60,
  readiness: {
    port: "http",
    httpPath: "/ready",
    // The image has no shell.
    selfCheck: ["/usr/bin/loki", "-health"],
    startPeriodSeconds: 30,
    gates: true,
  },
  exporter: {
    signal: "logs",
    type: "otlp_http",
    port: "http",
    config: (address) => ({ endpoint: `http://${address}/otlp` }),
  },
  datasource: {
    signal: "logs",
    type: "loki",
    uid: "loki",
    port: "http",
    isDefault: false,
    /*
     * Two ways from a log to its trace, and two to the dashboard of its service. `TraceID` and `Service` read the line and
     * work in every Grafana. `trace_id` and `service_name` read what Loki has beside the line, so they also work for lines
     * that are not JSON; Grafana has that since version 11 and ignores it before. They need names of their own: of fields
     * with one name only the first works.
     */
    jsonData: ({ traces }) => {
      const opensService = {
        url: `/d/${dashboardUids.service}?var-service=\${__value.raw}`,
        urlDisplayLabel: "Open the service",
      };
      const opensTrace = { url: "${__value.raw}", datasourceUid: traces, urlDisplayLabel: "Open the trace" };
      return {
        maxLines: 1000,
        derivedFields: [
          { name: "TraceID", matcherType: "regex", matcherRegex: traceIdInLine, ...opensTrace },
          { name: "trace_id", matcherType: "label", matcherRegex: "^trace_id$", ...opensTrace },
          { name: "Service", matcherType: "regex", matcherRegex: serviceInLine, ...opensService },
          { name: "service_name", matcherType: "label", matcherRegex: "^service_name$", ...opensService },
        ],
      };
    },
  },
  metrics: { port: "http", kept: lokiMetrics },
  // Loki would replace `${…}` in its file only with `-config.expand-env`.
  reads: { args: [noUserText], env: [noUserText], [configPath]: [noUserText] },
  process: ({ settings, memoryMib, retentionHours }) => ({
    args: [`-config.file=${configPath}`],
    // The compactor writes temporary files; without a place for them it deletes nothing, and says so only in a metric.
    env: { TMPDIR: dataPath },
    configFiles: [{ path: configPath, content: lokiConfig({ ...settings, memoryMib, retentionHours }) }],
    sharedFiles: settings.maxDiskGib === undefined ? [] : [{ ...lokiOverrides, access: "reads" }],
  }),
});

/** Inputs of Loki's configuration. */
export interface LokiSettings {
  readonly retentionHours: number;
  readonly memoryMib: number;
  readonly compactionIntervalSeconds: number;
  readonly retentionDeleteDelaySeconds: number;
  /** `undefined` where the retention alone decides. */
  readonly maxDiskGib?: number | undefined;
}

/**
 * A single Loki that keeps logs on its own disk and really deletes them after the retention period.
 * Source of each key: grafana.com/docs/loki/latest/configure.
 */
export function lokiConfig(settings: LokiSettings): string {
  const data = dataPath;
  return stringify({
    auth_enabled: false,
    server: {
      http_listen_port: httpPort,
      http_server_write_timeout: goDuration(lokiAnswerSeconds),
      log_level: "warn",
      // There is one Loki: no other speaks gRPC to it.
      grpc_listen_address: "127.0.0.1",
      // A push above this limit answers 503, which a sender retries for ever; the default is 4 MiB.
      grpc_server_max_recv_msg_size: 64 * 1024 * 1024,
      grpc_server_max_send_msg_size: 64 * 1024 * 1024,
    },
    common: {
      instance_addr: "127.0.0.1",
      path_prefix: data,
      replication_factor: 1,
      ring: { kvstore: { store: "inmemory" } },
      storage: { filesystem: { chunks_directory: `${data}/chunks`, rules_directory: `${data}/rules` } },
    },
    schema_config: {
      configs: [
        {
          from: "2024-01-01",
          store: "tsdb",
          object_store: "filesystem",
          schema: "v13",
          index: { prefix: "index_", period: "24h" },
        },
      ],
    },
    ingester: {
      lifecycler: { min_ready_duration: "1s" },
      chunk_encoding: "snappy",
      chunk_idle_period: "30m",
      chunk_target_size: chunkBytes,
      // How often it looks for full chunks, which stay in memory until then: with the default of 30 s lines that come as fast
      // as a machine can send them are more than the memory limit (`npm run bench:throughput -- --lines 1000`).
      flush_check_period: "2s",
      // Half of it is how late a line may come: 12 h, enough for what a Collector re-sends after an outage.
      max_chunk_age: "24h",
      wal: {
        dir: `${data}/wal`,
        checkpoint_duration: "1m",
        flush_on_shutdown: true,
        // The default of 4 GB would be killed for memory while it replays.
        replay_memory_ceiling: megabytes(Math.floor(settings.memoryMib * 0.375)),
      },
    },
    pattern_ingester: { enabled: false, lifecycler: { min_ready_duration: "1s" } },
    frontend: { scheduler_dns_lookup_period: "1s", address: "127.0.0.1" },
    query_scheduler: { use_scheduler_ring: false },
    querier: {
      // 0: always ask the ingester. The default of 3 h would hide lines younger than max_chunk_age and not yet on disk.
      query_ingesters_within: "0s",
      // Parts of queries at once, each with the chunks of a batch. With the default of 4, and 75 MB a batch, a query of many lines
      // has Loki killed for memory while lines come in fast (`npm run bench:throughput -- --lines 1000 --query`).
      max_concurrent: Math.max(1, Math.floor(settings.memoryMib / 128)),
    },
    storage_config: { max_chunk_batch_size: queriedBytes / chunkBytes },
    query_range: { results_cache: { cache: { embedded_cache: { enabled: true, max_size_mb: 8 } } } },
    chunk_store_config: { chunk_cache_config: { embedded_cache: { enabled: true, max_size_mb: 16 } } },
    // Without these lines retention_period deletes nothing.
    compactor: {
      working_directory: `${data}/compactor`,
      compaction_interval: goDuration(settings.compactionIntervalSeconds),
      retention_enabled: true,
      retention_delete_delay: goDuration(settings.retentionDeleteDelaySeconds),
      retention_delete_worker_count: 10,
      delete_request_store: "filesystem",
    },
    ...(settings.maxDiskGib === undefined ? {} : { runtime_config: { file: lokiOverrides.path, period: "10s" } }),
    // Nothing here has rules, and its API would let any web page write some.
    ruler: { enable_api: false },
    limits_config: {
      allow_structured_metadata: true,
      retention_period: hours(settings.retentionHours),
      // Of single lines on request, which whoever reaches the port could send; retention goes on without it.
      deletion_mode: "disabled",
      max_query_lookback: hours(settings.retentionHours),
      query_timeout: goDuration(querySeconds),
      // Loki's default of 30 d 1 h would refuse a query over a longer retention.
      max_query_length: hours(settings.retentionHours + 1),
      // What is not refused here is not lost: the Collector has acknowledged it. By default lines with more than 128 attributes, or
      // 64 kB of them, are thrown away, names of services of more than 2,048 characters, and what is more than a week old.
      max_structured_metadata_size: 0,
      max_structured_metadata_entries_count: 0,
      max_label_value_length: 65_536,
      // A week at least, since what waits in the Collector's queue may be as old. No further back than a year: the schema begins in 2024.
      reject_old_samples_max_age: hours(Math.min(Math.max(settings.retentionHours, 7 * 24), 365 * 24)),
      ingestion_rate_mb: 64,
      // A sender whose clock is an hour ahead is heard; by default ten minutes. It makes what is late to the same stream
      // later by as much (max_chunk_age), so no more than that.
      creation_grace_period: "2h",
      // A push above the burst is refused for ever, however often it is sent again.
      ingestion_burst_size_mb: 128,
      per_stream_rate_limit: "64MB",
      per_stream_rate_limit_burst: "128MB",
      max_line_size_truncate: true,
      tsdb_max_query_parallelism: 16,
      discover_service_name: [],
      otlp_config: {
        resource_attributes: {
          ignore_defaults: true,
          attributes_config: [
            { action: "index_label", attributes: [...lokiIndexLabels] },
            { action: "drop", regex: "process\\..*" },
          ],
        },
      },
    },
    analytics: { reporting_enabled: false },
  });
}

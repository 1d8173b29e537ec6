import { derivedMetrics, derivedName } from "../../../config/collector/derived-metrics.ts";
import { testMetric } from "../../../config/grafana/alerting/rules.ts";
import { stackNamespace } from "../../../config/names.ts";

/*
 * What makes each alert rule fire, as series: trouble that takes minutes or days is evaluated in a moment. Each case is two
 * recordings of the same series, one of trouble and one in which all is well, though as near to trouble as it may be.
 */

/** Value so many minutes before the end; `undefined` where there is no point. */
type Value = (minutesBefore: number) => number | undefined;

/** A series of a recording, with a point each minute. */
export interface RecordedSeries {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: Value;
}

/** How a rule's condition is made true. */
export interface RuleCase {
  /** In a few words, where a rule has several cases. */
  readonly by?: string;
  /** How far back the series go. @default 420: the six hours of most rules that look back, and some more */
  readonly minutes?: number;
  readonly series: (isTrouble: boolean) => readonly RecordedSeries[];
}

const threeDays = { minutes: 3 * 24 * 60 + 60 } as const;

function series(metric: string, labels: Readonly<Record<string, string>>, value: Value): RecordedSeries {
  return { metric, labels, value };
}

const always =
  (value: number): Value =>
  () =>
    value;

/** A counter that grows by so much a minute. */
function growing(perMinute: number): Value {
  // What it was at first matters to no rule.
  return (minutesBefore) => 1e7 - minutesBefore * perMinute;
}

const service = { service_namespace: "shop", service_name: "shop-orders", deployment_environment_name: "test" };
const server = { ...service, span_kind: "SPAN_KIND_SERVER", span_name: "GET /orders" };
const loki = { service_namespace: stackNamespace, service_name: "loki" };
const grafana = { service_namespace: stackNamespace, service_name: "grafana" };
const canary = { service_namespace: stackNamespace, service_name: "canary", signal: "logs" };
const guard = { service_namespace: stackNamespace, service_name: "disk-guard" };
const queue = { exporter: "otlp_http/loki", data_type: "logs" };
const disk = { path: "/data" };

/** Of a hundred requests a minute, so many that fail. */
function failing(failed: number): readonly RecordedSeries[] {
  return [
    series(derivedMetrics.calls, { ...server, status_code: "STATUS_CODE_UNSET" }, growing(100 - failed)),
    series(derivedMetrics.calls, { ...server, status_code: "STATUS_CODE_ERROR" }, growing(failed)),
  ];
}

/** The same of a service that sends no spans. */
function failingHttp(failed: number): readonly RecordedSeries[] {
  const count = "http_server_request_duration_seconds_count";
  return [
    series(count, { ...service, http_response_status_code: "200" }, growing(100 - failed)),
    series(count, { ...service, http_response_status_code: "503" }, growing(failed)),
  ];
}

/** Of a hundred requests a minute, so many that take longer than a second, by a histogram. */
function slow(histogram: string, labels: Readonly<Record<string, string>>, late: number): readonly RecordedSeries[] {
  return [
    series(`${histogram}_count`, labels, growing(100)),
    series(`${histogram}_bucket`, { ...labels, le: "1" }, growing(100 - late)),
  ];
}

const httpDuration = "http_server_request_duration_seconds";

/** Memory of the machine, of which a part is available. */
function machineMemory(available: number): readonly RecordedSeries[] {
  return [
    series("system_linux_memory_available_bytes", {}, always(available * 8e9)),
    series("system_memory_limit_bytes", {}, always(8e9)),
  ];
}

/** A counter that grows in trouble, and otherwise stays what it is. */
function grows(metric: string, labels: Readonly<Record<string, string>>): RuleCase["series"] {
  return (isTrouble) => [series(metric, labels, growing(isTrouble ? 1 : 0))];
}

/** A series that is away. */
function isAway(metric: string, labels: Readonly<Record<string, string>>): RuleCase["series"] {
  return (isTrouble) => (isTrouble ? [] : [series(metric, labels, always(60))]);
}

/** The cases of each rule, by its name. */
export const ruleCases: Readonly<Record<string, readonly RuleCase[]>> = {
  // Fast is above 14.4 and 6 times what may fail, slow above 3 and 1 times: of 99 % of requests, and of 95 % in a second.
  "errors-fast": [
    { by: "spans", series: (isTrouble) => failing(isTrouble ? 15 : 5) },
    { by: "HTTP metrics", series: (isTrouble) => failingHttp(isTrouble ? 15 : 5) },
  ],
  "errors-slow": [
    { by: "spans", ...threeDays, series: (isTrouble) => failing(isTrouble ? 2 : 0.5) },
    { by: "HTTP metrics", ...threeDays, series: (isTrouble) => failingHttp(isTrouble ? 2 : 0.5) },
  ],
  "latency-fast": [
    { by: "spans", series: (isTrouble) => slow(derivedMetrics.duration, server, isTrouble ? 75 : 25) },
    { by: "HTTP metrics", series: (isTrouble) => slow(httpDuration, service, isTrouble ? 75 : 25) },
  ],
  "latency-slow": [
    { by: "spans", ...threeDays, series: (isTrouble) => slow(derivedMetrics.duration, server, isTrouble ? 10 : 2) },
    { by: "HTTP metrics", ...threeDays, series: (isTrouble) => slow(httpDuration, service, isTrouble ? 10 : 2) },
  ],
  silence: [
    {
      series: (isTrouble) => {
        const spoken = growing(10);
        const quietMinutes = isTrouble ? 30 : 10;
        return [
          series(derivedMetrics.calls, server, (before) => (before < quietMinutes ? undefined : spoken(before))),
          series("otelcol_process_uptime_seconds_total", {}, growing(60)),
        ];
      },
    },
  ],
  "collector-away": [{ series: isAway("otelcol_process_uptime_seconds_total", {}) }],
  "canary-away": [{ series: isAway("canary_age_seconds", canary) }],
  "canary-late": [{ series: (isTrouble) => [series("canary_age_seconds", canary, always(isTrouble ? 310 : 200))] }],
  "disk-guard-away": [{ series: isAway("disk_guard_retention_hours", guard) }],
  "logs-shortened": [
    {
      series: (isTrouble) => [
        series("disk_guard_retention_hours", guard, always(isTrouble ? 48 : 72)),
        series("disk_guard_configured_hours", guard, always(72)),
      ],
    },
  ],
  "logs-day-large": [
    {
      series: (isTrouble) => [
        series("disk_guard_newest_day_bytes", guard, always(isTrouble ? 1001 : 1000)),
        series("disk_guard_limit_bytes", guard, always(1000)),
      ],
    },
  ],
  "canary-lost": [{ series: grows("canary_lost_total", canary) }],
  "queue-filling": [
    {
      series: (isTrouble) => [
        // At 200 now, with 5 more each minute it is beyond 1000 in four hours.
        series("otelcol_exporter_queue_size", queue, (before) => Math.max(0, 200 - before * (isTrouble ? 5 : 1))),
        series("otelcol_exporter_queue_capacity", queue, always(1000)),
      ],
    },
  ],
  "queue-full": [
    {
      series: (isTrouble) => [
        series("otelcol_exporter_queue_size", queue, always(isTrouble ? 950 : 850)),
        series("otelcol_exporter_queue_capacity", queue, always(1000)),
      ],
    },
  ],
  refused: ["log_records", "spans", "metric_points"].map((item) => ({
    by: item,
    series: grows(`otelcol_receiver_refused_${item}_total`, { receiver: "otlp" }),
  })),
  "not-delivered": ["log_records", "spans", "metric_points"].map((item) => ({
    by: item,
    series: (isTrouble) => [
      series(`otelcol_exporter_send_failed_${item}_total`, { exporter: "otlp_http/store" }, growing(isTrouble ? 1 : 0)),
      // What the Collector makes itself comes again with its next point.
      series(
        `otelcol_exporter_send_failed_${item}_total`,
        { exporter: `otlp_http/store${derivedName("")}` },
        growing(1),
      ),
    ],
  })),
  "metrics-away": [{ series: isAway("vm_free_disk_space_bytes", disk) }],
  "part-away": [{ series: (isTrouble) => [series("up", loki, always(isTrouble ? 0 : 1))] }],
  "part-restarts": [
    {
      series: (isTrouble) => [
        series("process_uptime_seconds", loki, (before) => ((100_000 - before) % (isTrouble ? 7 : 20)) * 60),
      ],
    },
  ],
  "memory-near-limit": [
    {
      series: (isTrouble) => [
        series("process_resident_memory_bytes", loki, always(isTrouble ? 230 : 200)),
        series("process_memory_limit_bytes", loki, always(250)),
      ],
    },
  ],
  "rules-fail": [{ series: grows("grafana_alerting_rule_evaluation_failures_total", grafana) }],
  "not-told": [{ series: grows("grafana_alerting_notifications_failed_total", { ...grafana, integration: "slack" }) }],
  "disk-filling": [
    {
      series: (isTrouble) => [
        // A tenth of the disk is gone each day, or a hundredth.
        series("vm_free_disk_space_bytes", disk, (before) => 2e10 + (before / 1440) * (isTrouble ? 1e10 : 1e9)),
      ],
    },
  ],
  "disk-full": [
    {
      by: "free room",
      series: (isTrouble) => [
        series("vm_free_disk_space_bytes", disk, always(isTrouble ? 9e9 : 11e9)),
        series("vm_total_disk_space_bytes", disk, always(1e11)),
      ],
    },
    {
      by: "what VictoriaMetrics says",
      series: (isTrouble) => [series("vm_storage_is_read_only", disk, always(isTrouble ? 1 : 0))],
    },
  ],
  "series-many": [
    {
      // Of 256 MiB, 500 for each.
      series: (isTrouble) => [
        series("vm_cache_entries", { type: "storage/hour_metric_ids" }, always(isTrouble ? 129_000 : 127_000)),
      ],
    },
  ],
  "points-ignored": [
    {
      series: (isTrouble) => [
        series("vm_rows_ignored_total", { reason: "too_many_labels" }, growing(isTrouble ? 1 : 0)),
        series("vm_rows_ignored_total", { reason: "too_long_metric_metadata_value" }, growing(1)),
      ],
    },
  ],
  "span-names-many": [{ series: grows(derivedMetrics.calls, { ...service, otel_metric_overflow: "true" }) }],
  "machine-memory-high": [{ series: (isTrouble) => machineMemory(isTrouble ? 0.14 : 0.16) }],
  "machine-memory-critical": [{ series: (isTrouble) => machineMemory(isTrouble ? 0.04 : 0.06) }],
  test: [{ series: (isTrouble) => [series(testMetric, { severity: "critical" }, always(isTrouble ? 1 : 0))] }],
};

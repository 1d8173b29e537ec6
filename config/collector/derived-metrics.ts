/*
 * Metrics that the Collector makes of spans and log records, so that a service which sends no metrics of its requests has
 * a rate, errors and latencies all the same: old SDKs, workers, libraries of other languages.
 * Source of each key: github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.158.0/connector
 * (spanmetricsconnector, servicegraphconnector, countconnector).
 */
import { stackNamespace } from "../names.ts";
import { batchBytes } from "./delivery.ts";

/** Names of these metrics as VictoriaMetrics has them. */
export const derivedMetrics = {
  /** Spans by `service_name`, `span_name`, `span_kind` and `status_code`. */
  calls: "traces_span_metrics_calls_total",
  /** How long they took, in seconds: a histogram. */
  duration: "traces_span_metrics_duration_seconds",
  /** Requests from one service, `client`, to another one, `server`. */
  graphRequests: "traces_service_graph_request_total",
  /** Those of them that failed. */
  graphFailed: "traces_service_graph_request_failed_total",
  /** Log records by `service_name` and `detected_level`. */
  logRecords: "log_record_count_total",
} as const;

/** What tells one series from another beside a span's own name, kind and status. An instance does not: its series would go with it. */
const resourceAttributes = ["service.name", "service.namespace", "deployment.environment.name"] as const;

/** Upper bounds of latencies in seconds: those of OpenTelemetry's conventions for HTTP (semconv/http/http-metrics). */
export const latencyBoundsSeconds = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const;

/** As a duration in whole units, which the Collector reads. */
const bounds = latencyBoundsSeconds.map((bound) =>
  Number.isInteger(bound) ? `${bound}s` : `${Math.round(bound * 1000)}ms`,
);

/** How often they are sent: as often as services send metrics themselves. */
const flushInterval = "5s";

/** Most series of one service. A span's name is free text: what comes on top is one series, `otel_metric_overflow="true"`. */
const mostSeries = 1000;

/** The connectors, each by its name: exporters of a pipeline of spans or log records, receivers of the pipeline `metrics/derived`. */
export const connectors = {
  span_metrics: {
    histogram: { unit: "s", explicit: { buckets: bounds } },
    metrics_flush_interval: flushInterval,
    aggregation_cardinality_limit: mostSeries,
    resource_metrics_key_attributes: resourceAttributes,
    // It would be another one after each start.
    exclude_dimensions: ["collector.instance.id"],
    // Of a service that sends nothing for so long.
    metrics_expiration: "1h",
  },
  service_graph: {
    metrics_flush_interval: flushInterval,
    // Its histograms are filtered out below.
    latency_histogram_buckets: ["1s"],
    // How long one side of a request waits for the other one, and how many do so at most.
    store: { ttl: "10s", max_items: 5000 },
    // What a database, a queue or a service that sends no spans is called.
    virtual_node_peer_attributes: [
      "peer.service",
      "db.namespace",
      "db.name",
      "db.system.name",
      "db.system",
      "messaging.destination.name",
      "server.address",
    ],
  },
  count: {
    logs: {
      "log.record.count": {
        description: "Log records by their level",
        attributes: [{ key: "detected_level", default_value: "unknown" }],
      },
    },
  },
} as const;

/** Connectors that a pipeline hands its data to, by signal. */
export const connectorsOf = { logs: ["count"], traces: ["span_metrics", "service_graph"], metrics: [] } as const;

/** Processors of what the connectors make, by their names. */
export const derivedProcessors = {
  "filter/derived": {
    error_mode: "ignore",
    metric_conditions: [
      // A histogram of both ends of each edge: a dozen series for what the spans' own durations say already.
      'IsMatch(metric.name, "^traces_service_graph_request_(client|server)$")',
      // The canary's, which has better numbers of its own.
      `resource.attributes["service.namespace"] == "${stackNamespace}"`,
    ],
  },
  // A connector takes the resource of whichever instance came first.
  "transform/derived": {
    error_mode: "ignore",
    metric_statements: [`keep_keys(resource.attributes, [${resourceAttributes.map((key) => `"${key}"`).join(", ")}])`],
  },
} as const;

/** Name of the exporter of derived metrics to a store, by that of the exporter which services' own metrics take. */
export function derivedName(exporter: string): string {
  return `${exporter}_derived`;
}

/** Labels of the Collector's own metrics that leave out the exporters of derived ones. */
export const notDerived = `exporter!~"${derivedName(".+")}"`;

/** Bytes of derived metrics that wait at most: many times what a flush of all series takes. */
const waitingBytes = 16 * 1024 * 1024;

/**
 * How derived metrics are delivered: once, out of memory. Each point is a total, so the next one has what a lost one had; and a
 * store of metrics that is away must hold back no logs, as a queue that waits or fills up would through `count`.
 */
export const derivedDelivery = {
  timeout: "5s",
  retry_on_failure: { enabled: false },
  sending_queue: {
    sizer: "bytes",
    queue_size: waitingBytes,
    // `count` makes a point for each request: many go together.
    batch: { flush_timeout: "5s", max_size: batchBytes.max_size },
  },
} as const;

/**
 * Sums of differences, as some SDKs and the connector `count` send them, become totals: VictoriaMetrics stores either as it
 * is, and a rate of differences is wrong.
 */
export const toTotals = { delta_to_cumulative: { max_stale: "1h", max_streams: 20_000 } } as const;

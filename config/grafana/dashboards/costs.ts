import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import { TableSortByFieldStateBuilder } from "@grafana/grafana-foundation-sdk/common";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { derivedMetrics } from "../../collector/derived-metrics.ts";
import { logql, promql, stat, table, timeseries } from "./common.ts";
import { dashboard, heading, row, type Dashboard, type Row } from "./dashboard.ts";
import { own } from "./own-series.ts";

/** Most rows of a list: what comes after them costs little. */
const most = 10;

/** What a counter of bytes grows in a day, at the rate of the last hour. */
function perDay(bytes: string): string {
  return `sum(rate(${bytes}{${own}}[1h])) * 86400`;
}

function overview(): Row {
  return row(4, [
    stat({
      title: "Logs a day",
      description:
        "Bytes of log lines and their metadata in a day, at the rate of the last hour, before Loki compresses them.",
      unit: "bytes",
      targets: [promql("A", perDay("loki_distributor_bytes_received_total"), "bytes")],
    }),
    stat({
      title: "Disk for logs a day",
      description:
        "Bytes that Loki writes to its disk in a day, at the rate of the last six hours. It writes a chunk when it is full or half an hour old.",
      unit: "bytes",
      targets: [
        promql(
          "A",
          `sum(rate(loki_ingester_chunk_stored_bytes_total{${own}}[6h])) * 86400 or sum(rate(loki_distributor_bytes_received_total{${own}}[1h])) * 0`,
          "bytes",
        ),
      ],
    }),
    stat({
      title: "Disk for traces a day",
      description: "Bytes that Jaeger is given to store in a day, at the rate of the last hour.",
      unit: "bytes",
      targets: [promql("A", perDay("jaeger_storage_badger_write_bytes_user"), "bytes")],
    }),
    stat({
      title: "Points a day",
      description: "Points of metrics in a day, at the rate of the last hour. One takes about a byte on disk.",
      unit: "short",
      targets: [promql("A", perDay("vm_rows_inserted_total"), "points")],
    }),
    stat({
      title: "New series, 1 h",
      description: "Series that were new. Many in a quiet hour are a label that never has the same value twice.",
      unit: "short",
      targets: [promql("A", `sum(increase(vm_new_timeseries_created_total{${own}}[1h]))`, "series")],
    }),
  ]);
}

function logs(): Row {
  const records = `${derivedMetrics.logRecords}{service_name!=""}[$__rate_interval]`;
  return row(11, [
    timeseries({
      title: "Bytes of lines, by service and level",
      description: "Bytes of log lines a second, without metadata, of the services and levels that write most.",
      unit: "Bps",
      targets: [
        logql(
          "A",
          `topk(${most}, sum by (service_name, detected_level) (bytes_rate({service_name=~"..*"} [1m])))`,
          "{{service_name}} {{detected_level}}",
        ),
      ],
    }).maxDataPoints(60),
    timeseries({
      title: "Lines, by service and level",
      description: "Log lines a second of the services and levels that write most.",
      unit: "short",
      targets: [
        promql(
          "A",
          `topk(${most}, sum by (service_name, detected_level) (rate(${records})))`,
          "{{service_name}} {{detected_level}}",
        ),
      ],
    }),
  ]);
}

/** The name of a metric as a label that survives a division. */
const metricLabel = "metric";

/** How many series each value of a label has. */
function seriesBy(label: string): string {
  if (label !== metricLabel) return `count by (${label}) ({${label}!=""})`;
  const named = 'label_replace(count by (__name__) ({__name__!=""}), "metric", "$1", "__name__", "(.+)")';
  return `sum by (${metricLabel}) (${named})`;
}

/** What has the most series, by a label. */
function mostSeries(title: string, what: string, label: string, description: string): Builder<Panel> {
  const count = `topk(${most}, ${seriesBy(label)})`;
  return table({
    title,
    description,
    columns: [
      { title: what, label },
      { title: "Series", expr: count, unit: "short", decimals: 0, width: 80 },
      {
        title: "Of all",
        expr: `${count} / scalar(count({__name__!=""}))`,
        unit: "percentunit",
        decimals: 0,
        width: 80,
      },
    ],
  }).sortBy([new TableSortByFieldStateBuilder().displayName("Series").desc(true)]);
}

function series(): Row {
  return row(
    12,
    [
      mostSeries(
        "Series by metric",
        "Metric",
        metricLabel,
        `The ${most} metrics with the most series. Each combination of their labels' values is a series.`,
      ),
      mostSeries(
        "Series by service",
        "Service",
        "service_name",
        `The ${most} services with the most series, the parts of the stack among them.`,
      ),
      mostSeries(
        "Series by instance",
        "Instance",
        "service_instance_id",
        `The ${most} instances with the most series. Instances that come and go leave theirs behind.`,
      ),
    ],
    [10, 7, 7],
  );
}

/** Labels whose values a service makes up, by OpenTelemetry's conventions: one that holds an id has no end of them. */
const growingLabels = [
  "span_name",
  "http_route",
  "messaging_destination_name",
  "server_address",
  "error_type",
  "service_version",
  "service_instance_id",
] as const;

function labels(): Builder<Panel> {
  const valuesOf = (label: string): string =>
    `label_replace(count(count by (${label}) ({${label}!=""})), "label", "${label}", "", "")`;
  return table({
    title: "Labels by values",
    description:
      "How many values each label has whose values are made up by services. A label that holds an id makes a series of each.",
    columns: [
      { title: "Label", label: "label" },
      { title: "Values", expr: growingLabels.map(valuesOf).join(" or "), unit: "short", decimals: 0, width: 90 },
    ],
  }).sortBy([new TableSortByFieldStateBuilder().displayName("Values").desc(true)]);
}

function spans(): Row {
  const calls = `sum by (service_name) (rate(${derivedMetrics.calls}{service_name!=""}[$__rate_interval]))`;
  return row(11, [
    timeseries({
      title: "Spans, by service",
      description: "Spans a second of the services that make most.",
      unit: "short",
      targets: [promql("A", `topk(${most}, ${calls})`, "{{service_name}}")],
    }),
    labels(),
  ]);
}

/** Who makes how much of what is stored. Its queries look at the whole stack, so it asks seldom and shows what is on top. */
export function costsDashboard(): Dashboard {
  const made = dashboard({
    id: "costs",
    title: "Costs",
    description: "Which service, level and metric makes how many bytes and series, and what a day costs in disk.",
    variables: [],
    rows: [
      overview(),
      heading("Logs"),
      logs(),
      heading("Series of metrics"),
      series(),
      heading("Spans and labels"),
      spans(),
    ],
  });
  return { ...made, refresh: "5m" };
}

import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { promql, stat, table, timeseries } from "./common.ts";
import { dashboard, heading, row, type Dashboard, type Row } from "./dashboard.ts";
import { own } from "./own-series.ts";

const memoryPart = `max by (service_name) (process_resident_memory_bytes{${own}} / process_memory_limit_bytes)`;

function parts(): Builder<Panel> {
  return table({
    title: "Parts",
    description: "Every part of the stack that measures itself, now. Starts are those within the time on the screen.",
    columns: [
      { title: "Part", label: "service_name", width: 220 },
      { title: "Answers", expr: `max by (service_name) (up{${own}})`, unit: "bool_yes_no", decimals: 0 },
      { title: "Memory", expr: `max by (service_name) (process_resident_memory_bytes{${own}})`, unit: "bytes" },
      { title: "Of its limit", expr: memoryPart, unit: "percentunit", decimals: 0, thresholds: [0.8, 0.9] },
      {
        title: "CPU, cores",
        expr: `sum by (service_name) (rate(process_cpu_seconds_total{${own}}[5m]))`,
        unit: "short",
        decimals: 3,
      },
      { title: "Runs for", expr: `max by (service_name) (process_uptime_seconds{${own}})`, unit: "s", decimals: 1 },
      {
        title: "Starts",
        expr: `sum by (service_name) (resets(process_uptime_seconds{${own}}[$__range]))`,
        unit: "short",
        decimals: 0,
        thresholds: [1, 3],
      },
    ],
  });
}

/** Days until something is full at the rate at which it filled; a year if it did not. */
function daysLeft(room: string, free: string): string {
  return `clamp_max(${room} / clamp_min(-deriv(${free}[6h]) * 86400, 1), 365)`;
}

function disk(): Row {
  const free = `vm_free_disk_space_bytes{${own}}`;
  const bytes = `sum(vm_data_size_bytes{${own}})`;
  return row(4, [
    stat({
      title: "Disk is full in",
      description:
        "Days until the disk of VictoriaMetrics is full at the rate of the last six hours, at most a year; soon after the first start that rate says little. On one machine it is the disk of all stores.",
      unit: "d",
      targets: [promql("A", `min(${daysLeft(`(${free} - vm_free_disk_space_limit_bytes)`, free)})`, "left")],
    }),
    stat({
      title: "Disk in use",
      description: "Of the disk of VictoriaMetrics, by whomever. Near 1 it takes no more points.",
      unit: "percentunit",
      thresholds: [0.8, 0.9],
      targets: [promql("A", `max(1 - ${free} / vm_total_disk_space_bytes)`, "used")],
    }),
    stat({
      title: "Disk of Loki in use",
      description: "Of the disk of Loki's data, by whomever.",
      unit: "percentunit",
      thresholds: [0.8, 0.9],
      targets: [promql("A", `max(loki_ingester_wal_disk_usage_percent{${own}})`, "used")],
    }),
    stat({
      title: "Metrics on disk",
      description: "Bytes of VictoriaMetrics' data.",
      unit: "bytes",
      targets: [promql("A", bytes, "bytes")],
    }),
    stat({
      title: "Traces on disk",
      description: "Bytes of Jaeger's keys and spans.",
      unit: "bytes",
      targets: [promql("A", `sum(jaeger_storage_badger_size_bytes_lsm{${own}})`, "bytes")],
    }),
    stat({
      title: "Series",
      description: "Series of metrics that points came for within the hour. Memory and disk go by it.",
      unit: "short",
      targets: [promql("A", `max(vm_cache_entries{${own}})`, "series")],
    }),
  ]);
}

function ingest(): Row {
  return row(10, [
    timeseries({
      title: "Loki: bytes a second",
      description: "Bytes of log lines and of their metadata that Loki was sent.",
      unit: "Bps",
      targets: [
        promql("A", `sum(rate(loki_distributor_bytes_received_total{${own}}[$__rate_interval]))`, "lines and metadata"),
        promql(
          "B",
          `sum(rate(loki_distributor_structured_metadata_bytes_received_total{${own}}[$__rate_interval]))`,
          "metadata",
        ),
      ],
    }),
    timeseries({
      title: "VictoriaMetrics: points a second",
      description: "Points that VictoriaMetrics was sent, and those that it threw away.",
      unit: "short",
      targets: [
        promql("A", `sum(rate(vm_rows_inserted_total{${own}}[$__rate_interval]))`, "points"),
        promql("B", `sum(rate(vm_rows_ignored_total{${own}}[$__rate_interval]))`, "thrown away"),
      ],
    }),
    timeseries({
      title: "Jaeger: bytes a second",
      description: "Bytes that Jaeger was given to store.",
      unit: "Bps",
      targets: [promql("A", `sum(rate(jaeger_storage_badger_write_bytes_user{${own}}[$__rate_interval]))`, "written")],
    }),
  ]);
}

function queries(): Row {
  return row(10, [
    timeseries({
      title: "Queries a second",
      description: "What each store was asked: panels, links, the canary.",
      unit: "reqps",
      targets: [
        promql(
          "A",
          `sum(rate(loki_request_duration_seconds_count{${own},route!="otlp_v1_logs"}[$__rate_interval]))`,
          "Loki",
        ),
        promql("B", `sum(rate(vm_request_duration_seconds_count{${own}}[$__rate_interval]))`, "VictoriaMetrics"),
        promql("C", `sum(rate(jaeger_storage_requests_total{${own}}[$__rate_interval]))`, "Jaeger"),
      ],
    }),
    timeseries({
      title: "Errors a second",
      description: "Requests that ended in a fault of the store, or that it refused.",
      unit: "reqps",
      targets: [
        promql(
          "A",
          `sum(rate(loki_request_duration_seconds_count{${own},status_code=~"5.."}[$__rate_interval])) or sum(rate(loki_request_duration_seconds_count{${own}}[$__rate_interval])) * 0`,
          "Loki",
        ),
        promql("B", `sum(rate(vm_http_request_errors_total{${own}}[$__rate_interval]))`, "VictoriaMetrics"),
        promql(
          "C",
          `sum(rate(jaeger_storage_requests_total{${own},result="err"}[$__rate_interval])) or sum(rate(jaeger_storage_requests_total{${own}}[$__rate_interval])) * 0`,
          "Jaeger",
        ),
        promql(
          "D",
          `sum(rate(grafana_api_response_status_total{${own},code=~"5.."}[$__rate_interval])) or sum(rate(grafana_api_response_status_total{${own}}[$__rate_interval])) * 0`,
          "Grafana",
        ),
      ],
    }),
  ]);
}

function resources(): Row {
  return row(12, [
    timeseries({
      title: "Memory of its limit",
      description: "Memory of each part, of its limit. Above 0.9 the next large query or request may end it.",
      unit: "percentunit",
      thresholds: [0.8, 0.9],
      targets: [promql("A", memoryPart, "{{service_name}}")],
    }),
    timeseries({
      title: "CPU",
      description: "Processor time that each part uses, in cores.",
      unit: "short",
      targets: [
        promql(
          "A",
          `sum by (service_name) (rate(process_cpu_seconds_total{${own}}[$__rate_interval]))`,
          "{{service_name}}",
        ),
      ],
    }),
  ]);
}

/** The stores and the other parts: what they take, what they are asked, and what they have left. */
export function storesDashboard(): Dashboard {
  return dashboard({
    id: "stores",
    title: "Stores",
    description:
      "Loki, VictoriaMetrics, Jaeger and Grafana: what they take, what they are asked, and what they have left.",
    variables: [],
    rows: [
      disk(),
      row(7, [parts()]),
      heading("What they take"),
      ingest(),
      heading("What they are asked"),
      queries(),
      heading("What they need"),
      resources(),
    ],
  });
}

import { dashboardUids } from "../../names.ts";
import { jaeger } from "../../parts/jaeger.ts";
import { loki } from "../../parts/loki.ts";
import { datasourceUid } from "../../parts/part.ts";
import {
  datasource,
  exploreLink,
  logql,
  promql,
  stackedBars,
  stat,
  steps,
  timeseries,
  type GridPos,
  type Panel,
  type PanelSpec,
} from "./common.ts";

const chosen = `service_namespace=~"$namespace",service_name=~"$service"`;
const requests = (filter = ""): string =>
  `rate(http_server_request_duration_seconds_count{${chosen}${filter}}[$__rate_interval])`;
const messages = (filter = ""): string =>
  `rate(messaging_process_duration_seconds_count{${chosen}${filter}}[$__rate_interval])`;
const failedRequests = requests(`,http_response_status_code=~"5.."`);
const failedMessages = messages(`,error_type!=""`);

/** Part of `all` that is `failed`. A true 0 where there is something but no failure; nothing where there is nothing. */
function ratio(failed: string, all: string, by = ""): string {
  return `(sum ${by}(${failed}) or sum ${by}(${all}) * 0) / sum ${by}(${all})`;
}

function quantile(q: number, metric: string, by = ""): string {
  const labels = by === "" ? "le" : `le, ${by}`;
  return `histogram_quantile(${q}, sum by (${labels}) (rate(${metric}_bucket{${chosen}}[$__rate_interval])))`;
}

const httpDuration = "http_server_request_duration_seconds";
const messageDuration = "messaging_process_duration_seconds";
const byService = "by (service_name) ";
const logLines = `{${chosen}}`;
const errorLines = `${logLines} | detected_level=~"error|critical|fatal"`;

const seriesService = "${__field.labels.service_name}";
/** VictoriaMetrics keeps no exemplars, so a curve leads to Jaeger's search for its service instead. */
const toSlowTraces = exploreLink("Traces slower than 1 s", datasourceUid(jaeger), {
  queryType: "search",
  service: seriesService,
  minDuration: "1s",
});
const toFailedTraces = exploreLink("Traces with errors", datasourceUid(jaeger), {
  queryType: "search",
  service: seriesService,
  tags: "error=true",
});
const toLogs = exploreLink("Logs", datasourceUid(loki), { expr: `{service_name="${seriesService}"}` });

/** Panels side by side over the whole width, numbered from `firstId` on. */
function row(
  kind: (id: number, spec: PanelSpec) => Panel,
  firstId: number,
  { y, h }: Pick<GridPos, "y" | "h">,
  specs: readonly Omit<PanelSpec, "gridPos">[],
): Panel[] {
  const width = Math.ceil(24 / specs.length);
  return specs.map((spec, index) => {
    const x = index * width;
    return kind(firstId + index, { ...spec, gridPos: { x, y, w: Math.min(width, 24 - x), h } });
  });
}

function overview(): Panel[] {
  return row(stat, 1, { y: 0, h: 4 }, [
    {
      title: "Requests",
      description: "HTTP requests a second, all chosen services together.",
      unit: "reqps",
      targets: [promql("A", `sum(${requests()})`, "requests")],
    },
    {
      title: "Failed requests",
      description: "Part of the HTTP requests that were answered with 5xx.",
      unit: "percentunit",
      thresholds: [0.05, 0.1],
      targets: [promql("A", ratio(failedRequests, requests()), "failed")],
    },
    {
      title: "Latency p95",
      description: "95 of 100 HTTP requests were answered faster.",
      unit: "s",
      thresholds: [1, 2.5],
      targets: [promql("A", quantile(0.95, httpDuration), "p95")],
    },
    {
      title: "Failed messages",
      description: "Part of the messages whose processing failed.",
      unit: "percentunit",
      thresholds: [0.05, 0.1],
      targets: [promql("A", ratio(failedMessages, messages()), "failed")],
    },
    {
      title: "Error lines a minute",
      description: "Log lines of level error and above.",
      unit: "short",
      targets: [
        logql("A", `sum(count_over_time(${errorLines} [1m])) or sum(count_over_time(${logLines} [1m])) * 0`, "lines"),
      ],
    },
  ]);
}

function serviceTable(): Panel {
  const columns = [
    { name: "Requests/s", unit: "reqps", expr: `sum ${byService}(${requests()})` },
    { name: "Failed", unit: "percentunit", expr: ratio(failedRequests, requests(), byService), colour: true },
    { name: "p50", unit: "s", expr: quantile(0.5, httpDuration, "service_name") },
    { name: "p95", unit: "s", expr: quantile(0.95, httpDuration, "service_name") },
    { name: "p99", unit: "s", expr: quantile(0.99, httpDuration, "service_name") },
    { name: "Messages/s", unit: "short", expr: `sum ${byService}(${messages()})` },
    { name: "Messages failed", unit: "percentunit", expr: ratio(failedMessages, messages(), byService), colour: true },
    { name: "Message p95", unit: "s", expr: quantile(0.95, messageDuration, "service_name") },
    {
      name: "Instances",
      unit: "short",
      expr: `count ${byService}(count by (service_name, service_instance_id) (${requests()}))`,
    },
  ];
  const refId = (index: number): string => String.fromCharCode(65 + index);
  return {
    id: 6,
    type: "table",
    title: "Services",
    description: "Every chosen service now. A name leads to the service alone.",
    gridPos: { x: 0, y: 4, w: 24, h: 10 },
    datasource: datasource.victoriaMetrics,
    targets: columns.map(({ expr }, index) => promql(refId(index), expr, "", true)),
    fieldConfig: {
      // Grafana gives no column less than 150 pixels unless told so; ten of them do not fit then.
      defaults: { custom: { align: "auto", minWidth: 70 }, decimals: 2 },
      overrides: [
        {
          matcher: { id: "byName", options: "Service" },
          properties: [
            { id: "custom.width", value: 250 },
            {
              id: "links",
              value: [
                {
                  title: "This service alone",
                  url: `/d/${dashboardUids.services}?var-service=\${__value.raw}&\${__url_time_range}`,
                },
              ],
            },
          ],
        },
        ...columns.map(({ name, unit, colour }) => ({
          matcher: { id: "byName", options: name },
          properties: [
            { id: "unit", value: unit },
            ...(name === "Instances" ? [{ id: "decimals", value: 0 }] : []),
            ...(colour === true
              ? [
                  { id: "thresholds", value: steps([0.05, 0.1]) },
                  { id: "custom.cellOptions", value: { type: "color-text" } },
                ]
              : []),
          ],
        })),
      ],
    },
    options: { showHeader: true, sortBy: [{ displayName: "Service", desc: false }] },
    transformations: [
      { id: "merge", options: {} },
      {
        id: "organize",
        options: {
          excludeByName: { Time: true },
          indexByName: { service_name: 0 },
          renameByName: {
            service_name: "Service",
            ...Object.fromEntries(columns.map(({ name }, index) => [`Value #${refId(index)}`, name])),
          },
        },
      },
    ],
  };
}

function requestPanels(): Panel[] {
  return row(timeseries, 7, { y: 14, h: 8 }, [
    {
      title: "Requests",
      description: "HTTP requests a second by service.",
      unit: "reqps",
      links: [toLogs],
      targets: [promql("A", `sum ${byService}(${requests()})`, "{{service_name}}")],
    },
    {
      title: "Failed requests",
      description: "Part of the HTTP requests answered with 5xx, by service. Click a point for its traces.",
      unit: "percentunit",
      links: [toFailedTraces, toLogs],
      targets: [promql("A", ratio(failedRequests, requests(), byService), "{{service_name}}")],
    },
    {
      title: "Latency p95",
      description: "95 of 100 HTTP requests were faster, by service. Click a point for its slow traces.",
      unit: "s",
      links: [toSlowTraces, toLogs],
      targets: [promql("A", quantile(0.95, httpDuration, "service_name"), "{{service_name}}")],
    },
  ]);
}

function messagePanels(): Panel[] {
  return row(timeseries, 10, { y: 22, h: 8 }, [
    {
      title: "Messages",
      description: "Messages processed a second by service.",
      unit: "short",
      links: [toLogs],
      targets: [promql("A", `sum ${byService}(${messages()})`, "{{service_name}}")],
    },
    {
      title: "Failed messages",
      description: "Part of the messages whose processing failed, by service. Click a point for its traces.",
      unit: "percentunit",
      links: [toFailedTraces, toLogs],
      targets: [promql("A", ratio(failedMessages, messages(), byService), "{{service_name}}")],
    },
    {
      title: "Message latency p95",
      description: "95 of 100 messages were processed faster, by service. Click a point for its slow traces.",
      unit: "s",
      links: [toSlowTraces, toLogs],
      targets: [promql("A", quantile(0.95, messageDuration, "service_name"), "{{service_name}}")],
    },
  ]);
}

function logPanels(): Panel[] {
  return [
    stackedBars(
      13,
      {
        title: "Log lines by level",
        description: "Lines of the chosen services by their level.",
        gridPos: { x: 0, y: 30, w: 24, h: 5 },
        unit: "short",
        targets: [
          logql("A", `sum by (detected_level) (count_over_time(${logLines} [$__interval]))`, "{{detected_level}}"),
        ],
      },
      { debug: "blue", info: "green", warn: "yellow", error: "red", critical: "dark-red", fatal: "dark-red" },
    ),
    {
      id: 14,
      type: "logs",
      title: "Logs",
      description: "The newest lines. Open one for its fields and the link to its trace.",
      gridPos: { x: 0, y: 35, w: 24, h: 11 },
      datasource: datasource.loki,
      targets: [logql("A", logLines)],
      options: {
        showTime: true,
        showLabels: false,
        showCommonLabels: false,
        wrapLogMessage: true,
        prettifyLogMessage: false,
        enableLogDetails: true,
        dedupStrategy: "none",
        sortOrder: "Descending",
      },
    },
  ];
}

function runtimePanels(): Panel[] {
  const byInstance = "{{service_name}} {{service_instance_id}}";
  return row(timeseries, 15, { y: 46, h: 7 }, [
    {
      title: "Event loop delay p99",
      description: "How late Node.js gets to its work.",
      unit: "s",
      targets: [promql("A", `nodejs_eventloop_delay_p99_seconds{${chosen}}`, byInstance)],
    },
    {
      title: "Event loop utilization",
      description: "Part of the time in which Node.js is busy; 1 is a full core.",
      unit: "percentunit",
      targets: [promql("A", `nodejs_eventloop_utilization_ratio{${chosen}}`, byInstance)],
    },
    {
      title: "Heap used",
      description: "Memory of JavaScript objects by instance.",
      unit: "bytes",
      targets: [
        promql("A", `sum by (service_name, service_instance_id) (v8js_memory_heap_used_bytes{${chosen}})`, byInstance),
      ],
    },
  ]);
}

function variable(name: string, label: string, query: string): object {
  return {
    name,
    label,
    type: "query",
    datasource: datasource.victoriaMetrics,
    query: { query, refId: name },
    definition: query,
    includeAll: true,
    allValue: ".+",
    multi: true,
    refresh: 2,
    sort: 1,
    current: { selected: true, text: ["All"], value: ["$__all"] },
  };
}

/** The home page: rate, errors, latency and logs of any service, as Grafana's dashboard JSON. */
export function servicesDashboard(): string {
  const source = "http_server_request_duration_seconds_count";
  return `${JSON.stringify(
    {
      uid: dashboardUids.services,
      title: "Services",
      description: "Rate, errors, latency and logs of any instrumented service.",
      tags: ["stack"],
      schemaVersion: 38,
      version: 1,
      editable: false,
      graphTooltip: 1,
      refresh: "10s",
      time: { from: "now-15m", to: "now" },
      timezone: "browser",
      templating: {
        list: [
          variable("namespace", "Namespace", `label_values(${source}, service_namespace)`),
          variable("service", "Service", `label_values(${source}{service_namespace=~"$namespace"}, service_name)`),
        ],
      },
      panels: [
        ...overview(),
        serviceTable(),
        ...requestPanels(),
        ...messagePanels(),
        ...logPanels(),
        ...runtimePanels(),
      ],
    },
    undefined,
    2,
  )}\n`;
}

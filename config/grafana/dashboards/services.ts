import { dashboardUids } from "../../names.ts";
import { derivedMetrics } from "../../collector/derived-metrics.ts";
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

const chosen = `service_namespace=~"$namespace",service_name=~"$service",deployment_environment_name=~"$environment"`;
const byService = "by (service_name) ";

/** How often something happened, by service. */
function rateOf(metric: string, filter: string, labels = "service_name"): string {
  return `sum by (${labels}) (rate(${metric}{${chosen}${filter}}[$__rate_interval]))`;
}

/** The metrics of requests or messages that a service sends itself, and what its spans say where it sends none. */
interface Measured {
  readonly duration: string;
  readonly failed: string;
  readonly spanKind: string;
}

const http: Measured = {
  duration: "http_server_request_duration_seconds",
  failed: `,http_response_status_code=~"5.."`,
  spanKind: `,span_kind="SPAN_KIND_SERVER"`,
};
const messaging: Measured = {
  duration: "messaging_process_duration_seconds",
  failed: `,error_type!=""`,
  spanKind: `,span_kind="SPAN_KIND_CONSUMER"`,
};

/** By service: what it sends itself, or else what is known from its spans. */
function either(sent: string, all: string, fromSpans: string): string {
  return `(${sent} or (${fromSpans} unless on (service_name) ${all}))`;
}

function rateOfAll({ duration, spanKind }: Measured): string {
  const sent = rateOf(`${duration}_count`, "");
  return either(sent, sent, rateOf(derivedMetrics.calls, spanKind));
}

function rateOfFailed({ duration, failed, spanKind }: Measured): string {
  const fromSpans = rateOf(derivedMetrics.calls, `${spanKind},status_code="STATUS_CODE_ERROR"`);
  return either(rateOf(`${duration}_count`, failed), rateOf(`${duration}_count`, ""), fromSpans);
}

/** Part of all that failed, by service. A true 0 where there is something but no failure; nothing where there is nothing. */
function failedPart(of: Measured): string {
  return `(${rateOfFailed(of)} or ${rateOfAll(of)} * 0) / ${rateOfAll(of)}`;
}

/** The same of all services together. */
function failedPartOfAll(of: Measured): string {
  return `(sum(${rateOfFailed(of)}) or sum(${rateOfAll(of)}) * 0) / sum(${rateOfAll(of)})`;
}

/** VictoriaMetrics has the buckets of exponential histograms by `vmrange`, those of others by `le`. */
const bucketLabels = "le, vmrange";

function quantile(q: number, { duration, spanKind }: Measured, by = ""): string {
  const labels = `${bucketLabels}, service_name`;
  const buckets = either(
    rateOf(`${duration}_bucket`, "", labels),
    rateOf(`${duration}_count`, ""),
    rateOf(`${derivedMetrics.duration}_bucket`, spanKind, labels),
  );
  return `histogram_quantile(${q}, sum by (${bucketLabels}${by}) ${buckets})`;
}

const logLines = `{${chosen}}`;
const errorLines = `${logLines} | detected_level=~"error|critical|fatal"`;

/**
 * Lines that a person reads at a glance: how bad, who, what. A line of JSON has its message in a field, any other is the
 * message; exceptions and ids that an SDK sends are beside the line. The id of the trace is written out, since before its
 * version 11 Grafana finds it in the line only.
 */
const readableLines = [
  logLines,
  'json _message="message", _msg="msg"',
  "drop __error__, __error_details__",
  `line_format \`${[
    '{{printf "%-5s" (.detected_level | ToUpper)}} {{printf "%-24s" .service_name}} {{or ._message ._msg __line__}}',
    "{{if .exception_type}} | {{.exception_type}}: {{.exception_message}}{{end}}",
    "{{if .trace_id}} trace_id={{.trace_id}}{{end}}",
  ].join("")}\``,
].join(" | ");

/** The same lines for Explore, which has no variables: in their place is what is chosen. */
const writtenLines =
  '{service_namespace=~"${namespace:pipe}",service_name=~"${service:pipe}",deployment_environment_name=~"${environment:pipe}"}';

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
      targets: [promql("A", `sum(${rateOfAll(http)})`, "requests")],
    },
    {
      title: "Failed requests",
      description: "Part of the HTTP requests that were answered with 5xx.",
      unit: "percentunit",
      thresholds: [0.05, 0.1],
      targets: [promql("A", failedPartOfAll(http), "failed")],
    },
    {
      title: "Latency p95",
      description: "95 of 100 HTTP requests were answered faster.",
      unit: "s",
      thresholds: [1, 2.5],
      targets: [promql("A", quantile(0.95, http), "p95")],
    },
    {
      title: "Failed messages",
      description: "Part of the messages whose processing failed.",
      unit: "percentunit",
      thresholds: [0.05, 0.1],
      targets: [promql("A", failedPartOfAll(messaging), "failed")],
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
    { name: "Requests/s", unit: "reqps", expr: rateOfAll(http) },
    { name: "Failed", unit: "percentunit", expr: failedPart(http), colour: true },
    { name: "p50", unit: "s", expr: quantile(0.5, http, ", service_name") },
    { name: "p95", unit: "s", expr: quantile(0.95, http, ", service_name") },
    { name: "p99", unit: "s", expr: quantile(0.99, http, ", service_name") },
    { name: "Msgs/s", unit: "short", expr: rateOfAll(messaging) },
    { name: "Msgs failed", unit: "percentunit", expr: failedPart(messaging), colour: true },
    { name: "Msgs p95", unit: "s", expr: quantile(0.95, messaging, ", service_name") },
    { name: "Log lines/s", unit: "short", expr: rateOf(derivedMetrics.logRecords, "") },
    {
      name: "Instances",
      unit: "short",
      expr: `count ${byService}(count by (service_name, service_instance_id) (${http.duration}_count{${chosen}}))`,
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
            { id: "custom.width", value: 265 },
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

/** Requests a second from one service to another one, in the words of Grafana's node graph. */
function serviceGraph(): Panel {
  // A message that travels by HTTP is seen as both.
  const requests = (side: "client" | "server"): string =>
    `max by (client, server) (sum by (client, server, connection_type) (rate(${derivedMetrics.graphRequests}{${side}=~"$service"}[$__rate_interval])))`;
  const touching = `((${requests("client")} or ${requests("server")}) > 0)`;
  const renamed = (expr: string, to: string, from: string): string =>
    `label_replace(${expr}, "${to}", "$1", "${from}", "(.+)")`;
  const edges = renamed(renamed(touching, "source", "client"), "target", "server");
  // What is asked; and what only asks, with no request of its own to be answered.
  const nodes = `sum by (id) (${renamed(touching, "id", "server")} or ${renamed(`${touching} * 0`, "id", "client")})`;
  return {
    id: 18,
    type: "nodeGraph",
    title: "Who asks whom",
    description: "Requests a second between services, databases and queues, from their spans.",
    gridPos: { x: 0, y: 53, w: 24, h: 12 },
    datasource: datasource.victoriaMetrics,
    targets: [
      promql("A", `sum by (id, source, target) (label_join(${edges}, "id", " → ", "client", "server"))`, "", true),
      promql("B", renamed(nodes, "title", "id"), "", true),
    ],
    // The graph goes by the names of fields, which a transformation that renames leaves as they are. These are no series:
    // as such they would be joined by their time, which is the same for all.
    transformations: ["Value #A", "Value #B"].map((left) => ({
      id: "calculateField",
      options: { mode: "binary", timeSeries: false, alias: "mainstat", binary: { left, operator: "*", right: "1" } },
    })),
    options: { nodes: { mainStatUnit: "req/s" }, edges: { mainStatUnit: "req/s" } },
  };
}

function requestPanels(): Panel[] {
  return row(timeseries, 7, { y: 14, h: 8 }, [
    {
      title: "Requests",
      description: "HTTP requests a second by service.",
      unit: "reqps",
      links: [toLogs],
      targets: [promql("A", rateOfAll(http), "{{service_name}}")],
    },
    {
      title: "Failed requests",
      description: "Part of the HTTP requests answered with 5xx, by service. Click a point for its traces.",
      unit: "percentunit",
      links: [toFailedTraces, toLogs],
      targets: [promql("A", failedPart(http), "{{service_name}}")],
    },
    {
      title: "Latency p95",
      description: "95 of 100 HTTP requests were faster, by service. Click a point for its slow traces.",
      unit: "s",
      links: [toSlowTraces, toLogs],
      targets: [promql("A", quantile(0.95, http, ", service_name"), "{{service_name}}")],
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
      targets: [promql("A", rateOfAll(messaging), "{{service_name}}")],
    },
    {
      title: "Failed messages",
      description: "Part of the messages whose processing failed, by service. Click a point for its traces.",
      unit: "percentunit",
      links: [toFailedTraces, toLogs],
      targets: [promql("A", failedPart(messaging), "{{service_name}}")],
    },
    {
      title: "Message latency p95",
      description: "95 of 100 messages were processed faster, by service. Click a point for its slow traces.",
      unit: "s",
      links: [toSlowTraces, toLogs],
      targets: [promql("A", quantile(0.95, messaging, ", service_name"), "{{service_name}}")],
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
      {
        trace: "light-blue",
        debug: "blue",
        info: "green",
        warn: "yellow",
        error: "red",
        critical: "dark-red",
        fatal: "dark-red",
      },
    ),
    {
      id: 14,
      type: "logs",
      title: "Logs",
      description: "The newest lines: level, service and message. Open one for its fields and the link to its trace.",
      gridPos: { x: 0, y: 35, w: 24, h: 11 },
      datasource: datasource.loki,
      targets: [logql("A", readableLines)],
      links: [exploreLink("The lines as they were written", datasourceUid(loki), { expr: writtenLines })],
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

/** Everything but nothing. Not `.+`, since a plus in the address of a link is a blank. */
const somethingRegex = "..*";

function variable(name: string, label: string, query: string, allValue = somethingRegex): object {
  return {
    name,
    label,
    type: "query",
    datasource: datasource.victoriaMetrics,
    query: { query, refId: name },
    definition: query,
    includeAll: true,
    allValue,
    multi: true,
    refresh: 2,
    sort: 1,
    current: { selected: true, text: ["All"], value: ["$__all"] },
  };
}

/** The home page: rate, errors, latency and logs of any service, as Grafana's dashboard JSON. */
export function servicesDashboard(): string {
  // Whatever it sends: metrics, or spans or logs, of which the Collector makes metrics.
  const source = '{service_namespace=~".+"}';
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
          variable("service", "Service", 'label_values({service_namespace=~"$namespace"}, service_name)'),
          // Not everybody says where it runs.
          variable("environment", "Environment", `label_values(${source}, deployment_environment_name)`, ".*"),
        ],
      },
      panels: [
        ...overview(),
        serviceTable(),
        ...requestPanels(),
        ...messagePanels(),
        ...logPanels(),
        ...runtimePanels(),
        serviceGraph(),
      ],
    },
    undefined,
    2,
  )}\n`;
}

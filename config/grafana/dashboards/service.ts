import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { derivedMetrics } from "../../collector/derived-metrics.ts";
import { jaeger } from "../../parts/jaeger.ts";
import { loki } from "../../parts/loki.ts";
import { datasourceUid } from "../../parts/part.ts";
import { logql, logs, promql, stackedBars, stat, table, timeseries, traces, type Link } from "./common.ts";
import {
  dashboard,
  hiddenVariable,
  row,
  senderVariables,
  textVariable,
  type Dashboard,
  type Row,
} from "./dashboard.ts";
import { dashboardLink, exploreLink } from "./links.ts";
import { errorsOf, levelColours, readable } from "./log-lines.ts";
import { bucketLabels, failedThresholds, http, latencyThresholds, messaging, type Measured } from "./red.ts";
import { runtimeRows } from "./runtime.ts";

/** The one service that is chosen, wherever else it runs. */
const one = 'service_name="$service",service_namespace=~"$namespace",deployment_environment_name=~"$environment"';

/** Numbers of the panels of traces, for links that show one alone. */
export const tracePanels = { slow: 16, failed: 17 } as const;

/** How requests or messages are told apart: by labels that the service sends itself, named as its spans are. */
interface Told extends Measured {
  /** The label that says it; a service that leaves it out is told apart by its spans. */
  readonly label: string;
  readonly labels: string;
  readonly named: (sent: string) => string;
}

const byRoute: Told = {
  ...http,
  label: "http_route",
  labels: "http_request_method, http_route",
  // A span of a request without a route has its method alone as its name.
  named: (sent) =>
    `label_replace(label_join(${sent}, "name", " ", "http_request_method", "http_route"), "name", "$1", "name", "(.+) ")`,
};

const byDestination: Told = {
  ...messaging,
  label: "messaging_destination_name",
  labels: "messaging_operation_name, messaging_destination_name",
  named: (sent) => `label_join(${sent}, "name", " ", "messaging_operation_name", "messaging_destination_name")`,
};

const rate = (metric: string, filter: string, labels: string): string =>
  `sum by (${labels}) (rate(${metric}{${one}${filter}}[$__rate_interval]))`;

/** A rate by the name of the request or message, from the service's own metrics or else from its spans. */
function either(
  told: Told,
  suffix: string,
  filter: string,
  ofSpans: readonly [metric: string, filter: string],
  further = "",
): string {
  const sent = told.named(rate(`${told.duration}_${suffix}`, filter, `${told.labels}${further}`));
  const isSent = `sum(rate(${told.duration}_count{${one},${told.label}!=""}[$__rate_interval]))`;
  const [metric, spanFilter] = ofSpans;
  const spans = rate(metric, `${told.spanKind}${spanFilter}`, `span_name${further}`);
  const renamed = `label_replace(${spans}, "name", "$1", "span_name", "(.+)")`;
  return `sum by (name${further}) ((${sent} and on () ${isSent}) or (${renamed} unless on () ${isSent}))`;
}

const all = (told: Told): string => either(told, "count", "", [derivedMetrics.calls, ""]);

function failedPart(told: Told): string {
  const failed = either(told, "count", told.failed, [derivedMetrics.calls, ',status_code="STATUS_CODE_ERROR"']);
  return `(${failed} or ${all(told)} * 0) / ${all(told)}`;
}

/** @param by `name` for each request or message, or nothing for all of them together */
function quantile(q: number, told: Told, by: "name" | "" = "name"): string {
  const buckets = either(told, "bucket", "", [`${derivedMetrics.duration}_bucket`, ""], `, ${bucketLabels}`);
  return `histogram_quantile(${q}, sum by (${[by, bucketLabels].filter((label) => label !== "").join(", ")}) (${buckets}))`;
}

/** All requests or messages together. */
const sumOf = (told: Told): string => `sum(${all(told)})`;

function failedPartOfAll(told: Told): string {
  return `sum(${failedPart(told)} * ${all(told)}) / ${sumOf(told)}`;
}

/**
 * Links from a curve or a row to the traces of exactly that kind of request or message of the service, over the time on the
 * screen: VictoriaMetrics keeps no exemplars.
 *
 * @param name the kind, as Grafana finds it in the curve or the row
 */
function toTraces(name: string): readonly Link[] {
  return [
    dashboardLink("The slowest traces", "service", { service: "${service}", route: name }, tracePanels.slow),
    exploreLink("The failed traces", datasourceUid(jaeger), {
      queryType: "search",
      service: "${service}",
      operation: name,
      tags: "error=true",
    }),
  ];
}

const ofCurve = toTraces("${__field.labels.name}");
const lines = `{${one}}`;
/** Of lines in Explore, which has no variables. */
const writtenLines =
  '{service_name="${service}",service_namespace=~"${namespace:pipe}",deployment_environment_name=~"${environment:pipe}"}';
const toLines = exploreLink("The lines as they were written", datasourceUid(loki), { expr: writtenLines });

function overview(): Row {
  return row(4, [
    stat({
      title: "Requests",
      description: "HTTP requests a second that the service answers.",
      unit: "reqps",
      none: "none",
      targets: [promql("A", sumOf(byRoute), "requests")],
    }),
    stat({
      title: "Failed requests",
      description: "Part of the HTTP requests that were answered with 5xx.",
      unit: "percentunit",
      thresholds: failedThresholds,
      none: "none",
      targets: [promql("A", failedPartOfAll(byRoute), "failed")],
    }),
    stat({
      title: "Latency p95",
      description: "95 of 100 HTTP requests were answered faster.",
      unit: "s",
      thresholds: latencyThresholds,
      none: "none",
      targets: [promql("A", quantile(0.95, byRoute, ""), "p95")],
    }),
    stat({
      title: "Messages",
      description: "Messages a second that the service processes.",
      unit: "short",
      none: "none",
      targets: [promql("A", sumOf(byDestination), "messages")],
    }),
    stat({
      title: "Failed messages",
      description: "Part of the messages whose processing failed.",
      unit: "percentunit",
      thresholds: failedThresholds,
      none: "none",
      targets: [promql("A", failedPartOfAll(byDestination), "failed")],
    }),
    stat({
      title: "Error lines/min",
      description: "Log lines of level error and above, in the last minute.",
      unit: "short",
      none: "none",
      targets: [
        logql("A", `sum(count_over_time(${errorsOf(lines)} [1m])) or sum(count_over_time(${lines} [1m])) * 0`, "lines"),
      ],
    }),
  ]);
}

const noRequests = "This service answers no HTTP requests";
const noMessages = "This service processes no messages";

function requests(): readonly Row[] {
  return [
    row(8, [
      table({
        title: "Requests by route",
        description:
          "Every kind of HTTP request now: by the route that the service's own metrics name, or by the names of its spans. A name leads to its traces.",
        none: noRequests,
        columns: [
          { title: "Request", label: "name", width: 300, links: toTraces("${__value.raw}") },
          { title: "Requests/s", unit: "reqps", expr: all(byRoute) },
          { title: "Failed", unit: "percentunit", expr: failedPart(byRoute), thresholds: failedThresholds },
          { title: "p50", unit: "s", expr: quantile(0.5, byRoute) },
          { title: "p95", unit: "s", expr: quantile(0.95, byRoute) },
          { title: "p99", unit: "s", expr: quantile(0.99, byRoute) },
        ],
      }),
    ]),
    row(8, [
      timeseries({
        title: "Requests",
        description: "HTTP requests a second by route.",
        unit: "reqps",
        none: noRequests,
        links: ofCurve,
        targets: [promql("A", all(byRoute), "{{name}}")],
      }),
      timeseries({
        title: "Failed requests",
        description: "Part of the HTTP requests answered with 5xx, by route. Click a point for its traces.",
        unit: "percentunit",
        none: noRequests,
        links: ofCurve,
        targets: [promql("A", failedPart(byRoute), "{{name}}")],
      }),
      timeseries({
        title: "Latency p95",
        description: "95 of 100 HTTP requests were faster, by route. Click a point for its traces.",
        unit: "s",
        none: noRequests,
        links: ofCurve,
        targets: [promql("A", quantile(0.95, byRoute), "{{name}}")],
      }),
    ]),
  ];
}

function messages(): Row {
  return row(8, [
    timeseries({
      title: "Messages",
      description: "Messages processed a second, by where they come from.",
      unit: "short",
      none: noMessages,
      links: ofCurve,
      targets: [promql("A", all(byDestination), "{{name}}")],
    }),
    timeseries({
      title: "Failed messages",
      description: "Part of the messages whose processing failed. Click a point for its traces.",
      unit: "percentunit",
      none: noMessages,
      links: ofCurve,
      targets: [promql("A", failedPart(byDestination), "{{name}}")],
    }),
    timeseries({
      title: "Message latency p95",
      description: "95 of 100 messages were processed faster. Click a point for its traces.",
      unit: "s",
      none: noMessages,
      links: ofCurve,
      targets: [promql("A", quantile(0.95, byDestination), "{{name}}")],
    }),
  ]);
}

/** @param side whose name is asked for; the service is the other one */
function neighbours(title: string, description: string, none: string, side: "client" | "server"): Builder<Panel> {
  const other = side === "client" ? "server" : "client";
  // A message that travels by HTTP is seen as both.
  const rate = (metric: string): string =>
    `max by (${side}) (sum by (${side}, connection_type) (rate(${metric}{${other}="$service"}[$__rate_interval])))`;
  const asked = rate(derivedMetrics.graphRequests);
  return table({
    title,
    description,
    none,
    columns: [
      {
        title: "Name",
        label: side,
        links: [dashboardLink("Its dashboard, if it is a service", "service", { service: "${__value.raw}" })],
      },
      { title: "Requests/s", unit: "reqps", expr: asked },
      {
        title: "Failed",
        unit: "percentunit",
        thresholds: failedThresholds,
        expr: `(${rate(derivedMetrics.graphFailed)} or ${asked} * 0) / ${asked}`,
      },
    ],
  });
}

function dependencies(): Row {
  return row(7, [
    neighbours(
      "Who asks this service",
      "Services that send it requests or messages, from both sides' spans; user is whoever sends no spans.",
      "No span says that anybody asks this service",
      "client",
    ),
    neighbours(
      "Whom this service asks",
      "Services, databases and queues that it sends requests or messages to, from its spans.",
      "No span says that this service asks anybody",
      "server",
    ),
  ]);
}

/** Spans that a service answers or processes. */
const answered = ',span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"';

/**
 * PromQL of the upper end of the buckets below the one in which 95 of 100 durations lie, with a label that has it as Jaeger
 * takes a duration: at least 5 of 100 took longer, whereas a quantile may lie above all of them.
 */
function slowBound(): string {
  const buckets = (filter: string): string =>
    `sum by (le) (increase(${derivedMetrics.duration}_bucket{${one}${answered}${filter}}[$__range]))`;
  const counts = `(${buckets(',span_name="$route"')} or ${buckets("")})`;
  return `label_replace(topk(1, ${counts} / on () group_left () max(${counts}) < 0.95), "bound", "\${1}s", "le", "(.+)")`;
}

function tracesFound(): readonly Row[] {
  const search = { service: "$service", operation: "$route" };
  const slow = traces(
    {
      title: "Slowest traces",
      description: "Of the requests and messages that took longer than about 95 of 100: the newest 100, slowest first.",
      none: "No trace was slow in this time",
    },
    { ...search, minDuration: "$slow" },
  );
  const failed = traces(
    {
      title: "Failed traces",
      description: "Traces in which a span of this service has an error: the newest 100, slowest first.",
      none: "No trace failed in this time",
    },
    { ...search, tags: "error=true" },
  );
  return [row(7, [slow]), row(7, [failed])];
}

function instances(): Row {
  const exporters = ["log", "span", "metric_data_point"] as const;
  const named = { log: "log records", span: "spans", metric_data_point: "metric points" };
  const onlyOurs = "This service's SDK does not count what it delivers; @observability/telemetry does";
  const total = (what: (typeof exporters)[number], filter: string): string =>
    `sum(rate(otel_sdk_exporter_${what}_exported_total{${one}${filter}}[$__rate_interval]))`;
  const known = ',service_instance_id!=""';
  return row(7, [
    table({
      title: "Instances",
      description: "Processes that have sent metrics in the last hour, and how long ago they did so last.",
      none: "No metric of this service names an instance",
      columns: [
        { title: "Instance", label: "service_instance_id" },
        {
          title: "Heard of",
          unit: "s",
          decimals: 0,
          thresholds: [60, 300],
          width: 100,
          expr: `time() - max by (service_instance_id) (max_over_time(timestamp({${one}${known}})[1h:1m]))`,
        },
      ],
    }),
    timeseries({
      title: "Delivered",
      description:
        "Records a second that the Collector has taken, as @observability/telemetry counts them; few other SDKs do.",
      unit: "short",
      none: onlyOurs,
      targets: exporters.map((what, index) => promql("ABC"[index] ?? "", total(what, ',error_type=""'), named[what])),
    }),
    timeseries({
      title: "Lost",
      description: "Records a second that were given up, as @observability/telemetry counts them; few other SDKs do.",
      unit: "short",
      none: onlyOurs,
      targets: exporters.map((what, index) =>
        promql("ABC"[index] ?? "", `${total(what, ',error_type!=""')} or ${total(what, "")} * 0`, named[what]),
      ),
    }),
  ]);
}

function written(): readonly Row[] {
  return [
    row(5, [
      stackedBars(
        {
          title: "Log lines by level",
          description: "Lines of the service by their level.",
          unit: "short",
          none: "This service has written nothing in this time",
          targets: [
            logql("A", `sum by (detected_level) (count_over_time(${lines} [$__interval]))`, "{{detected_level}}"),
          ],
        },
        levelColours,
      ),
    ]),
    row(11, [
      logs({
        title: "Logs",
        description: "The newest lines: level, service and message. Open one for its fields and the link to its trace.",
        targets: [logql("A", readable(lines))],
        links: [toLines],
      }),
    ]),
  ];
}

/** One service in depth. */
export function serviceDashboard(): Dashboard {
  return dashboard({
    id: "service",
    title: "Service",
    description: "One service in depth: its requests and messages, who asks whom, traces, instances, runtime and logs.",
    variables: [
      ...senderVariables({ single: true }),
      textVariable("route", "Traces of"),
      hiddenVariable("slow", `query_result(${slowBound()})`, '/bound="([^"]+)"/'),
    ],
    rows: [
      overview(),
      ...requests(),
      messages(),
      dependencies(),
      ...tracesFound(),
      instances(),
      ...runtimeRows(one),
      ...written(),
    ],
  });
}

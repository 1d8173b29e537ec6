import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { EdgeOptionsBuilder, NodeOptionsBuilder } from "@grafana/grafana-foundation-sdk/nodegraph";
import { derivedMetrics } from "../../collector/derived-metrics.ts";
import { jaeger } from "../../parts/jaeger.ts";
import { loki } from "../../parts/loki.ts";
import { datasourceUid } from "../../parts/part.ts";
import { logql, logs, nodeGraph, promql, stackedBars, stat, table, timeseries } from "./common.ts";
import { dashboard, row, senderVariables, type Dashboard, type Row } from "./dashboard.ts";
import { dashboardLink, exploreLink } from "./links.ts";
import { errorsOf, levelColours, logLines, readable, writtenLines } from "./log-lines.ts";
import {
  chosen,
  failedPart,
  failedPartOfAll,
  failedThresholds,
  http,
  latencyThresholds,
  messaging,
  quantile,
  rateOf,
  rateOfAll,
} from "./red.ts";
import { tracePanels } from "./service.ts";

const seriesService = "${__field.labels.service_name}";
const toService = dashboardLink("The service in depth", "service", { service: seriesService });
/** VictoriaMetrics keeps no exemplars, so a curve leads to a search for traces of its service instead. */
const toSlowTraces = dashboardLink("The slowest traces", "service", { service: seriesService }, tracePanels.slow);
const toFailedTraces = exploreLink("The failed traces", datasourceUid(jaeger), {
  queryType: "search",
  service: seriesService,
  tags: "error=true",
});
const toLogs = exploreLink("Logs", datasourceUid(loki), { expr: `{service_name="${seriesService}"}` });

function overview(): Row {
  return row(4, [
    stat({
      title: "Requests",
      description: "HTTP requests a second, all chosen services together.",
      unit: "reqps",
      targets: [promql("A", `sum(${rateOfAll(http)})`, "requests")],
    }),
    stat({
      title: "Failed requests",
      description: "Part of the HTTP requests that were answered with 5xx.",
      unit: "percentunit",
      thresholds: failedThresholds,
      targets: [promql("A", failedPartOfAll(http), "failed")],
    }),
    stat({
      title: "Latency p95",
      description: "95 of 100 HTTP requests were answered faster.",
      unit: "s",
      thresholds: latencyThresholds,
      targets: [promql("A", quantile(0.95, http), "p95")],
    }),
    stat({
      title: "Failed messages",
      description: "Part of the messages whose processing failed.",
      unit: "percentunit",
      thresholds: failedThresholds,
      targets: [promql("A", failedPartOfAll(messaging), "failed")],
    }),
    stat({
      title: "Error lines/min",
      description: "Log lines of level error and above, in the last minute.",
      unit: "short",
      targets: [
        logql(
          "A",
          `sum(count_over_time(${errorsOf(logLines)} [1m])) or sum(count_over_time(${logLines} [1m])) * 0`,
          "lines",
        ),
      ],
    }),
  ]);
}

function serviceTable(): Builder<Panel> {
  const byService = ", service_name";
  const instance = `${chosen},service_instance_id!=""`;
  return table({
    title: "Services",
    description:
      "Every chosen service now. A name leads to the service in depth. How many seconds ago an instance was heard of: by its own metrics, which those that send logs or spans alone do not have.",
    columns: [
      {
        title: "Service",
        label: "service_name",
        width: 235,
        links: [
          dashboardLink("This service in depth", "service", { service: "${__value.raw}" }),
          dashboardLink("This service alone", "services", { service: "${__value.raw}" }),
        ],
      },
      { title: "Requests/s", unit: "reqps", expr: rateOfAll(http) },
      { title: "Failed", unit: "percentunit", expr: failedPart(http), thresholds: failedThresholds },
      { title: "p50", unit: "s", expr: quantile(0.5, http, byService) },
      { title: "p95", unit: "s", expr: quantile(0.95, http, byService) },
      { title: "p99", unit: "s", expr: quantile(0.99, http, byService) },
      { title: "Msgs/s", unit: "short", width: 70, expr: rateOfAll(messaging) },
      { title: "Msgs failed", unit: "percentunit", expr: failedPart(messaging), thresholds: failedThresholds },
      { title: "Msgs p95", unit: "s", expr: quantile(0.95, messaging, byService) },
      { title: "Log lines/s", unit: "short", expr: rateOf(derivedMetrics.logRecords, "") },
      {
        title: "Instances",
        width: 80,
        unit: "short",
        decimals: 0,
        // Of whatever metric it sends.
        expr: `count by (service_name) (count by (service_name, service_instance_id) ({${instance}}))`,
      },
      {
        title: "Heard of",
        width: 80,
        unit: "s",
        decimals: 0,
        expr: `time() - max by (service_name) (timestamp({${instance}}))`,
      },
    ],
  });
}

function serviceGraph(): Builder<Panel> {
  // A message that travels by HTTP is seen as both.
  const requests = (side: "client" | "server"): string =>
    `max by (client, server) (sum by (client, server, connection_type) (rate(${derivedMetrics.graphRequests}{${side}=~"$service"}[$__rate_interval])))`;
  const touching = `((${requests("client")} or ${requests("server")}) > 0)`;
  const renamed = (expr: string, to: string, from: string): string =>
    `label_replace(${expr}, "${to}", "$1", "${from}", "(.+)")`;
  const edges = renamed(renamed(touching, "source", "client"), "target", "server");
  // What is asked; and what only asks, with no request of its own to be answered.
  const nodes = `sum by (id) (${renamed(touching, "id", "server")} or ${renamed(`${touching} * 0`, "id", "client")})`;
  return nodeGraph({
    title: "Who asks whom",
    description: "Requests a second between services, databases and queues, from their spans.",
    targets: [
      promql("A", `sum by (id, source, target) (label_join(${edges}, "id", " → ", "client", "server"))`, "", true),
      promql("B", renamed(nodes, "title", "id"), "", true),
    ],
  })
    .nodes(new NodeOptionsBuilder().mainStatUnit("req/s"))
    .edges(new EdgeOptionsBuilder().mainStatUnit("req/s"))
    .transformations(
      // The graph goes by the names of fields, which a transformation that renames leaves as they are. These are no
      // series: as such they would be joined by their time, which is the same for all.
      ["Value #A", "Value #B"].map((left) => ({
        id: "calculateField",
        options: { mode: "binary", timeSeries: false, alias: "mainstat", binary: { left, operator: "*", right: "1" } },
      })),
    );
}

function requests(): Row {
  return row(8, [
    timeseries({
      title: "Requests",
      description: "HTTP requests a second by service.",
      unit: "reqps",
      links: [toService, toLogs],
      targets: [promql("A", rateOfAll(http), "{{service_name}}")],
    }),
    timeseries({
      title: "Failed requests",
      description: "Part of the HTTP requests answered with 5xx, by service. Click a point for its traces.",
      unit: "percentunit",
      links: [toFailedTraces, toService, toLogs],
      targets: [promql("A", failedPart(http), "{{service_name}}")],
    }),
    timeseries({
      title: "Latency p95",
      description: "95 of 100 HTTP requests were faster, by service. Click a point for its slow traces.",
      unit: "s",
      links: [toSlowTraces, toService, toLogs],
      targets: [promql("A", quantile(0.95, http, ", service_name"), "{{service_name}}")],
    }),
  ]);
}

function messages(): Row {
  return row(8, [
    timeseries({
      title: "Messages",
      description: "Messages processed a second by service.",
      unit: "short",
      links: [toService, toLogs],
      targets: [promql("A", rateOfAll(messaging), "{{service_name}}")],
    }),
    timeseries({
      title: "Failed messages",
      description: "Part of the messages whose processing failed, by service. Click a point for its traces.",
      unit: "percentunit",
      links: [toFailedTraces, toService, toLogs],
      targets: [promql("A", failedPart(messaging), "{{service_name}}")],
    }),
    timeseries({
      title: "Message latency p95",
      description: "95 of 100 messages were processed faster, by service. Click a point for its slow traces.",
      unit: "s",
      links: [toSlowTraces, toService, toLogs],
      targets: [promql("A", quantile(0.95, messaging, ", service_name"), "{{service_name}}")],
    }),
  ]);
}

function lineCounts(): Builder<Panel> {
  return stackedBars(
    {
      title: "Log lines by level",
      description: "Lines of the chosen services by their level.",
      unit: "short",
      targets: [
        logql("A", `sum by (detected_level) (count_over_time(${logLines} [$__interval]))`, "{{detected_level}}"),
      ],
    },
    levelColours,
  );
}

function lines(): Builder<Panel> {
  return logs({
    title: "Logs",
    description: "The newest lines: level, service and message. Open one for its fields and the link to its trace.",
    targets: [logql("A", readable(logLines))],
    links: [exploreLink("The lines as they were written", datasourceUid(loki), { expr: writtenLines })],
  });
}

/** The home page: rate, errors, latency and logs of any service. */
export function servicesDashboard(): Dashboard {
  return dashboard({
    id: "services",
    title: "Services",
    description: "Rate, errors, latency and logs of any instrumented service.",
    variables: senderVariables(),
    rows: [
      overview(),
      row(10, [serviceTable()]),
      requests(),
      messages(),
      row(12, [serviceGraph()]),
      row(5, [lineCounts()]),
      row(11, [lines()]),
    ],
  });
}

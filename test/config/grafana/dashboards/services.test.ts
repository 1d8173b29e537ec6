import assert from "node:assert/strict";
import { z } from "zod";
import { tracePanels } from "../../../../config/grafana/dashboards/service.ts";
import { dashboardUids } from "../../../../config/names.ts";
import { datasourceUid } from "../../../../config/parts/part.ts";
import { parts } from "../../../../config/parts/parts.ts";
import { checkLogql } from "../support/check-query.ts";
import { allChosen, check, checkedTargets, knownSeries } from "../support/check-target.ts";
import {
  linksOf,
  panelsOf,
  queriedVariables,
  withValues,
  type DashboardPanel,
  type DashboardVariable,
} from "../support/dashboard.ts";

const panels = (): readonly DashboardPanel[] => panelsOf("services");
const variables = (): readonly DashboardVariable[] => queriedVariables("services");

describe("the services dashboard's queries", () => {
  it("read the metrics of HTTP and of messages, and what the Collector makes of spans", async () => {
    const read = (await checkedTargets("services")).flatMap(({ result }) => result.metrics);
    assert.deepEqual([...new Set(read)].sort(), [
      "http_server_request_duration_seconds_bucket",
      "http_server_request_duration_seconds_count",
      "log_record_count_total",
      "messaging_process_duration_seconds_bucket",
      "messaging_process_duration_seconds_count",
      "traces_service_graph_request_total",
      "traces_span_metrics_calls_total",
      "traces_span_metrics_duration_seconds_bucket",
    ]);
  });

  it("follow the chosen namespace and service in every selector", () => {
    // A request from one service to another one has two services, and no namespace.
    const chosen = [
      '{service_namespace=~"$namespace",service_namespace!="stack",service_name=~"$service",deployment_environment_name=~"$environment"',
      '{client=~"$service"}',
      '{server=~"$service"}',
    ];
    for (const { expr = "" } of panels().flatMap(({ targets }) => targets)) {
      const selectors = expr.match(/(?<!\{)\{[^{]*?\}/g) ?? [];
      assert.ok(selectors.length > 0, expr);
      for (const selector of selectors)
        assert.ok(
          chosen.some((start) => selector.startsWith(start)),
          expr,
        );
    }
  });

  it("of the table give one row a service and one named column each", async () => {
    const columns = (await checkedTargets("services")).filter(({ panel }) => panel.type === "table");
    assert.deepEqual(
      columns.map(({ target, result }) => [target.refId, ...result.labels]),
      ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K"].map((refId) => [refId, "service_name"]),
    );
    const organize = z.looseObject({
      id: z.literal("organize"),
      options: z.looseObject({ renameByName: z.record(z.string(), z.string()) }),
    });
    const merge = z.strictObject({ id: z.literal("merge"), options: z.strictObject({}) });
    const [, names] = z.tuple([merge, organize]).parse(columns[0]?.panel["transformations"]);
    assert.deepEqual(Object.entries(names.options.renameByName), [
      ["service_name", "Service"],
      ["Value #A", "Requests/s"],
      ["Value #B", "Failed"],
      ["Value #C", "p50"],
      ["Value #D", "p95"],
      ["Value #E", "p99"],
      ["Value #F", "Msgs/s"],
      ["Value #G", "Msgs failed"],
      ["Value #H", "Msgs p95"],
      ["Value #I", "Log lines/s"],
      ["Value #J", "Instances"],
      ["Value #K", "Heard of"],
    ]);
  });
});

describe("the services dashboard's variables", () => {
  it("offer whatever sends anything, each within what is chosen before it", async () => {
    assert.deepEqual(
      variables().map(({ query }) => query.query),
      [
        'label_values({service_namespace=~".+",service_namespace!="stack"}, service_namespace)',
        'label_values({service_namespace=~"$namespace",service_namespace!="stack"}, service_name)',
        'label_values({service_namespace=~".+",service_namespace!="stack"}, deployment_environment_name)',
      ],
    );
    const perService = [...(await knownSeries())].filter(([name]) => !name.startsWith("traces_service_graph_"));
    const without = perService.filter(([, labels]) => !labels.has("service_namespace") || !labels.has("service_name"));
    assert.deepEqual(without, []);
  });

  it("stand for any value but not for none when all are chosen, since Loki refuses a selector of everything", () => {
    assert.deepEqual(allChosen("services"), { namespace: "..*", service: "..*", environment: ".*" });
  });
});

describe("the services dashboard's links", () => {
  const explore = z.strictObject({
    datasource: z.string(),
    queries: z.tuple([z.record(z.string(), z.string())]),
    range: z.strictObject({ from: z.literal("${__from}"), to: z.literal("${__to}") }),
  });

  interface Link {
    readonly panel: DashboardPanel;
    readonly url: URL;
  }

  function links(path: string): readonly Link[] {
    // A panel of lines has no points.
    const all = panels().flatMap((panel) =>
      (panel.type === "logs" ? [] : linksOf(panel)).map(({ url }) => ({ panel, url: new URL(url, "http://grafana") })),
    );
    return all.filter(({ url }) => url.pathname.startsWith(path));
  }

  /** What Grafana knows of a point: the labels that every query of its panel gives. */
  async function labelsOf({ targets: [first, ...others] }: DashboardPanel): Promise<Record<string, string>> {
    assert.ok(first !== undefined && others.length === 0);
    const { labels } = await check("services", { ...first, expr: first.expr ?? "" });
    return Object.fromEntries([...labels].map((label) => [`__field.labels.${label}`, "shop-backend"]));
  }

  it("lead to Explore and to dashboards of the stack, nowhere else", () => {
    const paths = new Set(links("/").map(({ url }) => url.pathname));
    assert.deepEqual([...paths].sort(), [`/d/${dashboardUids.service}`, `/d/${dashboardUids.services}`, "/explore"]);
  });

  it("into Explore ask for the logs and the traces of the point's own service", async () => {
    const asked = links("/explore").map(async ({ panel, url }) => {
      const { datasource, queries } = explore.parse(JSON.parse(url.searchParams.get("left") ?? ""));
      const query: unknown = JSON.parse(withValues(JSON.stringify(queries[0]), await labelsOf(panel)));
      return [panel.title, datasource, query];
    });
    const logs = { refId: "A", expr: '{service_name="shop-backend"}' };
    const failed = { refId: "A", queryType: "search", service: "shop-backend", tags: "error=true" };
    assert.deepEqual(await Promise.all(asked), [
      ["Requests", datasourceUid(parts.loki), logs],
      ["Failed requests", datasourceUid(parts.jaeger), failed],
      ["Failed requests", datasourceUid(parts.loki), logs],
      ["Latency p95", datasourceUid(parts.loki), logs],
      ["Messages", datasourceUid(parts.loki), logs],
      ["Failed messages", datasourceUid(parts.jaeger), failed],
      ["Failed messages", datasourceUid(parts.loki), logs],
      ["Message latency p95", datasourceUid(parts.loki), logs],
    ]);
    assert.deepEqual(checkLogql(logs.expr, new Set()).problems, []);
  });

  it("to the service in depth choose the service of the row or the point, and keep the time on the screen", () => {
    const service = "${__field.labels.service_name}";
    const time = "${__url_time_range}";
    const slow = `/d/service?var-service=${service}&${time}&viewPanel=${tracePanels.slow}`;
    const whole = `/d/service?var-service=${service}&${time}`;
    assert.deepEqual(
      links("/d/").map(({ panel, url }) => [panel.title, decodeURIComponent(url.pathname + url.search)]),
      [
        ["Services", `/d/service?var-service=\${__value.raw}&${time}`],
        ["Services", `/d/services?var-service=\${__value.raw}&${time}`],
        ["Requests", whole],
        ["Failed requests", whole],
        ["Latency p95", slow],
        ["Latency p95", whole],
        ["Messages", whole],
        ["Failed messages", whole],
        ["Message latency p95", slow],
        ["Message latency p95", whole],
      ],
    );
  });
});

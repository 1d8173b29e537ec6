import assert from "node:assert/strict";
import { z } from "zod";
import { servicesDashboard } from "../../../../config/grafana/dashboards/services.ts";
import { derivedMetrics } from "../../../../config/collector/derived-metrics.ts";
import { datasources } from "../../../../config/grafana/datasources.ts";
import { dashboardUids } from "../../../../config/names.ts";
import { datasourceUid } from "../../../../config/parts/part.ts";
import { parts } from "../../../../config/parts/parts.ts";
import { checkLogql, checkPromql, type CheckedQuery } from "../support/check-query.ts";
import {
  linksOf,
  readDashboard,
  withValues,
  type DashboardPanel,
  type DashboardTarget,
  type DashboardVariable,
} from "../support/dashboard.ts";
import { derivedSeries } from "../support/derived-series.ts";
import { observedService } from "../support/observed-service.ts";
import { provisionedDatasources } from "../support/provisioning.ts";
import { storedSeries } from "../support/stored-series.ts";
import { stackDatasources } from "../../../support/settings.ts";

function panels(): readonly DashboardPanel[] {
  return readDashboard(servicesDashboard()).panels;
}

function variables(): readonly DashboardVariable[] {
  return readDashboard(servicesDashboard()).templating.list;
}

/** What Grafana puts into a query when everything is chosen. */
function allChosen(): Record<string, string> {
  return Object.fromEntries(variables().map(({ name, allValue }) => [name, allValue]));
}

/** Names that LogQL's `| json` gives to the fields of a line. */
function fieldNames(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== "object" || value === null) return [path.join("_").replaceAll(/\W/g, "_")];
  return Object.entries(value).flatMap(([key, inner]) => fieldNames(inner, [...path, key]));
}

/** Checks a query in the language of its data source against what a service really sent. */
async function check({ datasource, expr }: DashboardTarget): Promise<CheckedQuery> {
  const { lines, metrics } = await observedService();
  // `$1` is no variable of Grafana's but what `label_replace` has matched.
  const query = withValues(expr, { 1: "$1", __rate_interval: "1m", __interval: "1m", ...allChosen() });
  if (datasource.uid === datasourceUid(parts.victoriaMetrics)) {
    return checkPromql(query, new Map([...storedSeries(metrics), ...derivedSeries]));
  }
  assert.equal(datasource.uid, datasourceUid(parts.loki), "no other language can be checked");
  return checkLogql(query, new Set(lines.flatMap((line) => fieldNames(JSON.parse(line)))));
}

/** Every query of every panel with what its check says. */
function checked(): Promise<{ panel: DashboardPanel; target: DashboardTarget; result: CheckedQuery }[]> {
  const all = panels().flatMap((panel) => panel.targets.map((target) => ({ panel, target })));
  return Promise.all(all.map(async (one) => ({ ...one, result: await check(one.target) })));
}

describe("the services dashboard", () => {
  it("has the uid that its address is made of, and is the same text every time", () => {
    assert.equal(readDashboard(servicesDashboard()).uid, dashboardUids.services);
    assert.equal(servicesDashboard(), servicesDashboard());
  });

  it("fills Grafana's 24 columns down to its end, and no panel lies on another", () => {
    const places = panels().map(({ gridPos }) => gridPos);
    const cells = places.flatMap(({ x, y, w, h }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    const height = Math.max(...places.map(({ y, h }) => y + h));
    const grid = Array.from({ length: 24 * height }, (_, cell) => `${cell % 24},${Math.floor(cell / 24)}`);
    assert.deepEqual(cells.sort(), grid.sort());
  });

  it("has a number of its own, a title and a description on every panel", () => {
    assert.deepEqual(
      panels().map(({ id }) => id),
      panels().map((_, index) => index + 1),
    );
    const unexplained = panels().filter(({ title, description }) => title === "" || !/.\.$/.test(description));
    assert.deepEqual(
      unexplained.map(({ id }) => id),
      [],
    );
  });

  it("names every data source by a provisioned uid and its type, in panels, queries and variables", () => {
    const provisioned = provisionedDatasources(datasources(stackDatasources)).map(({ type, uid }) =>
      JSON.stringify({ type, uid }),
    );
    const named: string[] = [];
    JSON.parse(servicesDashboard(), (key, value: unknown) => {
      if (key.toLowerCase().startsWith("datasource")) named.push(JSON.stringify(value));
      return value;
    });
    assert.deepEqual(
      named.filter((reference) => !provisioned.includes(reference)),
      [],
    );
    const queries = panels().flatMap(({ targets }) => targets);
    assert.equal(named.length, panels().length + queries.length + variables().length);
  });

  it("never makes up a zero for what does not exist", () => {
    assert.doesNotMatch(servicesDashboard(), /\bvector\s*\(/);
  });
});

describe("the services dashboard's queries", () => {
  it("name metrics, labels and fields that a service really sends, and no others (D5, D6, R22)", async () => {
    const problems = (await checked()).flatMap(({ panel, target, result }) =>
      result.problems.map((problem) => `${panel.title}, ${target.refId}: ${problem}`),
    );
    assert.deepEqual(problems, []);
  });

  it("read the metrics of HTTP, of messages and of the runtime, and what the Collector makes of spans", async () => {
    const read = (await checked()).flatMap(({ result }) => result.metrics);
    assert.deepEqual([...new Set(read)].sort(), [
      "http_server_request_duration_seconds_bucket",
      "http_server_request_duration_seconds_count",
      "log_record_count_total",
      "messaging_process_duration_seconds_bucket",
      "messaging_process_duration_seconds_count",
      "nodejs_eventloop_delay_p99_seconds",
      "nodejs_eventloop_utilization_ratio",
      "traces_service_graph_request_total",
      "traces_span_metrics_calls_total",
      "traces_span_metrics_duration_seconds_bucket",
      "v8js_memory_heap_used_bytes",
    ]);
  });

  it("follow the chosen namespace and service in every selector", () => {
    // A request from one service to another one has two services, and no namespace.
    const chosen = [
      '{service_namespace=~"$namespace",service_name=~"$service",deployment_environment_name=~"$environment"',
      '{client=~"$service"}',
      '{server=~"$service"}',
    ];
    for (const { expr } of panels().flatMap(({ targets }) => targets)) {
      const selectors = expr.match(/(?<!\{)\{[^{]*?\}/g) ?? [];
      assert.ok(selectors.length > 0, expr);
      for (const selector of selectors)
        assert.ok(
          chosen.some((start) => selector.startsWith(start)),
          expr,
        );
    }
  });

  it("give every label that a legend shows", async () => {
    const missing = (await checked()).flatMap(({ panel, target, result }) =>
      [...target.legendFormat.matchAll(/\{\{\s*(.*?)\s*\}\}/g)]
        .map(([, label = ""]) => label)
        .filter((label) => !result.labels.has(label))
        .map((label) => `${panel.title}: ${label}`),
    );
    assert.deepEqual(missing, []);
  });

  it("of the table give one row a service and one named column each", async () => {
    const columns = (await checked()).filter(({ panel }) => panel.type === "table");
    assert.deepEqual(
      columns.map(({ target, result }) => [target.refId, ...result.labels]),
      ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"].map((refId) => [refId, "service_name"]),
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
    ]);
  });
});

describe("the services dashboard's variables", () => {
  it("offer whatever sends anything, each within what is chosen before it", async () => {
    assert.deepEqual(
      variables().map(({ query }) => query.query),
      [
        'label_values({service_namespace=~".+"}, service_namespace)',
        'label_values({service_namespace=~"$namespace"}, service_name)',
        'label_values({service_namespace=~".+"}, deployment_environment_name)',
      ],
    );
    const perService = [...storedSeries((await observedService()).metrics), ...derivedSeries].filter(
      ([name]) => name !== derivedMetrics.graphRequests,
    );
    const without = perService.filter(([, labels]) => !labels.has("service_namespace") || !labels.has("service_name"));
    assert.deepEqual(without, []);
  });

  it("stand for any value but not for none when all are chosen, since Loki refuses a selector of everything", () => {
    assert.deepEqual(allChosen(), { namespace: "..*", service: "..*", environment: ".*" });
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
    const all = panels().flatMap((panel) =>
      linksOf(panel).map(({ url }) => ({ panel, url: new URL(url, "http://grafana") })),
    );
    return all.filter(({ url }) => url.pathname.startsWith(path));
  }

  /** What Grafana knows of a point: the labels that every query of its panel gives. */
  async function labelsOf({ targets: [first, ...others] }: DashboardPanel): Promise<Record<string, string>> {
    assert.ok(first !== undefined && others.length === 0);
    const { labels } = await check(first);
    return Object.fromEntries([...labels].map((label) => [`__field.labels.${label}`, "shop-backend"]));
  }

  it("lead to Explore and to dashboards of the stack, nowhere else", () => {
    const paths = new Set(links("/").map(({ url }) => url.pathname));
    assert.deepEqual([...paths].sort(), [`/d/${dashboardUids.services}`, "/explore"]);
  });

  it("into Explore ask for the logs and the traces of the point's own service", async () => {
    const asked = links("/explore").map(async ({ panel, url }) => {
      const { datasource, queries } = explore.parse(JSON.parse(url.searchParams.get("left") ?? ""));
      const query: unknown = JSON.parse(withValues(JSON.stringify(queries[0]), await labelsOf(panel)));
      return [panel.title, datasource, query];
    });
    const logs = { refId: "A", expr: '{service_name="shop-backend"}' };
    const search = { refId: "A", queryType: "search", service: "shop-backend" };
    const [failed, slow] = [
      { ...search, tags: "error=true" },
      { ...search, minDuration: "1s" },
    ];
    assert.deepEqual(await Promise.all(asked), [
      ["Requests", datasourceUid(parts.loki), logs],
      ["Failed requests", datasourceUid(parts.jaeger), failed],
      ["Failed requests", datasourceUid(parts.loki), logs],
      ["Latency p95", datasourceUid(parts.jaeger), slow],
      ["Latency p95", datasourceUid(parts.loki), logs],
      ["Messages", datasourceUid(parts.loki), logs],
      ["Failed messages", datasourceUid(parts.jaeger), failed],
      ["Failed messages", datasourceUid(parts.loki), logs],
      ["Message latency p95", datasourceUid(parts.jaeger), slow],
      ["Message latency p95", datasourceUid(parts.loki), logs],
    ]);
    assert.deepEqual(checkLogql(logs.expr, new Set()).problems, []);
  });

  it("to a dashboard set a variable that it has, and keep the time on the screen", () => {
    assert.deepEqual(
      links("/d/").map(({ url }) => url.search),
      ["?var-service=${__value.raw}&${__url_time_range}"],
    );
    assert.ok(variables().some(({ name }) => name === "service"));
  });
});

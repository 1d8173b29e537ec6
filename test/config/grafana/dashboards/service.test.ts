import assert from "node:assert/strict";
import { tracePanels } from "../../../../config/grafana/dashboards/service.ts";
import { datasourceUid } from "../../../../config/parts/part.ts";
import { parts } from "../../../../config/parts/parts.ts";
import { checkedTargets } from "../support/check-target.ts";
import { linksOf, panelsOf, readDashboard, withValues } from "../support/dashboard.ts";

describe("the service dashboard", () => {
  it("is of one service, in every query but for those that ask who asks whom", async () => {
    for (const { target, panel } of await checkedTargets("service")) {
      for (const selector of target.expr.match(/(?<!\{)\{[^{]*?\}/g) ?? []) {
        assert.match(selector, /^\{(service_name|client|server)="\$service"/, panel.title);
      }
    }
  });

  it("has the panels that other dashboards' links show alone, under the numbers that they have there", () => {
    const titles = panelsOf("service").filter(({ id }) => id === tracePanels.slow || id === tracePanels.failed);
    assert.deepEqual(
      titles.map(({ id, title }) => [id, title]),
      [
        [tracePanels.slow, "Slowest traces"],
        [tracePanels.failed, "Failed traces"],
      ],
    );
  });

  it("searches for traces by the service and the chosen request, slow or failed", () => {
    const searches = panelsOf("service").flatMap(({ targets }) =>
      targets.filter(({ datasource }) => datasource.uid === datasourceUid(parts.jaeger)),
    );
    const search = { refId: "A", queryType: "search", limit: 100, service: "$service", operation: "$route" };
    assert.deepEqual(
      searches.map(({ datasource: _jaeger, ...query }) => query),
      [
        { ...search, minDuration: "$slow" },
        { ...search, tags: "error=true" },
      ],
    );
  });

  it("asks for the bound of slow ones in PromQL, and finds it in the answer as Jaeger reads durations", () => {
    const slow = readDashboard("service").templating.list.find(({ name }) => name === "slow");
    assert.ok(slow?.type === "query");
    const answer = '{bound="0.025s",le="0.025"} 0.9 1795724542000';
    assert.equal(new RegExp(String(slow["regex"]).slice(1, -1)).exec(answer)?.[1], "0.025s");
    assert.match(slow.query.query, /^query_result\(label_replace\(.*, "bound", "\$\{1\}s", "le", "\(\.\+\)"\)\)$/);
  });

  it("leads from each curve of requests and messages to the slowest and the failed traces of exactly that kind", () => {
    const curves = panelsOf("service").filter(({ type, fieldConfig }) => {
      return type === "timeseries" && fieldConfig.defaults.links.length > 0;
    });
    assert.equal(curves.length, 6);
    const known = { service: "shop-api", "__field.labels.name": "GET /orders", __from: "1", __to: "2" };
    for (const panel of curves) {
      const [slowest, failed] = linksOf(panel).map(({ url }) =>
        decodeURIComponent(withValues(url.replace("${__url_time_range}", "from=1&to=2"), known)),
      );
      assert.equal(
        slowest,
        `/d/service?var-service=shop-api&var-route=GET /orders&from=1&to=2&viewPanel=${tracePanels.slow}`,
      );
      const search = {
        refId: "A",
        queryType: "search",
        service: "shop-api",
        operation: "GET /orders",
        tags: "error=true",
      };
      const left = { datasource: datasourceUid(parts.jaeger), queries: [search], range: { from: "1", to: "2" } };
      assert.equal(failed, `/explore?orgId=1&left=${JSON.stringify(left)}`);
    }
  });

  it("says of each panel of the runtime, of requests and of messages why it may be empty", () => {
    const silent = panelsOf("service").filter(({ type, fieldConfig }) => {
      return type !== "logs" && !("noValue" in fieldConfig.defaults);
    });
    assert.deepEqual(
      silent.map(({ title }) => title),
      [],
    );
  });

  it("knows the runtimes of Node.js, the JVM, Go, Python and .NET", async () => {
    const read = (await checkedTargets("service")).flatMap(({ result }) => result.metrics);
    const runtimes = new Set(read.flatMap((name) => /^(nodejs|v8js|jvm|go|process|dotnet)_/.exec(name)?.[1] ?? []));
    assert.deepEqual([...runtimes].sort(), ["dotnet", "go", "jvm", "nodejs", "process", "v8js"]);
  });
});

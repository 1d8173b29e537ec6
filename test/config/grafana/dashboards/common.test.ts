import assert from "node:assert/strict";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import {
  logql,
  logs,
  promql,
  stackedBars,
  stat,
  table,
  timeseries,
  type PanelSpec,
} from "../../../../config/grafana/dashboards/common.ts";
import { exploreLink } from "../../../../config/grafana/dashboards/links.ts";

const loki = { type: "loki", uid: "loki" };
const victoriaMetrics = { type: "prometheus", uid: "victoria-metrics" };
const spec: PanelSpec = {
  title: "Title",
  description: "Description.",
  unit: "s",
  targets: [promql("A", "up", "{{job}}")],
};
const coloured: PanelSpec = { ...spec, thresholds: [1, 2] };
const steps = {
  mode: "absolute",
  steps: [
    { color: "green", value: null },
    { color: "yellow", value: 1 },
    { color: "red", value: 2 },
  ],
};

/** A panel's fields. */
function fields(panel: Builder<Panel>): { readonly defaults: object; readonly overrides: readonly object[] } {
  const { fieldConfig } = panel.build();
  assert.ok(fieldConfig !== undefined);
  return fieldConfig;
}

describe("a query", () => {
  it("of metrics is a range, or a table of the newest values when it is instant", () => {
    const common = { refId: "B", datasource: victoriaMetrics, expr: "up", legendFormat: "{{job}}" };
    assert.partialDeepStrictEqual(promql("B", "up", "{{job}}").build(), { ...common, range: true, instant: false });
    const newest = { ...common, range: false, instant: true, format: "table" };
    assert.partialDeepStrictEqual(promql("B", "up", "{{job}}", true).build(), newest);
  });

  it("of logs is a range and has no legend unless told", () => {
    const common = { refId: "A", datasource: loki, expr: "{a=`b`}", queryType: "range" };
    assert.partialDeepStrictEqual(logql("A", "{a=`b`}").build(), { ...common, legendFormat: "" });
    assert.partialDeepStrictEqual(logql("A", "{a=`b`}", "{{level}}").build(), { ...common, legendFormat: "{{level}}" });
  });
});

describe("a panel", () => {
  it("asks the data source of its queries", () => {
    assert.deepEqual(timeseries({ ...spec, targets: [logql("A", "{a=`b`}")] }).build().datasource, loki);
    assert.deepEqual(stat(spec).build().datasource, victoriaMetrics);
  });

  it("of curves begins at 0, joins points over one minute and has colours of its own without thresholds", () => {
    assert.deepEqual(fields(timeseries(spec)), {
      defaults: {
        unit: "s",
        color: { mode: "palette-classic" },
        custom: { drawStyle: "line", lineWidth: 1, fillOpacity: 10, showPoints: "never", spanNulls: 60_000 },
        min: 0,
      },
      overrides: [],
    });
    assert.deepEqual(timeseries(spec).build().options, {
      legend: { displayMode: "table", placement: "bottom", calcs: ["lastNotNull", "max"], showLegend: true },
      tooltip: { mode: "multi", sort: "desc" },
    });
  });

  it("of shares shows 5 % at least, so that a row of zeros has a sane axis; other units have no such bound", () => {
    const custom = { ...fields(timeseries(spec)).defaults };
    assert.ok("custom" in custom && typeof custom.custom === "object");
    const shares = fields(timeseries({ ...spec, unit: "percentunit" })).defaults;
    assert.deepEqual(shares, { ...custom, unit: "percentunit", custom: { ...custom.custom, axisSoftMax: 0.05 } });
  });

  it("has the links and thresholds that it is told, and colours by thresholds then", () => {
    const { defaults } = fields(timeseries({ ...coloured, links: [exploreLink("There", "loki", {})] }));
    assert.partialDeepStrictEqual(defaults, { links: [{ title: "There", targetBlank: true }], thresholds: steps });
    assert.ok(!("color" in defaults));
  });

  it("of one number shows the newest value, coloured if and only if it has thresholds", () => {
    const shown = { reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }, graphMode: "area" };
    assert.partialDeepStrictEqual(stat(spec).build().options, { ...shown, colorMode: "none", textMode: "value" });
    assert.partialDeepStrictEqual(stat(coloured).build().options, { ...shown, colorMode: "value", textMode: "value" });
    assert.deepEqual(fields(stat(coloured)).defaults, { unit: "s", thresholds: steps });
  });

  it("of bars stacks them and gives each name its colour", () => {
    const bars = stackedBars(spec, { info: "green", error: "red" });
    const colour = (options: string, fixedColor: string): object => ({
      matcher: { id: "byName", options },
      properties: [{ id: "color", value: { mode: "fixed", fixedColor } }],
    });
    assert.deepEqual(fields(bars), {
      defaults: {
        unit: "s",
        color: { mode: "palette-classic" },
        custom: { drawStyle: "bars", fillOpacity: 70, lineWidth: 0, stacking: { mode: "normal", group: "A" } },
        min: 0,
      },
      overrides: [colour("info", "green"), colour("error", "red")],
    });
    assert.partialDeepStrictEqual(bars.build(), { interval: "15s", maxDataPoints: 100 });
  });

  it("of lines shows the newest first, with when, and opens one for its fields", () => {
    const panel = logs({ ...spec, targets: [logql("A", "{a=`b`}")] }).build();
    assert.partialDeepStrictEqual(panel.options, { showTime: true, enableLogDetails: true, sortOrder: "Descending" });
  });
});

describe("a table", () => {
  const made = table({
    title: "Title",
    description: "Description.",
    columns: [
      { title: "Service", label: "service_name", width: 200, links: [exploreLink("There", "loki", {})] },
      { title: "Failed", unit: "percentunit", expr: "a", thresholds: [1, 2] },
      { title: "Instances", unit: "short", decimals: 0, expr: "b" },
    ],
  });

  it("has the newest value of a query in each column that is no label, and asks nothing for labels", () => {
    const queries = made
      .build()
      .targets?.map((target) => JSON.parse(JSON.stringify(target)) as Record<string, unknown>);
    assert.deepEqual(
      queries?.map(({ refId, expr, instant, format }) => [refId, expr, instant, format]),
      [
        ["A", "a", true, "table"],
        ["B", "b", true, "table"],
      ],
    );
  });

  it("calls and orders its columns as it is told, and sorts rows by the first", () => {
    assert.deepEqual(made.build().transformations, [
      { id: "merge", options: {} },
      {
        id: "organize",
        options: {
          excludeByName: { Time: true },
          indexByName: { service_name: 0, "Value #A": 1, "Value #B": 2 },
          renameByName: { service_name: "Service", "Value #A": "Failed", "Value #B": "Instances" },
        },
      },
    ]);
    assert.partialDeepStrictEqual(made.build().options, { sortBy: [{ displayName: "Service", desc: false }] });
  });

  it("has the lines of a LogQL query too, largest first, and knows what Grafana calls the value of one query", () => {
    const head = { title: "Title", description: "Description." };
    const count = { title: "Count", unit: "short", expr: "a" } as const;
    const label = { title: "Level", label: "level" } as const;
    const [ofLogs, ofMetrics] = [
      table({ ...head, columns: [{ ...count, language: "logql" }, label] }).build(),
      table({ ...head, columns: [count, label] }).build(),
    ];
    assert.partialDeepStrictEqual(ofLogs.targets, [{ expr: "a", queryType: "instant", datasource: loki }]);
    assert.partialDeepStrictEqual(ofLogs.options, { sortBy: [{ displayName: "Count", desc: true }] });
    const renamed = [ofLogs, ofMetrics].map(({ transformations }) =>
      transformations?.map((one) => [one.id, one.options as object]),
    );
    assert.partialDeepStrictEqual(renamed, [
      [
        ["labelsToFields", {}],
        ["merge", {}],
        ["organize", { renameByName: { "Value #A": "Count", level: "Level" } }],
      ],
      [
        ["merge", {}],
        ["organize", { renameByName: { Value: "Count", level: "Level" } }],
      ],
    ]);
  });

  it("has units, digits, colours, widths and links by column", () => {
    assert.partialDeepStrictEqual(fields(made).overrides, [
      {
        matcher: { id: "byName", options: "Service" },
        properties: [
          { id: "custom.width", value: 200 },
          { id: "links", value: [{ title: "There" }] },
        ],
      },
      {
        matcher: { id: "byName", options: "Failed" },
        properties: [
          { id: "unit", value: "percentunit" },
          { id: "noValue", value: "–" },
          { id: "thresholds", value: steps },
          { id: "custom.cellOptions", value: { type: "color-text" } },
        ],
      },
      {
        matcher: { id: "byName", options: "Instances" },
        properties: [
          { id: "unit", value: "short" },
          { id: "noValue", value: "–" },
          { id: "decimals", value: 0 },
        ],
      },
    ]);
  });
});

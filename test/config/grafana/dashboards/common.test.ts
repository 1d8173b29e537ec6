import assert from "node:assert/strict";
import {
  exploreLink,
  logql,
  promql,
  stackedBars,
  stat,
  steps,
  timeseries,
  type PanelSpec,
} from "../../../../config/grafana/dashboards/common.ts";

const loki = { type: "loki", uid: "loki" };
const victoriaMetrics = { type: "prometheus", uid: "victoria-metrics" };
const spec: PanelSpec = {
  title: "Title",
  description: "Description.",
  gridPos: { x: 1, y: 2, w: 3, h: 4 },
  unit: "s",
  targets: [promql("A", "up", "{{job}}")],
};
const head = {
  title: "Title",
  description: "Description.",
  gridPos: { x: 1, y: 2, w: 3, h: 4 },
  datasource: victoriaMetrics,
  targets: spec.targets,
};

/** The defaults of a panel's fields. */
function defaults({ fieldConfig }: { readonly fieldConfig?: object }): Record<string, unknown> {
  assert.ok(fieldConfig !== undefined && "defaults" in fieldConfig);
  return fieldConfig.defaults as Record<string, unknown>;
}

describe("a query", () => {
  it("of metrics is a range, or a table of the newest values when it is instant", () => {
    const common = { refId: "B", datasource: victoriaMetrics, expr: "up", legendFormat: "{{job}}" };
    assert.deepEqual(promql("B", "up", "{{job}}"), { ...common, range: true, instant: false });
    assert.deepEqual(promql("B", "up", "{{job}}", true), { ...common, range: false, instant: true, format: "table" });
  });

  it("of logs is a range and has no legend unless told", () => {
    const common = { refId: "A", datasource: loki, expr: "{a=`b`}", queryType: "range" };
    assert.deepEqual(logql("A", "{a=`b`}"), { ...common, legendFormat: "" });
    assert.deepEqual(logql("A", "{a=`b`}", "{{level}}"), { ...common, legendFormat: "{{level}}" });
  });
});

describe("a panel", () => {
  it("asks the data source of its queries", () => {
    assert.deepEqual(timeseries(1, { ...spec, targets: [logql("A", "{a=`b`}")] }).datasource, loki);
    assert.deepEqual(stat(1, spec).datasource, victoriaMetrics);
  });

  it("of curves begins at 0, joins points over one minute and has colours of its own without thresholds", () => {
    assert.deepEqual(timeseries(7, spec), {
      id: 7,
      type: "timeseries",
      ...head,
      fieldConfig: {
        defaults: {
          unit: "s",
          color: { mode: "palette-classic" },
          custom: { drawStyle: "line", lineWidth: 1, fillOpacity: 10, showPoints: "never", spanNulls: 60_000 },
          min: 0,
        },
        overrides: [],
      },
      options: {
        legend: { displayMode: "table", placement: "bottom", calcs: ["lastNotNull", "max"], showLegend: true },
        tooltip: { mode: "multi", sort: "desc" },
      },
    });
  });

  it("of shares shows 5 % at least, so that a row of zeros has a sane axis; other units have no such bound", () => {
    const custom = defaults(timeseries(1, { ...spec, unit: "percentunit" }))["custom"];
    assert.deepEqual(custom, { ...(defaults(timeseries(1, spec))["custom"] as object), axisSoftMax: 0.05 });
  });

  it("has the links and thresholds that it is told, and colours by thresholds then", () => {
    const links = [{ title: "There", url: "/there" }];
    const { custom: _custom, ...told } = defaults(timeseries(1, { ...spec, links, thresholds: [1, 2] }));
    assert.deepEqual(told, { unit: "s", links, thresholds: steps([1, 2]), min: 0 });
  });

  it("of one number shows the newest value, coloured if and only if it has thresholds", () => {
    const plain = stat(3, spec);
    assert.deepEqual(plain, {
      id: 3,
      type: "stat",
      ...head,
      fieldConfig: { defaults: { unit: "s", color: { mode: "palette-classic" } }, overrides: [] },
      options: {
        reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
        colorMode: "none",
        graphMode: "area",
        textMode: "value",
      },
    });
    const coloured = stat(3, { ...spec, thresholds: [1, 2] });
    assert.deepEqual(coloured.options, { ...plain.options, colorMode: "value" });
    assert.deepEqual(defaults(coloured), { unit: "s", thresholds: steps([1, 2]) });
  });

  it("of bars stacks them and gives each name its colour", () => {
    const bars = stackedBars(9, spec, { info: "green", error: "red" });
    const colour = (options: string, fixedColor: string): object => ({
      matcher: { id: "byName", options },
      properties: [{ id: "color", value: { mode: "fixed", fixedColor } }],
    });
    assert.deepEqual(bars, {
      ...timeseries(9, spec),
      interval: "15s",
      maxDataPoints: 100,
      options: {
        legend: { displayMode: "list", placement: "bottom", calcs: [], showLegend: true },
        tooltip: { mode: "multi", sort: "desc" },
      },
      fieldConfig: {
        defaults: {
          unit: "s",
          color: { mode: "palette-classic" },
          custom: { drawStyle: "bars", fillOpacity: 70, lineWidth: 0, stacking: { mode: "normal", group: "A" } },
          min: 0,
        },
        overrides: [colour("info", "green"), colour("error", "red")],
      },
    });
  });
});

describe("thresholds", () => {
  it("go from green over yellow to red, each from its value on", () => {
    assert.deepEqual(steps([0.05, 0.1]), {
      mode: "absolute",
      steps: [
        { color: "green", value: null },
        { color: "yellow", value: 0.05 },
        { color: "red", value: 0.1 },
      ],
    });
  });
});

describe("a link into Explore", () => {
  const link = exploreLink("Logs", "loki", { expr: '{a="${__field.labels.a}",b=~"${b:pipe}"} |= "50 % & more"' }) as {
    url: string;
  };

  it("leaves variables as Grafana replaces them and encodes everything else", () => {
    assert.deepEqual(link, {
      title: "Logs",
      url:
        "/explore?orgId=1&left=%7B%22datasource%22%3A%22loki%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22expr%22%3A%22" +
        "%7Ba%3D%5C%22${__field.labels.a}%5C%22%2Cb%3D~%5C%22${b:pipe}%5C%22%7D%20%7C%3D%20%5C%2250%20%25%20%26%20more%5C%22%22%7D%5D%2C" +
        "%22range%22%3A%7B%22from%22%3A%22${__from}%22%2C%22to%22%3A%22${__to}%22%7D%7D",
      targetBlank: true,
    });
  });

  it("is one query over the time on the screen, once decoded", () => {
    assert.deepEqual(JSON.parse(new URLSearchParams(link.url.split("?")[1]).get("left") ?? ""), {
      datasource: "loki",
      queries: [{ refId: "A", expr: '{a="${__field.labels.a}",b=~"${b:pipe}"} |= "50 % & more"' }],
      range: { from: "${__from}", to: "${__to}" },
    });
  });
});

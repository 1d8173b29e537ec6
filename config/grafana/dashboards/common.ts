import { loki } from "../../parts/loki.ts";
import { datasourceUid } from "../../parts/part.ts";
import { victoriaMetrics } from "../../parts/victoria-metrics.ts";

/** A data source as panels name it. */
export const datasource = {
  loki: { type: "loki", uid: datasourceUid(loki) },
  victoriaMetrics: { type: "prometheus", uid: datasourceUid(victoriaMetrics) },
} as const;

/** Place on Grafana's grid of 24 columns. */
export interface GridPos {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** A query of a panel. */
export type Target = Readonly<Record<string, unknown>>;

/** A panel as Grafana's dashboard JSON has it. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: GridPos;
  readonly datasource?: object;
  readonly targets?: readonly Target[];
  /** Shortest time between two points. */
  readonly interval?: string;
  readonly maxDataPoints?: number;
  readonly fieldConfig?: object;
  readonly options?: object;
  readonly transformations?: readonly object[];
  /** Links from the panel's title. */
  readonly links?: readonly object[];
}

/** Options of every panel. */
export interface PanelSpec {
  readonly title: string;
  readonly description: string;
  readonly gridPos: GridPos;
  readonly targets: readonly Target[];
  /** Grafana's unit: `reqps`, `percentunit`, `s`, … */
  readonly unit: string;
  /** Links from a point of the panel. @default none */
  readonly links?: readonly object[];
  /** From this value on the panel is yellow, then red. @default no colours */
  readonly thresholds?: readonly [warning: number, critical: number];
}

/** A PromQL query. `instant` gives the newest value only. */
export function promql(refId: string, expr: string, legendFormat: string, instant = false): Target {
  return {
    refId,
    datasource: datasource.victoriaMetrics,
    expr,
    legendFormat,
    range: !instant,
    instant,
    ...(instant ? { format: "table" } : {}),
  };
}

/** A LogQL query. */
export function logql(refId: string, expr: string, legendFormat = ""): Target {
  return { refId, datasource: datasource.loki, expr, legendFormat, queryType: "range" };
}

/** Curves over time, with the newest and the highest value in the legend. */
export function timeseries(id: number, spec: PanelSpec): Panel {
  return {
    ...head(id, "timeseries", spec),
    fieldConfig: {
      defaults: {
        ...field(spec),
        custom: {
          drawStyle: "line",
          lineWidth: 1,
          fillOpacity: 10,
          showPoints: "never",
          spanNulls: 60_000,
          // A row of zeros would get an axis up to 10000 %.
          ...(spec.unit === "percentunit" ? { axisSoftMax: 0.05 } : {}),
        },
        min: 0,
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: "table", placement: "bottom", calcs: ["lastNotNull", "max"], showLegend: true },
      tooltip: { mode: "multi", sort: "desc" },
    },
  };
}

/** Bars stacked on each other. */
export function stackedBars(id: number, spec: PanelSpec, colours: Readonly<Record<string, string>>): Panel {
  return {
    ...head(id, "timeseries", spec),
    // Bars of a second each are too thin to be seen.
    interval: "15s",
    maxDataPoints: 100,
    options: {
      legend: { displayMode: "list", placement: "bottom", calcs: [], showLegend: true },
      tooltip: { mode: "multi", sort: "desc" },
    },
    fieldConfig: {
      defaults: {
        ...field(spec),
        custom: { drawStyle: "bars", fillOpacity: 70, lineWidth: 0, stacking: { mode: "normal", group: "A" } },
        min: 0,
      },
      overrides: Object.entries(colours).map(([name, fixedColor]) => ({
        matcher: { id: "byName", options: name },
        properties: [{ id: "color", value: { mode: "fixed", fixedColor } }],
      })),
    },
  };
}

/** One number with its recent course behind it. */
export function stat(id: number, spec: PanelSpec): Panel {
  return {
    ...head(id, "stat", spec),
    fieldConfig: { defaults: field(spec), overrides: [] },
    options: {
      reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
      colorMode: spec.thresholds === undefined ? "none" : "value",
      graphMode: "area",
      textMode: "value",
    },
  };
}

function head(id: number, type: string, spec: PanelSpec): Panel {
  const { title, description, gridPos, targets } = spec;
  const [first] = targets;
  return { id, type, title, description, gridPos, datasource: first?.["datasource"] as object, targets };
}

function field(spec: PanelSpec): object {
  const { unit, links, thresholds } = spec;
  return {
    unit,
    ...(links === undefined ? {} : { links }),
    ...(thresholds === undefined ? { color: { mode: "palette-classic" } } : { thresholds: steps(thresholds) }),
  };
}

/** Colours from green over yellow to red. */
export function steps([warning, critical]: readonly [number, number]): object {
  return {
    mode: "absolute",
    steps: [
      { color: "green", value: null },
      { color: "yellow", value: warning },
      { color: "red", value: critical },
    ],
  };
}

/** A link into Grafana's Explore with one query, over the time range on the screen. Grafana's variables stay as they are. */
export function exploreLink(title: string, datasourceUid: string, query: object): object {
  const left = {
    datasource: datasourceUid,
    queries: [{ refId: "A", ...query }],
    range: { from: "${__from}", to: "${__to}" },
  };
  const pieces = JSON.stringify(left).split(/(\$\{[\w.:]+\})/);
  return {
    title,
    url: `/explore?orgId=1&left=${pieces.map((piece, index) => (index % 2 === 1 ? piece : encodeURIComponent(piece))).join("")}`,
    targetBlank: true,
  };
}

import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  LogsDedupStrategy,
  LogsSortOrder,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TableSortByFieldStateBuilder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type DashboardLink,
  type DynamicConfigValue,
  type ThresholdsConfig,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as LogsBuilder } from "@grafana/grafana-foundation-sdk/logs";
import { DataqueryBuilder as LokiQueryBuilder } from "@grafana/grafana-foundation-sdk/loki";
import { PanelBuilder as NodeGraphBuilder } from "@grafana/grafana-foundation-sdk/nodegraph";
import {
  DataqueryBuilder as PrometheusQueryBuilder,
  PromQueryFormat,
} from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { jaeger } from "../../parts/jaeger.ts";
import { loki } from "../../parts/loki.ts";
import { datasourceUid } from "../../parts/part.ts";
import { victoriaMetrics } from "../../parts/victoria-metrics.ts";

/** A data source as panels name it. */
export const datasource = {
  loki: { type: "loki", uid: datasourceUid(loki) },
  victoriaMetrics: { type: "prometheus", uid: datasourceUid(victoriaMetrics) },
  jaeger: { type: "jaeger", uid: datasourceUid(jaeger) },
} as const;

/** A query of a panel, to be built. */
export type Target = Builder<Dataquery>;

/** A link, to be built. */
export type Link = Builder<DashboardLink>;

/** What is said of every panel. */
export interface PanelHead {
  readonly title: string;
  readonly description: string;
  readonly targets: readonly Target[];
  /** What stands in a panel that has nothing to show. @default "No data" */
  readonly none?: string;
}

/** What is said of a panel of one or more numbers. */
export interface PanelSpec extends PanelHead {
  /** Grafana's unit: `reqps`, `percentunit`, `s`, … */
  readonly unit: string;
  /** Links from a point of the panel. @default none */
  readonly links?: readonly Link[];
  /** From this value on the panel is yellow, then red. @default no colours */
  readonly thresholds?: readonly [warning: number, critical: number];
}

/** A PromQL query. `instant` gives the newest value only, as a table. */
export function promql(refId: string, expr: string, legendFormat: string, instant = false): PrometheusQueryBuilder {
  const query = new PrometheusQueryBuilder()
    .refId(refId)
    .datasource(datasource.victoriaMetrics)
    .expr(expr)
    .legendFormat(legendFormat);
  return instant ? query.instant().format(PromQueryFormat.Table) : query.range();
}

/** A LogQL query. */
export function logql(refId: string, expr: string, legendFormat = ""): LokiQueryBuilder {
  return new LokiQueryBuilder()
    .refId(refId)
    .datasource(datasource.loki)
    .expr(expr)
    .legendFormat(legendFormat)
    .queryType("range");
}

/** Curves over time, with the newest and the highest value in the legend. */
export function timeseries(spec: PanelSpec): TimeseriesBuilder {
  const panel = valued(new TimeseriesBuilder(), spec)
    .min(0)
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(10)
    .showPoints(VisibilityMode.Never)
    .spanNulls(60_000)
    .legend(legend(LegendDisplayMode.Table, ["lastNotNull", "max"]))
    .tooltip(tooltip());
  // A row of zeros would get an axis up to 10000 %.
  return spec.unit === "percentunit" ? panel.axisSoftMax(0.05) : panel;
}

/** Bars stacked on each other, each in the colour of its name; a name that is not told gets one of Grafana's. */
export function stackedBars(spec: PanelSpec, colours: Readonly<Record<string, string>> = {}): TimeseriesBuilder {
  const panel = valued(new TimeseriesBuilder(), spec)
    .min(0)
    // Bars of a second each are too thin to be seen.
    .interval("15s")
    .maxDataPoints(100)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(70)
    .lineWidth(0)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"))
    .legend(legend(LegendDisplayMode.List, []))
    .tooltip(tooltip());
  return Object.entries(colours).reduce(
    (built, [name, fixedColor]) =>
      built.overrideByName(name, [{ id: "color", value: { mode: FieldColorModeId.Fixed, fixedColor } }]),
    panel,
  );
}

/** One number with its recent course behind it. */
export function stat(spec: PanelSpec): StatBuilder {
  return valued(new StatBuilder(), spec)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).fields("").values(false))
    .colorMode(spec.thresholds === undefined ? BigValueColorMode.None : BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .textMode(BigValueTextMode.Value);
}

/** A column of a {@link table}: the value of a query, or a label that all of its queries have. */
export type Column = Heading & (QueriedColumn | LabelColumn);

interface Heading {
  readonly title: string;
  /** In pixels. @default as Grafana divides them */
  readonly width?: number;
  /** Links from a cell. @default none */
  readonly links?: readonly Link[];
}

interface LabelColumn {
  readonly label: string;
}

interface QueriedColumn {
  /** A query; its newest value. */
  readonly expr: string;
  /** @default promql */
  readonly language?: "promql" | "logql";
  readonly unit: string;
  /** Digits behind the point. @default two */
  readonly decimals?: number;
  /** From this value on a cell is yellow, then red. @default no colours */
  readonly thresholds?: readonly [warning: number, critical: number];
}

/** A row for each value of the labels: the newest values of queries beside each other. Sorted by the first column, numbers downwards. */
export function table(
  spec: Omit<PanelHead, "targets"> & { readonly columns: readonly [Column, ...Column[]] },
): TableBuilder {
  const { columns, ...head } = spec;
  const [first] = columns;
  // The columns' own letters: A for the first query.
  const queried = columns.filter((column) => "expr" in column);
  const field = (column: Column): string => {
    if ("label" in column) return column.label;
    // Prometheus' data source names the value of one query alone without its letter.
    return queried.length === 1 && column.language !== "logql" ? "Value" : `Value #${refId(queried.indexOf(column))}`;
  };
  const targets = queried.map(({ expr, language }, index) =>
    language === "logql" ? logql(refId(index), expr).queryType("instant") : promql(refId(index), expr, "", true),
  );
  // Loki's answers have a frame for each series, with its labels apart from its fields.
  const flat = queried.some(({ language }) => language === "logql") ? [{ id: "labelsToFields", options: {} }] : [];
  const panel = headed(new TableBuilder(), { ...head, targets })
    // Grafana gives no column less than 150 pixels unless told so; ten of them do not fit then.
    .minWidth(70)
    .decimals(2)
    .showHeader(true)
    .sortBy([new TableSortByFieldStateBuilder().displayName(first.title).desc("expr" in first)])
    .transformations([
      ...flat,
      { id: "merge", options: {} },
      {
        id: "organize",
        options: {
          excludeByName: { Time: true },
          indexByName: Object.fromEntries(columns.map((column, index) => [field(column), index])),
          renameByName: Object.fromEntries(columns.map((column) => [field(column), column.title])),
        },
      },
    ]);
  return columns.reduce((built, column) => built.overrideByName(column.title, cells(column)), panel);
}

function refId(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

function cells(column: Column): DynamicConfigValue[] {
  const { width, links } = column;
  return [
    ...(width === undefined ? [] : [{ id: "custom.width", value: width }]),
    ...(links === undefined ? [] : [{ id: "links", value: links.map((link) => link.build()) }]),
    ...("expr" in column ? numbers(column) : []),
  ];
}

function numbers({ unit, decimals, thresholds }: QueriedColumn): DynamicConfigValue[] {
  return [
    { id: "unit", value: unit },
    // A cell that has none; what the whole panel says without any does not fit into it.
    { id: "noValue", value: "–" },
    ...(decimals === undefined ? [] : [{ id: "decimals", value: decimals }]),
    ...(thresholds === undefined
      ? []
      : [
          { id: "thresholds", value: steps(thresholds).build() },
          { id: "custom.cellOptions", value: { type: "color-text" } },
        ]),
  ];
}

/** What Jaeger searches for. Text that is empty asks for anything. */
export interface TraceSearch {
  readonly service: string;
  /** Name of a span of the service. */
  readonly operation?: string;
  /** In logfmt: `error=true`. */
  readonly tags?: string;
  /** A duration such as `0.1s`. */
  readonly minDuration?: string;
}

/** Most traces that a {@link traces} panel asks for. */
const mostTraces = 100;

/** Traces, the slowest first. The SDK has no query of Jaeger's. */
export function traces(head: Omit<PanelHead, "targets">, search: TraceSearch): TableBuilder {
  const query = { refId: "A", datasource: datasource.jaeger, queryType: "search", limit: mostTraces, ...search };
  const target: Target = { build: () => ({ ...query, _implementsDataqueryVariant: () => undefined }) };
  return headed(new TableBuilder(), { ...head, targets: [target] })
    .minWidth(70)
    .showHeader(true)
    .sortBy([new TableSortByFieldStateBuilder().displayName("Duration").desc(true)])
    .overrideByName("Trace ID", [{ id: "custom.width", value: 270 }])
    .overrideByName("Start time", [{ id: "custom.width", value: 190 }])
    .overrideByName("Duration", [{ id: "custom.width", value: 100 }]);
}

/** The newest lines of a LogQL query. */
export function logs(head: PanelHead & { readonly links?: readonly Link[] }): LogsBuilder {
  return headed(new LogsBuilder(), head)
    .links([...(head.links ?? [])])
    .showTime(true)
    .wrapLogMessage(true)
    .enableLogDetails(true)
    .dedupStrategy(LogsDedupStrategy.None)
    .sortOrder(LogsSortOrder.Descending);
}

/** Things and arrows between them: a query of arrows (`id`, `source`, `target`), and one of things (`id`). */
export function nodeGraph(head: PanelHead): NodeGraphBuilder {
  return headed(new NodeGraphBuilder(), head);
}

/** What every builder of a panel has. */
interface Headed {
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: { type?: string; uid?: string }): this;
  targets(targets: Target[]): this;
  noValue(noValue: string): this;
}

/** What every builder of a panel of numbers has. */
interface Valued extends Headed {
  unit(unit: string): this;
  dataLinks(links: Link[]): this;
  thresholds(thresholds: Builder<ThresholdsConfig>): this;
  colorScheme(color: FieldColorBuilder): this;
}

function headed<Kind extends Headed>(panel: Kind, { title, description, targets, none }: PanelHead): Kind {
  const [first] = targets.map((target) => target.build() as { readonly datasource?: object });
  const asked = panel
    .title(title)
    .description(description)
    .targets([...targets]);
  if (none !== undefined) asked.noValue(none);
  return first?.datasource === undefined ? asked : asked.datasource(first.datasource);
}

function valued<Kind extends Valued>(panel: Kind, spec: PanelSpec): Kind {
  const { unit, links, thresholds } = spec;
  const told = headed(panel, spec).unit(unit);
  const linked = links === undefined ? told : told.dataLinks([...links]);
  return thresholds === undefined
    ? linked.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    : linked.thresholds(steps(thresholds));
}

function legend(displayMode: LegendDisplayMode, calcs: string[]): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .displayMode(displayMode)
    .placement(LegendPlacement.Bottom)
    .calcs(calcs)
    .showLegend(true);
}

function tooltip(): VizTooltipOptionsBuilder {
  return new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);
}

/** Colours from green over yellow to red. */
function steps([warning, critical]: readonly [number, number]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { color: "green", value: null },
    { color: "yellow", value: warning },
    { color: "red", value: critical },
  ]);
}

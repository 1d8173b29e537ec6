import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
  type AnnotationQuery,
  type AnnotationTarget,
  type DashboardLink,
  type Panel,
  type RowPanel,
  type VariableModel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { dashboardUids, deploymentTag } from "../../names.ts";
import { datasource } from "./common.ts";
import { dashboardList, stackTag, type DashboardId } from "./links.ts";

/** Columns of Grafana's grid. */
const gridColumns = 24;

/** Panels side by side, or a heading over those that follow. */
export type Row = PanelRow | { readonly heading: string };

interface PanelRow {
  /** In units of Grafana's grid, of 38 pixels each. */
  readonly height: number;
  readonly panels: readonly Builder<Panel>[];
  /** Columns of each panel, 24 together. @default equal parts */
  readonly widths?: readonly number[];
}

/** Panels side by side over the whole width. */
export function row(height: number, panels: readonly Builder<Panel>[], widths?: readonly number[]): Row {
  return { height, panels, ...(widths === undefined ? {} : { widths }) };
}

/** A line with a title over the rows that follow. */
export function heading(title: string): Row {
  return { heading: title };
}

/** What of the settings decides about panels. */
export interface ShownSettings {
  /** Most traces that wait at once for whether they are kept. @default all are kept, none waits */
  readonly mostWaitingTraces?: number | undefined;
}

/** What a dashboard of the stack consists of. */
export interface DashboardSpec {
  readonly id: DashboardId;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Builder<VariableModel>[];
  readonly rows: readonly Row[];
}

/** A dashboard in the one form that Grafana 10 to 13 read; the SDK's own type of it is deprecated for one that Grafana 10 does not. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly schemaVersion: number;
  readonly version: number;
  readonly editable: boolean;
  /** 1: the crosshair is in all panels at once. */
  readonly graphTooltip: number;
  readonly refresh: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly timezone: string;
  readonly links: readonly DashboardLink[];
  readonly annotations: { readonly list: readonly TaggedAnnotations[] };
  readonly templating: { readonly list: readonly VariableModel[] };
  readonly panels: readonly (Panel | RowPanel)[];
}

/** A dashboard: rows below each other, panels numbered from 1 in reading order, the list of the others in its title bar. */
export function dashboard({ id, title, description, variables, rows }: DashboardSpec): Dashboard {
  return {
    uid: dashboardUids[id],
    title,
    description,
    tags: [stackTag],
    // Of Grafana 10.0. A newer one migrates it, an older one does not exist.
    schemaVersion: 38,
    version: 1,
    editable: false,
    graphTooltip: 1,
    refresh: "10s",
    time: { from: "now-15m", to: "now" },
    timezone: "browser",
    links: [dashboardList().build()],
    annotations: { list: [deployments] },
    templating: { list: variables.map((variable) => variable.build()) },
    panels: laidOut(rows),
  };
}

/** Annotations of Grafana's own; the SDK has the type of their query, but not as that of an annotation's query. */
interface TaggedAnnotations extends Omit<AnnotationQuery, "target"> {
  readonly target: AnnotationTarget;
}

/** Marks of what was deployed while the curves run. */
const deployments: TaggedAnnotations = {
  name: "Deployments",
  datasource: { type: "grafana", uid: "-- Grafana --" },
  enable: true,
  iconColor: "blue",
  target: { type: "tags", tags: [deploymentTag], limit: 100, matchAny: false },
};

function laidOut(rows: readonly Row[]): readonly (Panel | RowPanel)[] {
  const panels: (Panel | RowPanel)[] = [];
  let y = 0;
  for (const next of rows) {
    if ("heading" in next) {
      const place = { x: 0, y, w: gridColumns, h: 1 };
      panels.push(
        new RowBuilder(next.heading)
          .id(panels.length + 1)
          .gridPos(place)
          .build(),
      );
      y += 1;
    } else {
      for (const [panel, columns] of placed(next)) {
        panels.push({ ...panel.build(), id: panels.length + 1, gridPos: { ...columns, y, h: next.height } });
      }
      y += next.height;
    }
  }
  return panels;
}

/** Each panel of a row with its columns. */
function placed({ panels, widths }: PanelRow): readonly (readonly [Builder<Panel>, { x: number; w: number }])[] {
  const equal = Math.ceil(gridColumns / panels.length);
  let x = 0;
  return panels.map((panel, index) => {
    const w = Math.min(widths?.[index] ?? equal, gridColumns - x);
    x += w;
    return [panel, { x: x - w, w }] as const;
  });
}

/** Everything but nothing. Not `.+`, since a plus in the address of a link is a blank. */
const somethingRegex = "..*";

/** How a {@link variable} is chosen. */
export interface VariableChoice {
  /** One value only, and no "All". @default any number of them */
  readonly single?: boolean;
  /** What "All" stands for. @default any value but none: Loki refuses a selector of everything */
  readonly allValue?: string;
}

/** A variable whose values a PromQL query such as `label_values(service_name)` gives. */
export function variable(
  name: string,
  label: string,
  query: string,
  { single = false, allValue = somethingRegex }: VariableChoice = {},
): QueryVariableBuilder {
  const asked = new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource.victoriaMetrics)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(!single)
    .includeAll(!single);
  return single ? asked : asked.allValue(allValue).current({ selected: true, text: ["All"], value: ["$__all"] });
}

/**
 * A variable that nobody sees, with what an expression finds in the answer of a PromQL query such as `query_result(up)`.
 *
 * @param regex between slashes; its first group is the value
 */
export function hiddenVariable(name: string, query: string, regex: string): QueryVariableBuilder {
  return variable(name, name, query, { single: true }).regex(regex).hide(VariableHide.HideVariable);
}

/** Text that the user writes; empty at first. */
export function textVariable(name: string, label: string): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder(name).label(label).defaultValue("");
}

/** Who sent something: namespace, service and environment, as every dashboard of services has them. */
export function senderVariables(service: VariableChoice = {}): readonly QueryVariableBuilder[] {
  // Whatever it sends: metrics, or spans or logs, of which the Collector makes metrics. The stack's own parts are none of these.
  const source = '{service_namespace=~".+",service_namespace!="stack"}';
  return [
    variable("namespace", "Namespace", `label_values(${source}, service_namespace)`),
    variable(
      "service",
      "Service",
      'label_values({service_namespace=~"$namespace",service_namespace!="stack"}, service_name)',
      service,
    ),
    // Not everybody says where it runs.
    variable("environment", "Environment", `label_values(${source}, deployment_environment_name)`, { allValue: ".*" }),
  ];
}

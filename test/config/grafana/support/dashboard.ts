import { z } from "zod";
import { deploymentTag } from "../../../../config/names.ts";
import { dashboards } from "../../../../config/grafana/dashboards/dashboards.ts";
import type { ShownSettings } from "../../../../config/grafana/dashboards/dashboard.ts";
import type { DashboardId } from "../../../../config/grafana/dashboards/links.ts";

const reference = z.strictObject({ type: z.string(), uid: z.string() });
// What else the SDK writes into a link is for those of a title bar.
const link = z.looseObject({ title: z.string().min(1), url: z.string(), targetBlank: z.boolean() });
const target = z.looseObject({
  refId: z.string(),
  datasource: reference,
  /** Of a query of metrics or logs; one of traces has fields of its own. */
  expr: z.string().min(1).optional(),
  legendFormat: z.string().optional(),
});
const override = z.looseObject({ properties: z.array(z.looseObject({ id: z.string(), value: z.unknown() })) });

const queryVariable = z.looseObject({
  type: z.literal("query"),
  name: z.string(),
  datasource: reference,
  query: z.strictObject({ query: z.string(), refId: z.string() }),
  allValue: z.string().optional(),
});
const textVariable = z.looseObject({ type: z.literal("textbox"), name: z.string() });
const place = z.strictObject({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) });

const panel = z.looseObject({
  id: z.int(),
  type: z.string(),
  title: z.string(),
  description: z.string(),
  gridPos: place,
  datasource: reference,
  targets: z.array(target).min(1),
  links: z.array(link).default([]),
  fieldConfig: z
    .looseObject({
      defaults: z.looseObject({ links: z.array(link).default([]) }),
      overrides: z.array(override),
    })
    .default({ defaults: { links: [] }, overrides: [] }),
});

const heading = z.looseObject({
  id: z.int(),
  type: z.literal("row"),
  title: z.string().min(1),
  gridPos: place,
  collapsed: z.literal(false),
  panels: z.tuple([]),
});

const titleLink = z.strictObject({
  title: z.string(),
  type: z.literal("dashboards"),
  icon: z.string(),
  tooltip: z.string(),
  tags: z.array(z.string()),
  asDropdown: z.boolean(),
  targetBlank: z.boolean(),
  includeVars: z.boolean(),
  keepTime: z.boolean(),
});

const dashboard = z.strictObject({
  uid: z.string(),
  title: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  schemaVersion: z.int(),
  version: z.int(),
  editable: z.boolean(),
  graphTooltip: z.int(),
  refresh: z.string(),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  timezone: z.string(),
  links: z.array(titleLink),
  annotations: z.strictObject({
    list: z.tuple([
      z.strictObject({
        name: z.string(),
        datasource: reference,
        enable: z.literal(true),
        iconColor: z.string(),
        target: z.strictObject({
          type: z.literal("tags"),
          tags: z.tuple([z.literal(deploymentTag)]),
          limit: z.int(),
          matchAny: z.literal(false),
        }),
      }),
    ]),
  }),
  templating: z.strictObject({ list: z.array(z.discriminatedUnion("type", [queryVariable, textVariable])) }),
  panels: z.array(z.union([heading, panel])),
});

/** A dashboard as Grafana reads it. A part that is new here, such as annotations, is refused until a test looks at it. */
export type Dashboard = z.output<typeof dashboard>;

/** A panel of a {@link Dashboard}. */
export type DashboardPanel = z.output<typeof panel>;

/** A query of a panel. */
export type DashboardTarget = z.output<typeof target>;

/** A variable whose values a query gives. */
export type DashboardVariable = z.output<typeof queryVariable>;

/** A link of a panel. */
export type PanelLink = z.output<typeof link>;

/** Settings with which every panel is shown that there is. */
export const everythingShown: ShownSettings = { mostWaitingTraces: 4096 };

/** Reads one of the stack's dashboards as Grafana does: as JSON. With all panels, unless it is told otherwise. */
export function readDashboard(id: DashboardId, shown = everythingShown): Dashboard {
  return dashboard.parse(JSON.parse(JSON.stringify(dashboards[id](shown))));
}

/** The panels of a dashboard, without its headings. */
export function panelsOf(id: DashboardId): readonly DashboardPanel[] {
  return readDashboard(id).panels.flatMap((one) => ("targets" in one ? [one as DashboardPanel] : []));
}

/** The variables of a dashboard whose values a query gives. */
export function queriedVariables(id: DashboardId): readonly DashboardVariable[] {
  return readDashboard(id).templating.list.flatMap((one) => (one.type === "query" ? [one] : []));
}

/** Links from the points and cells of a panel, and from its title. */
export function linksOf({ fieldConfig, links }: DashboardPanel): readonly PanelLink[] {
  const cells = fieldConfig.overrides.flatMap(({ properties }) => properties).filter(({ id }) => id === "links");
  return [...fieldConfig.defaults.links, ...cells.flatMap(({ value }) => z.array(link).parse(value)), ...links];
}

/**
 * Puts values where Grafana would: `$name` and `${name}`.
 *
 * @throws Error for a variable that has no value
 */
export function withValues(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{?([\w.]+)(?::pipe)?\}?/g, (variable, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${text}: no variable ${variable}`);
    return value;
  });
}

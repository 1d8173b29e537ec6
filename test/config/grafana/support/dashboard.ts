import { z } from "zod";

const reference = z.strictObject({ type: z.string(), uid: z.string() });
const link = z.strictObject({ title: z.string().min(1), url: z.string(), targetBlank: z.boolean().optional() });
const target = z.looseObject({
  refId: z.string(),
  datasource: reference,
  expr: z.string().min(1),
  legendFormat: z.string(),
});
const override = z.looseObject({ properties: z.array(z.looseObject({ id: z.string(), value: z.unknown() })) });

const variable = z.looseObject({
  name: z.string(),
  datasource: reference,
  query: z.strictObject({ query: z.string(), refId: z.string() }),
  allValue: z.string(),
});

const panel = z.looseObject({
  id: z.int(),
  type: z.string(),
  title: z.string(),
  description: z.string(),
  gridPos: z.strictObject({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) }),
  datasource: reference,
  targets: z.array(target).min(1),
  fieldConfig: z
    .looseObject({
      defaults: z.looseObject({ links: z.array(link).default([]) }),
      overrides: z.array(override),
    })
    .default({ defaults: { links: [] }, overrides: [] }),
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
  templating: z.strictObject({ list: z.array(variable) }),
  panels: z.array(panel),
});

/** A dashboard as Grafana reads it. A part that is new here, such as annotations, is refused until a test looks at it. */
export type Dashboard = z.output<typeof dashboard>;

/** A panel of a {@link Dashboard}. */
export type DashboardPanel = z.output<typeof panel>;

/** A query of a panel. */
export type DashboardTarget = z.output<typeof target>;

/** A variable that the user chooses the values of. */
export type DashboardVariable = z.output<typeof variable>;

/** A link of a panel. */
export type PanelLink = z.output<typeof link>;

/** Reads a dashboard's JSON. */
export function readDashboard(json: string): Dashboard {
  return dashboard.parse(JSON.parse(json));
}

/** Links from the points and cells of a panel. */
export function linksOf({ fieldConfig }: DashboardPanel): readonly PanelLink[] {
  const cells = fieldConfig.overrides.flatMap(({ properties }) => properties).filter(({ id }) => id === "links");
  return [...fieldConfig.defaults.links, ...cells.flatMap(({ value }) => z.array(link).parse(value))];
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

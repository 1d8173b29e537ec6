import { z } from "zod";

/**
 * How Grafana resolves the links that the data sources provision, from Grafana's own API and as its version does it,
 * so that a link is proved by the definition that the running server has, not by ours.
 */

const derivedField = z.object({
  name: z.string(),
  matcherRegex: z.string(),
  matcherType: z.enum(["regex", "label"]).optional(),
  url: z.string().default(""),
  datasourceUid: z.string(),
});

/** A link from a log line to a trace, as Loki's data source holds it. */
export type DerivedField = z.output<typeof derivedField>;

const addressField = derivedField.omit({ datasourceUid: true });

/** A link from a log line to an address in Grafana, as Loki's data source holds it. */
export type AddressField = z.output<typeof addressField>;

const lokiJsonData = z.object({ derivedFields: z.array(z.union([derivedField, addressField])).default([]) });

const tracesToLogs = z.object({
  datasourceUid: z.string(),
  customQuery: z.literal(true),
  query: z.string(),
  spanStartTimeShift: z.string().default("0"),
  spanEndTimeShift: z.string().default("0"),
});

/** A link from a trace to its logs, as Jaeger's data source holds it. */
export type TracesToLogs = z.output<typeof tracesToLogs>;

const tracesToMetrics = z.object({
  datasourceUid: z.string(),
  tags: z.array(z.object({ key: z.string(), value: z.string() })).min(1),
  queries: z.array(z.object({ name: z.string(), query: z.string() })).min(1),
});

/** The queries that lead from a span to its metrics, as Jaeger's data source holds them. */
export type TracesToMetrics = z.output<typeof tracesToMetrics>;

const jaegerJsonData = z.object({ tracesToLogsV2: tracesToLogs });
const jaegerMetricsJsonData = z.object({ tracesToMetrics });

/** A line of a log with everything Grafana has to match against. */
export interface LogLine {
  readonly line: string;
  /** Labels and structured metadata. */
  readonly labels: Readonly<Record<string, string>>;
}

/** The derived fields of a data source's `jsonData` that ask another data source. */
export function derivedFields(jsonData: unknown): readonly DerivedField[] {
  return lokiJsonData.parse(jsonData).derivedFields.flatMap((field) => ("datasourceUid" in field ? [field] : []));
}

/** Those that open an address, such as that of a dashboard. */
export function addressFields(jsonData: unknown): readonly AddressField[] {
  return lokiJsonData.parse(jsonData).derivedFields.flatMap((field) => ("datasourceUid" in field ? [] : [field]));
}

/** The link from a trace to logs of a data source's `jsonData`. */
export function tracesToLogsLink(jsonData: unknown): TracesToLogs {
  return jaegerJsonData.parse(jsonData).tracesToLogsV2;
}

/** The link from a span to metrics of a data source's `jsonData`. */
export function tracesToMetricsLink(jsonData: unknown): TracesToMetrics {
  return jaegerMetricsJsonData.parse(jsonData).tracesToMetrics;
}

/** Matching on a label came with Grafana 11 (grafana#76162, #96609); older versions try its regex on the line. */
export function supportsField(field: AddressField, grafanaVersion: string): boolean {
  return field.matcherType !== "label" || readsMetadata(grafanaVersion);
}

/** Whether this Grafana finds what a link is made of beside a line as well, and not in its text only. */
export function readsMetadata(grafanaVersion: string): boolean {
  return Number.parseInt(grafanaVersion, 10) >= 11;
}

/** What a derived field links to for a line: an id for its data source, or an address; `undefined` if it does not match. */
export function resolveField(field: AddressField, log: LogLine): string | undefined {
  const value =
    field.matcherType === "label" ? matchLabel(field, log) : new RegExp(field.matcherRegex).exec(log.line)?.[1];
  return value === undefined ? undefined : field.url.replaceAll("${__value.raw}", value);
}

function matchLabel(field: AddressField, log: LogLine): string | undefined {
  const key = Object.keys(log.labels).find((label) => new RegExp(field.matcherRegex).test(label));
  return key === undefined ? undefined : log.labels[key];
}

/** The dashboard that an address in Grafana opens, and what it chooses of its variables. */
export function dashboardAddress(address: string): {
  readonly uid: string;
  readonly chosen: Readonly<Record<string, string>>;
} {
  const { pathname, searchParams } = new URL(address, "http://grafana");
  const chosen = [...searchParams].flatMap(([key, value]) => (key.startsWith("var-") ? [[key.slice(4), value]] : []));
  return {
    uid: /^\/d\/([^/]+)/.exec(pathname)?.[1] ?? "",
    chosen: Object.fromEntries(chosen) as Record<string, string>,
  };
}

/** The LogQL query that a trace's link runs. */
export function resolveTraceQuery(link: TracesToLogs, traceId: string): string {
  return link.query.replaceAll("${__trace.traceId}", traceId);
}

/**
 * The PromQL query that a span's link runs, over the shortest interval that Grafana takes. Of the
 * tags that the link names, those that the span has take the place of `$__tags`; nothing else is replaced.
 *
 * @param spanTags attributes of the span and of its process
 */
export function resolveSpanQuery(
  query: string,
  { tags }: Pick<TracesToMetrics, "tags">,
  spanTags: Readonly<Record<string, string>>,
): string {
  const matchers = tags.flatMap(({ key, value }) => (key in spanTags ? [`${value}="${spanTags[key] ?? ""}"`] : []));
  return query.replaceAll("$__tags", () => matchers.join(", ")).replaceAll("$__rate_interval", "1m");
}

/** Grafana's time shift, such as `-5m` or `1h`, in milliseconds. */
export function shiftMillis(shift: string): number {
  const match = /^(-?\d+)(ms|s|m|h)?$/.exec(shift);
  if (match === null) throw new Error(`time shift: must be a number with ms, s, m or h, got ${shift}`);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? "ms"];
  return Number(match[1]) * (unit ?? 1);
}

import { z } from "zod";
import { apiServiceName } from "../../../config/example-services.ts";
import { dashboardUids } from "../../../config/names.ts";
import type { StackOutputs } from "../../../cli/outputs.ts";

const target = z.looseObject({ refId: z.string(), datasource: z.object({ type: z.string(), uid: z.string() }) });
const variable = z.object({
  name: z.string(),
  includeAll: z.boolean().default(false),
  allValue: z.string().default(""),
});
const dashboard = z.object({
  dashboard: z.object({
    panels: z.array(z.object({ title: z.string(), targets: z.array(target).optional() })),
    templating: z.object({ list: z.array(variable) }),
  }),
});
const traces = z.object({ data: z.array(z.unknown()) });
const traceSearch = z.object({
  service: z.string(),
  operation: z.string().optional(),
  minDuration: z.string().optional(),
  tags: z.string().optional(),
});

type Target = z.output<typeof target>;
const queried = z.object({
  results: z.record(
    z.string(),
    z.object({
      error: z.string().optional(),
      frames: z.array(z.object({ data: z.object({ values: z.array(z.array(z.unknown())) }) })).default([]),
    }),
  ),
});

/** What is looked at, and how. */
export interface Look {
  /** Uids of the dashboards. @default all of the stack's */
  readonly dashboards?: readonly string[];
  /** What pickers are set to, by their names. @default what they stand for at first */
  readonly picked?: Readonly<Record<string, string>>;
}

/** Titles of the panels that would show "No data" or an error, as Grafana itself answers them. */
export async function emptyPanels(outputs: StackOutputs, look: Look = {}): Promise<readonly string[]> {
  const { dashboards = Object.values(dashboardUids), picked = {} } = look;
  const found = await Promise.all(dashboards.map((uid) => emptyPanelsOf(uid, outputs, picked)));
  return found.flat();
}

async function emptyPanelsOf(
  uid: string,
  outputs: StackOutputs,
  picked: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const { panels, templating } = dashboard.parse(await ask(outputs, `/api/dashboards/uid/${uid}`)).dashboard;
  const values = new Map(templating.list.map((one) => [one.name, picked[one.name] ?? chosen(one, outputs)]));
  const found = await Promise.all(
    panels.flatMap(({ title, targets = [] }) =>
      targets.map(async (query) => {
        const filled = withValues(query, values);
        const isFound = query.datasource.type === "jaeger" ? findsTraces(filled, outputs) : hasData(filled, outputs);
        return (await isFound) ? [] : [`${uid}: ${title} ${query.refId}`];
      }),
    ),
  );
  return found.flat();
}

/** What a variable stands for at first: everything; where it has to be one service, that which all requests come to. */
function chosen({ name, includeAll, allValue }: z.output<typeof variable>, { serviceNames }: StackOutputs): string {
  if (includeAll) return allValue;
  const suffix = `-${apiServiceName}`;
  return name === "service" ? (serviceNames.find((service) => service.endsWith(suffix)) ?? "") : "";
}

/** What the browser fills into a query; Grafana's server does the rest. */
function withValues(query: Target, values: ReadonlyMap<string, string>): Target {
  const filled = JSON.stringify(query).replaceAll(
    /\$\{?([a-z]\w*)\}?/g,
    (text, name: string) => values.get(name) ?? text,
  );
  return target.parse(JSON.parse(filled));
}

/** Jaeger's data source asks from the browser before Grafana 12, with what its query says. */
async function findsTraces(query: Target, outputs: StackOutputs): Promise<boolean> {
  const { service, operation = "", minDuration = "", tags = "" } = traceSearch.parse(query);
  const parameters = new URLSearchParams({
    ...{ service, operation, minDuration, lookback: "custom", limit: "1" },
    ...(tags === "" ? {} : { tags: JSON.stringify(Object.fromEntries([tags.split("=")])) }),
    start: `${Date.now() - 300_000}000`,
    end: `${Date.now()}000`,
  });
  const path = `/api/datasources/proxy/uid/${query.datasource.uid}/api/traces?${parameters.toString()}`;
  return traces.parse(await ask(outputs, path)).data.length > 0;
}

async function hasData(query: Target, outputs: StackOutputs): Promise<boolean> {
  const body = { queries: [{ ...query, intervalMs: 15_000, maxDataPoints: 100 }], from: "now-5m", to: "now" };
  const { results } = queried.parse(await ask(outputs, "/api/ds/query", body));
  return Object.values(results).some(({ error, frames }) => {
    return error === undefined && frames.some(({ data }) => data.values.some((values) => values.length > 0));
  });
}

async function ask(outputs: StackOutputs, path: string, body?: object): Promise<unknown> {
  const { urls, grafanaUser, grafanaPassword } = outputs;
  const authorization = `Basic ${Buffer.from(`${grafanaUser}:${grafanaPassword}`).toString("base64")}`;
  const answer = await fetch(`${urls.grafana ?? ""}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  // A query that fails is answered with 400 and the reason in the result.
  if (!answer.ok && !text.startsWith('{"results"')) throw new Error(`${path} answered ${answer.status}: ${text}`);
  return JSON.parse(text) as unknown;
}

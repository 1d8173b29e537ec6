import { z } from "zod";
import { dashboardUids } from "../../../config/names.ts";
import type { StackOutputs } from "../../../cli/outputs.ts";

const target = z.looseObject({ refId: z.string(), datasource: z.object({ type: z.string(), uid: z.string() }) });
const dashboard = z.object({
  dashboard: z.object({
    panels: z.array(z.object({ title: z.string(), targets: z.array(target).optional() })),
  }),
});
const queried = z.object({
  results: z.record(
    z.string(),
    z.object({
      error: z.string().optional(),
      frames: z.array(z.object({ data: z.object({ values: z.array(z.array(z.unknown())) }) })).default([]),
    }),
  ),
});

/** Titles of the panels of every dashboard that would show "No data" or an error, as Grafana itself answers them. */
export async function emptyPanels(outputs: StackOutputs): Promise<readonly string[]> {
  const found = await Promise.all(Object.values(dashboardUids).map((uid) => emptyPanelsOf(uid, outputs)));
  return found.flat();
}

async function emptyPanelsOf(uid: string, outputs: StackOutputs): Promise<readonly string[]> {
  const { panels } = dashboard.parse(await ask(outputs, `/api/dashboards/uid/${uid}`)).dashboard;
  const found = await Promise.all(
    panels.flatMap(({ title, targets = [] }) =>
      targets.map(async (query) => ((await hasData(query, outputs)) ? [] : [`${uid}: ${title} ${query.refId}`])),
    ),
  );
  return found.flat();
}

async function hasData(query: z.output<typeof target>, outputs: StackOutputs): Promise<boolean> {
  // What the browser fills in; Grafana's server does the rest.
  const text = JSON.stringify(query)
    .replaceAll(/\$(namespace|service)\b/g, ".+")
    .replaceAll("$environment", ".*");
  const body = {
    queries: [{ ...(JSON.parse(text) as object), intervalMs: 15_000, maxDataPoints: 100 }],
    from: "now-5m",
    to: "now",
  };
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

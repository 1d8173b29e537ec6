import assert from "node:assert/strict";
import type { DashboardId } from "../../../../config/grafana/dashboards/links.ts";
import { datasourceUid } from "../../../../config/parts/part.ts";
import { parts } from "../../../../config/parts/parts.ts";
import { checkLogql, checkPromql, type CheckedQuery } from "./check-query.ts";
import { panelsOf, readDashboard, withValues, type DashboardPanel, type DashboardTarget } from "./dashboard.ts";
import { derivedSeries } from "./derived-series.ts";
import { ownSeries } from "./own-series.ts";
import { observedService } from "./observed-service.ts";
import { runtimeSeries } from "./runtime-series.ts";
import { storedSeries, type StoredSeries } from "./stored-series.ts";

/** A query of a panel with what its check says. */
export interface CheckedTarget {
  readonly panel: DashboardPanel;
  readonly target: DashboardTarget & { readonly expr: string };
  readonly result: CheckedQuery;
}

/** A record that is lost has its reason; nothing is lost in the tests. */
const whenLost = ["log", "span", "metric_data_point"].map((what) => `otel_sdk_exporter_${what}_exported_total`);

/** Every series that a query of a dashboard may name: what a service really sent, what others send,
 * what the Collector makes of it, and what the stack says of itself. */
export async function knownSeries(): Promise<StoredSeries> {
  const observed = [...storedSeries((await observedService()).metrics)].map(
    ([name, labels]) => [name, whenLost.includes(name) ? new Set([...labels, "error_type"]) : labels] as const,
  );
  return new Map([...observed, ...runtimeSeries, ...derivedSeries, ...ownSeries()]);
}

/** Every query of metrics or logs of a dashboard, checked in the language of its data source. */
export async function checkedTargets(id: DashboardId): Promise<readonly CheckedTarget[]> {
  const all = panelsOf(id).flatMap((panel) =>
    panel.targets.flatMap(({ expr, ...target }) =>
      expr === undefined ? [] : [{ panel, target: { ...target, expr } }],
    ),
  );
  return Promise.all(all.map(async (one) => ({ ...one, result: await check(id, one.target) })));
}

/** Checks a query of a dashboard in the language of its data source against what there is. */
export async function check(
  id: DashboardId,
  { datasource, expr }: Pick<CheckedTarget["target"], "datasource" | "expr">,
): Promise<CheckedQuery> {
  // `$1` is no variable of Grafana's but what `label_replace` has matched.
  const query = withValues(expr, { 1: "$1", __rate_interval: "1m", __interval: "1m", __range: "1h", ...allChosen(id) });
  if (datasource.uid === datasourceUid(parts.victoriaMetrics)) return checkPromql(query, await knownSeries());
  assert.equal(datasource.uid, datasourceUid(parts.loki), "no other language can be checked");
  const { lines } = await observedService();
  return checkLogql(query, new Set(lines.flatMap((line) => fieldNames(JSON.parse(line)))));
}

/** What Grafana puts into a query when everything is chosen; where one value has to be, a name. */
export function allChosen(id: DashboardId): Record<string, string> {
  const { list } = readDashboard(id).templating;
  return Object.fromEntries(
    list.map((variable) => [variable.name, variable.type === "query" ? (variable.allValue ?? "some-name") : ""]),
  );
}

/** Names that LogQL's `| json` gives to the fields of a line. */
function fieldNames(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== "object" || value === null) return [path.join("_").replaceAll(/\W/g, "_")];
  return Object.entries(value).flatMap(([key, inner]) => fieldNames(inner, [...path, key]));
}

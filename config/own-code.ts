import { fragmentProblems } from "./collector-fragment.ts";
import { dashboardProblems, type ReadFolder } from "./grafana/own-dashboards.ts";
import { datasourceProblems } from "./grafana/own-datasources.ts";
import { isRecord } from "./parse.ts";
import type { Problem } from "./problem.ts";

/** What is wrong with what the user adds to the generated configuration, as far as the settings' groups are groups. */
export function ownCodeProblems(input: unknown, readFolder: ReadFolder): readonly Problem[] {
  if (!isRecord(input)) return [];
  const { secrets = {}, otelCollector, grafana } = input;
  const secretNames = isRecord(secrets) ? Object.keys(secrets) : undefined;
  return [
    ...(isRecord(otelCollector) ? fragmentProblems(otelCollector["config"], secretNames) : []),
    ...(isRecord(grafana) ? datasourceProblems(grafana["datasources"], secretNames) : []),
    ...(isRecord(grafana) ? dashboardProblems(grafana["dashboards"], readFolder) : []),
  ];
}

import { z } from "zod";
import { documentedStack } from "../../../generators/documented-stack.ts";
import { ruleUid } from "../../../config/grafana/alerting/rule.ts";
import { runbooksUid } from "../../../config/names.ts";
import { datasourceUid } from "../../../config/parts/part.ts";
import { parts } from "../../../config/parts/parts.ts";
import { HttpError, type GrafanaClient } from "../../../cli/grafana-client.ts";

const ruleSchema = z.looseObject({
  uid: z.string(),
  condition: z.string(),
  data: z.array(z.looseObject({ datasourceUid: z.string() })),
  noDataState: z.string(),
  execErrState: z.string(),
  title: z.string(),
  folderUID: z.string(),
  annotations: z.looseObject({ summary: z.string(), runbook_url: z.string().default("") }),
});

/** Titles of all rules of the stack of the tests, by their uids; it has no disk guard (4-disk-guard has its rules). */
const documentedRules: ReadonlyMap<string, string> = new Map(
  documentedStack().defaultRules.map(({ name, title }) => [ruleUid(name), title]),
);

/** A rule as the running Grafana has it. */
export type ProvisionedRule = z.output<typeof ruleSchema>;

/** The rules that a Grafana has, by their uids: the stack's, and the user's own. */
export async function provisionedRules(grafana: GrafanaClient): Promise<{
  readonly stack: ReadonlyMap<string, ProvisionedRule>;
  readonly own: readonly ProvisionedRule[];
}> {
  const rules = z.array(ruleSchema).parse(await grafana.get("/api/v1/provisioning/alert-rules"));
  const isOwn = ({ uid }: ProvisionedRule): boolean => uid.startsWith("own-");
  return {
    stack: new Map(rules.filter((rule) => !isOwn(rule)).map((rule) => [rule.uid, rule])),
    own: rules.filter(isOwn),
  };
}

/** A series that was judged: its labels, and 1 where the rule fires for it. */
const frame = z.object({
  schema: z.object({ fields: z.array(z.object({ labels: z.record(z.string(), z.string()).default({}) })) }),
  data: z.object({ values: z.array(z.array(z.number().nullable())) }),
});

const evaluation = z.object({
  results: z.record(z.string(), z.object({ error: z.string().optional(), frames: z.array(frame).default([]) })),
});

/** What Grafana makes of a rule. */
export interface Verdict {
  readonly fires: boolean;
  /** Labels of each series that it fires for; none if it fires since there is none. */
  readonly labels: readonly Readonly<Record<string, string>>[];
  /** What went wrong, if it could not be evaluated. */
  readonly error?: string;
}

/**
 * Has Grafana evaluate a rule that it has, queries, threshold and all, for a moment and with another data source than the
 * stack's: what it does at each look, but for the time that the condition has to last.
 */
export async function verdict(
  grafana: GrafanaClient,
  rule: ProvisionedRule,
  at: { readonly datasourceUid: string; readonly millis: number },
): Promise<Verdict> {
  const isQuery = (uid: string): boolean => uid !== "__expr__";
  const data = rule.data.map((each) =>
    isQuery(each.datasourceUid) ? { ...each, datasourceUid: at.datasourceUid } : each,
  );
  const request = { condition: rule.condition, data, now: new Date(at.millis).toISOString() };
  const notEvaluated = (error: string): Verdict => ({ fires: rule.execErrState === "Alerting", labels: [], error });
  let results;
  try {
    ({ results } = evaluation.parse(await grafana.post("/api/v1/eval", request)));
  } catch (error) {
    if (error instanceof HttpError && error.status >= 500) return notEvaluated(error.message);
    throw error;
  }
  const error = Object.values(results).find((result) => result.error !== undefined)?.error;
  if (error !== undefined) return notEvaluated(error);
  const judged = (results[rule.condition]?.frames ?? []).flatMap(({ schema, data: { values } }) =>
    schema.fields.map(({ labels }, index) => ({ labels, fires: values[index]?.at(-1) === 1 })),
  );
  if (judged.length === 0) return { fires: rule.noDataState === "Alerting", labels: [] };
  const firing = judged.filter(({ fires }) => fires);
  return { fires: firing.length > 0, labels: firing.map(({ labels }) => labels) };
}

const rows = z.object({
  dashboard: z.object({
    panels: z.array(z.object({ panels: z.array(z.object({ id: z.number(), title: z.string() })) })),
  }),
});

/**
 * What is wrong with the rules as the running Grafana has them: one that is missing or too many, one that is not evaluated over
 * what the stack has, one whose page is not where its messages lead to. */
export async function ruleProblems(grafana: GrafanaClient, grafanaUrl: string): Promise<readonly string[]> {
  const { stack: rules } = await provisionedRules(grafana);
  const problems = [
    ...[...documentedRules.keys()].filter((uid) => !rules.has(uid)).map((uid) => `${uid}: is missing`),
    ...[...rules.keys()].filter((uid) => !documentedRules.has(uid)).map((uid) => `${uid}: is one too many`),
  ];
  const { dashboard } = rows.parse(await grafana.get(`/api/dashboards/uid/${runbooksUid}`));
  const pages = new Map(dashboard.panels.flatMap(({ panels }) => panels.map(({ id, title }) => [String(id), title])));
  for (const [uid, rule] of rules) {
    const at = { datasourceUid: datasourceUid(parts.victoriaMetrics), millis: Date.now() };
    const { error } = await verdict(grafana, rule, at);
    if (error !== undefined) problems.push(`${uid}: ${error}`);
    const { origin, pathname, searchParams } = new URL(rule.annotations.runbook_url);
    const page = pages.get(searchParams.get("viewPanel") ?? "");
    const isThere = origin === grafanaUrl && pathname === `/d/${runbooksUid}` && page === documentedRules.get(uid);
    if (!isThere) problems.push(`${uid}: ${rule.annotations.runbook_url} leads to ${page ?? "no page"}`);
  }
  return problems;
}

import { datasourceUid } from "../../parts/part.ts";
import { victoriaMetrics } from "../../parts/victoria-metrics.ts";
import { runbookPath } from "./links.ts";
import type { Severity } from "./severities.ts";

/** What Grafana makes of a rule that finds nothing, or that it cannot evaluate. */
export type StateWithout = "OK" | "Alerting";

/** A rule of the stack. */
export interface AlertRule {
  /** Part of its uid, and the name of its page in docs/runbooks. Fixed for ever, see `retiredRules` in rules.ts. */
  readonly name: string;
  /** Its name in Grafana and in messages: what is wrong, in a few words. No two rules have the same. */
  readonly title: string;
  /** The label of its alerts, unless each of its series has one. */
  readonly severity: Severity | "from the series";
  /** PromQL, evaluated for the moment. It fires for each series that is on the wrong side of `threshold`. */
  readonly expr: string;
  /** @default above 0: the query itself leaves out what is well */
  readonly threshold?: { readonly type: "gt" | "lt"; readonly value: number };
  /** How long that has to last, in minutes. */
  readonly forMinutes: number;
  /**
   * What a person reads at 3 a.m.: who, what, how bad. A template of Go with `.Labels` and {@link measured}; not
   * `$labels`, since Grafana may take a `$` for a variable of its environment.
   */
  readonly summary: string;
  /** What it means, and what to look at first. The same kind of template. */
  readonly description: string;
  /** Where to look, by the words of the link: paths of Grafana, as the same kind of template. The first is the dashboard. */
  readonly links: Readonly<Record<string, string>> & { readonly dashboard: string };
  /** What it is if the query finds nothing. Said for each rule, since Grafana's default is one more alert. */
  readonly noData: StateWithout;
  /** What it is if the query cannot be asked: one rule fires then, and not all of them. */
  readonly notEvaluated: StateWithout;
}

/** Rules that are evaluated together. */
export interface RuleGroup {
  readonly name: string;
  readonly intervalSeconds: number;
  readonly rules: readonly AlertRule[];
}

/** Where a rule's links and its page are found. */
export interface RuleSurroundings {
  /** Address of Grafana for browsers, ending with a slash. */
  readonly grafanaUrl: string;
  /** Address of the folder of the runbooks; empty for those in Grafana. */
  readonly runbookUrl: string;
}

/** Label that Grafana's rules of the stack have. */
export const severityLabel = "severity";

/** Identifier of a rule in Grafana. */
export function ruleUid(name: string): string {
  return `stack-${name}`;
}

/** A label as a template puts it into an address. */
export function labelInUrl(name: string): string {
  return `{{ urlquery .Labels.${name} }}`;
}

/**
 * What the query of a rule found, in a form that people read. Grafana expands its texts once more where the query found
 * nothing, and would log an error each time.
 */
export function measured(as: "humanize" | "humanizePercentage" | "humanizeDuration"): string {
  return `{{ with .Values.A }}{{ ${as} .Value }}{{ end }}`;
}

/** A group as Grafana's provisioning file has it. */
export function provisionedGroup({ name, intervalSeconds, rules }: RuleGroup, where: RuleSurroundings): object {
  return {
    orgId: 1,
    name,
    folder: "Stack",
    interval: `${intervalSeconds}s`,
    rules: rules.map((rule) => provisionedRule(ruleUid(rule.name), rule, linksOf(rule, where))),
  };
}

/** A rule as Grafana's provisioning file has it. @param links annotations with addresses, by the words of the link */
export function provisionedRule(
  uid: string,
  rule: Omit<AlertRule, "name" | "links">,
  links: Readonly<Record<string, string>>,
): object {
  const { type, value } = rule.threshold ?? { type: "gt", value: 0 };
  return {
    uid,
    title: rule.title,
    condition: "B",
    data: [
      query("A", datasourceUid(victoriaMetrics), { expr: rule.expr, instant: true, range: false, editorMode: "code" }),
      query("B", "__expr__", {
        type: "threshold",
        expression: "A",
        conditions: [{ evaluator: { type, params: [value] } }],
      }),
    ],
    noDataState: rule.noData,
    execErrState: rule.notEvaluated,
    for: `${rule.forMinutes}m`,
    annotations: { summary: rule.summary, description: rule.description, ...links },
    labels: rule.severity === "from the series" ? {} : { [severityLabel]: rule.severity },
  };
}

function query(refId: string, datasourceUid: string, model: object): object {
  // The range matters to no query: each says how far back it looks.
  return { refId, relativeTimeRange: { from: 600, to: 0 }, datasourceUid, model: { refId, ...model } };
}

function linksOf(rule: AlertRule, { grafanaUrl, runbookUrl }: RuleSurroundings): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(Object.entries(rule.links).map(([words, path]) => [words, `${grafanaUrl}${path}`])),
    // Grafana shows it as a button.
    runbook_url:
      runbookUrl === ""
        ? `${grafanaUrl}${runbookPath(rule.name)}`
        : `${runbookUrl.replace(/\/+$/, "")}/${rule.name}.md`,
  };
}

import { canary } from "../../parts/canary.ts";
import { diskGuard } from "../../parts/disk-guard.ts";
import { diskGuardGroup } from "./disk-guard.ts";
import { machineGroup } from "./machine.ts";
import { canaryAway, pipelineGroup } from "./pipeline.ts";
import { ruleUid, type AlertRule, type RuleGroup } from "./rule.ts";
import { serviceGroups } from "./services.ts";
import type { Objectives } from "./settings.ts";
import { storesGroup } from "./stores.ts";

/** The metric with which `npm run alert:test` makes an alert: its label `severity` is the alert's. */
export const testMetric = "observability_alert_test";

/** Title of the alert that `npm run alert:test` sends, by which policies know it. */
export const testTitle = "Test of the alerts";

/** Fires as long as somebody has asked for it. */
const testGroup: RuleGroup = {
  name: "test",
  // Somebody waits for it. Idle it is one query for a series that there is not.
  intervalSeconds: 10,
  rules: [
    {
      name: "test",
      title: testTitle,
      // Of its series, one for each severity.
      severity: "from the series",
      // With a value when it is over, too: Grafana waits for two more looks before it takes a series that is away for well.
      expr: `max by (severity) (last_over_time(${testMetric}[1m]))`,
      forMinutes: 0,
      noData: "OK",
      notEvaluated: "OK",
      summary: "This is a test: alerts of severity {{ .Labels.severity }} reach you",
      description: "Somebody has run `npm run alert:test`. There is nothing to do; a message that it is over follows.",
      links: { dashboard: "alerting/list" },
    },
  ],
};

/** What the rules are made from. */
export interface RuleSettings {
  readonly objectives: Objectives;
  /** Memory limit of each part in MiB, by host name. */
  readonly memoryLimitsMib: Readonly<Record<string, number>>;
  /** Host names of the parts that run. */
  readonly runningHosts: readonly string[];
}

/** Every rule of the stack, in its groups. */
export function ruleGroups({ objectives, memoryLimitsMib, runningHosts }: RuleSettings): readonly RuleGroup[] {
  const pipeline = pipelineGroup(runningHosts.includes(canary.host));
  const stores = [storesGroup(memoryLimitsMib), ...(runningHosts.includes(diskGuard.host) ? [diskGuardGroup] : [])];
  return [...serviceGroups(objectives), pipeline, ...stores, machineGroup, testGroup];
}

/** The rules of all groups. */
export function rulesOf(groups: readonly RuleGroup[]): readonly AlertRule[] {
  return groups.flatMap(({ rules }) => rules);
}

/**
 * Names of rules that an older version had. Grafana keeps a rule that is no longer in its file unless it is told to delete
 * it: whoever removes a rule or renames it, writes its old name here.
 */
export const retiredRules: readonly string[] = [];

/** The rules that Grafana is told to delete: those of older versions, and those that there are with other settings only. */
export function deletedRules({ runningHosts }: Pick<RuleSettings, "runningHosts">): readonly object[] {
  const ofParts = [
    ...(runningHosts.includes(canary.host) ? [] : [canaryAway]),
    ...(runningHosts.includes(diskGuard.host) ? [] : rulesOf([diskGuardGroup]).map(({ name }) => name)),
  ];
  return [...retiredRules, ...ofParts].map((name) => ({
    orgId: 1,
    uid: ruleUid(name),
  }));
}

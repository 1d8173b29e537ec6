import { stringify } from "yaml";
import { deletedContactPoints, provisionedContactPoints } from "./contact-points.ts";
import { deletedMuteTimings, muteTimings, policies } from "./policies.ts";
import { deletedOwnRules, provisionedOwnRules } from "./own-rules.ts";
import { provisionedGroup, type RuleSurroundings } from "./rule.ts";
import { deletedRules, ruleGroups, type RuleSettings } from "./rules.ts";
import type { Alerts } from "./settings.ts";

/**
 * The provisioning file of Grafana's alerting: rules, contact points, mute timings and policies, and what of an older
 * file has to go. In what Grafana replaces a dollar sign stands only for the files of secrets: in titles, labels and
 * contact points. In queries and annotations it replaces nothing (tried with Grafana 10.0).
 */
export function alerting(settings: RuleSettings, alerts: Alerts, grafanaUrl: string): string {
  const { contactPoints, runbookUrl } = alerts;
  const where: RuleSurroundings = { grafanaUrl, runbookUrl };
  return stringify(
    {
      apiVersion: 1,
      deleteRules: [...deletedRules(settings), ...deletedOwnRules(alerts.rules)],
      groups: [
        ...ruleGroups(settings).map((group) => provisionedGroup(group, where)),
        ...provisionedOwnRules(alerts.rules, where),
      ],
      deleteContactPoints: deletedContactPoints(contactPoints),
      contactPoints: provisionedContactPoints(contactPoints),
      deleteMuteTimes: deletedMuteTimings(alerts),
      muteTimes: muteTimings(alerts),
      policies: policies(alerts),
    },
    // Grafana takes some texts without quotes for numbers, and expands no anchors of YAML in them.
    { aliasDuplicateObjects: false, defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 },
  );
}

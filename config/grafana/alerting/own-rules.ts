import { crc32 } from "node:zlib";
import { addedDashboardFolder } from "../../names.ts";
import type { OwnRule } from "./own-rule-schema.ts";
import { provisionedRule, type AlertRule, type RuleSurroundings, type StateWithout } from "./rule.ts";

/*
 * Rules of the user's own. Grafana keeps a rule that is no longer in its file unless it is told to delete it by its uid, and
 * no deployment knows what the one before had. So there is a fixed number of places with uids of their own, a rule's place
 * follows from its name, and the places that are not taken are emptied at each start.
 */

/** Places for rules: many times as many as there may be rules, so that a new one hardly ever moves another. */
const places = 256;

function uidAt(place: number): string {
  return `own-${place}`;
}

/** The place of each rule, by its name: the one that follows from the name, or the next that is free. */
function placesOf(rules: readonly Pick<OwnRule, "name">[]): ReadonlyMap<string, number> {
  const taken = new Map<string, number>();
  for (const name of rules.map((rule) => rule.name).sort()) {
    let place = crc32(name) % places;
    while ([...taken.values()].includes(place)) place = (place + 1) % places;
    taken.set(name, place);
  }
  return taken;
}

/** The rules of the user as a group of Grafana's provisioning file; none without a rule. */
export function provisionedOwnRules(rules: readonly OwnRule[], { grafanaUrl }: RuleSurroundings): readonly object[] {
  if (rules.length === 0) return [];
  const placed = placesOf(rules);
  const provisioned = rules.map((rule) => {
    const links = {
      ...(rule.dashboard === "" ? {} : { dashboard: `${grafanaUrl}d/${rule.dashboard}` }),
      ...(rule.runbookUrl === "" ? {} : { runbook_url: rule.runbookUrl }),
    };
    return provisionedRule(uidAt(placed.get(rule.name) ?? 0), judgement(rule), links);
  });
  return [{ orgId: 1, name: "own", folder: addedDashboardFolder, interval: "60s", rules: provisioned }];
}

function judgement(rule: OwnRule): Omit<AlertRule, "name" | "links"> {
  const { title, expr, above, below, forMinutes, severity, summary, description, noData } = rule;
  const notEvaluated: StateWithout = "OK";
  const common = { title, expr, forMinutes, severity, summary, description, noData, notEvaluated };
  if (below !== undefined) return { ...common, threshold: { type: "lt", value: below } };
  return { ...common, threshold: { type: "gt", value: above ?? 0 } };
}

/** The places that Grafana is told to empty. */
export function deletedOwnRules(rules: readonly OwnRule[]): readonly object[] {
  const taken = new Set(placesOf(rules).values());
  const free = Array.from({ length: places }, (_, place) => place).filter((place) => !taken.has(place));
  return free.map((place) => ({ orgId: 1, uid: uidAt(place) }));
}

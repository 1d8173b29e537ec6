import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { ruleUid } from "../../../../config/grafana/alerting/rule.ts";
import { deletedRules, retiredRules, ruleGroups, rulesOf } from "../../../../config/grafana/alerting/rules.ts";
import { objectivesSchema } from "../../../../config/grafana/alerting/settings.ts";
import { grafanaUid } from "../../../../config/rules.ts";
import { memoryLimitsOf, runningHostsOf } from "../../../../config/parts/processes.ts";
import { settings } from "../../../support/settings.ts";

const root = join(import.meta.dirname, "..", "..", "..", "..");
const memoryLimitsMib = memoryLimitsOf(settings());
const everything = { loki: { maxDiskGib: 5 } };
const runningHosts = runningHostsOf(settings(everything));
const objectives = objectivesSchema.parse({ services: { "a.b": { latencySeconds: 0 }, c: { silenceMinutes: 30 } } });
const groups = ruleGroups({ objectives, memoryLimitsMib, runningHosts });
const rules = rulesOf(groups);

/** Every rule that a version of the stack has had. Add what is new; what goes stays here and stands in `retiredRules`. */
const everHad = [
  ...["errors-fast", "latency-fast", "errors-slow", "latency-slow", "silence"],
  ...["collector-away", "queue-filling", "queue-full", "refused", "not-delivered"],
  ...["canary-away", "canary-late", "canary-lost"],
  ...["part-away", "part-restarts", "memory-near-limit", "rules-fail", "not-told"],
  ...["metrics-away", "disk-filling", "disk-full", "series-many", "span-names-many", "points-ignored"],
  ...["machine-memory-high", "machine-memory-critical"],
  ...["disk-guard-away", "logs-shortened", "logs-day-large"],
  "test",
];

describe("the alert rules", () => {
  it("are all that there ever were, but for those that Grafana is told to delete", () => {
    const names = rules.map(({ name }) => name);
    assert.deepEqual([...names, ...retiredRules].sort(), everHad.toSorted());
    assert.deepEqual(new Set(names).size + retiredRules.length, everHad.length);
  });

  it("have uids that Grafana takes, and titles of their own", () => {
    assert.deepEqual(
      rules.filter(({ name }) => !grafanaUid.pattern.test(ruleUid(name))),
      [],
    );
    assert.equal(new Set(rules.map(({ title }) => title)).size, rules.length);
  });

  it("have a page each, and there is no page without a rule", () => {
    const pages = readdirSync(join(root, "docs", "runbooks")).sort();
    assert.deepEqual(pages, rules.map(({ name }) => `${name}.md`).sort());
  });

  it("have queries without syntax errors that make up no value", () => {
    const wrong: string[] = [];
    for (const { name, expr } of rules) {
      parser.parse(expr).iterate({
        enter: ({ type, from }) => {
          if (type.isError) wrong.push(`${name}: ${expr.slice(Math.max(0, from - 40), from + 20)}`);
        },
      });
      if (expr.includes("vector(")) wrong.push(`${name}: vector`);
    }
    assert.deepEqual(wrong, []);
  });

  it("have texts in which Grafana finds no variable of its environment, and every template is closed", () => {
    for (const { name, title, summary, description, links } of rules) {
      for (const text of [title, summary, description, ...Object.values(links)]) {
        assert.doesNotMatch(text, /\$/, name);
        assert.doesNotMatch(text.replaceAll(/\{\{[^{}]+\}\}/g, ""), /[{}]/, name);
        assert.doesNotMatch(text, /(?<!with )\.Values\.A/, name);
      }
    }
  });

  it("say of themselves what they are without data, and one alone fires if VictoriaMetrics cannot be asked", () => {
    const names = (list: typeof rules): readonly string[] => list.map(({ name }) => name);
    assert.deepEqual(names(rules.filter(({ noData }) => noData === "Alerting")), [
      "collector-away",
      "canary-away",
      "metrics-away",
      "disk-guard-away",
    ]);
    assert.deepEqual(names(rules.filter(({ notEvaluated }) => notEvaluated === "Alerting")), ["metrics-away"]);
  });

  it("miss the canary only where it runs, and Grafana is told to delete what an older file had of that", () => {
    const without = runningHostsOf(settings({ ...everything, canary: { enabled: false } }));
    const names = rulesOf(ruleGroups({ objectives, memoryLimitsMib, runningHosts: without })).map(({ name }) => name);
    assert.deepEqual(
      rules.map(({ name }) => name).filter((name) => !names.includes(name)),
      ["canary-away"],
    );
    assert.deepEqual(deletedRules({ runningHosts: without }), [{ orgId: 1, uid: "stack-canary-away" }]);
    assert.deepEqual(deletedRules({ runningHosts }), []);
  });

  it("are about the size of logs only with a disk guard, and Grafana is told to delete what an older file had of that", () => {
    const without = runningHostsOf(settings());
    const names = rulesOf(ruleGroups({ objectives, memoryLimitsMib, runningHosts: without })).map(({ name }) => name);
    const missing = rules.map(({ name }) => name).filter((name) => !names.includes(name));
    assert.deepEqual(missing, ["disk-guard-away", "logs-shortened", "logs-day-large"]);
    assert.deepEqual(
      deletedRules({ runningHosts: without }),
      missing.map((name) => ({ orgId: 1, uid: `stack-${name}` })),
    );
  });

  it("look once a minute at most, but for the test", () => {
    const often = groups.filter(({ intervalSeconds }) => intervalSeconds < 60);
    assert.deepEqual(
      often.map(({ name }) => name),
      ["test"],
    );
  });
});

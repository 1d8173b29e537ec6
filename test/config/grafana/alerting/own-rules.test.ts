import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { z } from "zod";
import { grafanaDollar } from "../../../../config/expansion.ts";
import { ownRules, type OwnRule } from "../../../../config/grafana/alerting/own-rule-schema.ts";
import { deletedOwnRules, provisionedOwnRules } from "../../../../config/grafana/alerting/own-rules.ts";
import { programSettings } from "../../../../config/program-settings.ts";
import { asGrafanaReads } from "../../../support/grafana-expansion.ts";
import { asPulumiConfig } from "../../../support/program-config.ts";
import { recordedIdentity } from "../../../support/record-resources.ts";
import { refusalOf } from "../../../support/refusal.ts";
import { stringify } from "yaml";

const where = { grafanaUrl: "http://127.0.0.1:3000/", runbookUrl: "" };
const minimal = { name: "orders-late", title: "Orders are late", expr: "max(order_age_seconds) by (service_name)" };

const provisioned = z.tuple([
  z.object({
    folder: z.string(),
    rules: z.array(
      z.looseObject({ uid: z.string(), title: z.string(), annotations: z.record(z.string(), z.string()) }),
    ),
  }),
]);

type Given = z.input<typeof ownRules>[number];

function rulesOf(...rules: readonly Given[]): readonly OwnRule[] {
  return ownRules.parse(rules);
}

function uidsOf(rules: readonly OwnRule[]): Readonly<Record<string, string>> {
  const [group] = provisioned.parse(provisionedOwnRules(rules, where));
  return Object.fromEntries(group.rules.map(({ title, uid }) => [title, uid]));
}

function linesOf(rules: readonly unknown[]): readonly string[] {
  const config = asPulumiConfig({ alerts: { rules } });
  const [, ...lines] = refusalOf(() => programSettings(config, recordedIdentity)).split("\n");
  return lines.map((line) => line.trim());
}

describe("a rule of the user's own", () => {
  it("needs a name, a title and a query, and fires for each series that is above 0 for five minutes", () => {
    const [group] = provisionedOwnRules(rulesOf(minimal), where);
    assert.deepEqual(group, {
      orgId: 1,
      name: "own",
      folder: "Own",
      interval: "60s",
      rules: [
        {
          uid: uidsOf(rulesOf(minimal))["Orders are late"],
          title: "Orders are late",
          condition: "B",
          data: [
            {
              refId: "A",
              relativeTimeRange: { from: 600, to: 0 },
              datasourceUid: "victoria-metrics",
              model: { refId: "A", expr: minimal.expr, instant: true, range: false, editorMode: "code" },
            },
            {
              refId: "B",
              relativeTimeRange: { from: 600, to: 0 },
              datasourceUid: "__expr__",
              model: {
                refId: "B",
                type: "threshold",
                expression: "A",
                conditions: [{ evaluator: { type: "gt", params: [0] } }],
              },
            },
          ],
          noDataState: "OK",
          execErrState: "OK",
          for: "5m",
          annotations: { summary: "", description: "" },
          labels: { severity: "warning" },
        },
      ],
    });
  });

  it("has everything else that it is given", () => {
    const words = { summary: "{{ .Labels.service_name }} is late", description: "Look at the queue" };
    const links = { dashboard: "shop-orders", runbookUrl: "https://wiki.example.com/orders" };
    const more = { below: 3, forMinutes: 0, severity: "critical", noData: "Alerting", ...words, ...links } as const;
    const [group] = provisioned.parse(provisionedOwnRules(rulesOf({ ...minimal, ...more }), where));
    const [rule] = group.rules;
    assert.deepEqual(rule?.annotations, {
      ...words,
      dashboard: "http://127.0.0.1:3000/d/shop-orders",
      runbook_url: "https://wiki.example.com/orders",
    });
    assert.match(JSON.stringify(rule), /"type":"lt","params":\[3\]/);
    assert.deepEqual([rule["for"], rule["labels"], rule["noDataState"]], ["0m", { severity: "critical" }, "Alerting"]);
  });

  it("keeps its uid when others come and go but for a clash, and every other place is emptied", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}[a-z0-9]$/);
    const some = fc.uniqueArray(name, { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(some, (names) => {
        const rules = rulesOf(...names.map((each) => ({ ...minimal, name: each, title: each })));
        const uids = Object.values(uidsOf(rules));
        assert.equal(new Set(uids).size, names.length);
        const deleted = deletedOwnRules(rules).map((each) => (each as { uid: string }).uid);
        assert.equal(new Set([...uids, ...deleted]).size, 256);
        assert.equal(uids.length + deleted.length, 256);
        const [first = ""] = names;
        const alone = rulesOf({ ...minimal, name: first, title: first });
        const clashes = names
          .slice(1)
          .some((each) => uidsOf(rulesOf({ ...minimal, name: each, title: each }))[each] === uidsOf(alone)[first]);
        if (names.length <= 5 && !clashes) assert.equal(uidsOf(rules)[first], uidsOf(alone)[first]);
      }),
      { numRuns: 50 },
    );
  });

  it("comes through Grafana's reader as it was written, whatever is in its texts", () => {
    const piece = fc.constantFrom("a", "{{ .Labels.x }}", "%", "'", '"', "\\", "#", ": ", "\n", "é", "}", "{", "- ");
    const prose = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
    const query = fc.array(fc.oneof(piece, fc.constantFrom("$", "${HOME}", "$__file{/etc/passwd}")), { maxLength: 6 });
    fc.assert(
      fc.property(prose, prose, query, (summary, description, pieces) => {
        const rule = ownRules.safeParse([{ ...minimal, summary, description, expr: `x${pieces.join("")}` }]);
        fc.pre(rule.success);
        const file: unknown = parse(stringify(provisionedOwnRules(rule.data, where)));
        const [group] = provisioned.parse(asGrafanaReads(file, { ...grafanaDollar, HOME: "/root" }, {}));
        assert.deepEqual(group.rules[0]?.annotations, { summary, description });
      }),
    );
  });

  it("is refused with everything that is wrong at once", () => {
    assert.deepEqual(
      linesOf([
        { name: "Late", title: "$HOME", expr: " " },
        { ...minimal, above: 1, below: 2, summary: "{{ .Labels", forMinutes: -1, runbookUrl: "wiki", severity: "page" },
        { ...minimal, dashboard: "a b", description: "{{ $labels.x }}" },
      ]),
      [
        'alerts.rules.0.name: must be at most 40 lower-case letters, digits and inner hyphens, a letter first, got "Late"; name it for example orders-late',
        'alerts.rules.0.title: must be without $, which Grafana would replace, got "$HOME"; write .Labels and .Values where you mean $labels and $values',
        'alerts.rules.0.expr: must be a query in PromQL of at most 5000 characters, got " "; write one that finds a series for each alert',
        "alerts.rules.1.forMinutes: must be a whole number of minutes from 0 to 10080 (a week at most), got -1; set for example 5",
        'alerts.rules.1.severity: must be one of critical, warning, got "page"; write critical, or leave it out',
        'alerts.rules.1.summary: must have a }} for each {{, got "{{ .Labels"; write for example {{ .Labels.service_name }}',
        'alerts.rules.1.runbookUrl: must be an address, http or https, got "wiki"; write for example https://wiki.example.com/orders-late',
        'alerts.rules.2.description: must be without $, which Grafana would replace, got "{{ $labels.x }}"; write .Labels and .Values where you mean $labels and $values',
        'alerts.rules.2.dashboard: must be 1 to 40 letters, digits, hyphens and underscores, got "a b"; write the uid of a dashboard',
      ],
    );
    assert.deepEqual(linesOf([minimal, { ...minimal, above: 1, below: 2 }]), [
      "alerts.rules.1.below: must not be set together with above, got 2; remove one of the two, or make two rules",
      'alerts.rules.1.name: must differ from that of rules.0, got "orders-late"; choose another one',
      'alerts.rules.1.title: must differ from that of rules.0, got "Orders are late"; choose another one',
    ]);
  });
});

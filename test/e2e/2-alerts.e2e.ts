import assert from "node:assert/strict";
import { z } from "zod";
import type { GrafanaClient } from "../../cli/grafana-client.ts";
import type { StackOutputs } from "../../cli/outputs.ts";
import { ruleUid } from "../../config/grafana/alerting/rule.ts";
import { runbookPath } from "../../config/grafana/alerting/links.ts";
import { datasourceUid } from "../../config/parts/part.ts";
import { parts } from "../../config/parts/parts.ts";
import { severities } from "../../config/grafana/alerting/severities.ts";
import { AlertReceivers, alertSecrets, mailAddress, ownRules, webhookPaths } from "./support/alert-receivers.ts";
import { documentedStack } from "../../generators/documented-stack.ts";
import { RecordedStore } from "./support/recorded-store.ts";
import { ruleCases, type RuleCase } from "./support/rule-cases.ts";
import { provisionedRules, ruleProblems, verdict, type ProvisionedRule, type Verdict } from "./support/rule-verdict.ts";
import type { Ended } from "./support/run.ts";
import { sharedWorkspace, type Workspace } from "./support/workspace.ts";

/** What a webhook of Grafana is sent. */
const notification = z.object({
  status: z.string(),
  alerts: z.tuple([
    z.looseObject({ labels: z.record(z.string(), z.string()), annotations: z.record(z.string(), z.string()) }),
  ]),
});

/** What Slack is sent. */
const slackMessage = z.object({
  attachments: z.tuple([z.object({ title: z.string(), title_link: z.string(), text: z.string() })]),
});

/** The stack of the first run, whose alerts go to a mail server and webhooks of this test. */
describe("an alert of npm run alert:test", () => {
  let workspace: Workspace;
  let outputs: StackOutputs;
  let receivers: AlertReceivers;
  let tested: Ended;

  before(async () => {
    workspace = await sharedWorkspace();
    outputs = await workspace.outputs();
    receivers = await AlertReceivers.start(workspace.receiverPorts);
    tested = await workspace.npm("run", "alert:test");
    process.stdout.write(`      npm run alert:test took ${(tested.tookMillis / 1000).toFixed(1)} s\n`);
  });

  after(() => {
    receivers.stop();
  });

  /** What a webhook was sent, in the order that it came. */
  function sentTo(contactPoint: keyof typeof webhookPaths): readonly unknown[] {
    return receivers.requests.filter(({ path }) => path === webhookPaths[contactPoint]).map(({ body }) => body);
  }

  it("reaches every contact point, as the command says, which shows no secret", () => {
    assert.equal(tested.code, 0, tested.output);
    for (const name of ["mail", "hook", "chat"]) {
      assert.match(tested.stdout, new RegExp(`  ${name}  told after \\d+ s, and that it is over after \\d+ s`));
    }
    for (const secret of alertSecrets) assert.ok(!tested.output.includes(secret));
  });

  it("reaches a webhook at its own address, with words and links, and resolves", () => {
    const sent = sentTo("hook").map((body) => notification.parse(body));
    for (const severity of severities) {
      const mine = sent.filter(({ alerts: [{ labels }] }) => labels["severity"] === severity);
      assert.deepEqual(
        mine.map(({ status }) => status),
        ["firing", "resolved"],
        severity,
      );
      for (const { alerts } of mine) {
        assert.deepEqual(alerts[0].annotations, {
          summary: `This is a test: alerts of severity ${severity} reach you`,
          description:
            "Somebody has run `npm run alert:test`. There is nothing to do; a message that it is over follows.",
          dashboard: `${outputs.urls.grafana ?? ""}/alerting/list`,
          runbook_url: `${outputs.urls.grafana ?? ""}/${runbookPath("test")}`,
        });
      }
    }
    assert.equal(sent.length, 2 * severities.length);
  });

  it("reaches what takes the messages of Slack, if its severity is for it, and resolves", () => {
    const sent = sentTo("chat").map((body) => slackMessage.parse(body).attachments[0]);
    assert.deepEqual(
      sent.map(({ title, title_link }) => [title, title_link]),
      ["[FIRING:1]", "[RESOLVED]"].map((state) => [
        `${state} Test of the alerts Stack (critical)`,
        `${outputs.urls.grafana ?? ""}/alerting/list`,
      ]),
    );
    for (const { text } of sent)
      assert.ok(text.includes("This is a test: alerts of severity critical reach you"), text);
  });

  it("reaches a mail server with the login that it knows, with the same words and links, and resolves", () => {
    const subjects = receivers.mails.map(({ subject }) => subject);
    assert.deepEqual(
      subjects.toSorted(),
      ["[FIRING:1]", "[RESOLVED]"]
        .flatMap((state) => severities.map((severity) => `${state} Test of the alerts Stack (${severity})`))
        .toSorted(),
    );
    for (const { to, subject, html } of receivers.mails) {
      assert.equal(to, mailAddress);
      const severity = severities.find((each) => subject.endsWith(`(${each})`)) ?? assert.fail(subject);
      assert.ok(html.includes(`This is a test: alerts of severity ${severity} reach you`), html);
      assert.ok(html.includes(`href="${outputs.urls.grafana ?? ""}/alerting/grafana/stack-test/view"`), html);
    }
  });
});

describe("an alert rule of the user's own", () => {
  it("is in Grafana, evaluated over what the stack has, and leads where it says", async () => {
    const workspace = await sharedWorkspace();
    const grafana = await workspace.grafana();
    const grafanaUrl = (await workspace.outputs()).urls.grafana ?? "";
    const { own } = await provisionedRules(grafana);
    const at = { datasourceUid: datasourceUid(parts.victoriaMetrics), millis: Date.now() };
    const found = await Promise.all(
      own.map(async (rule) => [rule.title, (await verdict(grafana, rule, at)).labels, rule.annotations] as const),
    );
    const [there, none] = ownRules;
    assert.deepEqual(
      found.toSorted(([a], [b]) => (a < b ? -1 : 1)),
      [
        [
          there.title,
          [{ service_namespace: "stack" }],
          {
            summary: there.summary,
            description: "",
            dashboard: `${grafanaUrl}/d/stores`,
            runbook_url: there.runbookUrl,
          },
        ],
        [none.title, [], { summary: "", description: "", runbook_url: "" }],
      ],
    );
  });
});

/** Each rule as the running Grafana has it, over recordings of what it is about (support/rule-cases.ts). */
describe("every alert rule of the stack", () => {
  const { defaultRules } = documentedStack();
  /** The moments at which the rule's condition is true, and at which all is well, of each case. */
  const recorded = new Map<RuleCase, { readonly trouble: number; readonly well: number }>();
  let grafana: GrafanaClient;
  let grafanaUrl: string;
  let provisioned: ReadonlyMap<string, ProvisionedRule>;
  let store: RecordedStore;

  before(async () => {
    const workspace = await sharedWorkspace();
    grafana = await workspace.grafana();
    grafanaUrl = (await workspace.outputs()).urls.grafana ?? "";
    ({ stack: provisioned } = await provisionedRules(grafana));
    store = await RecordedStore.start(workspace, grafana);
    for (const each of Object.values(ruleCases).flat()) {
      const { series, minutes = 420 } = each;
      const trouble = await store.record(series(true), minutes);
      recorded.set(each, { trouble, well: await store.record(series(false), minutes) });
    }
    await store.flush();
  });

  after(async () => {
    await store.remove();
  });

  it("is in Grafana, evaluated without an error over what the stack has, and leads to its page there", async () => {
    assert.deepEqual(await ruleProblems(grafana, grafanaUrl), []);
  });

  for (const { name, title } of defaultRules) {
    const cases = ruleCases[name];
    if (cases === undefined) throw new Error(`${name}: must have a case in test/e2e/support/rule-cases.ts, has none`);
    for (const each of cases) {
      const by = each.by === undefined ? "" : ` (by ${each.by})`;
      it(`fires when it is so, and not when all is well: ${title}${by}`, async () => {
        const rule = provisioned.get(ruleUid(name)) ?? assert.fail(name);
        const moments = recorded.get(each) ?? assert.fail(name);
        const at = (millis: number): Promise<Verdict> =>
          verdict(grafana, rule, { datasourceUid: RecordedStore.uid, millis });
        const { fires, labels, error } = await at(moments.trouble);
        assert.deepEqual({ fires, error }, { fires: true, error: undefined });
        for (const [, label = ""] of rule.annotations.summary.matchAll(/\.Labels\.(\w+)/g)) {
          assert.ok(
            labels.every((those) => label in those),
            `${label} is in its summary, and not in ${JSON.stringify(labels)}`,
          );
        }
        assert.deepEqual(await at(moments.well), { fires: false, labels: [] });
      });
    }
  }

  it("is well if VictoriaMetrics cannot be asked, but for the one that says so", async () => {
    await store.end();
    const verdicts = new Map<string, Verdict>();
    for (const [uid, rule] of provisioned) {
      verdicts.set(uid, await verdict(grafana, rule, { datasourceUid: RecordedStore.uid, millis: Date.now() }));
    }
    assert.deepEqual(
      [...verdicts].filter(([, { error }]) => error === undefined),
      [],
    );
    const firing = [...verdicts].filter(([, { fires }]) => fires);
    assert.deepEqual(
      firing.map(([uid]) => uid),
      ["stack-metrics-away"],
    );
  });
});

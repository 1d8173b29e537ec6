import assert from "node:assert/strict";
import { z } from "zod";
import type { StackOutputs } from "../../cli/outputs.ts";
import { severities } from "../../config/grafana/alerting/settings.ts";
import { AlertReceivers, alertSecrets, mailAddress, webhookPaths } from "./support/alert-receivers.ts";
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
          runbook: "docs/runbooks/test.md",
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

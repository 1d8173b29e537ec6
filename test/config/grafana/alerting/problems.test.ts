import assert from "node:assert/strict";
import { programSettings } from "../../../../config/program-settings.ts";
import { asPulumiConfig } from "../../../support/program-config.ts";
import { recordedIdentity } from "../../../support/record-resources.ts";
import { refusalOf } from "../../../support/refusal.ts";

function linesOf(config: Readonly<Record<string, unknown>>): readonly string[] {
  const [, ...lines] = refusalOf(() => programSettings(asPulumiConfig(config), recordedIdentity)).split("\n");
  return lines.map((line) => line.trim());
}

describe("the settings of alerts", () => {
  it("are reported with everything that is wrong at once", () => {
    const contactPoints = [
      { name: "team", type: "email", secret: "hook" },
      { name: "team", type: "webhook" },
      { name: "chat", type: "slack", secret: "missing", addresses: ["a@example.com"] },
      { name: "pager", type: "pagerduty", secret: "hook", severities: [] },
      { name: "nobody", type: "sms" },
    ];
    assert.deepEqual(
      linesOf({
        alerts: { contactPoints, mute: [{ from: "24:00", to: "06:00" }], runbookUrl: "docs/{{x}}" },
        secrets: { hook: "ftp://example.com" },
        objectives: { availabilityPercent: 90, latencySeconds: 3, services: { a$b: {}, c: { silenceMinutes: -1 } } },
      }).toSorted(),
      [
        "alerts.contactPoints.0.addresses: must have an address for an e-mail, got an empty list; add one",
        'alerts.contactPoints.0.secret: must not be set for an e-mail, got "hook"; remove it; the mail server\'s password is alerts.smtp.secret',
        'alerts.contactPoints.1.name: must differ from alerts.contactPoints.0.name, got "team"; choose another one',
        "alerts.contactPoints.1.secret: must name the secret with the webhook's address, got nothing; set a secret NAME and write NAME here",
        "alerts.contactPoints.2.addresses: must be set for an e-mail only, got a list; remove it",
        'alerts.contactPoints.2.secret: must be the name of a secret that there is, got "missing"; set secrets.missing',
        "alerts.contactPoints.3.severities: must be one severity at least, got an empty list; leave it out for all",
        'alerts.contactPoints.4.name: must not be Nobody, which stands for no contact point, got "nobody"; choose another one',
        'alerts.contactPoints.4.type: must be one of email, webhook, slack, pagerduty, got "sms"; write email, or leave it out',
        'alerts.mute.0.from: must be another time than `to`, and not 24:00, got "24:00"; correct one of them',
        'alerts.runbookUrl: must be the address of a folder, http or https, got "docs/{{x}}"; write for example https://git.example.com/observability/blob/main/docs/runbooks',
        "alerts.smtp.host: must be set: a contact point is an e-mail, got nothing; write the mail server's name and port, for example smtp.example.com:587",
        "objectives.availabilityPercent: must be a number from 95 to 99.999, got 90; set for example 99.5",
        "objectives.latencySeconds: must be one of 0, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, got 3; set the next one above what is fast enough, or 0 for none",
        'objectives.services."a$b": must be a service.name of 1 to 200 characters, without blanks and $, got "a$b"; write the name as it stands in Grafana',
        "objectives.services.c.silenceMinutes: must be a whole number of minutes from 0 to 1440 (0 for never, a day at most), got -1; set for example 15",
        "secrets.hook: must be an integration key of PagerDuty: letters and digits, got a value that is not shown; set it anew: npm run pulumi -- config set --secret --path 'observability:secrets.hook'",
      ].toSorted(),
    );
  });

  it("take no secret that Grafana would read as a template or replace", () => {
    const secret = (type: string, text: string): readonly string[] =>
      linesOf({ alerts: { contactPoints: [{ name: "a", type, secret: "s" }] }, secrets: { s: text } });
    for (const [type, text] of [
      ["webhook", "https://example.com/{{ .Labels }}"],
      ["slack", "http://hooks.slack.com/services/x"],
      ["pagerduty", "{{ .Labels }}aaaaaaaaaaaaaaaa"],
    ] as const) {
      const [line = "", ...more] = secret(type, text);
      assert.match(line, /^secrets\.s: must be .+, got a value that is not shown; set it anew/);
      assert.deepEqual(more, []);
    }
    const smtp = { host: "mail.example.com:587", from: "a@example.com", user: "a", secret: "s" };
    assert.deepEqual(linesOf({ alerts: { smtp }, secrets: { s: "a%(user)sb" } }), [
      "secrets.s: must be a password in one line without %(NAME)s, which Grafana would replace, got a value that is not shown; set it anew: npm run pulumi -- config set --secret --path 'observability:secrets.s'",
    ]);
  });

  it("lead to what takes the messages of Slack in one's own network too, and to Slack itself by https only", () => {
    const problems = (address: string): readonly string[] =>
      linesOf({ alerts: { contactPoints: [{ name: "a", type: "slack", secret: "s" }] }, secrets: { s: address } });
    for (const address of [
      "https://hooks.slack.com/services/T0/B0/x",
      "http://mattermost.example.internal:8065/hooks/x",
      "http://slack.community/hooks/x",
      "http://myslack.com/hooks/x",
    ]) {
      assert.doesNotThrow(() =>
        programSettings(
          asPulumiConfig({
            alerts: { contactPoints: [{ name: "a", type: "slack", secret: "s" }] },
            secrets: { s: address },
          }),
          recordedIdentity,
        ),
      );
    }
    for (const address of ["http://hooks.slack.com/services/T0", "HTTP://Hooks.Slack.com:80/x", "http://slack.com"]) {
      assert.equal(problems(address).length, 1, address);
    }
  });

  it("of a mail server belong together", () => {
    const contactPoints = [{ name: "a", type: "email", addresses: ["a@example.com"] }];
    // One problem, which is smtp itself.
    assert.equal(linesOf({ alerts: { contactPoints, smtp: 5 } }).length, 1);
    assert.deepEqual(linesOf({ alerts: { smtp: { host: "mail:25", user: "a" } } }).toSorted(), [
      "alerts.smtp.from: must be set: a mail has a sender, got nothing; write for example grafana@example.com",
      "alerts.smtp.secret: must name the secret with the password of the user, got nothing; set a secret NAME and write NAME here",
    ]);
  });
});

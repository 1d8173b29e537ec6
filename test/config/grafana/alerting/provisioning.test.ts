import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { z } from "zod";
import { grafanaDollar, grafanaSecretText } from "../../../../config/expansion.ts";
import { runbookPath } from "../../../../config/grafana/alerting/links.ts";
import { alerting } from "../../../../config/grafana/alerting/provisioning.ts";
import { alertsSchema, objectivesSchema, type Alerts } from "../../../../config/grafana/alerting/settings.ts";
import { memoryLimitsOf, runningHostsOf } from "../../../../config/parts/processes.ts";
import { asGrafanaReads } from "../../../support/grafana-expansion.ts";
import { settings } from "../../../support/settings.ts";

const rules = {
  objectives: objectivesSchema.parse({}),
  memoryLimitsMib: memoryLimitsOf(settings()),
  runningHosts: runningHostsOf(settings()),
};

const fileSchema = z.strictObject({
  apiVersion: z.literal(1),
  deleteRules: z.array(z.unknown()),
  groups: z.array(z.looseObject({ name: z.string(), rules: z.array(z.looseObject({ uid: z.string() })) })),
  deleteContactPoints: z.array(z.object({ orgId: z.literal(1), uid: z.string() })),
  contactPoints: z.array(z.looseObject({ name: z.string(), receivers: z.array(z.unknown()) })),
  deleteMuteTimes: z.array(z.object({ orgId: z.literal(1), name: z.string() })),
  muteTimes: z.array(z.unknown()),
  policies: z.array(z.unknown()),
});

function fileOf(alerts: z.input<typeof alertsSchema>): z.output<typeof fileSchema> {
  const parsed: Alerts = alertsSchema.parse(alerts);
  return fileSchema.parse(parse(alerting(rules, parsed, "http://127.0.0.1:3000/")));
}

const testRoute = (receiver: string): object => ({
  receiver,
  object_matchers: [["alertname", "=", "Test of the alerts"]],
  group_wait: "1s",
  group_interval: "5s",
});

describe("the provisioning file of alerting", () => {
  it("tells nobody as long as there is no contact point, and does not even try", () => {
    const { contactPoints, policies, muteTimes, deleteMuteTimes, deleteContactPoints } = fileOf({});
    assert.deepEqual(contactPoints, [
      {
        orgId: 1,
        name: "Nobody",
        receivers: [{ uid: "stack-contact-nobody", type: "email", settings: { addresses: "nobody@example.invalid" } }],
      },
    ]);
    assert.deepEqual(policies, [
      {
        ...{ orgId: 1, receiver: "Nobody", group_by: ["grafana_folder", "alertname"] },
        ...{ group_wait: "30s", group_interval: "300s", repeat_interval: "4h" },
        routes: [
          {
            receiver: "Nobody",
            object_matchers: [["alertname", "=~", ".+"]],
            mute_time_intervals: ["Stack always"],
          },
        ],
      },
    ]);
    assert.deepEqual(muteTimes, [{ orgId: 1, name: "Stack always", time_intervals: [{}] }]);
    assert.deepEqual(
      deleteMuteTimes.map(({ name }) => name),
      ["Stack critical", "Stack warning"],
    );
    assert.equal(deleteContactPoints.length, 20);
  });

  it("has each contact point with what its kind needs, secrets as files, and empties the places of the others", () => {
    const { contactPoints, deleteContactPoints } = fileOf({
      contactPoints: [
        { name: "team", type: "email", addresses: ["a@example.com", "b$HOME@example.com"] },
        { name: "hook", type: "webhook", secret: "hook" },
        { name: "chat", type: "slack", secret: "slack" },
        { name: "pager", type: "pagerduty", secret: "key" },
      ],
    });
    const file = (name: string): string => `$__file{/run/secrets/${name}}`;
    const receiver = (place: number, type: string, own: object): object[] => [
      { uid: `stack-contact-${place}`, type, settings: own },
    ];
    assert.deepEqual(contactPoints, [
      { orgId: 1, name: "team", receivers: receiver(1, "email", { addresses: "a@example.com;b$$HOME@example.com" }) },
      { orgId: 1, name: "hook", receivers: receiver(2, "webhook", { url: file("hook"), httpMethod: "POST" }) },
      { orgId: 1, name: "chat", receivers: receiver(3, "slack", { url: file("slack") }) },
      { orgId: 1, name: "pager", receivers: receiver(4, "pagerduty", { integrationKey: file("key") }) },
    ]);
    assert.deepEqual(
      deleteContactPoints.map(({ uid }) => uid),
      [...Array.from({ length: 16 }, (_, index) => `stack-contact-${index + 5}`), "stack-contact-nobody"],
    );
  });

  it("leads each severity to whom it is for, all of them, and mutes it at its times; after midnight on the next day", () => {
    const { policies, muteTimes, deleteMuteTimes } = fileOf({
      contactPoints: [
        { name: "team", type: "email", addresses: ["a@example.com"] },
        { name: "pager", type: "pagerduty", secret: "key", severities: ["critical"] },
      ],
      mute: [{ days: ["saturday", "sunday"], from: "22:00", to: "06:00" }],
      ...{ groupWaitSeconds: 10, groupIntervalSeconds: 60, repeatHours: 1 },
    });
    const route = (receiver: string, severity: string, more: object = {}): object => ({
      ...{ receiver, object_matchers: [["severity", "=", severity]], continue: true },
      ...more,
      routes: [testRoute(receiver)],
    });
    assert.deepEqual(policies, [
      {
        ...{ orgId: 1, receiver: "team", group_by: ["grafana_folder", "alertname"] },
        ...{ group_wait: "10s", group_interval: "60s", repeat_interval: "1h" },
        routes: [
          route("team", "critical"),
          route("team", "warning", { mute_time_intervals: ["Stack warning"] }),
          route("pager", "critical"),
        ],
      },
    ]);
    assert.deepEqual(muteTimes, [
      {
        ...{ orgId: 1, name: "Stack warning" },
        time_intervals: [
          { times: [{ start_time: "22:00", end_time: "24:00" }], weekdays: ["saturday", "sunday"] },
          { times: [{ start_time: "00:00", end_time: "06:00" }], weekdays: ["sunday", "monday"] },
        ],
      },
    ]);
    assert.deepEqual(
      deleteMuteTimes.map(({ name }) => name),
      ["Stack critical", "Stack always"],
    );
  });

  it("has a rule as Grafana reads it: query, threshold, states, links with the service's name, its page", () => {
    const { groups } = fileOf({ runbookUrl: "https://git.example.com/runbooks/" });
    const rule = groups.flatMap((group) => group.rules).find(({ uid }) => uid === "stack-queue-full");
    assert.deepEqual(rule, {
      uid: "stack-queue-full",
      title: "A queue of the Collector is full",
      condition: "B",
      data: [
        {
          refId: "A",
          relativeTimeRange: { from: 600, to: 0 },
          datasourceUid: "victoria-metrics",
          model: {
            refId: "A",
            expr: '(otelcol_exporter_queue_size{exporter!~".+/stack"} / otelcol_exporter_queue_capacity) > 0.9',
            instant: true,
            range: false,
            editorMode: "code",
          },
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
      for: "2m",
      annotations: {
        summary:
          "The queue in front of {{ .Labels.exporter }} is {{ with .Values.A }}{{ humanizePercentage .Value }}{{ end }} full",
        description:
          "The Collector holds services back, which soon lose what they cannot send. Bring the store back, or make room: otelCollector.queueMib.",
        dashboard: "http://127.0.0.1:3000/d/pipeline?from=now-3h&to=now",
        runbook_url: "https://git.example.com/runbooks/queue-full.md",
      },
      labels: { severity: "critical" },
    });
  });

  it("leads to the page of each rule in Grafana itself, unless the pages are elsewhere", () => {
    const [rule] = fileOf({}).groups.flatMap((group) => group.rules);
    assert.deepEqual(
      [rule?.uid, z.looseObject({ runbook_url: z.string() }).parse(rule?.["annotations"]).runbook_url],
      ["stack-errors-fast", `http://127.0.0.1:3000/${runbookPath("errors-fast")}`],
    );
  });

  it("is to Grafana what was written: it replaces nothing in names and addresses, and has secrets as they were set", () => {
    const piece = fc.constantFrom(
      "a",
      "$",
      "$$",
      "HOME",
      "${HOME}",
      "'",
      "#",
      "&",
      "*",
      "!",
      "%",
      "=",
      "1",
      "0x1",
      "~",
      "|",
      "-",
    );
    const local = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(""));
    const name = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,8}[A-Za-z0-9])?$/);
    fc.assert(
      fc.property(name, local, local, (pointName, before, path) => {
        const address = `${before}@example.com`;
        const given = alertsSchema.safeParse({
          contactPoints: [
            { name: pointName, type: "email", addresses: [address] },
            { name: "hook", type: "webhook", secret: "hook" },
          ],
        });
        fc.pre(given.success);
        const url = `https://example.com/${path}`;
        const file: unknown = parse(alerting(rules, given.data, "http://127.0.0.1:3000/"));
        const files = { "/run/secrets/hook": grafanaSecretText(url) };
        const read = fileSchema.parse(asGrafanaReads(file, { ...grafanaDollar, HOME: "/root" }, files));
        assert.deepEqual(read.contactPoints, [
          {
            orgId: 1,
            name: pointName,
            receivers: [{ uid: "stack-contact-1", type: "email", settings: { addresses: address } }],
          },
          {
            orgId: 1,
            name: "hook",
            receivers: [{ uid: "stack-contact-2", type: "webhook", settings: { url, httpMethod: "POST" } }],
          },
        ]);
      }),
      // Each writes and reads the whole file.
      { numRuns: 30 },
    );
  });
});

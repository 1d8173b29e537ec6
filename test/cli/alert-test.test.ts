import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { checkContactPoints, testAlerts, testReport } from "../../cli/alert-test.ts";
import { alertsSchema } from "../../config/grafana/alerting/settings.ts";

const { contactPoints } = alertsSchema.parse({
  contactPoints: [
    { name: "team", type: "email", addresses: ["a@example.com"] },
    { name: "hook", type: "webhook", secret: "hook", severities: ["critical"] },
  ],
});

/** Grafana and the Collector in one: each metric that comes in is an attempt at each contact point. */
async function withStack(
  errors: Readonly<Record<string, string>>,
  run: (url: string, sent: readonly unknown[]) => Promise<void>,
): Promise<void> {
  const sent: unknown[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      if (request.method === "POST") sent.push(JSON.parse(Buffer.concat(pieces).toString()));
      const receivers = ["team", "hook", "grafana-default-email"].map((name) => ({
        name,
        integrations: [{ lastNotifyAttempt: `attempt ${sent.length}`, lastNotifyAttemptError: errors[name] }],
      }));
      response.end(JSON.stringify(request.method === "POST" ? {} : receivers));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  try {
    assert.ok(typeof address === "object" && address !== null);
    await run(`http://127.0.0.1:${address.port}`, sent);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function test(url: string): Parameters<typeof testAlerts>[0] {
  return {
    outputs: {
      urls: { grafana: url, otlpHttp: url },
      grafanaUser: "admin",
      grafanaPassword: "secret",
      serviceNames: [],
      instances: [],
    },
    contactPoints,
    secrets: ["https://example.com/geheim"],
  };
}

describe("a test of the alerts", () => {
  it("sends an alert of each severity, then that it is over, and says how long each took", async () => {
    await withStack({}, async (url, sent) => {
      const results = await testAlerts(test(url));
      assert.deepEqual(
        results.map(({ name, reached }) => [name, reached]),
        [
          ["team", true],
          ["hook", true],
        ],
      );
      const points = sent.map((body) =>
        JSON.stringify(body).match(/"asInt":"\d"|"stringValue":"(?:critical|warning)"/g),
      );
      const both = (value: number): string[] =>
        ["critical", "warning"].flatMap((severity) => [`"asInt":"${value}"`, `"stringValue":"${severity}"`]);
      assert.deepEqual(points, [both(1), both(0)]);
    });
  });

  it("says what went wrong at a contact point, without the secret in it", async () => {
    await withStack({ hook: 'Post "https://example.com/geheim": refused' }, async (url) => {
      const [, hook] = await testAlerts(test(url));
      assert.deepEqual(hook, {
        name: "hook",
        reached: false,
        cause: 'Grafana could not tell it: Post "…": refused',
      });
    });
  });

  it("is refused without anybody to tell", () => {
    assert.throws(
      () => {
        checkContactPoints([]);
      },
      {
        message:
          "alerts.contactPoints: must have a contact point, got an empty list; alerts reach nobody\n" +
          "  next: add one as docs/alerts.md says, npm run up, then npm run alert:test",
        errorCodes: ["OBS1505"],
      },
    );
  });

  it("is a line for each contact point, and the next command if one was not reached", () => {
    assert.equal(
      testReport([
        { name: "team", reached: true, firedSeconds: 21.2, resolvedSeconds: 35 },
        { name: "hook", reached: false, cause: "Grafana did not try to tell it within 120 s" },
      ]),
      [
        "  team  told after 21 s, and that it is over after 35 s",
        "  hook  FAILED  Grafana did not try to tell it within 120 s",
        "  next: correct the settings in alerts or the secret, npm run up, then npm run alert:test",
        "  code: OBS1508, docs/errors/OBS1508.md",
      ].join("\n"),
    );
  });
});

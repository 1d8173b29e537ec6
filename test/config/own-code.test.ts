import assert from "node:assert/strict";
import { readDashboardFolder } from "../../config/grafana/dashboard-folder.ts";
import { noFolders } from "../../config/grafana/own-dashboards.ts";
import { ownCodeProblems } from "../../config/own-code.ts";
import { parseSettings } from "../../config/parse-settings.ts";
import { recordedIdentity } from "../support/record-resources.ts";

function messageOf(input: unknown): string {
  try {
    parseSettings(input, recordedIdentity, readDashboardFolder);
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
  throw new assert.AssertionError({ message: "accepted" });
}

const set = "npm run pulumi -- config set --secret --path 'observability:secrets.NAME'";

describe("what users add", () => {
  it("is looked at in every part, and reported together with everything else", () => {
    const lines = messageOf({
      retentionHours: 1,
      otelCollector: { config: { processors: { resource: {} }, receiver: {} } },
      grafana: {
        dashboards: "gone",
        datasources: [{ name: "A", type: "loki", uid: "loki", secureJsonData: { a: "$__file{/run/secrets/b}" } }],
      },
    }).split("\n");
    assert.deepEqual(
      lines.map((line) => line.trim().replace(/: .*/, "")),
      [
        "the configuration has 6 problem(s), nothing was changed:",
        "retentionHours",
        "otelCollector.config.receiver",
        "otelCollector.config.processors.resource",
        "grafana.datasources.0.secureJsonData.a",
        "grafana.datasources.0.uid",
        "grafana.dashboards",
      ],
    );
    assert.match(lines[2] ?? "", /did you mean otelCollector\.config\.receivers\?$/);
  });

  it("is left alone where its place is no group", () => {
    assert.deepEqual(ownCodeProblems(5, noFolders), []);
    assert.deepEqual(ownCodeProblems({ otelCollector: 5, grafana: [], secrets: "x" }, noFolders), []);
  });

  const secretLines: readonly (readonly [unknown, string])[] = [
    [{ secrets: "hunter2" }, `secrets: must be secrets by name, got a value that is not shown; set one by \`${set}\``],
    [{ secret: { a: "hunter2" } }, "secret: is no setting, got a group; did you mean secrets?"],
    [
      { secrets: { pin: 1234 } },
      "secrets.pin: must be text of 1 to 65536 characters, got a value that is not shown; set one that fits",
    ],
    [
      { secrets: { pin: "" } },
      "secrets.pin: must be text of 1 to 65536 characters, got a value that is not shown; set one that fits",
    ],
    ...["grafana-secret-key", "a_b", "A"].map((name): readonly [unknown, string] => [
      { secrets: { [name]: "hunter2" } },
      `secrets.${name}: must have a name of at most 63 lower-case letters, digits and inner hyphens, a letter first, and not grafana- at its beginning, got "${name}"; rename it`,
    ]),
    [
      { grafana: { datasources: {} } },
      "grafana.datasources: must be a list of data sources, got an empty group; write name, type, uid and url, as in a provisioning file of Grafana",
    ],
    [
      { grafana: { datasources: [{ name: "", type: "loki", uid: "a" }] } },
      'grafana.datasources.0.name: must be 1 to 190 characters, got ""; give it a name',
    ],
    [
      { grafana: { datasources: [{ name: "A", type: "loki" }] } },
      "grafana.datasources.0.uid: must be 1 to 40 letters, digits, hyphens and underscores, got nothing; set one, for example my-prometheus",
    ],
    [
      { otelCollector: { config: { exporters: ["debug"] } } },
      `otelCollector.config.exporters: must be a group in the Collector's own language, got a list; write exporters as in a Collector's file`,
    ],
  ];
  for (const [input, line] of secretLines) {
    it(`is refused without a word of a secret: ${line.slice(0, 70)}`, () => {
      const message = messageOf(input);
      assert.equal(message, `the configuration has 1 problem(s), nothing was changed:\n  ${line}`);
      assert.doesNotMatch(message, /hunter2|1234/);
    });
  }
});

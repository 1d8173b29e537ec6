import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { fragmentConfig } from "../../config/collector/fragment.ts";
import { readDashboardFolder } from "../../config/grafana/dashboard-folder.ts";
import { noFolders } from "../../config/grafana/added-dashboards.ts";
import { additionProblems } from "../../config/additions.ts";
import { parseSettings } from "../../config/parse-settings.ts";
import { recordedIdentity } from "../support/record-resources.ts";
import { refusalOf } from "../support/refusal.ts";
import { delivery } from "../support/settings.ts";

const fragmentSettings = {
  memoryMib: 256,
  queueMib: 512,
  serviceNamespace: "apps",
  readsHost: false,
  enrichment: {},
  ...delivery,
};

function messageOf(input: unknown): string {
  return refusalOf(() => parseSettings(input, recordedIdentity, readDashboardFolder));
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
        "the configuration has 6 problem(s), nothing was changed (OBS1001):",
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
    assert.deepEqual(additionProblems(5, noFolders), []);
    assert.deepEqual(additionProblems({ otelCollector: 5, grafana: [], secrets: "x" }, noFolders), []);
  });

  const hidden = "got a value that is not shown";
  const endless: Record<string, unknown> = {};
  endless["again"] = endless;
  const deep = Array.from({ length: 5000 }).reduce<object>((inner) => ({ a: inner }), {});
  const bomb = Array.from({ length: 30 }).reduce<object>((inner) => ({ a: inner, b: inner }), {});
  const noFileHolds: readonly (readonly [what: string, value: unknown, line: string])[] = [
    [
      "half of a surrogate pair",
      "\ud800",
      `must be text without control characters, unusual line breaks and unpaired surrogates, ${hidden}; remove them`,
    ],
    ["a number that is not finite", Number.NaN, `must be a finite number, ${hidden}; write it in digits`],
    ["a BigInt", 5n, "must be plain data, got 5n; write it as a number, without the n"],
    ["a date", new Date(0), "must be plain data, got an instance of Date; write its fields as a plain object"],
    ["a function", () => 1, "must be plain data, got a function; call it, or leave it out"],
    [
      "what contains itself",
      endless,
      "must be plain data, got a value that contains itself; leave the reference back out",
    ],
    ["what is nested for ever", deep, "must be plain data, got 100 values in each other; nest it less"],
    [
      "what is written once and meant often",
      bomb,
      "must have at most 100000 values in all, got more; leave out what nothing reads",
    ],
  ];
  for (const [what, value, line] of noFileHolds) {
    it(`is refused, without being written or walked through, if it is ${what}`, () => {
      const datasource = { name: "A", type: "loki", uid: "a", jsonData: { a: value } };
      const inputs: readonly (readonly [string, object])[] = [
        ["otelCollector.config.exporters.debug", { otelCollector: { config: { exporters: { debug: value } } } }],
        ["grafana.datasources.0.jsonData.a", { grafana: { datasources: [datasource] } }],
      ];
      for (const [path, input] of inputs) {
        const [, first = ""] = messageOf(input).split("\n");
        assert.ok(first.startsWith(`  ${path}`), first);
        assert.equal(first.slice(first.indexOf(": ") + 2), line);
      }
    });
  }

  it("is refused with a hole in a list", () => {
    const told = messageOf({ otelCollector: { config: { exporters: { debug: ["a", undefined] } } } }).split("\n");
    assert.deepEqual(told.slice(1), [
      `  otelCollector.config.exporters.debug.1: must be a value, as every entry of a list, got nothing; leave it out`,
    ]);
  });

  it("comes back from the Collector's file as it was written, whatever is accepted", () => {
    const any = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true });
    // JSON has neither -0 nor objects without a prototype.
    const asJson = (given: unknown): unknown => JSON.parse(JSON.stringify(given));
    let accepted = 0;
    fc.assert(
      fc.property(any, (value) => {
        const input = { otelCollector: { config: { exporters: { debug: { value } } } } };
        let config;
        try {
          ({ config } = parseSettings(input, recordedIdentity).otelCollector);
        } catch {
          return;
        }
        assert.ok(config);
        accepted += 1;
        assert.deepEqual(asJson(parse(fragmentConfig(config, fragmentSettings))), asJson(input.otelCollector.config));
      }),
      { numRuns: 1000 },
    );
    assert.ok(accepted > 100, String(accepted));
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
      assert.equal(message, `the configuration has 1 problem(s), nothing was changed (OBS1001):\n  ${line}`);
      assert.doesNotMatch(message, /hunter2|1234/);
    });
  }
});

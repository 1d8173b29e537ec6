import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { guidePages, withGenerated } from "../../generators/guide.ts";
import { brokenClaims } from "./support/guide-checks.ts";
import { partList } from "../../config/parts/parts.ts";

const root = join(import.meta.dirname, "..", "..");
const file = join(root, "docs", "operations", "logs.md");

// What the documentation says has to be what the program does (S28, D16).
describe("the guide", () => {
  for (const page of guidePages) {
    const markdown = readFileSync(join(root, page), "utf8");

    it(`${page} quotes what the program generates; npm run docs writes it`, async () => {
      assert.equal(markdown, await withGenerated(markdown, join(root, page)));
    });

    it(`${page} names files, links, scripts, ports, variables, settings and containers that there are`, () => {
      assert.deepEqual(brokenClaims(markdown, page), []);
    });
  }

  const claims: Readonly<Record<string, readonly [text: string, problem: string]>> = {
    "a link to a file that is gone": ["[x](../../config/gone.ts)", "link: ../../config/gone.ts"],
    "a link to a heading that is gone": ["[x](#gone)", "link: #gone"],
    "a link to a heading of another page": ["[x](stack.md#gone)", "link: stack.md#gone"],
    "a link that leaves the repository": ["[x](../../../x)", "link: ../../../x"],
    "a file that is gone": ["`config/gone.ts`", "file: config/gone.ts"],
    "a script that there is not": ["`npm run gone`", "script: gone"],
    "a port that nothing listens on": ["http://127.0.0.1:3101", "port: 3101"],
    "a port in words": ["port 4319", "port: 4319"],
    "a port in a diagram": ["```mermaid\nflowchart LR\n  a -->|4319| b\n```", "port: 4319"],
    "a variable that nothing reads": ["`OTEL_GONE`", "variable: OTEL_GONE"],
    "a setting that there is not": ["`retentionDays`", "setting: retentionDays"],
    "a setting inside another": ["`memoryMib.nowhere`", "setting: memoryMib.nowhere"],
    "a setting in a command": ["`npm run pulumi -- config set --path 'ports.nowhere' 1`", "setting: ports.nowhere"],
    "a container that there is not": ["`observability-dev-nowhere`", "container: observability-dev-nowhere"],
    "a volume that there is not": ["`observability-dev_nowhere_data`", "container: observability-dev_nowhere_data"],
  };
  for (const [what, [text, problem]] of Object.entries(claims)) {
    it(`is not believed when it names ${what}`, () => {
      assert.deepEqual(brokenClaims(`# Page\n\n${text}\n`, "docs/operations/page.md"), [problem]);
    });
  }
});

describe("what stands between markers", () => {
  /** The page with `body` for its only text, as `npm run docs` would write it. */
  async function written(body: string): Promise<string> {
    return withGenerated(body, file);
  }

  it("is a part of a file, inside everything that it is inside of", async () => {
    assert.equal(
      await written("<!-- listing: loki analytics.reporting_enabled auth_enabled -->\n\nold\n\n<!-- /listing -->\n"),
      [
        "<!-- listing: loki analytics.reporting_enabled auth_enabled -->",
        "",
        "```yaml",
        "# /etc/loki/local-config.yaml",
        "analytics:",
        "  reporting_enabled: false",
        "auth_enabled: false",
        "```",
        "",
        "<!-- /listing -->",
        "",
      ].join("\n"),
    );
  });

  it("is an element of a list by its name or its place, and keeps the indentation of a list", async () => {
    const text = await written(
      "1. Source:\n\n   <!-- listing: grafana datasources.Jaeger.uid -->\n   <!-- /listing -->\n\n" +
        "2. <!-- value: loki schema_config.configs.0.schema --><!-- /value -->\n",
    );
    assert.match(text, /\n {3}datasources:\n {5}- name: Jaeger\n {7}uid: jaeger\n {3}```\n/);
    assert.match(text, /-->v13<!--/);
  });

  it("is variables and flags by name", async () => {
    const variables = await written("<!-- listing: service OTEL_SERVICE_NAME -->\n<!-- /listing -->\n");
    assert.match(
      variables,
      /^# environment of observability-dev-backend\nOTEL_SERVICE_NAME=integr8scode-backend\n```$/m,
    );
    const flags = await written(
      "<!-- listing: victoria-metrics -retentionPeriod -opentelemetry.usePrometheusNaming -->\n<!-- /listing -->\n",
    );
    assert.match(flags, /\n-retentionPeriod=720h\n-opentelemetry\.usePrometheusNaming\n```/);
  });

  it("is the second column of a table, whatever stood there", async () => {
    const table =
      "| setting | value | why |\n| --- | --- | --- |\n| `limits_config.retention_period` | `1h` | a \\| b |\n";
    assert.match(
      await written(`<!-- values: loki -->\n\n${table}\n<!-- /values -->\n`),
      /\| `limits_config\.retention_period` \| `720h` \| a \\\| b \|/,
    );
  });

  it("is a table of the containers that are named", async () => {
    const ports = await written("<!-- table: ports jaeger -->\n<!-- /table -->\n");
    assert.match(ports, /\| `jaeger` +\| 16686 +\| `127\.0\.0\.1:16686` \| `ports\.jaeger` \|/);
    assert.doesNotMatch(ports, /loki/);
    assert.match(await written("<!-- table: memory loki -->\n<!-- /table -->\n"), /\| all together +\| 256 /);
  });

  const refused: Readonly<Record<string, readonly [body: string, message: string]>> = {
    "a text that nothing generates": [
      "<!-- listing: nowhere -->\n<!-- /listing -->",
      `listing nowhere: must be one of settings, ${partList.map(({ host }) => host).join(", ")}, service, got nowhere`,
    ],
    "a key that is gone": [
      "<!-- listing: loki limits_config.gone -->\n<!-- /listing -->",
      "listing loki limits_config.gone: there is no gone on the way to limits_config.gone",
    ],
    "an element that is gone": [
      "<!-- listing: grafana datasources.Nowhere -->\n<!-- /listing -->",
      "listing grafana datasources.Nowhere: there is no Nowhere on the way to datasources.Nowhere",
    ],
    "a variable that is gone": [
      "<!-- listing: service OTEL_GONE -->\n<!-- /listing -->",
      "listing service OTEL_GONE: there is no OTEL_GONE",
    ],
    "a group where a value has to be": [
      "<!-- value: loki limits_config -->x<!-- /value -->",
      "value loki limits_config: must be a single value, got a group; name a key inside it",
    ],
    "a row without a setting": [
      "<!-- values: loki -->\n\n| a | b | c |\n| - | - | - |\n| x | y | z |\n\n<!-- /values -->",
      "values loki: each row must be | `setting` | value | why |, got | x | y | z |",
    ],
    "a table that there is not": [
      "<!-- table: prices -->\n<!-- /table -->",
      "table prices: must be one of ports, flows, memory, rules, health, own-metrics, volumes, got prices",
    ],
    "a container that there is not": [
      "<!-- table: ports nowhere -->\n<!-- /table -->",
      "table ports nowhere: there is no container nowhere",
    ],
    "a marker without an end": [
      "<!-- table: ports -->",
      "<!-- table: ports --> must be one of a pair, found it alone; add the other",
    ],
    "an end without a marker": [
      "<!-- /value -->",
      "<!-- /value --> must be one of a pair, found it alone; add the other",
    ],
  };
  for (const [what, [body, message]] of Object.entries(refused)) {
    it(`cannot be ${what}`, async () => {
      await assert.rejects(written(body), { message: `${file}: ${message}` });
    });
  }
});

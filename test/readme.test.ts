import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { previewText } from "../cli/preview/report.ts";
import { previewProgram } from "../components/preview/preview-program.ts";
import { programSettings } from "../config/program-settings.ts";
import { defaultImages } from "../config/resolve-images.ts";
import { deliveryEnv } from "../config/otel-env.ts";
import { parseSettings } from "../config/parse-settings.ts";
import { referencePages, withReference } from "../generators/reference.ts";
import { asPulumiConfig } from "./support/program-config.ts";
import { readmeQueries } from "./e2e/support/readme.ts";
import { recordedIdentity, recordResources } from "./support/record-resources.ts";
import { noDocker } from "./support/settings.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const readme = read("README.md");
const previews = read("docs/previews.md").split("## The stack alone")[1] ?? "";

/** An example of a page by how it begins. */
function example(page: string, beginning: string): string {
  const [, code] = page.split(`\`\`\`ts\n${beginning}`);
  assert.ok(code, `the page has no example that begins with ${beginning}`);
  return `${beginning}${code.split("```", 1)[0] ?? ""}`;
}

/** Runs an example as the file beside the README that it would be. */
async function runExample(code: string): Promise<void> {
  const program = join(root, `.readme-example-${process.pid}.ts`);
  writeFileSync(program, code);
  try {
    await import(`${pathToFileURL(program).href}?example=${code.length}`);
  } finally {
    rmSync(program);
  }
}

const documents = [
  "README.md",
  "docs/settings.md",
  "docs/guarantees.md",
  "docs/measured.md",
  "docs/plain-pulumi.md",
  "docs/previews.md",
  "docs/policies.md",
  "docs/programs.md",
  "docs/services.md",
  "packages/component/README.md",
  "CONTRIBUTING.md",
  "services/README.md",
  "packages/telemetry/README.md",
  "packages/stack/README.md",
];

// mocha takes what a file defines while it is loaded.
await runExample(example(previews, "import assert"));

// What the documentation says has to be what the program does (S28, D16).
describe("the README and its pages", () => {
  for (const page of Object.keys(referencePages)) {
    it(`has tables that follow from the program, in ${page}; npm run docs writes them`, async () => {
      assert.equal(read(page), await withReference(read(page), join(root, page)));
    });
  }

  it("shows what the program says of wrong settings", () => {
    const shown = /```text\n(the configuration has [\s\S]*?)\n```/.exec(read("docs/settings.md"))?.[1];
    const wrong = {
      retentionHours: 12,
      images: { loki: "grafana/loki" },
      ports: { grafanna: 3001 },
      apiPort: 3100,
    };
    assert.throws(() => programSettings(asPulumiConfig(wrong), recordedIdentity), { message: shown });
  });

  it("names every image that is pinned, and no other", () => {
    const [, section = ""] = read("docs/measured.md").split("## Tested with");
    const named = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, image]) => image ?? "");
    assert.deepEqual(named.sort(), [...new Set(Object.values<string>(defaultImages))].sort());
  });

  it("has the addresses that the default settings give", () => {
    const { ports } = parseSettings({}, recordedIdentity);
    const named = [...readme.matchAll(/^\| .* \| http:\/\/127\.0\.0\.1:(\d+) /gm)].map(([, port]) => Number(port));
    assert.deepEqual(named.sort(), [...Object.values(ports), 8080].sort());
  });

  it("has the four queries of the system that this one follows, word for word (S22)", () => {
    assert.deepEqual(readmeQueries, [
      `{service_name="integr8scode-saga-orchestrator"}`,
      `{service_namespace="integr8scode"} |= \`"level":"error"\``,
      `{service_namespace="integr8scode"} | json | execution_id="abc123"`,
      `{service_namespace="integr8scode"} | json | trace_id="0af7651916cd43dd8448eb211c80319c"`,
    ]);
  });

  it("says how much a service keeps while the Collector is away", () => {
    const { OTEL_BLRP_MAX_QUEUE_SIZE: lines, OTEL_BSP_MAX_QUEUE_SIZE: spans } = deliveryEnv;
    assert.equal(lines, spans);
    const size = Number(lines).toLocaleString("en-US");
    assert.ok(read("docs/guarantees.md").includes(`up to ${size} log lines and ${size} spans`), size);
  });

  it("has an example of a service beside the stack that runs as it stands", async () => {
    // No test depends on the machine's own Docker.
    const code = example(readme, "import { InstrumentedService").replace(
      "retentionHours: 168",
      `retentionHours: 168, docker: { host: "${noDocker}" }`,
    );
    const resources = await recordResources(() => runExample(code));
    const service = resources.find(({ name, type }) => name === "checkout" && type.endsWith(":InstrumentedService"));
    assert.deepEqual(service?.outputs, { serviceName: "apps-checkout" });
  });

  it("has an example of a preview as a unit test, whose tests are among those that run here", function () {
    let suite = this.test?.parent;
    while (suite?.parent !== undefined) suite = suite.parent;
    const found = suite?.suites.find(({ title }) => title === "our stack");
    assert.equal(found?.tests.length, 4);
  });

  it("shows resources as npm run preview prints them", async () => {
    const { outputs: _, ...preview } = await previewProgram(() => import("../index.ts"), documentedProgram);
    const printed = new Set(previewText(preview, {}).split("\n").map(words));
    const shown = /```text\n( +observability:ObservabilityStack [\s\S]*?)\n```/.exec(previews)?.[1]?.split("\n") ?? [];
    assert.equal(shown.length, 6);
    assert.deepEqual(
      shown.filter((line) => !printed.has(words(line))),
      [],
    );
  });
});

const documentedProgram = { project: "observability", stack: "dev" };

/** A line of a table whatever the widths of its columns. */
function words(line: string): string {
  return line.trimEnd().replaceAll(/(?<=\S) +/g, " ");
}

describe("the documents", () => {
  for (const document of documents) {
    const text = readFileSync(join(root, document), "utf8");

    it(`${document} leads to files that are there`, () => {
      const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) => target ?? "");
      const missing = targets.filter((target) => !existsSync(join(root, dirname(document), target)));
      assert.deepEqual(missing, []);
    });

    it(`${document} names npm scripts that there are`, () => {
      const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
      const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script ?? "");
      assert.deepEqual(
        named.filter((script) => !Object.hasOwn(scripts, script)),
        [],
      );
    });
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { ObservabilityStack } from "../../components/index.ts";
import { programSettings } from "../../config/program-settings.ts";
import { readDashboardFolder } from "../../config/grafana/dashboard-folder.ts";
import { isImageReference } from "../../config/rules.ts";
import { parseSettings } from "../../config/parse-settings.ts";
import { ruleProblems } from "../support/api-server-rules.ts";
import { containerInputs, dockerTypes } from "../support/docker-view.ts";
import { canary, configWithSecret, hostileConfig, hostileInput } from "../support/hostile-settings.ts";
import { schemaProblems } from "../support/kubernetes-schema.ts";
import { noCluster, objectsOf } from "../support/kubernetes-stack.ts";
import { asPulumiConfig, type Config } from "../support/program-config.ts";
import { recordedIdentity, recordResources } from "../support/record-resources.ts";
import { noDocker } from "../support/settings.ts";

/** What is said against settings; `undefined` if they are accepted. */
function refusal(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    // Anything else is a fault of ours, and so is an error of a class of JavaScript's own.
    if (error instanceof Error && error.name === "Error") return error.message;
    throw error;
  }
}

const program = (config: Config): string | undefined =>
  refusal(() => programSettings(asPulumiConfig(config), recordedIdentity, { readFolder: readDashboardFolder }));

/** A message is a header and lines of path, rule, value and change, each with an end and of characters that are seen. */
function assertClear(message: string): void {
  const [header = "", ...lines] = message.split("\n");
  assert.match(
    header,
    /^the configuration has [1-9]\d* problem\(s\), nothing was changed \(OBS1001\)(; the first 100)?:$/,
  );
  assert.ok(lines.length > 0 && lines.length <= 100, message);
  for (const line of lines) {
    assert.match(line, /^ {2}\S.*?: .+, got .+; .+$/u);
    assert.doesNotMatch(line, /[\p{C}\p{Zl}\p{Zp}]|\[object |\bundefined\b|invalid input|: expected /iu);
    assert.ok(line.length < 3000, line);
  }
}

describe("settings near what other programs read", () => {
  it("are accepted or refused clearly, 2000 files of them", () => {
    const outcomes = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(hostileConfig, (config) => {
        const message = program(config);
        outcomes[message === undefined ? "accepted" : "refused"] += 1;
        if (message !== undefined) assertClear(message);
      }),
      { numRuns: 2000 },
    );
    assert.ok(Math.min(outcomes.accepted, outcomes.refused) > 100, JSON.stringify(outcomes));
  });

  it("are accepted or refused clearly, 1000 values of a program", () => {
    fc.assert(
      fc.property(hostileInput, (input) => {
        const message = refusal(() => parseSettings(input, recordedIdentity, readDashboardFolder));
        if (message !== undefined) assertClear(message);
      }),
      { numRuns: 1000 },
    );
  });

  it("become, if they are accepted, objects that Kubernetes takes and containers that Docker takes", async () => {
    const rendered = { docker: 0, kubernetes: 0 };
    const accepted = hostileConfig.filter((config) => program(config) === undefined);
    await fc.assert(
      fc.asyncProperty(accepted, fc.constantFrom("docker" as const, "kubernetes" as const), async (config, target) => {
        const { exampleServices: _, apiPort: __, load: ___, services: ____, ...stack } = config;
        const kubernetes = { ...(stack["kubernetes"] as Config | undefined), ...noCluster };
        const complete = { docker: { host: noDocker }, ...stack, target, kubernetes };
        // What fits Docker alone may lack room on Kubernetes.
        const refused = refusal(() => parseSettings(complete, recordedIdentity, readDashboardFolder));
        if (refused !== undefined) return;
        const resources = await recordResources(() => new ObservabilityStack("o", complete));
        const objects = objectsOf(resources).map(({ object }) => object);
        assert.deepEqual(objects.flatMap(schemaProblems), []);
        assert.deepEqual(objects.flatMap(ruleProblems), []);
        for (const { type, inputs } of resources) {
          if (type === dockerTypes.image) assert.ok(isImageReference(String(inputs["name"])));
          if (type !== dockerTypes.container) continue;
          const { name, envs = [], uploads = [] } = containerInputs.parse(inputs);
          assert.match(name, /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);
          const texts = [...envs, ...uploads.map(({ file }) => file)];
          for (const text of texts) assert.ok(text.isWellFormed() && !text.includes("\0"), text);
        }
        rendered[target] += 1;
      }),
      { numRuns: 80 },
    );
    assert.ok(Math.min(rendered.docker, rendered.kubernetes) > 15, JSON.stringify(rendered));
  });
});

describe("a secret in the settings", () => {
  it("is in no message, wherever it is and whatever is wrong with it, 1000 times", () => {
    let refused = 0;
    fc.assert(
      fc.property(configWithSecret, (config) => {
        const messages = [
          program(config),
          refusal(() => parseSettings(config, recordedIdentity, readDashboardFolder)),
        ].filter((message) => message !== undefined);
        // A key is shown: it is what has to be found in the file.
        for (const message of messages) assert.ok(!message.includes(canary), message);
        refused += messages.length;
      }),
      { numRuns: 1000 },
    );
    assert.ok(refused > 1000, String(refused));
  });
});

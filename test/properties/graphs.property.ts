import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { exampleServiceNames } from "../../config/example-services.ts";
import { programSettings, type ProgramSettings } from "../../config/program-settings.ts";
import { readDashboardFolder } from "../../config/grafana/dashboard-folder.ts";
import { anyConfig, asPulumiConfig, badConfig, type Config } from "../support/program-config.ts";
import { containersOf } from "../support/docker-view.ts";
import { schemaProblems } from "../support/kubernetes-schema.ts";
import { objectsOf, podSpecsOf } from "../support/kubernetes-stack.ts";
import { workloads } from "../support/kubernetes-view.ts";
import { brokenRules } from "../../policy/pod-security.ts";
import {
  recordedIdentity,
  recordProgram,
  type RecordedProgram,
  type RecordedResource,
} from "../support/record-resources.ts";

const program = pathToFileURL(join(import.meta.dirname, "..", "..", "index.ts")).href;
let runs = 0;

/** Runs the program at the top of the repository, each time anew. */
function run(
  config: Config,
  around: (start: () => Promise<unknown>) => unknown = (start) => start(),
): Promise<RecordedProgram> {
  runs += 1;
  const url = `${program}?run=${runs}`;
  return recordProgram(() => around(() => import(url) as Promise<unknown>), asPulumiConfig(config));
}

/** What runs by the settings: how many instances of each host there are. */
function expectedInstances({ stack, example }: ProgramSettings): Readonly<Record<string, number>> {
  const backends = ["loki", "victoria-metrics", "jaeger", "otel-collector", "grafana"];
  const services = exampleServiceNames.map((name) => [name, example.services[name]?.replicas ?? 1] as const);
  return Object.fromEntries([
    ...backends.map((host) => [host, stack.observability ? 1 : 0] as const),
    ...services.map(([name, replicas]) => [name, example.exampleServices ? replicas : 0] as const),
    ["load-generator", example.exampleServices && example.load.enabled ? 1 : 0] as const,
  ]);
}

/** How many instances of each host there are, on whichever platform. */
function foundInstances(resources: readonly RecordedResource[], hosts: readonly string[]): Record<string, number> {
  const onKubernetes = workloads(resources).map(({ inputs: { metadata, spec } }) => [metadata.name, spec.replicas]);
  const replicas = Object.fromEntries(onKubernetes) as Readonly<Record<string, number>>;
  return Object.fromEntries(
    hosts.map((host) => [host, containersOf(resources, host).length + (replicas[host] ?? 0)] as const),
  );
}

describe("the program", () => {
  it("makes of 300 good configurations 300 graphs without an error, each with what the settings ask for", async () => {
    const graphs = { docker: 0, kubernetes: 0 };
    await fc.assert(
      fc.asyncProperty(anyConfig, async (config) => {
        const { resources } = await run(config);
        const settings = programSettings(asPulumiConfig(config), recordedIdentity, { readFolder: readDashboardFolder });
        const expected = expectedInstances(settings);
        assert.deepEqual(foundInstances(resources, Object.keys(expected)), expected);
        // The canary's own code is the only text that may have such a word.
        const texts = (inputs: object): string =>
          JSON.stringify(inputs, (_key, value: unknown) =>
            typeof value === "string" && value.startsWith("// @ts-check\n") ? "" : value,
          );
        const unset = resources.filter(({ inputs }) => /\bundefined\b|\[object |\bNaN\b/.test(texts(inputs)));
        assert.deepEqual(unset, []);
        const objects = objectsOf(resources).map(({ object }) => object);
        assert.deepEqual(objects.flatMap(schemaProblems), []);
        assert.deepEqual(podSpecsOf(resources).flatMap(brokenRules), []);
        assert.equal(objects.length > 0, settings.stack.target === "kubernetes");
        graphs[settings.stack.target] += 1;
      }),
      { numRuns: 300 },
    );
    assert.equal(graphs.docker + graphs.kubernetes, 300);
    // About a third of the configurations names the target kubernetes.
    assert.ok(graphs.kubernetes > 50, String(graphs.kubernetes));
  });

  it("makes of 300 bad configurations 300 errors and not one resource", async () => {
    let errors = 0;
    await fc.assert(
      fc.asyncProperty(badConfig(), async ({ config, defects }) => {
        const { resources } = await run(config, (start) =>
          assert.rejects(start(), {
            message: new RegExp(
              `^the configuration has ${defects.length} problem\\(s\\), nothing was changed \\(OBS1001\\):\n`,
            ),
          }),
        );
        assert.deepEqual(resources, []);
        errors += 1;
      }),
      { numRuns: 300 },
    );
    assert.equal(errors, 300);
  });
});

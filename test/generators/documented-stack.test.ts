import assert from "node:assert/strict";
import { resolve } from "node:path";
import { InstrumentedService, ObservabilityStack } from "../../components/index.ts";
import { exampleServices } from "../../config/example-services.ts";
import { programSettings } from "../../config/program-settings.ts";
import {
  documentedConfig,
  documentedStack,
  documentedIdentity,
  generatedTexts,
} from "../../generators/documented-stack.ts";
import { containersOf, dockerTypes, envOf, type RecordedContainer } from "../support/docker-view.ts";
import { recordResources, type RecordedResource } from "../support/record-resources.ts";
import { noDocker } from "../support/settings.ts";

const documented = documentedStack();

/** What the program at the top of the repository registers with the settings that the guide describes. */
async function deployed(): Promise<readonly RecordedResource[]> {
  const settings = programSettings(documentedConfig, documentedIdentity);
  return recordResources(() => {
    const stack = new ObservabilityStack("observability", {
      serviceNamespace: settings.stack.serviceNamespace,
      name: settings.stack.name,
      environment: settings.stack.environment,
      docker: { host: noDocker },
    });
    for (const { name, ...args } of exampleServices(settings, resolve(import.meta.dirname, "../../services"))) {
      new InstrumentedService(name, { stack, ...args });
    }
  });
}

describe("the deployment that the guide describes", () => {
  let resources: readonly RecordedResource[];
  before(async () => {
    resources = await deployed();
  });

  function container(host: string): RecordedContainer {
    const [found] = containersOf(resources, host);
    assert.ok(found, `${host} has no container`);
    return found;
  }

  for (const workload of [...documented.backends, documented.service]) {
    it(`is what the program runs: ${workload.name}`, () => {
      const { inputs } = container(workload.name);
      const uploads = (inputs.uploads ?? []).filter(({ content }) => typeof content === "string");
      assert.deepEqual(
        uploads.map(({ file, content }) => [file, content]),
        workload.configFiles.map(({ path, content }) => [path, content]),
      );
      assert.deepEqual(inputs.command ?? [], workload.args);
      assert.equal(inputs.memory, workload.memoryMib);
      assert.equal(inputs.image, workload.image.kind === "reference" ? workload.image.reference : inputs.image);
      assert.deepEqual(
        (inputs.ports ?? []).map(({ external }) => external),
        workload.ports.flatMap(({ hostPort }) => (hostPort === "internal" ? [] : [hostPort])),
      );
      const { selfCheck } = workload.probes;
      assert.deepEqual(inputs.healthcheck?.tests, selfCheck === "none" ? undefined : ["CMD", ...selfCheck.command]);
      assert.deepEqual(
        (inputs.volumes ?? []).map(({ volumeName, containerPath }) => [volumeName, containerPath]),
        workload.dataVolumes.map(({ name, path }) => [`observability-dev_${name}`, path]),
      );
    });
  }

  it("gives a service exactly the environment that is quoted", () => {
    assert.deepEqual(envOf(container("backend")), generatedTexts(documented)["service"]?.value);
  });

  it("has as many containers of the example as the table of memory adds up", () => {
    const backends = documented.backends.flatMap(({ name }) => containersOf(resources, name));
    const all = resources.filter(({ type, inputs }) => type === dockerTypes.container && inputs["mustRun"] !== false);
    assert.equal(documented.serviceCount, all.length - backends.length);
  });
});

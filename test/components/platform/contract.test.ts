import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { RunningWorkload } from "../../../components/platform/platform.ts";
import { portsOnMachine, type KnownWorkload } from "../../../components/platform/workload.ts";
import { platforms, type PlatformUnderTest } from "../../support/platforms.ts";
import { recordResources, type RecordedResource } from "../../support/record-resources.ts";
import { sampleWorkloads, type PlatformFacts } from "../../support/workloads.ts";
import { expectedView, type WorkloadView } from "../../support/workload-view.ts";

/*
 * Each platform has to honour each field of each workload. What it made of a field is read back from the resources it
 * registered, never from what it returned: a name that is returned right and registered wrong would pass otherwise.
 * One test a field, named after it, so that a field that gets lost is named by the test that fails (test/mutation).
 */

interface Rendering {
  readonly expected: WorkloadView;
  readonly observed: WorkloadView;
  readonly workload: KnownWorkload;
  readonly running: RunningWorkload;
  readonly resources: readonly RecordedResource[];
}

async function render(
  platform: PlatformUnderTest,
  describeWorkload: (platform: PlatformFacts) => KnownWorkload,
): Promise<Rendering> {
  const rendered: { readonly workload: KnownWorkload; readonly running: RunningWorkload }[] = [];
  const resources = await recordResources(() => {
    const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
    const created = platform.create({ parent });
    const workload = describeWorkload(created);
    rendered.push({ workload, running: created.run(workload, { parent, dependsOn: [] }) });
  });
  const [first] = rendered;
  assert.ok(first);
  return {
    ...first,
    resources,
    expected: expectedView(first.workload, platform.asking),
    observed: platform.observe(resources),
  };
}

const fields: readonly (keyof WorkloadView)[] = Object.keys({
  host: true,
  name: true,
  image: true,
  args: true,
  env: true,
  configFiles: true,
  secretFiles: true,
  check: true,
  ports: true,
  dataVolumes: true,
  sharedFiles: true,
  imageMounts: true,
  initSteps: true,
  scratchPaths: true,
  probes: true,
  memoryMib: true,
  memoryRequestMib: true,
  cpuRequestMillicores: true,
  cpuLimitMillicores: true,
  userId: true,
  groupId: true,
  stopGraceSeconds: true,
  replicas: true,
  kubernetes: true,
  docker: true,
  readsInstances: true,
} satisfies Record<keyof WorkloadView, true>) as (keyof WorkloadView)[];

for (const platform of platforms) {
  for (const [kind, describeWorkload] of Object.entries(sampleWorkloads)) {
    describe(`${kind} on ${platform.name}`, () => {
      let rendering: Promise<Rendering> | undefined;
      const rendered = (): Promise<Rendering> => (rendering ??= render(platform, describeWorkload));

      for (const field of fields) {
        it(`honours ${field}`, async () => {
          const { expected, observed } = await rendered();
          assert.deepEqual(observed[field], expected[field]);
        });
      }

      it("honours ports in what it tells the user", async () => {
        const { workload, running } = await rendered();
        const published = workload.ports.flatMap((port) =>
          portsOnMachine(port)
            .slice(0, 1)
            .map(([, hostPort]) => [port.name, `127.0.0.1:${hostPort}`]),
        );
        assert.deepEqual(running.published, Object.fromEntries(published));
      });

      it("honours dataVolumes in what it tells the user: each under the name that its resource has", async () => {
        const { workload, running, resources } = await rendered();
        const paths = running.volumes.map(({ path }) => path);
        assert.deepEqual(
          paths,
          workload.dataVolumes.map(({ path }) => path),
        );
        const registered = platform.volumeNames(resources);
        assert.deepEqual(running.volumes.map(({ name }) => name).sort(), [...registered].sort());
      });

      it("honours replicas in what it tells the user: as many in all, each name once", async () => {
        const { workload, running } = await rendered();
        const told = running.instances.reduce((sum, { replicas }) => sum + Number(replicas), 0);
        assert.equal(told, workload.replicas);
        assert.equal(new Set(running.instances.map(({ name }) => name)).size, running.instances.length);
      });
    });
  }
}

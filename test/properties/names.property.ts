import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { createPlatform } from "../../components/platform/create-platform.ts";
import type { Workload } from "../../components/platform/workload.ts";
import { keptData } from "../../config/parts/parts.ts";
import { workloadProblems } from "../../components/platform/workload-rules.ts";
import { allContainers, dockerTypes } from "../support/docker-view.ts";
import { recordResources, type RecordedResource } from "../support/record-resources.ts";
import { noDocker, settings } from "../support/settings.ts";
import { plainWorkload } from "../support/workloads.ts";

/*
 * No two workloads that a platform takes share a name, and each name is one that Docker's and Kubernetes' own rules take.
 * What they are called is read from the resources, so that a name which a platform forgets to claim is seen.
 */

/** A name as an object has it, with what it is unique among. */
interface UsedName {
  readonly among: string;
  readonly name: string;
}

/** Words that names of workloads and of what belongs to them are made of. */
const word = fc.constantFrom(
  "api",
  "loki",
  "loki-data",
  "check",
  "owner",
  "2",
  "10",
  "config",
  "test",
  "stack",
  "observability",
);

/** Labels that are likely to be another one's name with something in front or behind, up to the longest. */
const anyName = fc
  .oneof(
    fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join("-")),
    fc
      .tuple(fc.constantFrom("", "observability-test-"), word, fc.constantFrom("", "-check", "-owner", "-2"))
      .map((parts) => parts.join("")),
    fc.integer({ min: 30, max: 63 }).map((length) => "n".repeat(length)),
    fc.constantFrom("localhost", "kubernetes", "default", "loki-data-owner", "otel-collector-check"),
  )
  .filter((name) => /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name));

const anyWorkload: fc.Arbitrary<Workload> = fc
  .record({
    name: anyName,
    replicas: fc.constantFrom(1, 2, 10),
    check: fc.constantFrom("none" as const, { args: ["check"], setting: "config" }),
    configFiles: fc.constantFrom([], [{ path: "/etc/a.yaml", content: "a: 1\n" }]),
    dataVolumes: fc
      .subarray(
        keptData.map(([, { volume }]) => volume),
        { maxLength: 2 },
      )
      .map((names) => names.map((name, index) => ({ name, path: `/data/${index}`, sizeMib: 1024 }))),
    ports: fc.constantFrom([], [{ name: "http", port: 80, hostPort: "internal" as const }]),
  })
  .map((change) => ({ ...plainWorkload, ...change }));

/** What two workloads of one stack are called; `undefined` if the platform refuses one of them. */
async function usedNames(
  create: Parameters<typeof createPlatform>[1],
  pair: readonly Workload[],
  read: (resources: readonly RecordedResource[], workload: string) => readonly UsedName[],
): Promise<readonly (readonly UsedName[])[] | undefined> {
  const refused: unknown[] = [];
  const resources = await recordResources(() => {
    const root = new pulumi.ComponentResource("test:index:Parent", "root");
    const platform = createPlatform("contract", create, { parent: root });
    for (const [index, workload] of pair.entries()) {
      refused.push(...workloadProblems(workload), ...platform.conflicts(workload));
      if (refused.length > 0) return;
      const parent = new pulumi.ComponentResource("test:index:Workload", `workload-${index}`, {}, { parent: root });
      platform.run(workload, { parent, dependsOn: [] });
    }
  });
  return refused.length > 0 ? undefined : pair.map((_, index) => read(resources, `workload-${index}`));
}

function isOf(workload: string): (resource: RecordedResource) => boolean {
  return ({ parent }) => parent.endsWith(`::${workload}`);
}

/** Containers, those that find each other in the network, and volumes. */
function dockerNamesOf(resources: readonly RecordedResource[], workload: string): readonly UsedName[] {
  const own = resources.filter(isOf(workload));
  const containers = allContainers(own);
  return [
    ...containers.flatMap(({ inputs }) => [
      { among: "container", name: inputs.name },
      ...(inputs.hostname === undefined ? [] : [{ among: "host name", name: inputs.hostname }]),
      ...(inputs.networksAdvanced ?? []).flatMap(({ aliases = [] }) =>
        aliases.map((name) => ({ among: "alias", name })),
      ),
    ]),
    ...own
      .filter(({ type }) => type === dockerTypes.volume)
      .map(({ inputs }) => ({ among: "volume", name: String(inputs["name"]) })),
  ];
}

/** Objects by kind, and the label by which their pods are found. */
function objectNamesOf(resources: readonly RecordedResource[], workload: string): readonly UsedName[] {
  return resources.filter(isOf(workload)).flatMap(({ type, inputs }) => {
    const { metadata, spec } = inputs as {
      readonly metadata?: { readonly name?: string };
      readonly spec?: { readonly template?: { readonly metadata: { readonly labels: Record<string, string> } } };
    };
    const label = spec?.template?.metadata.labels["app.kubernetes.io/name"];
    return [
      ...(metadata?.name === undefined ? [] : [{ among: type, name: metadata.name }]),
      ...(label === undefined ? [] : [{ among: "pods", name: label }]),
    ];
  });
}

function shared(one: readonly UsedName[] = [], other: readonly UsedName[] = []): readonly UsedName[] {
  return one.filter(({ among, name }) => other.some((used) => used.among === among && used.name === name));
}

/** Of 150 pairs about 40 are accepted; so many, that the property is about something, are in all runs but one in a million. */
const enough = 15;

describe("the names of two workloads", () => {
  it("are all different on Docker, and names that it takes", async () => {
    const docker = settings({ docker: { host: noDocker } });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(anyWorkload, anyWorkload, async (one, other) => {
        const used = await usedNames(docker, [one, other], dockerNamesOf);
        if (used === undefined) return;
        accepted += 1;
        // In a network a container answers to its name as to its alias (docs.docker.com/engine/network/drivers/bridge).
        const hosts = used.map((names) =>
          names.filter(({ among }) => among !== "volume").map(({ name }) => ({ among: "host", name })),
        );
        assert.deepEqual([...shared(used[0], used[1]), ...shared(hosts[0], hosts[1])], []);
        for (const { among, name } of used.flat()) {
          // github.com/moby/moby, daemon/names: RestrictedNameChars.
          assert.match(name, /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);
          if (among === "host name") assert.ok(name.length <= 64, name);
          if (among === "alias") assert.match(name, /^(?!localhost$)[a-z0-9-]{1,63}$/);
        }
      }),
      { numRuns: 150 },
    );
    assert.ok(accepted > enough, `${accepted} pairs were accepted`);
  });

  it("are all different on Kubernetes, and names that it takes", async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(anyWorkload, anyWorkload, fc.constantFrom("default", "shop"), async (one, other, namespace) => {
        const kubernetes = settings({
          target: "kubernetes",
          kubernetes: { context: "kind-names", namespace, createNamespace: namespace !== "default" },
        });
        const used = await usedNames(kubernetes, [one, other], objectNamesOf);
        if (used === undefined) return;
        accepted += 1;
        assert.deepEqual(shared(used[0], used[1]), []);
        for (const { among, name } of used.flat()) {
          const isService = among.endsWith(":Service");
          // k8s.io/apimachinery, validation: IsDNS1035Label, IsDNS1123Subdomain.
          assert.match(name, isService ? /^[a-z]([a-z0-9-]*[a-z0-9])?$/ : /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/);
          if (isService || among === "pods" || among.endsWith(":Job")) assert.ok(name.length <= 63, name);
          // Its pods carry the name with a hash of ten letters behind in `controller-revision-hash`.
          if (among.endsWith(":StatefulSet")) assert.ok(name.length + 11 <= 63, name);
          assert.ok(!(isService && namespace === "default" && name === "kubernetes"));
        }
      }),
      { numRuns: 150 },
    );
    assert.ok(accepted > enough, `${accepted} pairs were accepted`);
  });
});

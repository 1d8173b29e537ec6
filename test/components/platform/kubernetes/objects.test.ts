import assert from "node:assert/strict";
import fc from "fast-check";
import { kindOf, knownKinds, schemaProblems } from "../../../support/kubernetes-schema.ts";
import {
  furtherServices,
  anyKubernetesStack,
  objectsOf,
  podSpecsOf,
  recordStack,
  stackVariants,
  type RecordedObject,
} from "../../../support/kubernetes-stack.ts";
import { brokenRules, restrictedRules } from "../../../../policy/pod-security.ts";
import type { RecordedResource } from "../../../support/record-resources.ts";
import { furtherData, furtherHosts, furtherSecrets } from "../../../support/further-parts.ts";

/*
 * Every object of whole stacks, with the settings that make objects differ: by the schema of the API server, by the
 * restricted profile, and by the rules of the house.
 */

type Stacks = ReadonlyMap<string, readonly RecordedResource[]>;

let recorded: Promise<Stacks> | undefined;

/** Each variant once for all tests. */
function stacks(): Promise<Stacks> {
  const record = async (): Promise<Stacks> => {
    const all = new Map<string, readonly RecordedResource[]>();
    for (const [name, input] of Object.entries(stackVariants)) all.set(name, await recordStack(input));
    return all;
  };
  return (recorded ??= record());
}

async function allObjects(): Promise<readonly RecordedObject[]> {
  return [...(await stacks()).values()].flatMap(objectsOf);
}

/** The objects of services that have what those of {@link stackVariants} lack. */
function furtherStack(): Promise<readonly RecordedResource[]> {
  return recordStack({}, furtherServices);
}

async function defaults(): Promise<readonly RecordedResource[]> {
  const found = (await stacks()).get("the defaults");
  assert.ok(found);
  return found;
}

describe("the schema of the API server", () => {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "store" },
    spec: { type: "ClusterIP", ports: [{ name: "http", port: 80, targetPort: 80 }] },
  };
  const claim = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "store" },
    spec: { resources: { requests: { storage: "1Gi" } } },
  };
  const storage = (amount: unknown): object => ({ ...claim, spec: { resources: { requests: { storage: amount } } } });
  const port = (entry: object): object => ({ ...service, spec: { ports: [entry] } });

  it("takes what is right, a port by number or name and an amount with a unit or without", () => {
    const right = [
      service,
      port({ port: 80, targetPort: "http" }),
      claim,
      storage("1.5Gi"),
      storage("10"),
      storage("1e3"),
    ];
    assert.deepEqual(right.map((object) => schemaProblems({ ...object })).flat(), []);
  });

  for (const [what, object, problem] of [
    ["an unknown field", { ...service, specs: {} }, "should NOT have additional properties"],
    ["an unknown field deep down", port({ port: 80, portt: 80 }), "should NOT have additional properties"],
    ["a wrong type", port({ port: "80" }), "should be integer"],
    ["a word that the API does not have", port({ port: 80, protocol: "tcp" }), "should be equal to one of the allowed"],
    ["a required field that is missing", port({ name: "http" }), "should have required property 'port'"],
    ["an object without metadata", { apiVersion: "v1", kind: "Service" }, "should have required property 'metadata'"],
    ["an amount with a unit that does not exist", storage("1 GB"), "should match pattern"],
    ["a status, which the cluster writes", { ...service, status: {} }, "should NOT have additional properties"],
    ["a kind that it does not have", { apiVersion: "v1", kind: "Pod" }, "is not in the schema"],
  ] as const) {
    it(`reports ${what}`, () => {
      const [first = "", ...others] = schemaProblems({ ...object });
      assert.ok(first.includes(problem), first);
      assert.deepEqual(others, []);
    });
  }
});

describe("the objects of a stack on Kubernetes", () => {
  it("are of the kinds that the schema has, and of each there is one", async () => {
    const all = [...(await allObjects()), ...objectsOf(await furtherStack())];
    assert.deepEqual([...new Set(all.map(({ object }) => kindOf(object)))].sort(), knownKinds);
  });

  for (const name of Object.keys(stackVariants)) {
    it(`are what the API server takes, with ${name}`, async () => {
      const objects = objectsOf((await stacks()).get(name) ?? []);
      assert.ok(objects.length > 10, String(objects.length));
      assert.deepEqual(
        objects.flatMap(({ object }) => schemaProblems(object)),
        [],
      );
    });
  }

  it("are what the API server takes and the restricted profile allows, with services that have everything", async () => {
    const resources = await furtherStack();
    assert.deepEqual(
      objectsOf(resources).flatMap(({ object }) => schemaProblems(object)),
      [],
    );
    const pods = podSpecsOf(resources);
    assert.ok(pods.length > Object.keys(furtherServices).length, String(pods.length));
    assert.deepEqual(pods.flatMap(brokenRules), []);
  });

  it("are what the API server takes and the restricted profile allows, whatever the settings", async () => {
    await fc.assert(
      fc.asyncProperty(anyKubernetesStack, async (input) => {
        const resources = await recordStack(input, {});
        assert.deepEqual(
          objectsOf(resources).flatMap(({ object }) => schemaProblems(object)),
          [],
        );
        assert.deepEqual(podSpecsOf(resources).flatMap(brokenRules), []);
      }),
      { numRuns: 25 },
    );
  });

  it("say whose they are and what they are for, by the common labels", async () => {
    for (const resources of (await stacks()).values()) {
      for (const { resource, object } of objectsOf(resources)) {
        const { labels } = object["metadata"] as { readonly labels: Readonly<Record<string, string>> };
        const name = labels["app.kubernetes.io/name"];
        assert.ok(name === "stack" || resource.name.startsWith(`o-${name ?? ""}`) || isVolume(resource), resource.name);
        const common = Object.entries(labels).filter(([key]) => key.startsWith("app.kubernetes.io/"));
        assert.deepEqual(Object.fromEntries(common), {
          "app.kubernetes.io/name": name,
          "app.kubernetes.io/instance": "observability-test",
          "app.kubernetes.io/part-of": "observability",
          "app.kubernetes.io/managed-by": "pulumi",
        });
      }
    }
  });

  it("go to one cluster through one explicit provider", async () => {
    for (const resources of (await stacks()).values()) {
      for (const { resource } of objectsOf(resources)) {
        assert.match(resource.provider, /\$pulumi:providers:kubernetes::o-kubernetes::o-kubernetes-id$/, resource.urn);
      }
    }
  });

  it("are in the stack's namespace, unless their kind has none", async () => {
    for (const [variant, resources] of await stacks()) {
      const namespace = variant === "a namespace that exists" ? "team-a" : "observability-test";
      for (const { object } of objectsOf(resources)) {
        const { name, namespace: own } = object["metadata"] as Readonly<Record<string, string>>;
        const kind = String(object["kind"]);
        if (kind === "Namespace") assert.equal(name, namespace);
        else assert.equal(own, kind.startsWith("Cluster") ? undefined : namespace, kindOf(object));
      }
    }
  });

  it("are removed by a plain `down`, but for data, credentials and the namespace that they are in", async () => {
    const kept = (await defaults())
      .filter(({ protect }) => protect)
      .map(({ type, name }) => `${lastWord(type)} ${name}`);
    const expected = [
      "Namespace o",
      "PersistentVolumeClaim o-grafana-data",
      "PersistentVolumeClaim o-jaeger-data",
      "PersistentVolumeClaim o-loki-data",
      "PersistentVolumeClaim o-otel-collector-queue",
      "PersistentVolumeClaim o-victoria-metrics-data",
      "RandomPassword o-grafana-admin-password",
      "RandomPassword o-grafana-secret-key",
      ...furtherData("o").map((name) => `PersistentVolumeClaim ${name}`),
      ...furtherSecrets("o", true).map((name) => `RandomPassword ${name}`),
    ];
    assert.deepEqual(kept.sort(), expected.sort());
  });

  it("keep the same data, credentials and namespace without observability", async () => {
    const kept = (resources: readonly RecordedResource[] = []): string[] =>
      resources.filter(({ protect }) => protect).map(({ urn }) => urn);
    assert.deepEqual(kept((await stacks()).get("no observability")), kept(await defaults()));
  });

  it("have selectors that no setting changes: no selector can be changed", async () => {
    for (const resources of (await stacks()).values()) {
      for (const { object } of objectsOf(resources)) {
        const { kind, metadata, spec } = object as {
          readonly kind: string;
          readonly metadata: { readonly name: string };
          readonly spec: { readonly selector: unknown };
        };
        const labels = {
          "app.kubernetes.io/name": metadata.name,
          "app.kubernetes.io/instance": "observability-test",
        };
        if (kind === "Service") assert.deepEqual(spec.selector, labels);
        if (["Deployment", "StatefulSet"].includes(kind)) assert.deepEqual(spec.selector, { matchLabels: labels });
      }
    }
  });
});

function isVolume({ type }: RecordedResource): boolean {
  return lastWord(type) === "PersistentVolumeClaim";
}

function lastWord(type: string): string {
  return type.split(":").at(-1) ?? "";
}

describe("the restricted profile", () => {
  const container = {
    name: "a",
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
  const pod = {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    containers: [container],
  };
  const podWith = (change: object): object => ({ ...pod, securityContext: { ...pod.securityContext, ...change } });
  const containerWith = (change: object): object => ({
    ...pod,
    containers: [{ ...container, securityContext: { ...container.securityContext, ...change } }],
  });
  const probe = { httpGet: { host: "example.com", port: 80 } };

  /** For each rule pods that break it and no other. */
  const offences: Readonly<Record<string, readonly object[]>> = {
    HostProcess: [
      podWith({ windowsOptions: { hostProcess: true } }),
      containerWith({ windowsOptions: { hostProcess: true } }),
    ],
    "Host Namespaces": [
      { ...pod, hostNetwork: true },
      { ...pod, hostPID: true },
      { ...pod, hostIPC: true },
    ],
    "Privileged Containers": [containerWith({ privileged: true })],
    Capabilities: [
      containerWith({ capabilities: {} }),
      containerWith({ capabilities: { drop: ["ALL"], add: ["CHOWN"] } }),
      { ...pod, initContainers: [{ ...container, securityContext: { allowPrivilegeEscalation: false } }] },
    ],
    "Host Ports": [{ ...pod, containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 80 }] }] }],
    "Host Probes / Lifecycle Hooks": [
      { ...pod, containers: [{ ...container, readinessProbe: probe }] },
      { ...pod, containers: [{ ...container, lifecycle: { preStop: { tcpSocket: { host: "a", port: 1 } } } }] },
    ],
    AppArmor: [podWith({ appArmorProfile: { type: "Unconfined" } })],
    SELinux: [podWith({ seLinuxOptions: { type: "spc_t" } }), containerWith({ seLinuxOptions: { role: "a" } })],
    "/proc Mount Type": [containerWith({ procMount: "Unmasked" })],
    Sysctls: [podWith({ sysctls: [{ name: "kernel.msgmax", value: "1" }] })],
    "Volume Types": [{ ...pod, volumes: [{ name: "a", hostPath: { path: "/" } }] }],
    "Privilege Escalation": [containerWith({ allowPrivilegeEscalation: undefined })],
    "Running as Non-root": [podWith({ runAsNonRoot: undefined }), containerWith({ runAsNonRoot: false })],
    "Running as Non-root user": [podWith({ runAsUser: 0 }), containerWith({ runAsUser: 0 })],
    Seccomp: [podWith({ seccompProfile: undefined }), containerWith({ seccompProfile: { type: "Unconfined" } })],
  };

  it("has an offence below for each rule", () => {
    assert.deepEqual(Object.keys(offences), restrictedRules);
    assert.deepEqual(brokenRules(pod), []);
  });

  for (const [rule, pods] of Object.entries(offences)) {
    it(`is broken in its rule ${rule}, and in no other`, () => {
      assert.deepEqual(
        pods.map(brokenRules),
        pods.map(() => [rule]),
      );
    });
  }

  it("is kept by every pod", async () => {
    const pods = [...(await stacks()).values()].flatMap(podSpecsOf);
    assert.equal(pods.length, 7 * (8 + furtherHosts.length) + 1 + 3);
    assert.deepEqual(pods.flatMap(brokenRules), []);
  });

  it("is enforced in a namespace of the stack's own", async () => {
    const namespace = objectsOf(await defaults()).find(({ object }) => object["kind"] === "Namespace");
    const { labels } = namespace?.object["metadata"] as { readonly labels: Readonly<Record<string, string>> };
    const level = Object.entries(labels).filter(([key]) => key.startsWith("pod-security.kubernetes.io/"));
    assert.deepEqual(Object.fromEntries(level), {
      "pod-security.kubernetes.io/enforce": "restricted",
      "pod-security.kubernetes.io/audit": "restricted",
      "pod-security.kubernetes.io/warn": "restricted",
    });
  });
});

describe("the pods of a stack", () => {
  const everyPod = async (): Promise<readonly Readonly<Record<string, unknown>>[]> =>
    [...(await stacks()).values()].flatMap(podSpecsOf);

  it("have a root that nobody writes to, and no variables about Services", async () => {
    for (const { enableServiceLinks, containers } of await everyPod()) {
      assert.equal(enableServiceLinks, false);
      for (const { securityContext } of containers as readonly { readonly securityContext: object }[]) {
        assert.deepEqual(securityContext, {
          allowPrivilegeEscalation: false,
          privileged: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
      }
    }
  });

  it("ask for processor and memory, and have a limit of memory that is what they ask for", async () => {
    for (const { containers } of await everyPod()) {
      for (const { resources } of containers as readonly { readonly resources: PodResources }[]) {
        assert.match(resources.requests["cpu"] ?? "", /^\d+m$/);
        assert.match(resources.requests["memory"] ?? "", /^\d+Mi$/);
        assert.equal(resources.limits["memory"], resources.requests["memory"]);
      }
    }
  });

  it("have no token, but for the Collector's, which asks for pods", async () => {
    const withToken = new Set(
      (await everyPod()).flatMap(({ automountServiceAccountToken, containers }) =>
        automountServiceAccountToken === false ? [] : (containers as readonly { readonly name: string }[]),
      ),
    );
    assert.deepEqual([...new Set([...withToken].map(({ name }) => name))], ["otel-collector"]);
  });
});

interface PodResources {
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}

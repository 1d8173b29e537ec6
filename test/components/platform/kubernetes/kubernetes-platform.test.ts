import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { withCode } from "../../../../config/coded-error.ts";
import { newDockerProvider } from "../../../../components/platform/docker/docker-provider.ts";
import { newKubernetesProvider } from "../../../../components/platform/kubernetes/kubernetes-provider.ts";
import {
  KubernetesPlatform,
  type KubernetesPlatformArgs,
} from "../../../../components/platform/kubernetes/kubernetes-platform.ts";
import { createPlatform } from "../../../../components/platform/create-platform.ts";
import type { RunningWorkload } from "../../../../components/platform/platform.ts";
import type { Workload } from "../../../../components/platform/workload.ts";
import { problemLines } from "../../../../config/problem.ts";
import { noCluster, objectsOf, recordStack, type KubernetesStackInput } from "../../../support/kubernetes-stack.ts";
import { containerOf, workloads } from "../../../support/kubernetes-view.ts";
import { recordResources, type RecordedResource } from "../../../support/record-resources.ts";
import { noDocker, settings } from "../../../support/settings.ts";
import { imageFolder, plainWorkload, secretText } from "../../../support/workloads.ts";
import { furtherParts } from "../../../support/further-parts.ts";
import type { PartProcess } from "../../../../config/parts/part.ts";
import type { PartName } from "../../../../config/parts/parts.ts";
import { noSurroundings, partProcess } from "../../../../config/parts/processes.ts";

const { kubernetes: cluster } = settings({ target: "kubernetes", kubernetes: noCluster });

const store: Workload = {
  ...plainWorkload,
  name: "store",
  image: { kind: "reference", reference: "team/store:1.0" },
  ports: [
    { name: "http", port: 80, hostPort: 8000 },
    { name: "admin", port: 81, hostPort: "internal" },
  ],
  dataVolumes: [{ name: "store_data", path: "/data", sizeMib: 7168 }],
  stopGraceSeconds: 45,
};

const built = {
  kind: "build",
  name: "shop",
  contextPath: imageFolder,
  dockerfile: "Dockerfile",
  buildArgs: {},
} as const;

const platformArgs: Omit<KubernetesPlatformArgs, "provider" | "dockerProvider"> = {
  resourcePrefix: "stack",
  name: "shop-dev",
  isJoined: false,
  owner: "shop/dev",
  settings: { ...cluster, namespace: "shop" },
  openBackends: [],
  ingress: {},
  deliver: () => Promise.reject(new Error("must not be called in a preview")),
};

/** Annotation of every object. */
const owned = { "observability/stack": "shop/dev" };

type Program = (platform: KubernetesPlatform, parent: pulumi.Resource) => void;

function record(program: Program, change: Partial<KubernetesPlatformArgs> = {}): Promise<readonly RecordedResource[]> {
  return recordResources(() => {
    const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
    const provider = newKubernetesProvider(platformArgs, change.settings ?? platformArgs.settings, { parent });
    const dockerProvider = (): docker.Provider => newDockerProvider(platformArgs, noDocker, { parent });
    program(new KubernetesPlatform({ ...platformArgs, provider, dockerProvider, ...change }, { parent }), parent);
  });
}

function run(
  change: Partial<Workload> = {},
  args: Partial<KubernetesPlatformArgs> = {},
): Promise<readonly RecordedResource[]> {
  return record((platform, parent) => {
    platform.run({ ...store, ...change }, { parent, dependsOn: [] });
  }, args);
}

/** The only resource of a kind and name. */
function one(resources: readonly RecordedResource[], kind: string, name: string): RecordedResource {
  const [found, ...others] = resources.filter((each) => each.name === name && each.type.endsWith(`:${kind}`));
  assert.ok(found, `${kind} ${name} is missing`);
  assert.deepEqual(others, []);
  return found;
}

function shortNames(resources: readonly RecordedResource[]): readonly string[] {
  return resources.map(({ type, name }) => `${type.split(":").at(-1) ?? ""} ${name}`).sort();
}

const common = [
  ...["Namespace stack", "NetworkPolicy stack-deny-all", "NetworkPolicy stack-services", "Parent parent"],
  ...["ServiceAccount stack", "kubernetes stack-kubernetes"],
];

function labels(workload: string): object {
  return {
    "app.kubernetes.io/name": workload,
    "app.kubernetes.io/instance": "shop-dev",
    "app.kubernetes.io/part-of": "observability",
    "app.kubernetes.io/managed-by": "pulumi",
  };
}

describe("the Kubernetes platform", () => {
  const { KUBECONFIG: kubeconfig } = process.env;

  afterEach(() => {
    if (kubeconfig !== undefined) process.env["KUBECONFIG"] = kubeconfig;
  });

  it("makes of a workload with data its claim, its Service and its StatefulSet", async () => {
    assert.deepEqual(
      shortNames(await run()),
      [...common, "PersistentVolumeClaim stack-store-data", "Service stack-store", "StatefulSet stack-store"].sort(),
    );
  });

  it("makes a Deployment of one without data, and no Service where there is no port", async () => {
    assert.deepEqual(
      shortNames(await run({ dataVolumes: [], ports: [] })),
      [...common, "Deployment stack-store"].sort(),
    );
  });

  it("keeps data and runs nothing with no instances", async () => {
    assert.deepEqual(
      shortNames(await run({ replicas: 0 })),
      [...common, "PersistentVolumeClaim stack-store-data"].sort(),
    );
  });

  it("makes no namespace where it is to use one that exists", async () => {
    const args = { settings: { ...platformArgs.settings, createNamespace: false } };
    assert.deepEqual(
      shortNames(await record(() => undefined, args)),
      common.filter((name) => name !== "Namespace stack"),
    );
  });

  it("tells what runs and where its data is", async () => {
    const running: RunningWorkload[] = [];
    const resources = await record((platform, parent) => {
      const opts = { parent, dependsOn: [] };
      running.push(platform.run(store, opts));
      running.push(platform.run({ ...store, name: "web", ports: [], dataVolumes: [], replicas: 3 }, opts));
    });
    const told = running.map(({ instances, ...rest }) => ({
      ...rest,
      instances: instances.map(({ name, replicas }) => ({ name, replicas })),
      ready: rest.ready(),
    }));
    assert.deepEqual(told, [
      {
        published: { http: "127.0.0.1:8000" },
        instances: [{ name: "statefulset/store", replicas: 1 }],
        ...{ isAwaitable: false, ready: [] },
        volumes: [{ name: "store-data", path: "/data" }],
      },
      {
        ...{ published: {}, instances: [{ name: "deployment/web", replicas: 3 }] },
        ...{ isAwaitable: false, ready: [], volumes: [] },
      },
    ]);
    const claim = objectsOf([one(resources, "PersistentVolumeClaim", "stack-store-data")]);
    assert.equal((claim[0]?.object["metadata"] as { readonly name: string }).name, "store-data");
  });

  it("names the cluster by the stack, so that neither context nor kubeconfig replaces what is deployed", async () => {
    const provider = async (change: object): Promise<unknown> => {
      const args = { settings: { ...platformArgs.settings, ...change } };
      return one(await record(() => undefined, args), "kubernetes", "stack-kubernetes").inputs;
    };
    // Pulumi would take it up.
    delete process.env["KUBECONFIG"];
    assert.deepEqual(await provider({}), { context: "kind-nowhere", clusterIdentifier: "shop-dev" });
    assert.deepEqual(await provider({ context: "other", kubeconfig: "/home/me/.kube/other" }), {
      context: "other",
      kubeconfig: "/home/me/.kube/other",
      clusterIdentifier: "shop-dev",
    });
  });

  it("makes a claim that is kept, waits for nobody and has the size and class of the settings", async () => {
    const claim = one(await run(), "PersistentVolumeClaim", "stack-store-data");
    assert.equal(claim.protect, true);
    const metadata = {
      name: "store-data",
      namespace: "shop",
      labels: labels("store"),
      annotations: { ...owned, "pulumi.com/skipAwait": "true" },
    };
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "7Gi" } } };
    const kind = { apiVersion: "v1", kind: "PersistentVolumeClaim" };
    assert.deepEqual(claim.inputs, { ...kind, metadata, spec });
    const args = { settings: { ...platformArgs.settings, storageClass: "fast" } };
    assert.deepEqual(one(await run({}, args), "PersistentVolumeClaim", "stack-store-data").inputs, {
      ...kind,
      metadata,
      spec: { ...spec, storageClassName: "fast" },
    });
  });

  it("makes a Service of every port, which says where `npm run open` leads", async () => {
    assert.deepEqual(one(await run(), "Service", "stack-store").inputs, {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: "store",
        namespace: "shop",
        labels: labels("store"),
        annotations: { ...owned, "pulumi.com/skipAwait": "true", "observability/local-ports": '{"http":8000}' },
      },
      spec: {
        type: "ClusterIP",
        selector: { "app.kubernetes.io/name": "store", "app.kubernetes.io/instance": "shop-dev" },
        ports: [
          { name: "http", port: 80, targetPort: 80, protocol: "TCP" },
          { name: "admin", port: 81, targetPort: 81, protocol: "TCP" },
        ],
      },
    });
  });

  it("rolls a StatefulSet out although a pod of it does not start, and waits for one that ends", async () => {
    const { inputs, deleteTimeout } = one(await run(), "StatefulSet", "stack-store");
    const { template: _, ...spec } = inputs["spec"] as Readonly<Record<string, unknown>>;
    assert.deepEqual(spec, {
      replicas: 1,
      selector: { matchLabels: { "app.kubernetes.io/name": "store", "app.kubernetes.io/instance": "shop-dev" } },
      revisionHistoryLimit: 3,
      serviceName: "store",
      podManagementPolicy: "Parallel",
    });
    assert.equal(deleteTimeout, "105s");
  });

  it("starts pods after their files, their claim, their rights and what their workload waits for", async () => {
    const resources = await record((platform, parent) => {
      const first = new pulumi.ComponentResource("test:index:First", "first", {}, { parent });
      platform.run({ ...store, name: "first", ports: [], dataVolumes: [] }, { parent: first, dependsOn: [] });
      const files = {
        configFiles: [{ path: "/etc/a", content: "a" }],
        secretFiles: [{ path: "/run/b", content: pulumi.secret("b") }],
      };
      platform.run({ ...store, ...files, readsInstances: true }, { parent, dependsOn: [first] });
    });
    assert.deepEqual(
      one(resources, "StatefulSet", "stack-store").dependencies,
      [
        ["ConfigMap", "stack-store-config"],
        ["Deployment", "stack-first"],
        ["Namespace", "stack"],
        ["PersistentVolumeClaim", "stack-store-data"],
        ["Role", "stack-store"],
        ["RoleBinding", "stack-store"],
        ["Secret", "stack-store-secrets"],
        ["ServiceAccount", "stack-store"],
      ]
        .map(([kind = "", name = ""]) => one(resources, kind, name).urn)
        .sort(),
    );
  });

  it("lets a workload that reads instances read pods of its namespace, by an account of its own", async () => {
    const resources = await run({ readsInstances: true });
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }];
    const metadata = { name: "store", namespace: "shop", labels: labels("store"), annotations: owned };
    const rbac = "rbac.authorization.k8s.io";
    assert.deepEqual(one(resources, "Role", "stack-store").inputs, {
      apiVersion: `${rbac}/v1`,
      kind: "Role",
      metadata,
      rules,
    });
    assert.deepEqual(one(resources, "RoleBinding", "stack-store").inputs, {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata,
      subjects: [{ kind: "ServiceAccount", name: "store", namespace: "shop" }],
      roleRef: { apiGroup: rbac, kind: "Role", name: "store" },
    });
    const [pods] = workloads(resources);
    assert.equal(pods?.inputs.spec.template.spec.serviceAccountName, "store");
  });

  it("lets it read the pods of all namespaces if telemetry comes from others, under a name that no other stack has", async () => {
    const args = { settings: { ...platformArgs.settings, otlpNamespaces: ["billing"] } };
    const resources = await run({ readsInstances: true }, args);
    const metadata = { name: "shop-store", labels: labels("store"), annotations: owned };
    const { metadata: role } = one(resources, "ClusterRole", "stack-store").inputs;
    const { apiVersion: _, kind: __, ...binding } = one(resources, "ClusterRoleBinding", "stack-store").inputs;
    assert.deepEqual(role, metadata);
    assert.deepEqual(binding, {
      metadata,
      subjects: [{ kind: "ServiceAccount", name: "store", namespace: "shop" }],
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "shop-store" },
    });
  });

  it("leads the address of a workload to its first port, and says it", async () => {
    const urls: unknown[] = [];
    const ingress = {
      host: "store.example.com",
      className: "nginx",
      tlsSecretName: "store-tls",
      annotations: { a: "b" },
      controllerNamespace: "ingress",
      insecure: false,
    };
    const resources = await record(
      (platform, parent) => {
        urls.push(platform.publicUrls);
        platform.run(store, { parent, dependsOn: [] });
      },
      { ingress: { store: ingress } },
    );
    assert.deepEqual(urls, [{ store: "https://store.example.com/" }]);
    assert.deepEqual(one(resources, "Ingress", "stack-store").inputs, {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: {
        name: "store",
        namespace: "shop",
        labels: labels("store"),
        annotations: { ...owned, "pulumi.com/skipAwait": "true", a: "b" },
      },
      spec: {
        ingressClassName: "nginx",
        tls: [{ hosts: ["store.example.com"], secretName: "store-tls" }],
        rules: [
          {
            host: "store.example.com",
            http: {
              paths: [
                { path: "/", pathType: "Prefix", backend: { service: { name: "store", port: { name: "http" } } } },
              ],
            },
          },
        ],
      },
    });
  });

  it("takes an image that is not built here by its reference, and asks no Docker for it", async () => {
    const resources = await run();
    const [pods] = workloads(resources);
    assert.ok(pods);
    assert.equal(containerOf(pods).image, "team/store:1.0");
    assert.deepEqual(
      resources.filter(({ type }) => type.includes("docker")),
      [],
    );
  });

  it("builds an image once for all workloads, under the name that the cluster pulls it by, and delivers none in a preview", async () => {
    const args = { settings: { ...platformArgs.settings, registry: "registry.example.com/team/" } };
    const resources = await record((platform, parent) => {
      for (const name of ["one", "two"]) {
        const workload = { ...store, name, image: { ...built }, ports: [], dataVolumes: [] };
        platform.run(workload, { parent, dependsOn: [] });
      }
    }, args);
    const { inputs } = one(resources, "RemoteImage", "stack-image-shop");
    assert.match(String(inputs["name"]), /^registry\.example\.com\/team\/shop-dev-shop:[0-9a-f]{12}$/);
    assert.deepEqual(
      workloads(resources).map((pods) => containerOf(pods).image),
      [inputs["name"], inputs["name"]],
    );
  });
});

describe("what the settings of Kubernetes say of workloads", () => {
  it("has to be of those that the program declares, which is known when it is through", async () => {
    const resources = {
      store: { cpuRequestMillicores: 100 },
      stor: { cpuLimitMillicores: 200 },
      "x.y": { cpuRequestMillicores: 1 },
    };
    await record(
      (platform, parent) => {
        platform.run(store, { parent, dependsOn: [] });
        assert.deepEqual(problemLines(platform.leftOverSettings()), [
          "kubernetes.resources.stor: must be for a workload of the program, by its host name, got a group; did you mean store?",
          'kubernetes.resources."x.y": must be for a workload of the program, by its host name, got a group; write one of store',
        ]);
      },
      { settings: { ...platformArgs.settings, resources } },
    );
  });
});

describe("the Kubernetes platform refuses", () => {
  const refuses = (
    second: Partial<Workload>,
    message: string,
    args: Partial<KubernetesPlatformArgs> = {},
  ): Promise<unknown> =>
    record((platform, parent) => {
      platform.run(store, { parent, dependsOn: [] });
      const workload = { ...store, name: "other", ports: [], dataVolumes: [], ...second };
      assert.throws(() => platform.run(workload, { parent, dependsOn: [] }), {
        message: withCode("OBS1002", message),
      });
    }, args);

  it("a name that is taken", () =>
    refuses({ name: "store" }, 'store.name: must be unique in the stack, got "store"; rename one of the two'));

  it("a port on the user's machine that is taken", () =>
    refuses(
      { ports: [{ name: "http", port: 80, hostPort: 8000 }] },
      "other.ports.0.hostPort: must differ from the ports of store, got 8000; change one of the two",
    ));

  it("what only Docker has, by name", () =>
    refuses(
      { docker: { restart: "no", networks: ["databases"] } },
      ["restart", "networks"]
        .map(
          (name) =>
            `other.docker.${name}: must be left out on Kubernetes, which has nothing like it, got ${name === "restart" ? '"no"' : "a list"}; remove it, or give it only where the target is docker`,
        )
        .join("\n"),
    ));

  it("a port on the user's machine for each instance", () =>
    refuses(
      { ports: [{ name: "http", port: 80, hostPort: [8001, 8002] }], replicas: 2 },
      "other.ports.0.hostPort: must be a single one on Kubernetes, where it leads to whichever instance there is, got a list; write one port",
    ));

  it("two instances with one directory of data", () =>
    refuses(
      { dataVolumes: [{ name: "more_data", path: "/data", sizeMib: 1024 }], replicas: 2 },
      "other.replicas: must be 1 at most with data of its own, got 2; leave the others out",
    ));

  it("a volume whose name no pod may have, with the workload's in front", () =>
    refuses(
      { name: "other", dataVolumes: [{ name: `other_${"d".repeat(58)}`, path: "/data", sizeMib: 1024 }] },
      'other.name: must be at most 4 characters long, since names in its pods have more behind it, got "other"; shorten it',
    ));

  it("an image that has no way into the cluster", () =>
    refuses(
      { image: built },
      'other.image: must have a way into the cluster, since it is built here, got "shop"; set kubernetes.registry or kubernetes.loadCommand',
      { deliver: undefined },
    ));

  it("what the API server would refuse, all of it at once", () =>
    refuses(
      { userId: 0, memoryMib: 1 },
      [
        "other.memoryMib: must be a whole number from 6 to 1048576 (less is refused by Docker), got 1; choose one in the range",
        "other.userId: must not be 0, which the restricted Pod Security profile refuses, got 0; choose another user that the image works with, for example 1000",
      ].join("\n"),
    ));
});

/** The name of each ConfigMap and the template of each pod, as text, by the name of the workload. */
async function rendered(input: KubernetesStackInput): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(
    workloads(await recordStack(input)).map(({ inputs }) => [
      inputs.metadata.name,
      JSON.stringify(inputs.spec.template),
    ]),
  );
}

async function rolled(input: KubernetesStackInput): Promise<readonly string[]> {
  const [before, after] = [await rendered({}), await rendered(input)];
  assert.deepEqual(Object.keys(after), Object.keys(before));
  return Object.keys(before)
    .filter((name) => before[name] !== after[name])
    .sort();
}

/** Whether something of what a part runs with is another one for another retention. */
function changes(name: PartName, look: (process: PartProcess) => unknown): boolean {
  const of = (input: KubernetesStackInput): unknown => look(partProcess(name, settings(input), noSurroundings));
  return !isDeepStrictEqual(of({}), of({ retentionHours: 48 }));
}

describe("a setting that changes", () => {
  it("starts exactly those pods anew whose files or flags have it", async () => {
    assert.deepEqual(await rolled({}), []);
    const further = furtherParts.flatMap(([name, { host }]) => (changes(name, (process) => process) ? [host] : []));
    const expected = ["jaeger", "loki", "victoria-metrics", ...further];
    assert.deepEqual(await rolled({ retentionHours: 48 }), expected.sort());
    assert.deepEqual(await rolled({ loki: { compactionIntervalSeconds: 60 } }), ["loki"]);
    assert.deepEqual(await rolled({ otelCollector: { queueMib: 64 } }), ["otel-collector"]);
    assert.deepEqual(await rolled({ ports: { loki: 13100 } }), []);
    assert.deepEqual(await rolled({ kubernetes: { storageGib: { loki: 20 } } }), []);
  });

  it("gives a ConfigMap another name if it changes a file: the old one is there as long as a pod needs it", async () => {
    const names = async (input: KubernetesStackInput): Promise<readonly string[]> =>
      objectsOf(await recordStack(input, {}))
        .filter(({ object }) => object["kind"] === "ConfigMap")
        .map(({ object }) => (object["metadata"] as { readonly name: string }).name);
    const [before, after] = [await names({}), await names({ retentionHours: 48 })];
    for (const name of [...before, ...after]) assert.match(name, /^[a-z-]+-config-[0-9a-f]{12}$/);
    const stem = (name: string): string => name.replace(/-config-.*/, "");
    const further = furtherParts.flatMap(([name, { host }]) =>
      changes(name, (process) => process.configFiles) ? [host] : [],
    );
    const fresh = after.filter((name) => !before.includes(name)).map(stem);
    assert.deepEqual(fresh.sort(), ["jaeger", "loki", ...further].sort());
  });
});

describe("a secret on Kubernetes", () => {
  it("is in a Secret and nowhere else: in no ConfigMap, no environment, no name and no hash", async () => {
    const withSecret = (text: string): Promise<readonly RecordedResource[]> =>
      run({
        configFiles: [{ path: "/etc/a", content: "a" }],
        secretFiles: [{ path: "/run/secrets/b", content: pulumi.secret(text) }],
      });
    const [first, second] = [await withSecret(secretText), await withSecret("another")];
    const secret = one(first, "Secret", "stack-store-secrets");
    assert.deepEqual(secret.inputs, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { namespace: "shop", labels: labels("store"), annotations: owned },
      type: "Opaque",
      stringData: { secret: { run_secrets_b: secretText } },
      immutable: true,
    });
    const others = (resources: readonly RecordedResource[]): unknown =>
      resources.filter(({ type }) => !type.endsWith(":Secret"));
    assert.deepEqual(others(first), others(second));
    assert.doesNotMatch(JSON.stringify(others(first)), new RegExp(secretText));
  });
});

describe("createPlatform", () => {
  it("gives Kubernetes the stack's name, the sizes of the volumes, Grafana's address and the way of images", async () => {
    const seen: unknown[] = [];
    await recordResources(() => {
      const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
      const platform = createPlatform(
        "o",
        settings({
          target: "kubernetes",
          kubernetes: {
            context: "prod",
            namespace: "team-a",
            ingress: { host: "grafana.example.com", insecure: true },
          },
        }),
        { parent },
      );
      const problems = platform.conflicts({
        ...store,
        image: built,
      });
      seen.push(
        platform.publicUrls,
        problems.map(({ path }) => path),
        platform.instanceAttributes("store"),
      );
    });
    assert.deepEqual(seen, [
      { grafana: "http://grafana.example.com/" },
      ["image"],
      {
        "k8s.namespace.name": "team-a",
        "k8s.pod.name": { fill: "instance" },
        "k8s.pod.uid": { fill: "podUid" },
        "k8s.node.name": { fill: "node" },
      },
    ]);
  });
});

import assert from "node:assert/strict";
import { z } from "zod";
import { backendPolicy, denyAll, servicesPolicy } from "../../../../components/platform/kubernetes/network-policies.ts";
import { flows, services } from "../../../../config/flows.ts";
import { isBackend, partList, parts } from "../../../../config/parts/parts.ts";
import { containerOf, workloads } from "../../../support/kubernetes-view.ts";
import { objectsOf, recordStack, type KubernetesStackInput } from "../../../support/kubernetes-stack.ts";
import { allows, policiesOf, policyOf, type End, type Pod, type Policy } from "../../../support/network-policies.ts";
import type { RecordedResource } from "../../../support/record-resources.ts";
import { allFurtherParts, everyPart } from "../../../support/further-parts.ts";

const stackName = "observability-test";
const border = { name: stackName, settings: { otlpNamespaces: [] }, ingress: {}, openBackends: [] };

describe("the evaluation of NetworkPolicies", () => {
  const web: Pod = { namespace: "a", labels: { app: "web" } };
  const store: Pod = { namespace: "a", labels: { app: "store" } };
  const stranger: Pod = { namespace: "b", labels: { app: "web" } };
  const http = { port: 80, protocol: "TCP" } as const;
  const both = ["Ingress", "Egress"];
  const policy = (spec: object): Policy => policyOf("a", { policyTypes: both, ...spec });
  const isAllowed = (policies: readonly Policy[], from: End = web, to: End = store): boolean =>
    allows(policies, from, to, http);

  const closed = policy({ podSelector: {} });
  const toStore = policy({ podSelector: { matchLabels: { app: "web" } }, egress: [{ to: [{ podSelector: {} }] }] });
  const fromWeb = (rule: object): Policy =>
    policy({ podSelector: { matchLabels: { app: "store" } }, policyTypes: ["Ingress"], ingress: [rule] });
  const web80 = { from: [{ podSelector: { matchLabels: { app: "web" } } }], ports: [http] };

  it("lets everything through where no policy selects a pod", () => {
    assert.equal(isAllowed([]), true);
    assert.equal(isAllowed([policyOf("b", { podSelector: {}, policyTypes: both })]), true);
  });

  it("wants a rule at either end, and takes it from any policy", () => {
    assert.equal(isAllowed([closed]), false);
    assert.equal(isAllowed([closed, toStore]), false);
    assert.equal(isAllowed([closed, fromWeb(web80)]), false);
    assert.equal(isAllowed([closed, toStore, fromWeb(web80)]), true);
  });

  it("keeps to the ports and protocols of a rule", () => {
    const policies = (ports: readonly object[]): Policy[] => [closed, toStore, fromWeb({ ...web80, ports })];
    assert.equal(isAllowed(policies([{ port: 81, protocol: "TCP" }])), false);
    assert.equal(isAllowed(policies([{ port: 80, protocol: "UDP" }])), false);
    assert.equal(isAllowed(policies([])), true);
  });

  it("selects pods in the policy's namespace alone, unless the peer names others", () => {
    const open = policy({ podSelector: { matchLabels: { app: "store" } }, policyTypes: ["Ingress"], ingress: [web80] });
    assert.equal(isAllowed([open], stranger), false);
    const named = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "b" } } };
    assert.equal(isAllowed([fromWeb({ from: [named] })], stranger), true);
    assert.equal(isAllowed([fromWeb({ from: [named] })], web), false);
    assert.equal(isAllowed([fromWeb({ from: [{ namespaceSelector: {} }] })], stranger), true);
    const other = { ...named, podSelector: { matchLabels: { app: "other" } } };
    assert.equal(isAllowed([fromWeb({ from: [other] })], stranger), false);
  });

  it("lets what is no pod through by a rule without peers only", () => {
    const out = (rule: object): Policy => policy({ podSelector: {}, policyTypes: ["Egress"], egress: [rule] });
    assert.equal(isAllowed([out({})], web, "no pod"), true);
    assert.equal(isAllowed([out({ ports: [http] })], web, "no pod"), true);
    assert.equal(isAllowed([out({ to: [{ namespaceSelector: {} }] })], web, "no pod"), false);
    assert.equal(isAllowed([closed], "no pod", store), false);
  });

  it("refuses what it does not understand", () => {
    assert.throws(() => policy({ podSelector: { matchExpressions: [] } }), /Unrecognized key: \\?"matchExpressions/);
    assert.throws(
      () => policy({ podSelector: {}, egress: [{ to: [{ ipBlock: {} }] }] }),
      /Unrecognized key: \\?"ipBlock/,
    );
  });
});

/** A pod by the name under which the test speaks of it. */
interface NamedPod extends Pod {
  readonly name: string;
  readonly ports: readonly number[];
}

/** Pods that check files, which want no connection. */
function checksOf(resources: readonly RecordedResource[]): readonly NamedPod[] {
  return objectsOf(resources)
    .filter(({ object }) => object["kind"] === "Job")
    .map(({ object }) => {
      const { metadata, spec } = jobInputs.parse(object);
      const { labels } = spec.template.metadata;
      return { name: metadata.name, namespace: metadata.namespace, labels, ports: [] };
    });
}

const jobInputs = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.object({ template: z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }) }) }),
});

function podsOf(resources: readonly RecordedResource[]): readonly NamedPod[] {
  return workloads(resources).map((workload) => ({
    name: workload.inputs.metadata.name,
    namespace: workload.inputs.metadata.namespace ?? "",
    labels: workload.inputs.spec.template.metadata.labels,
    ports: containerOf(workload).ports.map(({ containerPort }) => containerPort),
  }));
}

/** Pods of other people: in their own namespaces, and one beside the stack that calls itself Loki. */
function strangers(namespace: string): readonly NamedPod[] {
  const own = ["shop", "billing", "ingress", "kube-system"].map((name) => ({
    name: `a pod of ${name}`,
    namespace: name,
  }));
  return [
    ...own.map((pod) => ({ ...pod, labels: { "observability/role": "backend" }, ports: [80] })),
    { name: "a stranger", namespace, labels: { "app.kubernetes.io/name": "loki" }, ports: [80] },
  ];
}

/** A port that nobody listens on, which a rule without ports would open as well. */
const unused = 9999;

/** Every TCP connection between pods that the policies of a stack allow and that has one of its pods at an end. */
async function allowed(input: KubernetesStackInput): Promise<readonly string[]> {
  const resources = await recordStack({ ...everyPart, ...input });
  const policies = policiesOf(resources);
  const own = [...podsOf(resources), ...checksOf(resources)];
  const pods = [...own, ...strangers(own[0]?.namespace ?? "")];
  const ports = [...new Set([...pods.flatMap((pod) => pod.ports), unused])];
  return pods.flatMap((from) =>
    pods
      .filter((to) => own.includes(from) || own.includes(to))
      .flatMap((to) =>
        ports
          .filter((port) => allows(policies, from, to, { port, protocol: "TCP" }))
          .map((port) => `${from.name} → ${to.name}:${port}`),
      ),
  );
}

const serviceNames = ["shop-api", "shop-web", "shop-job"];
/** Every port that some pod of the stack or a stranger listens on, and {@link unused}. */
const allPorts = [
  ...new Set([
    ...[80, 3000, 3100, 4317, 4318, 8080, 8081, 8428, 8888, 13133, 16686, unused],
    ...allFurtherParts.flatMap(([, { ports }]) => Object.values(ports).map(({ port }) => port)),
  ]),
];

/** The table of flows, each service by its name, and what services may do beside it. */
const expected: readonly string[] = [
  ...flows.flatMap(({ from, to, port }) =>
    (from === services ? serviceNames : [from]).map((name) => `${name} → ${to}:${port}`),
  ),
  ...serviceNames.flatMap((from) =>
    [...serviceNames, ...strangers("").map(({ name }) => name)].flatMap((to) =>
      allPorts.map((port) => `${from} → ${to}:${port}`),
    ),
  ),
];

async function assertAllowed(input: KubernetesStackInput, additional: readonly string[]): Promise<void> {
  assert.deepEqual([...(await allowed(input))].sort(), [...expected, ...additional].sort());
}

describe("the connections that a stack on Kubernetes has", () => {
  it("are those of the table of flows, and what services want of each other and of the world", () =>
    assertAllowed({}, []));

  it("are the same in a namespace that exists, where pods of other people are", () =>
    assertAllowed({ kubernetes: { createNamespace: false, namespace: "team-a" } }, []));

  it("are beside these the telemetry of the namespaces that are named", () =>
    assertAllowed(
      { kubernetes: { otlpNamespaces: ["shop", "billing"] } },
      ["shop", "billing"].flatMap((namespace) =>
        [4317, 4318].map((port) => `a pod of ${namespace} → otel-collector:${port}`),
      ),
    ));

  it("are beside these the ingress controller's to Grafana, and to nothing else", () =>
    assertAllowed(
      { kubernetes: { ingress: { host: "grafana.example.com", insecure: true, controllerNamespace: "ingress" } } },
      ["a pod of ingress → grafana:3000"],
    ));

  it("are both if both are asked for", () =>
    assertAllowed(
      {
        kubernetes: {
          otlpNamespaces: ["ingress"],
          ingress: { host: "grafana.example.com", insecure: true, controllerNamespace: "ingress" },
        },
      },
      ["grafana:3000", "otel-collector:4317", "otel-collector:4318"].map((to) => `a pod of ingress → ${to}`),
    ));

  /** To everybody whom no policy of the stack protects. */
  const anywhere = (from: string): readonly string[] =>
    strangers("").flatMap(({ name }) => allPorts.map((port) => `${from} → ${name}:${port}`));

  it("lead anywhere from a Collector that the user has added to, and nowhere from the pod that checks its files", () =>
    assertAllowed({ otelCollector: { config: { exporters: { debug: {} } } } }, anywhere("otel-collector")));

  it("lead anywhere from a Grafana that the user has added data sources to", () =>
    assertAllowed(
      { grafana: { datasources: [{ name: "Orders", uid: "orders", type: "prometheus" }] } },
      anywhere("grafana"),
    ));

  it("leave pods of other people in the stack's namespace alone", async () => {
    const resources = await recordStack({ ...everyPart, kubernetes: { createNamespace: false, namespace: "team-a" } });
    const neighbour: Pod = { namespace: "team-a", labels: { app: "shop" } };
    const https = { port: 443, protocol: "TCP" } as const;
    const policies = policiesOf(resources);
    assert.deepEqual(
      [allows(policies, neighbour, "no pod", https), allows(policies, "no pod", neighbour, https)],
      [true, true],
    );
  });

  it("lead out of the cluster from services anywhere, from backends to the name service, from those with rights to the API server", async () => {
    const resources = await recordStack(everyPart);
    const policies = policiesOf(resources);
    const ports = [...allPorts, 53, 443, 6443, 8443, 16443];
    const tcp = podsOf(resources).map((pod) => [
      pod.name,
      ports.filter((port) => allows(policies, pod, "no pod", { port, protocol: "TCP" })),
    ]);
    const udp = podsOf(resources)
      .filter(({ name }) => isBackend(name))
      .map((pod) => ports.filter((port) => allows(policies, pod, "no pod", { port, protocol: "UDP" })));
    assert.deepEqual(Object.fromEntries(tcp), {
      ...Object.fromEntries(serviceNames.map((name) => [name, ports])),
      ...Object.fromEntries(partList.map(({ host }) => [host, [53]])),
      ...Object.fromEntries(
        [parts.otelCollector, parts.diskGuard].map(({ host }) => [host, [53, 443, 6443, 8443, 16443]]),
      ),
    });
    assert.deepEqual(
      udp,
      partList.map(() => [53]),
    );
  });

  it("come into the cluster from nowhere", async () => {
    const resources = await recordStack(everyPart);
    const policies = policiesOf(resources);
    const open = podsOf(resources).filter((pod) =>
      allPorts.some((port) => allows(policies, "no pod", pod, { port, protocol: "TCP" })),
    );
    assert.deepEqual(open, []);
  });
});

describe("a policy", () => {
  it("denies everything to the stack's pods", () => {
    assert.deepEqual(denyAll(stackName), {
      podSelector: { matchLabels: { "app.kubernetes.io/instance": stackName } },
      policyTypes: ["Ingress", "Egress"],
    });
  });

  it("lets services of a stack in from each other, and out", () => {
    const service = { matchLabels: { "observability/role": "service", "app.kubernetes.io/instance": stackName } };
    assert.deepEqual(servicesPolicy(stackName), {
      podSelector: service,
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ podSelector: service }] }],
      egress: [{}],
    });
  });

  it("is for a backend exactly its flows and the name service", () => {
    const podsNamed = (name: string): object => ({
      podSelector: {
        matchLabels: { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": stackName },
      },
    });
    const dns = [
      { port: 53, protocol: "UDP" },
      { port: 53, protocol: "TCP" },
    ];
    assert.deepEqual(backendPolicy("loki", border, false), {
      ...podsNamed("loki"),
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { from: [podsNamed("otel-collector")], ports: [{ port: 3100, protocol: "TCP" }] },
        { from: [podsNamed("grafana")], ports: [{ port: 3100, protocol: "TCP" }] },
        { from: [podsNamed("canary")], ports: [{ port: 3100, protocol: "TCP" }] },
      ],
      egress: [{ ports: dns }],
    });
  });

  it("opens the API server to who asks it, and to nobody else", () => {
    const ports = (readsInstances: boolean): unknown[] =>
      (backendPolicy("otel-collector", border, readsInstances).egress as readonly { readonly ports: object }[]).map(
        (rule) => rule.ports,
      );
    const api = [443, 6443, 8443, 16443].map((port) => ({ port, protocol: "TCP" }));
    assert.deepEqual(ports(true), [...ports(false), api]);
  });
});

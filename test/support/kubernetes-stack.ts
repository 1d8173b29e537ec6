import type fc from "fast-check";
import { InstrumentedService, ObservabilityStack, type InstrumentedServiceArgs } from "../../components/index.ts";
import type { StackSettingsInput } from "../../config/settings-and-defaults.ts";
import { z } from "zod";
import { recordResources, type RecordedResource } from "./record-resources.ts";
import { anySettingsInput, noDocker } from "./settings.ts";
import { imageFolder } from "./workloads.ts";

/** A context of a cluster on nobody's machine. */
export const noCluster = { context: "kind-nowhere" } as const;

/** A stack on Kubernetes as a test writes it; what it leaves out has its default. */
export type KubernetesStackInput = Omit<StackSettingsInput, "target">;

/** Any settings of a stack on Kubernetes. */
export const anyKubernetesStack: fc.Arbitrary<KubernetesStackInput> = anySettingsInput.map(
  ({ target: _, ...input }) => input,
);

/** A whole stack on Kubernetes with the services beside it. */
export function recordStack(
  { kubernetes, ...input }: KubernetesStackInput = {},
  services: Readonly<Record<string, Omit<InstrumentedServiceArgs, "stack">>> = sampleServices,
): Promise<readonly RecordedResource[]> {
  return recordResources(() => {
    const stack = new ObservabilityStack("o", {
      docker: { host: noDocker },
      ...input,
      target: "kubernetes",
      kubernetes: { ...noCluster, ...kubernetes },
    });
    for (const [name, args] of Object.entries(services)) new InstrumentedService(name, { stack, ...args });
  });
}

/** Services that use everything a service can have. */
const sampleServices: Readonly<Record<string, Omit<InstrumentedServiceArgs, "stack">>> = {
  "shop-api": {
    image: "registry.example.com/shop/api:1.4.2",
    command: ["serve", "--listen=$(HOST)"],
    env: { MODE: "fast=1", PRICE: "$(cat /price)" },
    ports: [
      { name: "http", port: 8080, hostPort: 18080 },
      { name: "admin", port: 8081 },
    ],
    healthCheck: { port: 8080, path: "/healthz", command: ["check"] },
    replicas: 3,
  },
  "shop-web": { build: { context: imageFolder }, protocol: "http/protobuf", ports: [{ name: "http", port: 80 }] },
  "shop-job": { image: "registry.example.com/shop/job:1.4.2", telemetry: false },
};

/** Services that between them have what the sample services lack. */
export const furtherServices: typeof sampleServices = {
  "shop-files": {
    image: "registry.example.com/shop/files:1.4.2",
    volumes: {
      files: { path: "/var/lib/files", sizeMib: 1500 },
      cache: { path: "/cache", kind: "scratch", sizeMib: 64 },
    },
    initSteps: [{ name: "migrate", command: ["migrate", "$(A)"], env: { A: "1" } }],
    readiness: { tcp: 80 },
    liveness: { command: ["check"] },
    startup: { http: { port: 80, path: "/" } },
    memoryRequestMib: 64,
    cpuRequestMillicores: 50,
    cpuLimitMillicores: 100,
  },
  "shop-own": {
    image: "registry.example.com/shop/own:1.4.2",
    ports: [{ name: "http", port: 80 }],
    kubernetes: {
      ingress: { host: "shop.example.com", path: "/own", tlsSecretName: "tls", annotations: { "example.com/a": "b" } },
      autoscaling: { minReplicas: 2, maxReplicas: 5 },
      disruptionBudget: { maxUnavailable: 2 },
      spread: "preferred",
      serviceAccountName: "shop",
      ephemeralStorageMib: 512,
      preStopSeconds: 12,
      annotations: { "example.com/scrape": "true" },
      labels: { team: "shop" },
    },
  },
};

/** Settings that between them make every kind of object in every form. */
export const stackVariants: Readonly<Record<string, KubernetesStackInput>> = {
  "the defaults": {},
  "an ingress without TLS": { kubernetes: { ingress: { host: "grafana.example.com", insecure: true } } },
  "an ingress with everything": {
    kubernetes: {
      ingress: {
        host: "grafana.example.com",
        className: "nginx",
        tlsSecretName: "grafana-tls",
        annotations: { "cert-manager.io/cluster-issuer": "letsencrypt" },
        controllerNamespace: "ingress",
      },
    },
  },
  "telemetry from other namespaces": { kubernetes: { otlpNamespaces: ["shop", "billing"] } },
  "a namespace that exists": { kubernetes: { createNamespace: false, namespace: "team-a" } },
  "pods that go to certain nodes": {
    kubernetes: {
      nodeSelector: { "kubernetes.io/arch": "arm64" },
      tolerations: [{ key: "dedicated", operator: "Equal", value: "observability", effect: "NoSchedule" }],
      imagePullSecrets: ["registry"],
      registry: "registry.example.com/team",
      resources: {
        loki: { cpuRequestMillicores: 500, cpuLimitMillicores: 2000 },
        "shop-api": { cpuLimitMillicores: 100 },
      },
      storageClass: "fast",
      storageGib: { loki: 200 },
    },
  },
  "a configuration that is checked": {
    otelCollector: {
      config: {
        exporters: {
          "otlp_http/mine": { endpoint: "https://otlp.example.com", headers: { token: "${file:/run/secrets/token}" } },
        },
      },
    },
    secrets: { token: "the token of the test" },
  },
  "no observability": { observability: false },
};

/** An object as the API server gets it, and the resource that it comes from. */
export interface RecordedObject {
  readonly resource: RecordedResource;
  readonly object: Readonly<Record<string, unknown>>;
}

/** Every object of Kubernetes among the resources, its secrets in plain and a word for what is not known. */
export function objectsOf(resources: readonly RecordedResource[]): readonly RecordedObject[] {
  return resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map((resource) => ({ resource, object: inPlain(resource.inputs) as Readonly<Record<string, unknown>> }));
}

const withPods = z.object({
  spec: z.object({ template: z.object({ spec: z.record(z.string(), z.unknown()) }) }),
});

/** Specification of the pods of every workload and of every check. */
export function podSpecsOf(resources: readonly RecordedResource[]): readonly Readonly<Record<string, unknown>>[] {
  return objectsOf(resources)
    .filter(({ object }) => ["Deployment", "StatefulSet", "Job"].includes(String(object["kind"])))
    .map(({ object }) => withPods.parse(object).spec.template.spec);
}

function inPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inPlain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === "secret") return inPlain(first[1]);
  // A name that Pulumi chooses.
  if (entries.length === 1 && first?.[0] === "unknown") return "unknown";
  return Object.fromEntries(entries.map(([name, entry]) => [name, inPlain(entry)]));
}

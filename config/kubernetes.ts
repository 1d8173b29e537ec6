import { z } from "zod";
import { flag, group, list, names, record, text, wholeNumber } from "./fields.ts";
import { complaint } from "./problem.ts";
import { dnsLabel, imageRegistry, kubernetesName, orEmpty } from "./rules.ts";

/*
 * What a user can set about the cluster, and what follows from it without asking the cluster.
 */

/** Room on disk of one store, in GiB. */
function gib(usual: number): z.ZodDefault<z.ZodInt> {
  const change = `set for example ${usual}`;
  return wholeNumber({ least: 1, most: 1024 * 64, unit: "GiB", change }).default(usual);
}

/** Share of a core, in thousandths, that a pod is given at least unless the settings say otherwise. */
export const usualCpuRequestMillicores = 20;

const cpu = wholeNumber({
  least: 1,
  most: 1024 * 1000,
  unit: "millicores",
  because: "1000 are one core",
  change: "set for example 100, or leave it out",
}).optional();

const oneLine = { pattern: /^.{1,250}$/, rule: "must be one line of 1 to 250 characters" } as const;

const toleration = group({
  key: text({ ...oneLine, change: "name the taint's key" }).optional(),
  operator: z
    .enum(["Exists", "Equal"], {
      error: ({ input }) => complaint("must be one of Exists, Equal", input, "write Equal, or leave it out"),
    })
    .optional(),
  value: text({ ...oneLine, change: "name the taint's value" }).optional(),
  effect: z
    .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"], {
      error: ({ input }) =>
        complaint("must be one of NoSchedule, PreferNoSchedule, NoExecute", input, "write the taint's own"),
    })
    .optional(),
});

const ingress = group({
  host: text({
    pattern: orEmpty(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/),
    rule: "must be a host name",
    change: "write for example grafana.example.com",
  }).default(""),
  className: text({ ...kubernetesName, change: "name one of `kubectl get ingressclasses`" }).optional(),
  tlsSecretName: text({ ...kubernetesName, change: "name a secret of the type kubernetes.io/tls" }).optional(),
  insecure: flag().default(false),
  annotations: record("annotations by name", "write `name: value` below it, or leave it out").default({}),
  controllerNamespace: text({ ...dnsLabel, change: "name the namespace that the controller runs in" }).default(
    "ingress-nginx",
  ),
});

/** Settings of the target `kubernetes`. */
export const kubernetesSettingsSchema = group({
  context: text({
    pattern: /^.{0,250}$/,
    rule: "must be the name of a context of the kubeconfig",
    change: "name one of `kubectl config get-contexts`",
  })
    .default("")
    .describe("Context of the kubeconfig, which names the cluster. No default: nothing is deployed by accident."),
  kubeconfig: text({ ...oneLine, change: "write the path of a kubeconfig, or leave it out" })
    .optional()
    .describe("Path of the kubeconfig. Default: KUBECONFIG, else ~/.kube/config."),
  namespace: text({
    pattern: orEmpty(dnsLabel.pattern),
    rule: dnsLabel.rule,
    change: "set one that fits, for example observability",
  })
    .default("")
    .describe("Namespace of everything. Empty: `name`."),
  createNamespace: flag()
    .default(true)
    .describe(
      "`false` uses a namespace that exists; whether it enforces the restricted profile is its owner's choice.",
    ),
  storageClass: text({
    pattern: orEmpty(kubernetesName.pattern),
    rule: kubernetesName.rule,
    change: "name one of `kubectl get storageclasses`, or leave it out",
  })
    .default("")
    .describe("Class of the five volumes. Empty: the cluster's default. Fixed as soon as there is data."),
  storageGib: group({
    loki: gib(10),
    victoriaMetrics: gib(10),
    jaeger: gib(10),
    otelCollector: gib(4),
    grafana: gib(1),
  })
    .prefault({})
    .describe("Size of each volume in GiB. It can grow later if its class allows that."),
  registry: text(imageRegistry)
    .default("")
    .describe("Registry (and path) that images built here are pushed to with `docker push`, and pulled from."),
  loadCommand: text({
    pattern: /^.{0,1000}$/,
    rule: "must be one line of at most 1000 characters",
    change: 'write a shell command that takes the image from $IMAGE, for example minikube image load "$IMAGE"',
  })
    .default("")
    .describe(
      "Shell command that brings an image built here, `$IMAGE`, into the cluster. Empty: by the context for kind, minikube, k3d and k3s.",
    ),
  imagePullSecrets: names("names of secrets", kubernetesName, "name secrets of the namespace")
    .default([])
    .describe("Names of secrets of the namespace with which images are pulled."),
  nodeSelector: record("labels by name", "write `name: value` below it, or leave it out")
    .default({})
    .describe("Labels of the nodes that pods may run on."),
  tolerations: list(toleration, "tolerations", "write a list of key, operator, value and effect")
    .default([])
    .describe("Taints that pods tolerate: key, operator, value, effect."),
  resources: z
    .record(z.string(), group({ cpuRequestMillicores: cpu, cpuLimitMillicores: cpu }), {
      error: ({ input }) =>
        complaint("must be workloads by name", input, "write `loki: {cpuRequestMillicores: 100}` or leave it out"),
    })
    .default({})
    .describe(
      `\`cpuRequestMillicores\` (${usualCpuRequestMillicores} if not set) and \`cpuLimitMillicores\` (none if not set) by host name. Memory: \`memoryMib\`, request and limit in one.`,
    ),
  otlpNamespaces: names("names of namespaces", dnsLabel, "name namespaces of the cluster")
    .default([])
    .describe(
      "Other namespaces whose pods may send telemetry. With any, the Collector reads the pods of all namespaces.",
    ),
  ingress: ingress
    .prefault({})
    .describe(
      "Ingress for Grafana: none without a host. TLS with the certificate in `tlsSecretName`; `insecure: true` does without, and logins travel readable.",
    ),
});

/** Complete settings of the target `kubernetes`. */
export type KubernetesSettings = z.output<typeof kubernetesSettingsSchema>;

/** The address that an ingress gives. */
export function ingressUrl({ host, tlsSecretName }: KubernetesSettings["ingress"]): string {
  return `${tlsSecretName === undefined ? "http" : "https"}://${host}/`;
}

/**
 * The shell command that brings an image from the local Docker into the cluster, the image's reference in `$IMAGE`;
 * `undefined` if the settings name none and the context is none of a cluster on this machine.
 */
export function imageDelivery({
  registry,
  loadCommand,
  context,
}: Pick<KubernetesSettings, "registry" | "loadCommand" | "context">): string | undefined {
  if (registry !== "") return 'docker push --quiet "$IMAGE"';
  if (loadCommand !== "") return loadCommand;
  const kind = /^kind-([\w.-]+)$/.exec(context)?.[1];
  if (kind !== undefined) return `kind load docker-image "$IMAGE" --name ${kind}`;
  if (context === "minikube") return 'minikube image load "$IMAGE"';
  const k3d = /^k3d-([\w.-]+)$/.exec(context)?.[1];
  if (k3d !== undefined) return `k3d image import "$IMAGE" --cluster ${k3d}`;
  if (/^k3s(-|$)/.test(context)) return 'docker save "$IMAGE" | sudo k3s ctr images import -';
  return undefined;
}

import { z } from "zod";
import { choice, flag, group, list, names, record, report, text, told, wholeNumber, withSecrets } from "./fields.ts";
import {
  dns1123Label,
  dns1123Subdomain,
  domainName,
  ingressClassAnnotation,
  isAnnotationKey,
  isIpAddress,
  labelValue,
  mostAnnotationBytes,
  qualifiedName,
  tolerationFault,
} from "./kubernetes-rules.ts";
import { ownerAnnotation } from "./names.ts";
import { forEachKept } from "./parts/parts.ts";
import { pathText, problemIf, type Problem } from "./problem.ts";
import { imageRegistry, orEmpty } from "./rules.ts";

/*
 * What a user can set about the cluster.
 */

/** Room on disk of one store, in GiB. */
function gib(preset: number): z.ZodDefault<z.ZodInt> {
  const change = `set for example ${preset}`;
  return wholeNumber({ least: 1, most: 1024 * 64, unit: "GiB", change }).default(preset);
}

/** Share of a core, in thousandths, that a pod is given at least unless the settings say otherwise. */
export const defaultCpuRequestMillicores = 20;

const cpu = wholeNumber({
  least: 1,
  most: 1024 * 1000,
  unit: "millicores",
  because: "1000 are one core",
  change: "set for example 100, or leave it out",
}).optional();

const toleration = group({
  key: text({
    ...orEmpty(qualifiedName),
    change: "name the taint's key, for example example.com/dedicated",
  }).optional(),
  operator: choice(["Equal", "Exists"]).optional(),
  value: text({ ...labelValue, change: "write the taint's value" }).optional(),
  effect: choice(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
}).superRefine((given, context) => {
  const [field, rule = "", change = ""] = tolerationFault(given) ?? [];
  if (field !== undefined) report(context, [field], rule, change);
});

/** Annotations of an object. */
export const annotations = withSecrets(
  record("annotations by name", "write `name: value` below it, or leave it out", {
    name: { holds: isAnnotationKey, rule: qualifiedName.rule, change: "rename it" },
  }),
).refine(
  (given) =>
    Buffer.byteLength(Object.entries(given).flat().join("")) <= mostAnnotationBytes - annotationBytesOfTheStack,
  told("must be at most 255 KiB in all, names included", "leave out what nothing reads"),
);

/** Room for the annotations that the platform itself adds. */
const annotationBytesOfTheStack = 1024;

const hostChange = "write for example grafana.example.com";

/** What is set of every Ingress beside its host. */
export const ingressFields = {
  className: text({ ...dns1123Subdomain, change: "name one of `kubectl get ingressclasses`" }).optional(),
  tlsSecretName: text({ ...dns1123Subdomain, change: "name a secret of the type kubernetes.io/tls" }).optional(),
  insecure: flag().default(false),
  annotations: annotations.default({}),
  controllerNamespace: text({ ...dns1123Label, change: "name the namespace that the controller runs in" }).default(
    "ingress-nginx",
  ),
};

const ingress = group({
  host: text({
    ...orEmpty(domainName),
    change: hostChange,
    also: [{ holds: (host) => !isIpAddress(host), rule: "must be a host name, no IP address", change: hostChange }],
  }).default(""),
  ...ingressFields,
});

/** Settings of the target `kubernetes`. */
export const kubernetesSettingsSchema = group({
  context: text({
    pattern: /^.{0,250}$/u,
    rule: "must be the name of a context of the kubeconfig",
    change: "name one of `kubectl config get-contexts`",
  })
    .default("")
    .describe("Context of the kubeconfig, which names the cluster. No default: nothing is deployed by accident."),
  kubeconfig: text({
    pattern: /^.{1,250}$/u,
    rule: "must be one line of 1 to 250 characters",
    change: "write the path of a kubeconfig, or leave it out",
  })
    .optional()
    .describe("Path of the kubeconfig. Default: KUBECONFIG, else ~/.kube/config."),
  namespace: text({ ...orEmpty(dns1123Label), change: "set one that fits, for example observability" })
    .default("")
    .describe("Namespace of everything. Empty: `name`."),
  createNamespace: flag()
    .default(true)
    .describe(
      "`false` uses a namespace that exists; whether it enforces the restricted profile is its owner's choice.",
    ),
  storageClass: text({
    ...orEmpty(dns1123Subdomain),
    change: "name one of `kubectl get storageclasses`, or leave it out",
  })
    .default("")
    .describe("Class of the volumes. Empty: the cluster's default. Fixed as soon as there is data."),
  storageGib: group(forEachKept(({ defaultGib }) => gib(defaultGib)))
    .prefault({})
    .describe("Size of each volume in GiB. It can grow later if its class allows that."),
  registry: text(imageRegistry)
    .default("")
    .describe("Registry (and path) that images built here are pushed to with `docker push`, and pulled from."),
  loadCommand: withSecrets(
    text({
      pattern: /^.{0,1000}$/u,
      rule: "must be one line of at most 1000 characters",
      change: 'write a shell command that takes the image from $IMAGE, for example minikube image load "$IMAGE"',
    }),
  )
    .default("")
    .describe(
      "Shell command that brings an image built here, `$IMAGE`, into the cluster. Empty: by the context for kind, minikube, k3d and k3s.",
    ),
  imagePullSecrets: names("names of secrets", dns1123Subdomain, "name secrets of the namespace")
    .default([])
    .describe("Names of secrets of the namespace with which images are pulled."),
  nodeSelector: record("labels by name", "write `name: value` below it, or leave it out", {
    name: { holds: (name) => qualifiedName.pattern.test(name), rule: qualifiedName.rule, change: "rename it" },
    value: { holds: (value) => labelValue.pattern.test(value), rule: labelValue.rule, change: "write the label's own" },
  })
    .default({})
    .describe("Labels of the nodes that pods may run on."),
  tolerations: list(toleration, "tolerations", "write a list of key, operator, value and effect")
    .default([])
    .describe("Taints that pods tolerate: key, operator, value, effect."),
  resources: z
    .record(
      z.string(),
      group({ cpuRequestMillicores: cpu, cpuLimitMillicores: cpu }),
      told("must be workloads by name", "write `loki: {cpuRequestMillicores: 100}` or leave it out"),
    )
    .default({})
    .describe(
      `\`cpuRequestMillicores\` (${defaultCpuRequestMillicores} if not set) and \`cpuLimitMillicores\` (none if not set) by host name. Memory: \`memoryMib\`, request and limit in one.`,
    ),
  otlpNamespaces: names("names of namespaces", dns1123Label, "name namespaces of the cluster")
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

/**
 * What is wrong with the fields of an Ingress together, the paths as the settings and the arguments of a service have them.
 *
 * @param danger what happens without TLS, up to the word "readable"
 */
export function ingressFaults(
  {
    host,
    className,
    tlsSecretName,
    insecure,
    annotations,
  }: Pick<KubernetesSettings["ingress"], "host" | "className" | "tlsSecretName" | "insecure" | "annotations">,
  danger: string,
): readonly Problem[] {
  const annotation = (key: string): string => pathText(["kubernetes", "ingress", "annotations", key]);
  return [
    // An address without TLS has to be asked for: leaving a line out must not give one.
    ...problemIf(
      host !== "" && tlsSecretName === undefined && !insecure,
      "kubernetes.ingress.tlsSecretName",
      `must be set with a host, or ${danger} readable`,
      "",
      "name a secret of the type kubernetes.io/tls, or set kubernetes.ingress.insecure to true",
    ),
    ...problemIf(
      className !== undefined && Object.hasOwn(annotations, ingressClassAnnotation),
      annotation(ingressClassAnnotation),
      "must not be set together with kubernetes.ingress.className, which Kubernetes refuses",
      annotations[ingressClassAnnotation],
      "remove one of the two",
    ),
    ...problemIf(
      Object.hasOwn(annotations, ownerAnnotation),
      annotation(ownerAnnotation),
      "must not replace the annotation that names the owner of the Ingress",
      annotations[ownerAnnotation],
      "remove it",
    ),
  ];
}

/** The address that an ingress gives. */
export function ingressUrl({ host, tlsSecretName }: KubernetesSettings["ingress"]): string {
  return `${tlsSecretName === undefined ? "http" : "https"}://${host}/`;
}

import { defaultCpuRequestMillicores, type KubernetesSettings } from "./kubernetes-settings.ts";
import { firstNamespaces, ingressClassAnnotation } from "./kubernetes-rules.ts";
import { ownerAnnotation } from "./names.ts";
import { isRecord } from "./parse.ts";
import { exportersOf } from "./parts/exporters.ts";
import { partList } from "./parts/parts.ts";
import { pathText, problemIf, type Problem } from "./problem.ts";
import { stackSettingsSchema } from "./settings-and-defaults.ts";

/**
 * The problems of a stack's settings on Kubernetes beyond each field by itself.
 *
 * @param hasCluster whether the program has a cluster of its own to deploy to. Default: a setting has to name one
 */
export function kubernetesProblems(input: unknown, hasCluster = false): readonly Problem[] {
  if (!isRecord(input) || input["target"] !== "kubernetes") return [];
  const { kubernetes = {}, otelCollector = {} } = input;
  const cluster = stackSettingsSchema.shape.kubernetes.safeParse(kubernetes).data;
  if (cluster === undefined) return [];
  const queueMib = stackSettingsSchema.shape.otelCollector.safeParse(otelCollector).data?.queueMib ?? 0;
  const neededGib = Math.ceil((queueMib * queues * fileTenths) / 10 / 1024);
  const { otelCollector: roomGib } = cluster.storageGib;
  return [
    ...problemIf(
      cluster.context === "" && !hasCluster,
      "kubernetes.context",
      "must be set with the target kubernetes, so that nothing is deployed by accident",
      cluster.context,
      "name one of `kubectl config get-contexts`",
    ),
    ...problemIf(
      roomGib < neededGib,
      "kubernetes.storageGib.otelCollector",
      `must hold the ${queues} queues of otelCollector.queueMib (${queueMib}) and a tenth on top`,
      roomGib,
      `set at least ${neededGib}, or a smaller queue`,
    ),
    ...namespaceProblems(cluster, input["name"]),
    ...ingressProblems(cluster.ingress),
    ...processorProblems(cluster.resources),
  ];
}

/** A namespace that is made here is labelled, and removed with `down -- --destroy-data`. */
function namespaceProblems({ namespace, createNamespace }: KubernetesSettings, name: unknown): readonly Problem[] {
  const [path, used] = namespace === "" ? ["name", name] : ["kubernetes.namespace", namespace];
  return problemIf(
    createNamespace && firstNamespaces.some((first) => first === used),
    path,
    `must not be a namespace that every cluster has (${firstNamespaces.join(", ")})`,
    used,
    "set another, or kubernetes.createNamespace to false",
  );
}

function ingressProblems(ingress: KubernetesSettings["ingress"]): readonly Problem[] {
  const { host, className, tlsSecretName, insecure, annotations } = ingress;
  const annotation = (key: string): string => pathText(["kubernetes", "ingress", "annotations", key]);
  return [
    // An address without TLS has to be asked for: leaving a line out must not give one.
    ...problemIf(
      host !== "" && tlsSecretName === undefined && !insecure,
      "kubernetes.ingress.tlsSecretName",
      "must be set with a host, or the password of Grafana travels readable",
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

/** No pod may ask for more than its limit. */
function processorProblems(resources: KubernetesSettings["resources"]): readonly Problem[] {
  return Object.entries(resources).flatMap(([name, { cpuRequestMillicores, cpuLimitMillicores }]) => {
    const request = cpuRequestMillicores ?? defaultCpuRequestMillicores;
    return problemIf(
      cpuLimitMillicores !== undefined && cpuLimitMillicores < request,
      `kubernetes.resources.${name}.cpuLimitMillicores`,
      `must be at least cpuRequestMillicores (${request})`,
      cpuLimitMillicores,
      `set at least ${request}, or ask for less`,
    );
  });
}

/** One for each part that stores something. */
const queues = exportersOf(partList).length;

/**
 * Size of a queue's file against what is in it, in tenths, since with a fraction 363 GiB would be a little more: pages that
 * are not full, and the copy that a compaction makes of the rest.
 */
const fileTenths = 11;

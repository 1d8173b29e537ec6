import { queueCount, queuesMib } from "./capacity.ts";
import { defaultCpuRequestMillicores, ingressFaults, type KubernetesSettings } from "./kubernetes-settings.ts";
import { firstNamespaces } from "./kubernetes-rules.ts";
import { isRecord } from "./parse.ts";
import { problemIf, type Problem } from "./problem.ts";
import { stackSettingsSchema } from "./settings-and-defaults.ts";

/**
 * The problems of a stack's settings on Kubernetes beyond each field by itself.
 *
 * @param hasCluster whether the program has a cluster of its own to deploy to. Default: a setting has to name one
 */
export function kubernetesProblems(input: unknown, hasCluster = false): readonly Problem[] {
  if (!isRecord(input) || input["target"] !== "kubernetes") return [];
  const { kubernetes = {}, otelCollector = {}, loki = {} } = input;
  const cluster = stackSettingsSchema.shape.kubernetes.safeParse(kubernetes).data;
  if (cluster === undefined) return [];
  const queueMib = stackSettingsSchema.shape.otelCollector.safeParse(otelCollector).data?.queueMib ?? 0;
  const neededGib = Math.ceil(queuesMib(queueMib) / 1024);
  const { otelCollector: roomGib, loki: logsGib } = cluster.storageGib;
  const maxLogGib = stackSettingsSchema.shape.loki.safeParse(loki).data?.maxDiskGib ?? 0;
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
      `must hold the ${queueCount} queues of otelCollector.queueMib (${queueMib}) and a tenth on top`,
      roomGib,
      `set at least ${neededGib}, or a smaller queue`,
    ),
    ...problemIf(
      maxLogGib >= logsGib,
      "loki.maxDiskGib",
      `must be less than Loki's volume (kubernetes.storageGib.loki, ${logsGib}), which has more on it than logs`,
      maxLogGib,
      logsGib === 1 ? "set a larger volume" : `set at most ${logsGib - 1}, or a larger volume`,
    ),
    ...namespaceProblems(cluster, input["name"]),
    ...ingressFaults(cluster.ingress, "the password of Grafana travels"),
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

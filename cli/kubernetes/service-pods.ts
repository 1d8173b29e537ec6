import {
  NetworkingV1Api,
  type V1Container,
  type V1ContainerStatus,
  type V1LabelSelector,
  type V1NetworkPolicy,
  type V1NetworkPolicyPeer,
  type V1Pod,
} from "@kubernetes/client-node";
import { objectLabels, partOfName } from "../../config/names.ts";
import { otlpUrls, partList, parts } from "../../config/parts/parts.ts";
import { once } from "../async.ts";
import { telemetryVariables, type Apart, type ServiceProcess } from "../why/service-process.ts";
import type { Cluster } from "./cluster.ts";
import { connectFromPod, debugCommand, lookInside, toolNames } from "./pod-inside.ts";
import { logLines } from "./pod-log.ts";

/**
 * Every container of the pods of some namespaces, whoever has made them, but the stack's own parts. What their variables
 * take from Secrets and ConfigMaps is not read.
 *
 * @param otlpNamespaces those that the stack takes telemetry from beside its own
 */
export async function servicePods(
  cluster: Cluster,
  otlpNamespaces: readonly string[],
): Promise<readonly ServiceProcess[]> {
  const { core, namespace } = cluster;
  const namespaces = [namespace, ...otlpNamespaces];
  const [policies, ...listed] = await Promise.all([
    cluster.ask(cluster.api(NetworkingV1Api).listNamespacedNetworkPolicy({ namespace })),
    ...namespaces.map((each) => cluster.ask(core.listNamespacedPod({ namespace: each }))),
  ]);
  const pods = listed.flatMap(({ items }) => items);
  const collector = pods.find((pod) => isPart(pod, parts.otelCollector.host))?.metadata?.labels ?? {};
  const guarding = policies.items.filter(
    ({ spec }) => spec?.policyTypes?.includes("Ingress") === true && selects(spec.podSelector, collector),
  );
  const helper = pods.find((pod) => isPart(pod, parts.victoriaMetrics.host));
  const surroundings = { guarding, helperImage: helper?.spec?.containers[0]?.image ?? "busybox" };
  return pods
    .filter((pod) => !partList.some(({ host }) => isPart(pod, host)))
    .flatMap((pod) =>
      (pod.spec?.containers ?? []).map((container) => podProcess(cluster, pod, container, surroundings)),
    );
}

/** Whether it is a pod of a part of a stack. */
function isPart({ metadata }: V1Pod, host: string): boolean {
  const labels = metadata?.labels;
  const [workload, partOf] = [labels?.[objectLabels.workload], labels?.[objectLabels.partOf]];
  return partOf === partOfName && (workload === host || workload?.startsWith(`${host}-`) === true);
}

/** What is known beside a pod. */
interface Surroundings {
  /** The policies in front of the Collector. */
  readonly guarding: readonly V1NetworkPolicy[];
  /** An image with busybox, which the cluster has already if it can be: that of a part. */
  readonly helperImage: string;
}

function podProcess(
  cluster: Cluster,
  pod: V1Pod,
  container: V1Container,
  { guarding, helperImage }: Surroundings,
): ServiceProcess {
  const name = pod.metadata?.name ?? "";
  const namespace = pod.metadata?.namespace ?? "";
  const labels = pod.metadata?.labels ?? {};
  const status = pod.status?.containerStatuses?.find((one) => one.name === container.name);
  const running = status?.state?.running;
  const isHere = namespace === cluster.namespace;
  const collector = isHere
    ? otlpUrls
    : { grpc: inNamespace(otlpUrls.grpc, cluster.namespace), http: inNamespace(otlpUrls.http, cluster.namespace) };
  const at = { namespace, pod: name, container: container.name };
  const inside = once(() => lookInside(cluster, at));
  return {
    name: `pod ${isHere ? "" : `${namespace}/`}${name}, container ${container.name}`,
    aliases: [name, container.name, ...[objectLabels.workload, "app"].flatMap((label) => labels[label] ?? [])],
    state: stateText(status, pod),
    isRunning: running !== undefined,
    startedMillis: running?.startedAt?.getTime(),
    env: telemetryVariables(
      (container.env ?? []).flatMap((one) => (one.value === undefined ? [] : [[one.name, one.value]])),
    ),
    hiddenEnv: hiddenEnv(container),
    command: [...(container.command ?? []), ...(container.args ?? [])],
    languageInside: async () => {
      const found = await inside();
      return "notDone" in found ? undefined : found.language;
    },
    hasOwnLocalhost: pod.spec?.hostNetwork !== true,
    apart: apart(guarding, name, namespace, isHere, labels),
    collector,
    connection: async () => {
      if (running === undefined) return { notTried: "it does not run" };
      const found = await inside();
      const tool = "notDone" in found ? undefined : found.tool;
      if (tool !== undefined) return (host, port) => connectFromPod(cluster, at, tool, host, port);
      const why = "notDone" in found ? found.notDone : `its image has none of ${toolNames}`;
      return { notTried: `${why}; by hand: ${debugCommand(cluster, at, helperImage, collector.http)}` };
    },
    lastLines: async () => {
      const previous = status?.lastState?.terminated !== undefined;
      const log = { pod: name, container: container.name, previous };
      return isHere && (previous || status?.state?.terminated !== undefined) ? logLines(cluster, log, 5) : "";
    },
  };
}

function stateText(status: V1ContainerStatus | undefined, pod: V1Pod): string {
  const state = status?.state;
  const ended = state?.terminated ?? status?.lastState?.terminated;
  const last = ended === undefined ? "" : `, its last run ended with ${ended.exitCode}`;
  if (state?.running !== undefined) return "running";
  return `${state?.waiting?.reason ?? state?.terminated?.reason ?? pod.status?.phase ?? "unknown"}${last}`;
}

/** Which variables have their value elsewhere, and where. */
function hiddenEnv({ env = [], envFrom = [] }: V1Container): Readonly<Record<string, string>> {
  const sources = envFrom.flatMap(({ secretRef, configMapRef }) => [
    ...(secretRef === undefined ? [] : [`Secret ${secretRef.name ?? ""}`]),
    ...(configMapRef === undefined ? [] : [`ConfigMap ${configMapRef.name ?? ""}`]),
  ]);
  const entries = env.flatMap(({ name, valueFrom }): (readonly [string, string])[] => {
    const [secret, configMap] = [valueFrom?.secretKeyRef, valueFrom?.configMapKeyRef];
    if (secret !== undefined) return [[name, `Secret ${secret.name ?? ""}`]];
    return configMap === undefined ? [] : [[name, `ConfigMap ${configMap.name ?? ""}`]];
  });
  const all: readonly (readonly [string, string])[] =
    sources.length === 0 ? entries : [...entries, ["*", sources.join(", ")]];
  return Object.fromEntries(all);
}

/** Whether the policies in front of the Collector let a pod in, as far as labels of pods and names of namespaces say. */
function apart(
  guarding: readonly V1NetworkPolicy[],
  pod: string,
  namespace: string,
  isHere: boolean,
  labels: Readonly<Record<string, string>>,
): Apart | undefined {
  const rules = guarding.flatMap(({ spec }) => spec?.ingress ?? []);
  const admits = ({ podSelector, namespaceSelector, ipBlock }: V1NetworkPolicyPeer): boolean => {
    // Addresses are not known here.
    if (ipBlock !== undefined) return true;
    const names = { "kubernetes.io/metadata.name": namespace };
    const isThere = namespaceSelector === undefined ? isHere : selects(namespaceSelector, names);
    return isThere && selects(podSelector, labels);
  };
  if (guarding.length === 0 || rules.some(({ _from: from }) => from === undefined || from.some(admits)))
    return undefined;
  return {
    weight: "may",
    cause: `no NetworkPolicy of the stack lets the pod ${pod} in, if the cluster's network enforces them`,
    next: `give it the labels of a service: kubectl get networkpolicies --namespace ${guarding[0]?.metadata?.namespace ?? ""} --output yaml`,
  };
}

/** Whether a selector takes these labels; expressions are left out, so that it rather takes too many. */
function selects(selector: V1LabelSelector | undefined, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

/** An address inside a namespace as others reach it. */
function inNamespace(url: string, namespace: string): string {
  return url.replace(parts.otelCollector.host, `${parts.otelCollector.host}.${namespace}`);
}

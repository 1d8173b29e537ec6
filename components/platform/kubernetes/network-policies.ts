import type { types } from "@pulumi/kubernetes";
import { flows, services } from "../../../config/flows.ts";
import type { KubernetesSettings } from "../../../config/kubernetes-settings.ts";
import { objectLabels } from "../../../config/names.ts";
import { portOf } from "../../../config/parts/part.ts";
import { parts, portsForServices } from "../../../config/parts/parts.ts";
import { roleLabel, roles, selector } from "./labels.ts";

type Spec = types.input.networking.v1.NetworkPolicySpec;
type Peer = types.input.networking.v1.NetworkPolicyPeer;
type Ingress = types.input.networking.v1.NetworkPolicyIngressRule;
type Egress = types.input.networking.v1.NetworkPolicyEgressRule;

/** What the connections of a backend depend on beside the table of flows. */
export interface NetworkBorder {
  /** Name of the stack. */
  readonly name: string;
  /** Namespaces whose pods may send telemetry to the Collector. */
  readonly settings: Pick<KubernetesSettings, "otlpNamespaces">;
  /** Address of a workload beyond the cluster, by its name: its ingress controller comes in. */
  readonly ingress: Readonly<Record<string, Pick<KubernetesSettings["ingress"], "controllerNamespace">>>;
  /** Backends whose configuration the user has added to: where that leads only the user knows, so they may go anywhere. */
  readonly openBackends: readonly string[];
}

/**
 * Nothing goes in or out of any pod of the stack, but for what the other policies add. In a namespace that existed
 * before, pods of other people are left alone.
 */
export function denyAll(stackName: string): Spec {
  return {
    podSelector: { matchLabels: { [objectLabels.stack]: stackName } },
    policyTypes: ["Ingress", "Egress"],
  };
}

/** Services of a stack call each other, and whatever else they need. */
export function servicesPolicy(stackName: string): Spec {
  return {
    podSelector: { matchLabels: servicesOf(stackName) },
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ from: [{ podSelector: { matchLabels: servicesOf(stackName) } }] }],
    egress: [{}],
  };
}

function servicesOf(stackName: string): Record<string, string> {
  return { [roleLabel]: roles.service, [objectLabels.stack]: stackName };
}

/** The connections that a backend has, by the table of flows, and no others. */
export function backendPolicy(host: string, border: NetworkBorder, asksApiServer: boolean): Spec {
  return {
    podSelector: { matchLabels: selector(border.name, host) },
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      ...flows
        .filter(({ to }) => to === host)
        .map(({ from, port }) => ({ from: [pods(from, border.name)], ports: tcp(port) })),
      ...fromOtherNamespaces(host, border),
    ],
    egress: border.openBackends.includes(host)
      ? [{}]
      : [
          ...flows
            .filter(({ from }) => from === host)
            .map(({ to, port }) => ({ to: [pods(to, border.name)], ports: tcp(port) })),
          nameService,
          ...(asksApiServer ? [apiServer] : []),
        ],
  };
}

/** DNS, wherever the cluster has it: on a node, in a pod, or in a cache at an address of its own. */
const nameService: Egress = { ports: [{ port: 53, protocol: "UDP" }, ...tcp(53)] };

/**
 * The API server is no pod and has another address in every cluster; policies see it behind its Service's address or
 * before. Ports of the Service and of kubeadm, kind and k3s; of minikube; of MicroK8s.
 */
const apiServer: Egress = { ports: tcp(443, 6443, 8443, 16443) };

function pods(workload: string, stackName: string): Peer {
  const matchLabels = workload === services ? servicesOf(stackName) : selector(stackName, workload);
  return { podSelector: { matchLabels } };
}

function tcp(...ports: readonly number[]): { readonly port: number; readonly protocol: string }[] {
  return ports.map((port) => ({ port, protocol: "TCP" }));
}

/** Lets the controller of an Ingress in to a service, which otherwise takes connections of other services only. */
export function controllerPolicy(
  workload: string,
  stackName: string,
  port: number,
  controllerNamespace: string,
): types.input.networking.v1.NetworkPolicySpec {
  return {
    podSelector: { matchLabels: selector(stackName, workload) },
    policyTypes: ["Ingress"],
    ingress: [{ from: [everyPodOf(controllerNamespace)], ports: tcp(port) }],
  };
}

function fromOtherNamespaces(host: string, { settings: { otlpNamespaces }, ingress }: NetworkBorder): Ingress[] {
  const taking = tcp(...portsForServices.filter((target) => target.host === host).map(({ port }) => port));
  if (taking.length > 0 && otlpNamespaces.length > 0) return [{ from: otlpNamespaces.map(everyPodOf), ports: taking }];
  const outside = ingress[parts.grafana.host];
  if (host === parts.grafana.host && outside !== undefined) {
    return [{ from: [everyPodOf(outside.controllerNamespace)], ports: tcp(portOf(parts.grafana, "http")) }];
  }
  return [];
}

/** By the label that the API server itself puts on every namespace. */
function everyPodOf(namespace: string): Peer {
  return { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } };
}

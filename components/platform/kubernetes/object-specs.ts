import type { types } from "@pulumi/kubernetes";
import type { KubernetesSettings } from "../../../config/kubernetes-settings.ts";
import { localPortsAnnotation } from "../../../config/names.ts";
import type { KubernetesOptions } from "../../../config/service-platform-args.ts";
import { mibInGib } from "../../../config/units.ts";
import { portsOnMachine, type Workload } from "../workload.ts";
import { selector } from "./labels.ts";

/*
 * What stands in the objects of a workload beside its pods (pod-template.ts): pure, without a resource of Pulumi.
 */

type PodTemplate = types.input.core.v1.PodTemplateSpec;
type Controller = Pick<types.input.apps.v1.DeploymentSpec, "replicas" | "selector" | "revisionHistoryLimit"> & {
  readonly template: PodTemplate;
};

/** Annotation with which Pulumi does not wait until an object is what its provider calls ready. */
export const skipAwait = { "pulumi.com/skipAwait": "true" } as const;

/** Labels with which a namespace refuses every pod that asks for more than the restricted profile. */
export const restrictedProfile = Object.fromEntries(
  ["enforce", "audit", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]),
);

/** What a Deployment and a StatefulSet have alike. */
export function controllerSpec(
  { name, replicas, kubernetes }: Workload,
  stackName: string,
  template: PodTemplate,
): Controller {
  const fixed = kubernetes.autoscaling === undefined ? { replicas } : {};
  return { ...fixed, selector: { matchLabels: selector(stackName, name) }, revisionHistoryLimit: 3, template };
}

/** Pods without data: one goes only when its successor is ready. */
export function deploymentSpec(controller: Controller): types.input.apps.v1.DeploymentSpec {
  return { ...controller, strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } };
}

/** Pods with data. One after the other, a pod that cannot start would keep its own correction from being rolled out. */
export function statefulSetSpec(controller: Controller, serviceName: string): types.input.apps.v1.StatefulSetSpec {
  return { ...controller, serviceName, podManagementPolicy: "Parallel" };
}

/** A claim of a data volume. @param storageClass empty for the cluster's default */
export function claimSpec(storageClass: string, sizeMib: number): types.input.core.v1.PersistentVolumeClaimSpec {
  return {
    accessModes: ["ReadWriteOnce"],
    ...(storageClass === "" ? {} : { storageClassName: storageClass }),
    resources: { requests: { storage: quantity(sizeMib) } },
  };
}

/** A size as Kubernetes writes it, in GiB where it is a whole number of them. */
function quantity(mib: number): string {
  return mib % mibInGib === 0 ? `${mib / mibInGib}Gi` : `${mib}Mi`;
}

/** The host name of a workload and its ports. */
export function serviceSpec({ name, ports }: Workload, stackName: string): types.input.core.v1.ServiceSpec {
  return {
    type: "ClusterIP",
    selector: selector(stackName, name),
    ports: ports.map((port) => ({ name: port.name, port: port.port, targetPort: port.port, protocol: "TCP" })),
  };
}

/** Which ports of the user's machine `npm run open` leads to a workload; no annotation where there are none. */
export function localPorts({ ports }: Workload): Readonly<Record<string, string>> {
  const local = ports.flatMap((port) => portsOnMachine(port).map(([, hostPort]) => [port.name, hostPort] as const));
  return local.length === 0 ? {} : { [localPortsAnnotation]: JSON.stringify(Object.fromEntries(local)) };
}

/** What an Ingress is made from. */
type IngressAddress = Pick<KubernetesSettings["ingress"], "host" | "className" | "tlsSecretName"> & {
  /** @default "/" */
  readonly path?: string;
};

/** How many pods of a Deployment there are, by what they take of the processor. */
export function autoscalerSpec(
  { name }: Workload,
  { minReplicas, maxReplicas, cpuPercent }: NonNullable<KubernetesOptions["autoscaling"]>,
): types.input.autoscaling.v2.HorizontalPodAutoscalerSpec {
  return {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
    minReplicas,
    maxReplicas,
    metrics: [
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: cpuPercent } } },
    ],
  };
}

/**
 * How many pods may be away because somebody empties nodes; none for a workload of one, which could never be moved. A pod
 * that does not work may always go.
 */
export function disruptionBudgetSpec(
  { name, replicas, kubernetes }: Workload,
  stackName: string,
): types.input.policy.v1.PodDisruptionBudgetSpec | undefined {
  const { disruptionBudget } = kubernetes;
  if (disruptionBudget === undefined && typeof replicas === "number" && replicas < 2) return undefined;
  return {
    maxUnavailable: disruptionBudget?.maxUnavailable ?? 1,
    unhealthyPodEvictionPolicy: "AlwaysAllow",
    selector: { matchLabels: selector(stackName, name) },
  };
}

/** The address of a workload beyond the cluster. @param port name of the port that it leads to */
export function ingressSpec(
  workloadName: string,
  port: string,
  { host, className, tlsSecretName, path = "/" }: IngressAddress,
): types.input.networking.v1.IngressSpec {
  const backend = { service: { name: workloadName, port: { name: port } } };
  return {
    ...(className === undefined ? {} : { ingressClassName: className }),
    ...(tlsSecretName === undefined ? {} : { tls: [{ hosts: [host], secretName: tlsSecretName }] }),
    rules: [{ host, http: { paths: [{ path, pathType: "Prefix", backend }] } }],
  };
}

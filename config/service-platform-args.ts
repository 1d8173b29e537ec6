import type { z } from "zod";
import { choice, group, names, record, text, told, wholeNumber } from "./fields.ts";
import { annotations, ingressFaults, ingressFields } from "./kubernetes-settings.ts";
import { dns1123Subdomain, domainName, isIpAddress, labelValue, qualifiedName } from "./kubernetes-rules.ts";
import type { Problem } from "./problem.ts";
import { dockerName } from "./rules.ts";

/*
 * What a service can have on one of the platforms only. The other refuses it by name.
 */

/** An address of a service beyond the cluster. */
export interface ServiceIngress {
  readonly host: string;
  /** Paths that begin with it lead to the service. @default "/" */
  readonly path?: string;
  /** Name of the port that it leads to. @default the first */
  readonly port?: string;
  /** Class of the controller. @default the cluster's own */
  readonly className?: string;
  /** Secret of the namespace, of the type kubernetes.io/tls. Either this, or `insecure: true`. */
  readonly tlsSecretName?: string;
  /** Does without TLS. @default false */
  readonly insecure?: boolean;
  /** Annotations of the Ingress, which its controller reads. @default none */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Namespace of the controller, whose connections are let through. @default "ingress-nginx" */
  readonly controllerNamespace?: string;
}

/** How many instances there are, by what they take of the processor. */
export interface ServiceAutoscaling {
  /** @default 1 */
  readonly minReplicas?: number;
  readonly maxReplicas: number;
  /** What all instances are to take on average, in percent of `cpuRequestMillicores`. @default 80 */
  readonly cpuPercent?: number;
}

/** What a service has on Kubernetes only. */
export interface ServiceOnKubernetes {
  /** @default none, the service is reached within the namespace only */
  readonly ingress?: ServiceIngress;
  /** Leaves the number of instances to a HorizontalPodAutoscaler, which needs the cluster's metrics server. @default `replicas` */
  readonly autoscaling?: ServiceAutoscaling;
  /**
   * How many instances may be away at the same time because somebody empties nodes.
   * @default 1 with several instances, else there is no such budget
   */
  readonly disruptionBudget?: { readonly maxUnavailable: number };
  /**
   * Instances on different nodes: `"preferred"` as far as there is room, `"required"` or not at all.
   * @default what the cluster's scheduler does by itself
   */
  readonly spread?: "preferred" | "required";
  /** ServiceAccount of the namespace, whose token the pods have. @default one without rights, and no token */
  readonly serviceAccountName?: string;
  /** Room on the node's disk for logs and scratch directories, promised and at most, in MiB. @default not limited */
  readonly ephemeralStorageMib?: number;
  /**
   * How long a pod takes connections after it was decided to stop it and before SIGTERM, in seconds.
   * @default 5 with ports and without a kept volume, else 0
   */
  readonly preStopSeconds?: number;
  /** Annotations of the pods. @default none */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Labels of the pods, beside those that the stack goes by. @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What a service has on Docker only. */
export interface ServiceOnDocker {
  /** When the daemon starts a container that has ended again. @default "unless-stopped" */
  readonly restart?: "unless-stopped" | "always" | "on-failure" | "no";
  /** Further networks, which there have to be already. @default that of the stack alone */
  readonly networks?: readonly string[];
}

const replicas = wholeNumber({ least: 1, most: 100, change: "choose one in the range" });
const hostChange = "write for example shop.example.com";
const name = (change: string): z.ZodString => text({ ...dns1123Subdomain, change });

const ingress = group({
  ...ingressFields,
  host: text({
    ...domainName,
    change: hostChange,
    also: [{ holds: (host) => !isIpAddress(host), rule: "must be a host name, no IP address", change: hostChange }],
  }),
  path: text({
    pattern: /^(\/|(\/(?!\.{1,2}(\/|$))[\w.~!$&'()*+,;=:@-]+)+\/?)$/,
    rule: "must be a path that begins with /, of characters that stand in an address as they are",
    change: "write for example /shop",
  }).default("/"),
  port: text({ pattern: /^\S+$/, rule: "must be the name of a port", change: "name one of ports" }).optional(),
});

/** The schema of {@link ServiceOnKubernetes}. */
export const serviceOnKubernetes = group({
  ingress: ingress.optional(),
  autoscaling: group({
    minReplicas: replicas.default(1),
    maxReplicas: replicas,
    cpuPercent: wholeNumber({ least: 1, most: 1000, unit: "percent", change: "write for example 80" }).default(80),
  })
    .refine(({ minReplicas, maxReplicas }) => minReplicas <= maxReplicas, {
      ...told("must not have more minReplicas than maxReplicas", "raise maxReplicas"),
      path: ["maxReplicas"],
    })
    .optional(),
  disruptionBudget: group({
    maxUnavailable: wholeNumber({ least: 0, most: 100, change: "write for example 1" }),
  }).optional(),
  spread: choice(["preferred", "required"]).optional(),
  serviceAccountName: name("name a ServiceAccount of the namespace").optional(),
  ephemeralStorageMib: wholeNumber({
    least: 1,
    most: 1024 ** 2,
    unit: "MiB",
    change: "write for example 1024",
  }).optional(),
  preStopSeconds: wholeNumber({ least: 0, most: 3600, unit: "seconds", change: "write for example 5" }).optional(),
  annotations: annotations.optional(),
  labels: record("labels by name", "write `name: value` below it, or leave it out", {
    name: { holds: (key) => qualifiedName.pattern.test(key), rule: qualifiedName.rule, change: "rename it" },
    value: { holds: (value) => labelValue.pattern.test(value), rule: labelValue.rule, change: "write another" },
  }).optional(),
});

/** The schema of {@link ServiceOnDocker}. */
export const serviceOnDocker = group({
  restart: choice(["unless-stopped", "always", "on-failure", "no"]).optional(),
  networks: names("names of networks", dockerName, "name networks of `docker network ls`").optional(),
});

/** Arguments for Kubernetes with their defaults. */
export type KubernetesOptions = z.output<typeof serviceOnKubernetes>;

/** Arguments for Docker. */
export type DockerOptions = z.output<typeof serviceOnDocker>;

/** What is wrong with the arguments for Kubernetes beside others of the service. */
export function kubernetesOptionProblems(
  { ingress: address, autoscaling }: KubernetesOptions,
  { ports, replicas: fixed }: { readonly ports: readonly { readonly name: string }[]; readonly replicas: number },
): readonly Problem[] {
  const wanted = address?.port;
  return [
    ...(address === undefined ? [] : ingressFaults(address, "what is sent to the service travels")),
    ...(address !== undefined && !ports.some((port) => wanted === undefined || port.name === wanted)
      ? [
          {
            path: wanted === undefined ? "kubernetes.ingress" : "kubernetes.ingress.port",
            rule: "must lead to a port of the service",
            got: wanted === undefined ? "a service without ports" : JSON.stringify(wanted),
            change: "name one of ports",
          },
        ]
      : []),
    ...(autoscaling !== undefined && fixed !== 1
      ? [
          {
            path: "replicas",
            rule: "must be left out with kubernetes.autoscaling, which sets it",
            got: String(fixed),
            change: "remove one of the two",
          },
        ]
      : []),
  ];
}

// Written by `npm run docs` from the schemas of the settings.

import type * as pulumi from "@pulumi/pulumi";

/** Complete references that replace the images of single parts, Node.js's, or those that services with `instrument: "python"` or `"java"` copy from. */
export interface SettingsImages {
  readonly loki?: string;
  readonly victoriaMetrics?: string;
  readonly jaeger?: string;
  readonly otelCollector?: string;
  readonly grafana?: string;
  readonly canary?: string;
  readonly diskGuard?: string;
  readonly node?: string;
  readonly instrumentPython?: string;
  readonly instrumentJava?: string;
}

/** Ports on 127.0.0.1. */
export interface SettingsPorts {
  readonly loki?: number;
  readonly victoriaMetrics?: number;
  readonly jaeger?: number;
  readonly otlpGrpc?: number;
  readonly otlpHttp?: number;
  readonly grafana?: number;
}

/** Memory limit of each container in MiB; GOMEMLIMIT, the memory_limiter and the WAL ceiling follow from it. */
export interface SettingsMemoryMib {
  readonly loki?: number;
  readonly victoriaMetrics?: number;
  readonly jaeger?: number;
  readonly otelCollector?: number;
  readonly grafana?: number;
  readonly canary?: number;
  readonly diskGuard?: number;
}

/** What the services send together; nothing is looked at while lines, spans and series are all 0. `npm run preview` says how much memory, processor and disk it takes, and what cannot fit is refused. `diskGib`: the disk that the stack has on Docker. See docs/capacity.md. */
export interface SettingsExpected {
  readonly services?: number;
  readonly linesPerSecond?: number;
  readonly lineBytes?: number;
  readonly spansPerSecond?: number;
  readonly activeSeries?: number;
  readonly secondsBetweenPoints?: number;
  readonly diskGib?: number;
}

/** How often Loki's compactor looks for expired chunks, and how long it waits before it deletes their files. `maxDiskGib`: fewer days of logs are kept rather than more than so much on the disk, see docs/operations/logs.md; one day always is. Default: the retention alone decides. */
export interface SettingsLoki {
  readonly compactionIntervalSeconds?: number;
  readonly retentionDeleteDelaySeconds?: number;
  readonly maxDiskGib?: number;
}

export interface SettingsOtelCollectorTailSamplingServices {
  readonly keepPercent?: number;
  readonly slowerThanMillis?: number;
}

export interface SettingsOtelCollectorTailSampling {
  readonly keepPercent: number;
  readonly slowerThanMillis?: number;
  readonly decisionWaitSeconds?: number;
  readonly services?: Record<string, SettingsOtelCollectorTailSamplingServices>;
}

export interface SettingsOtelCollectorConfig {
  readonly receivers?: string;
  readonly processors?: string;
  readonly exporters?: string;
  readonly connectors?: string;
  readonly extensions?: string;
  readonly service?: string;
}

/** `queueMib`: room on disk for what a backend that is away has not taken yet, per backend. `hostMetrics`: memory, processor, load, disks of the machine as metrics; on Docker only. `tailSampling`: which traces are stored, all if it is left out; see docs/operations/traces.md. `config`: what you add to the Collector's configuration, see docs/own-code.md. */
export interface SettingsOtelCollector {
  readonly queueMib?: number;
  readonly hostMetrics?: boolean;
  readonly tailSampling?: SettingsOtelCollectorTailSampling;
  readonly config?: SettingsOtelCollectorConfig;
}

/** `adminUser`: Grafana's first user. `dashboards`, a folder or a list of folders, and `datasources`: what you add, see docs/own-code.md. */
export interface SettingsGrafana {
  readonly adminUser?: string;
  readonly dashboards?: string[];
  readonly datasources?: string[];
}

/** `enabled: false` runs no canary: nothing sends a log record, a span and a metric each minute and looks for them in the stores. */
export interface SettingsCanary {
  readonly enabled?: boolean;
}

export interface SettingsObjectivesServices {
  readonly availabilityPercent?: number;
  readonly latencyPercent?: number;
  readonly latencySeconds?: number;
  readonly silenceMinutes?: number;
}

/** What services promise: alerts fire when too much of what may fail is used up. `availabilityPercent` of their requests and messages succeed, `latencyPercent` of their requests take `latencySeconds` at most (0 for no promise), and none is silent for `silenceMinutes` (0 for any time). `services`: what differs, by `service.name`. See docs/alerts.md. */
export interface SettingsObjectives {
  readonly availabilityPercent?: number;
  readonly latencyPercent?: number;
  readonly latencySeconds?: number;
  readonly silenceMinutes?: number;
  readonly services?: Record<string, SettingsObjectivesServices>;
}

export interface SettingsAlertsContactPoints {
  readonly name: string;
  readonly type: string;
  readonly addresses?: string[];
  readonly secret?: string;
  readonly severities?: string[];
}

export interface SettingsAlertsSmtp {
  readonly host?: string;
  readonly from?: string;
  readonly user?: string;
  readonly secret?: string;
  readonly startTls?: string;
}

export interface SettingsAlertsMute {
  readonly severities?: string[];
  readonly days?: string[];
  readonly from?: string;
  readonly to?: string;
}

export interface SettingsAlertsRules {
  readonly name: string;
  readonly title: string;
  readonly expr: string;
  readonly above?: number;
  readonly below?: number;
  readonly forMinutes?: number;
  readonly severity?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly dashboard?: string;
  readonly runbookUrl?: string;
  readonly noData?: string;
}

/** Whom alerts reach. `contactPoints`: e-mail, webhook, Slack or PagerDuty, each for all alerts or some `severities`. `smtp`: the mail server. `mute`: when nobody is told. See docs/alerts.md. */
export interface SettingsAlerts {
  readonly contactPoints?: SettingsAlertsContactPoints[];
  readonly smtp?: SettingsAlertsSmtp;
  readonly groupWaitSeconds?: number;
  readonly groupIntervalSeconds?: number;
  readonly repeatHours?: number;
  readonly mute?: SettingsAlertsMute[];
  readonly rules?: SettingsAlertsRules[];
  readonly runbookUrl?: string;
}

/** `host`: address of the Docker daemon. Default: DOCKER_HOST, else the docker command's current context. `buildPlatform`: platform of the images that are built here, for example `linux/amd64`. Default: the daemon's own. */
export interface SettingsDocker {
  readonly host?: string;
  readonly buildPlatform?: string;
}

/** Size of each volume in GiB. It can grow later if its class allows that. */
export interface SettingsKubernetesStorageGib {
  readonly loki?: number;
  readonly victoriaMetrics?: number;
  readonly jaeger?: number;
  readonly otelCollector?: number;
  readonly grafana?: number;
}

export interface SettingsKubernetesTolerations {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

export interface SettingsKubernetesResources {
  readonly cpuRequestMillicores?: number;
  readonly cpuLimitMillicores?: number;
}

/** Ingress for Grafana: none without a host. TLS with the certificate in `tlsSecretName`; `insecure: true` does without, and logins travel readable. */
export interface SettingsKubernetesIngress {
  readonly host?: string;
  readonly className?: string;
  readonly tlsSecretName?: string;
  readonly insecure?: boolean;
  readonly annotations?: Record<string, string>;
  readonly controllerNamespace?: string;
}

/** The cluster, for the target `kubernetes`. See docs/kubernetes.md. */
export interface SettingsKubernetes {
  /** Context of the kubeconfig, which names the cluster. No default: nothing is deployed by accident. */
  readonly context?: string;
  /** Path of the kubeconfig. Default: KUBECONFIG, else ~/.kube/config. */
  readonly kubeconfig?: string;
  /** Namespace of everything. Empty: `name`. */
  readonly namespace?: string;
  /** `false` uses a namespace that exists; whether it enforces the restricted profile is its owner's choice. */
  readonly createNamespace?: boolean;
  /** Class of the volumes. Empty: the cluster's default. Fixed as soon as there is data. */
  readonly storageClass?: string;
  readonly storageGib?: SettingsKubernetesStorageGib;
  /** Registry (and path) that images built here are pushed to with `docker push`, and pulled from. */
  readonly registry?: string;
  /** Shell command that brings an image built here, `$IMAGE`, into the cluster. Empty: by the context for kind, minikube, k3d and k3s. */
  readonly loadCommand?: string;
  /** Names of secrets of the namespace with which images are pulled. */
  readonly imagePullSecrets?: string[];
  /** Labels of the nodes that pods may run on. */
  readonly nodeSelector?: Record<string, string>;
  /** Taints that pods tolerate: key, operator, value, effect. */
  readonly tolerations?: SettingsKubernetesTolerations[];
  /** `cpuRequestMillicores` (20 if not set) and `cpuLimitMillicores` (none if not set) by host name. Memory: `memoryMib`, request and limit in one. */
  readonly resources?: Record<string, SettingsKubernetesResources>;
  /** Other namespaces whose pods may send telemetry. With any, the Collector reads the pods of all namespaces. */
  readonly otlpNamespaces?: string[];
  readonly ingress?: SettingsKubernetesIngress;
}

export interface Settings {
  /** Where the stack runs. Fixed for the life of a Pulumi stack. */
  readonly target?: string;
  /** Prefix of every container, volume and network, and the namespace. Empty: the Pulumi project and stack, `observability-dev`. */
  readonly name?: string;
  /** `false` runs the services alone: no backends, no endpoint injected, logs on stdout only. Data is kept. */
  readonly observability?: boolean;
  /** How long logs, metrics and traces are kept, in hours. */
  readonly retentionHours?: number;
  /** `service.namespace` of the instrumented services, and the prefix of their `service.name`. */
  readonly serviceNamespace?: string;
  /** `deployment.environment.name` of the instrumented services. Empty: the Pulumi stack's name. */
  readonly environment?: string;
  /** Registry (and path) put in front of every image that is not overridden, in place of the image's own registry. */
  readonly imageRegistry?: string;
  readonly images?: SettingsImages;
  readonly ports?: SettingsPorts;
  readonly memoryMib?: SettingsMemoryMib;
  readonly expected?: SettingsExpected;
  readonly loki?: SettingsLoki;
  readonly otelCollector?: SettingsOtelCollector;
  readonly grafana?: SettingsGrafana;
  readonly canary?: SettingsCanary;
  readonly objectives?: SettingsObjectives;
  readonly alerts?: SettingsAlerts;
  /** Secrets by name, for what you add to the configuration, see docs/own-code.md. Never shown. */
  readonly secrets?: Record<string, string>;
  readonly docker?: SettingsDocker;
  readonly kubernetes?: SettingsKubernetes;
}

export interface ServiceBuild {
  readonly context: string;
  readonly dockerfile?: string;
  readonly args?: Record<string, string>;
}

export interface ServiceVolumes {
  readonly path: string;
  readonly kind?: string;
  readonly sizeMib?: number;
}

export interface ServiceInitSteps {
  readonly name: string;
  readonly image?: string;
  readonly command?: string[];
  readonly env?: Record<string, string>;
}

export interface ServicePorts {
  readonly name: string;
  readonly port: number;
  readonly hostPort?: number;
}

export interface ServiceHealthCheck {
  readonly port: number;
  readonly path: string;
  readonly command: string[];
}

export interface ServiceReadinessHttp {
  readonly port: number;
  readonly path: string;
}

export interface ServiceReadiness {
  readonly http?: ServiceReadinessHttp;
  readonly tcp?: number;
  readonly command?: string[];
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

export interface ServiceLivenessHttp {
  readonly port: number;
  readonly path: string;
}

export interface ServiceLiveness {
  readonly http?: ServiceLivenessHttp;
  readonly tcp?: number;
  readonly command?: string[];
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

export interface ServiceStartupHttp {
  readonly port: number;
  readonly path: string;
}

export interface ServiceStartup {
  readonly http?: ServiceStartupHttp;
  readonly tcp?: number;
  readonly command?: string[];
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

export interface ServiceKubernetesIngress {
  readonly className?: string;
  readonly tlsSecretName?: string;
  readonly insecure?: boolean;
  readonly annotations?: Record<string, string>;
  readonly controllerNamespace?: string;
  readonly host: string;
  readonly path?: string;
  readonly port?: string;
}

export interface ServiceKubernetesAutoscaling {
  readonly minReplicas?: number;
  readonly maxReplicas: number;
  readonly cpuPercent?: number;
}

export interface ServiceKubernetesDisruptionBudget {
  readonly maxUnavailable: number;
}

export interface ServiceKubernetes {
  readonly ingress?: ServiceKubernetesIngress;
  readonly autoscaling?: ServiceKubernetesAutoscaling;
  readonly disruptionBudget?: ServiceKubernetesDisruptionBudget;
  readonly spread?: string;
  readonly serviceAccountName?: string;
  readonly ephemeralStorageMib?: number;
  readonly preStopSeconds?: number;
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
}

export interface ServiceDocker {
  readonly restart?: string;
  readonly networks?: string[];
}

export interface Service {
  readonly image?: pulumi.Input<string>;
  readonly build?: ServiceBuild;
  readonly command?: pulumi.Input<string>[];
  readonly env?: Record<string, pulumi.Input<string>>;
  readonly configFiles?: Record<string, pulumi.Input<string>>;
  readonly volumes?: Record<string, ServiceVolumes>;
  readonly initSteps?: ServiceInitSteps[];
  readonly ports?: ServicePorts[];
  readonly healthCheck?: ServiceHealthCheck;
  readonly readiness?: ServiceReadiness;
  readonly liveness?: ServiceLiveness;
  readonly startup?: ServiceStartup;
  readonly version?: string;
  readonly protocol?: string;
  readonly instrument?: string;
  readonly instrumentImage?: string;
  readonly telemetry?: boolean;
  readonly memoryMib?: number;
  readonly memoryRequestMib?: number;
  readonly cpuRequestMillicores?: number;
  readonly cpuLimitMillicores?: number;
  readonly userId?: number;
  readonly replicas?: pulumi.Input<number>;
  readonly kubernetes?: ServiceKubernetes;
  readonly docker?: ServiceDocker;
  readonly stopGraceSeconds?: number;
}

/** Settings that may be anything, and so are JSON here: paths, with [] for each entry of a list. */

export const jsonSettings: readonly string[] = [
  "otelCollector.config.receivers",
  "otelCollector.config.processors",
  "otelCollector.config.exporters",
  "otelCollector.config.connectors",
  "otelCollector.config.extensions",
  "otelCollector.config.service",
  "grafana.datasources[]",
];

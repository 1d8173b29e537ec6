/**
 * Every name that several places have to agree on, written once: how instances, volumes and files are named, labels and
 * annotations, and Grafana's uids. The names of a single part are in its own file, in config/parts/.
 */

/** Name of an instance of a workload, counted from 1: `observability-dev-backend`, `observability-dev-backend-2`. */
export function instanceName(stackName: string, workloadName: string, instance: number): string {
  return instance === 1 ? `${stackName}-${workloadName}` : `${stackName}-${workloadName}-${instance}`;
}

/** Name of the container or Job that checks a workload's files before the workload is started: `otel-collector-check`. */
export function checkName(workloadName: string): string {
  return `${workloadName}-check`;
}

/** Name of what reads and writes the data of a workload while that is stopped: `loki-data`. */
export function dataScriptName(workloadName: string): string {
  return `${workloadName}-data`;
}

/** Name of the volume, and of what fills it, with files of another image for a workload: `checkout-instrumentation`. */
export function mountName(workloadName: string, mount: string): string {
  return `${workloadName}-${mount}`;
}

/** Name of what runs once before a workload: `checkout-init-migrate`. */
export function initStepName(workloadName: string, step: string): string {
  return `${workloadName}-init-${step}`;
}

/** Name of a data volume on a machine: `observability-dev_loki_data`. */
export function dataVolumeName(stackName: string, name: string): string {
  return `${stackName}_${name}`;
}

/** `loki_data` is `loki-data`: names of Pulumi and of Kubernetes have hyphens, Docker's volumes keep their underscores. */
export function dashed(name: string): string {
  return name.replaceAll("_", "-");
}

/** Key of a file in its ConfigMap or Secret on Kubernetes: `/etc/loki/local-config.yaml` is `etc_loki_local-config.yaml`. */
export function fileKey(path: string): string {
  return path.replace(/^\//, "").replaceAll(/[^A-Za-z0-9._-]/g, "_");
}

/** Uids of the provisioned dashboards; part of their address in the browser. */
export const dashboardUids = {
  services: "services",
  service: "service",
  logs: "logs",
  pipeline: "pipeline",
  stores: "stores",
  costs: "costs",
} as const;

/** Uid of the dashboard with the pages about alerts. */
export const runbooksUid = "runbooks";

/** Tag of the annotations in Grafana that say what a deployment has changed. */
export const deploymentTag = "deployment";

/** `service.namespace` of the stack's own metrics, which belong to no service of the user. */
export const stackNamespace = "stack";

/** Folder in Grafana for the user's dashboards that are in no folder of their own. */
export const addedDashboardFolder = "Own";

/**
 * Owner of everything that a program creates: its Pulumi project and stack, `observability/dev`. Two stacks can have the
 * same setting `name`, but not the same owner. Objects of older versions carry the name only, which has no slash.
 */
export function stackOwner(project: string, stack: string): string {
  return `${project}/${stack}`;
}

/**
 * Labels of every object in Docker: its {@link stackOwner}, the setting `name` that it was deployed with, which tells two
 * checkouts of one program apart, and the workload that it is for.
 */
export const dockerLabels = {
  owner: "observability.stack",
  name: "observability.name",
  workload: "observability.workload",
  /** Of a container that runs once before a workload: the image of the workload. */
  before: "observability.before",
} as const;

/**
 * Annotation of every object on Kubernetes: its {@link stackOwner}. No label: those take 63 characters at most, and no
 * slash. Pods have none: it is no part of their template, which would be rolled out anew.
 */
export const ownerAnnotation = "observability/stack";

/** Annotation of a workload on Kubernetes that a command has stopped: how many pods it had. Nobody else sets it. */
export const stoppedAnnotation = "observability/stopped-replicas";

/**
 * Labels of every object on Kubernetes, by the common names
 * (kubernetes.io/docs/concepts/overview/working-with-objects/common-labels). Fixed for ever: what is deployed has them.
 */
export const objectLabels = {
  workload: "app.kubernetes.io/name",
  stack: "app.kubernetes.io/instance",
  partOf: "app.kubernetes.io/part-of",
} as const;

/** Value of the label `part-of`: the application that every object belongs to. */
export const partOfName = "observability";

/** Annotation of a Service: JSON, name of a port → port on the user's machine that `npm run open` forwards to it. */
export const localPortsAnnotation = "observability/local-ports";

/** Name of the ConfigMap with a shared file on Kubernetes: `loki-overrides`. */
export function sharedConfigMap({ name }: { readonly name: string }): string {
  return dashed(name);
}

/** Folder of secret files in every container. */
export const secretsFolder = "/run/secrets";

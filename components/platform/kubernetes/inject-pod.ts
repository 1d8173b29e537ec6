import { isRecord } from "../../../config/parse.ts";
import { otlpUrlsAt, parts } from "../../../config/parts/parts.ts";
import { instanceFact } from "../../../config/env-value.ts";
import type { KubernetesSettings } from "../../../config/kubernetes-settings.ts";
import { problem, type Problem } from "../../../config/problem.ts";
import { isLater, within } from "../later.ts";
import type { Injection } from "../platform.ts";
import { refuse } from "../workload-rules.ts";
import { environment, podAttributes } from "./pod-template.ts";

/** Resources whose arguments {@link injectedPods} takes. */
export const injectedTypes: ReadonlySet<string> = new Set([
  ...["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"].map((kind) => `kubernetes:apps/v1:${kind}`),
  ...["Job", "CronJob"].map((kind) => `kubernetes:batch/v1:${kind}`),
  "kubernetes:core/v1:Pod",
]);

/**
 * The arguments of an object of the user's own that has pods, with variables for their containers.
 *
 * @throws Error if they are of something else, or in a namespace that the Collector takes nothing from.
 */
export function injectedPods(
  args: object,
  { env, containers }: Injection,
  settings: Pick<KubernetesSettings, "namespace" | "otlpNamespaces">,
): object {
  const given = args as Readonly<Record<string, unknown>>;
  refuse("OBS1002", "", [...shapeProblems(given), ...namespaceProblems(given["metadata"], settings)]);
  const surroundings = {
    otlpUrls: otlpUrlsAt(`${parts.otelCollector.host}.${settings.namespace}.svc`),
    instance: instanceFact,
    attributes: podAttributes({ fill: "namespace" }),
  };
  const added = env(surroundings);
  const inContainer = (container: unknown): unknown =>
    field(container, "env", (own) => (Object.keys(added).length === 0 ? own : joined(added, own)));
  const inPod = (pod: unknown): unknown =>
    field(pod, "containers", (list) =>
      Array.isArray(list)
        ? list.map((container: unknown, index) =>
            within(container, (known) => (isChosen(known, index, containers) ? inContainer(known) : known)),
          )
        : list,
    );
  const inTemplate = (spec: unknown): unknown => field(spec, "template", (template) => field(template, "spec", inPod));
  return field(given, "spec", (spec) => {
    if (!isRecord(spec)) return spec;
    if ("containers" in spec) return inPod(spec);
    if ("jobTemplate" in spec) return field(spec, "jobTemplate", (job) => field(job, "spec", inTemplate));
    return inTemplate(spec);
  }) as object;
}

/** A group with one of its fields changed, whichever of the two is known later. */
function field(group: unknown, name: string, change: (value: unknown) => unknown): unknown {
  return within(group, (known) => (isRecord(known) ? { ...known, [name]: within(known[name], change) } : known));
}

function isChosen(container: unknown, index: number, names: readonly string[] | undefined): boolean {
  if (names === undefined) return index === 0;
  return isRecord(container) && names.some((name) => name === container["name"]);
}

/** The variables that the container has not, and then its own: only what is above can be named in a value. */
function joined(added: ReturnType<Injection["env"]>, own: unknown): unknown {
  const entries: readonly unknown[] = Array.isArray(own) ? own : [];
  const later = entries.findIndex((entry) => isLater(entry) || (isRecord(entry) && isLater(entry["name"])));
  if (later >= 0) {
    const known = (entry: unknown): unknown =>
      joined(added, [...entries.slice(0, later), entry, ...entries.slice(later + 1)]);
    const entry = entries[later];
    return isLater(entry)
      ? within(entry, known)
      : within((entry as { name: unknown }).name, (name) => known({ ...(entry as object), name }));
  }
  const names = entries.flatMap((entry) => (isRecord(entry) ? [String(entry["name"])] : []));
  const missing = Object.fromEntries(Object.entries(added).filter(([name]) => !names.includes(name)));
  return [...environment(missing, names), ...entries];
}

function shapeProblems({ spec }: Readonly<Record<string, unknown>>): readonly Problem[] {
  const keys = ["template", "jobTemplate", "containers"];
  if (isLater(spec) || (isRecord(spec) && keys.some((key) => key in spec))) return [];
  const rule = "must be that of something with pods, since the stack runs on Kubernetes";
  const change = "hand over the arguments of a Deployment, StatefulSet, DaemonSet, Job, CronJob or Pod";
  return [problem("spec", rule, spec, change)];
}

/** Policies let the Collector be reached from the stack's own services, and from namespaces that are named. */
function namespaceProblems(
  metadata: unknown,
  { otlpNamespaces }: Pick<KubernetesSettings, "otlpNamespaces">,
): readonly Problem[] {
  const namespace = isRecord(metadata) ? metadata["namespace"] : undefined;
  if (typeof namespace !== "string" || otlpNamespaces.includes(namespace)) return [];
  const rule = "must be one of kubernetes.otlpNamespaces, from which the Collector takes telemetry";
  return [problem("metadata.namespace", rule, namespace, `add ${namespace} to that setting of the stack`)];
}

/** Label of every object: the name of its stack. */
export const instanceLabel = "app.kubernetes.io/instance";

/** Whose object it is and what it is for, by the common names (kubernetes.io/docs/concepts/overview/working-with-objects/common-labels). */
export function commonLabels(stackName: string, workloadName: string): Record<string, string> {
  return {
    "app.kubernetes.io/name": workloadName,
    [instanceLabel]: stackName,
    "app.kubernetes.io/part-of": "observability",
    "app.kubernetes.io/managed-by": "pulumi",
  };
}

/** What finds the pods of a workload. Fixed for ever: a selector cannot be changed. */
export function selector(stackName: string, workloadName: string): Record<string, string> {
  return { "app.kubernetes.io/name": workloadName, [instanceLabel]: stackName };
}

/** Label of every pod: {@link roles}. The network policies go by it. */
export const roleLabel = "observability/role";

/** Whether a pod belongs to a backend, to a service beside it, or checks a configuration and needs no connection. */
export const roles = { backend: "backend", service: "service", check: "check" } as const;

/** Annotation of a Service: JSON, name of a port → port on the user's machine that `npm run open` forwards to it. */
export const localPortsAnnotation = "observability/local-ports";

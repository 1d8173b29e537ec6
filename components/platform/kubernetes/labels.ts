import { objectLabels, partOfName } from "../../../config/names.ts";

/** Whose object it is and what it is for. */
export function commonLabels(stackName: string, workloadName: string): Record<string, string> {
  return {
    [objectLabels.workload]: workloadName,
    [objectLabels.stack]: stackName,
    [objectLabels.partOf]: partOfName,
    "app.kubernetes.io/managed-by": "pulumi",
  };
}

/** What finds the pods of a workload. Fixed for ever: a selector cannot be changed. */
export function selector(stackName: string, workloadName: string): Record<string, string> {
  return { [objectLabels.workload]: workloadName, [objectLabels.stack]: stackName };
}

/** Label of every pod: {@link roles}. The network policies go by it. */
export const roleLabel = "observability/role";

/** Whether a pod belongs to a backend, to a service beside it, or checks a configuration and needs no connection. */
export const roles = { backend: "backend", service: "service", check: "check" } as const;

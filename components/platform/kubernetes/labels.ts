import { objectLabels, partOfName } from "../../../config/names.ts";
import { isBackend } from "../../../config/parts/parts.ts";

/** Labels of every object: its workload, its stack and what they are part of. */
export function commonLabels(stackName: string, workloadName: string): Record<string, string> {
  return {
    [objectLabels.workload]: workloadName,
    [objectLabels.stack]: stackName,
    [objectLabels.partOf]: partOfName,
    "app.kubernetes.io/managed-by": "pulumi",
  };
}

/** Selector of a workload's pods. Fixed for ever: it cannot be changed. */
export function selector(stackName: string, workloadName: string): Record<string, string> {
  return { [objectLabels.workload]: workloadName, [objectLabels.stack]: stackName };
}

/** Label of every pod: {@link roles}. The network policies go by it. */
export const roleLabel = "observability/role";

/** Whether a pod belongs to a backend, to a service beside it, or checks a configuration and needs no connection. */
export const roles = { backend: "backend", service: "service", check: "check" } as const;

/** Labels of a workload's pods, which Services and network policies go by. */
export function podLabels(stackName: string, name: string): Record<string, string> {
  return { ...commonLabels(stackName, name), [roleLabel]: isBackend(name) ? roles.backend : roles.service };
}

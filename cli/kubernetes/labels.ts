import { objectLabels, partOfName } from "../../config/names.ts";

/** Selects what belongs to a stack. */
export function ofStack(stackName: string): string {
  return `${objectLabels.stack}=${stackName},${objectLabels.partOf}=${partOfName}`;
}

/** Selects what belongs to a workload of a stack. */
export function ofWorkload(stackName: string, workload: string): string {
  return `${ofStack(stackName)},${objectLabels.workload}=${workload}`;
}

/** Whether an object's labels say that it belongs to a stack. */
export function belongsTo(labels: Readonly<Record<string, string>> | undefined, stackName: string): boolean {
  return labels?.[objectLabels.stack] === stackName && labels[objectLabels.partOf] === partOfName;
}

/** Label with the host name of the workload that an object belongs to. */
export const workloadLabel = "app.kubernetes.io/name";

/** Label with the name of the stack that an object belongs to. */
export const stackLabel = "app.kubernetes.io/instance";

const partOf = "app.kubernetes.io/part-of";

/** Selects what belongs to a stack. */
export function ofStack(stackName: string): string {
  return `${stackLabel}=${stackName},${partOf}=observability`;
}

/** Selects what belongs to a workload of a stack. */
export function ofWorkload(stackName: string, workload: string): string {
  return `${ofStack(stackName)},${workloadLabel}=${workload}`;
}

/** Whether an object's labels say that it belongs to a stack. */
export function belongsTo(labels: Readonly<Record<string, string>> | undefined, stackName: string): boolean {
  return labels?.[stackLabel] === stackName && labels[partOf] === "observability";
}

/** Annotation of a Service: JSON, name of a port → port on the user's machine that `npm run open` forwards to it. */
export const localPortsAnnotation = "observability/local-ports";

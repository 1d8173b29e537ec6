import { firstLine } from "../text.ts";
import { ApiRefused, type Cluster } from "./cluster.ts";

/** The log of a container, of its run before this one if that has failed. */
export interface ContainerLog {
  readonly pod: string;
  readonly container: string;
  readonly previous: boolean;
}

/** The last lines of a container; if it is gone, why there are none. */
export async function logLines(cluster: Cluster, { pod, ...log }: ContainerLog, lines: number): Promise<string> {
  const { core, namespace } = cluster;
  const request = { name: pod, namespace, ...log, tailLines: lines };
  try {
    return (await cluster.ask(core.readNamespacedPodLog(request))).trim();
  } catch (error) {
    if (error instanceof ApiRefused) return `(none: ${firstLine(error.message)})`;
    throw error;
  }
}

/** The command that shows the log of a workload, such as `statefulset/loki`. @param lines the last so many @default all */
export function logCommand(
  { context, namespace }: { readonly context: string; readonly namespace: string },
  workload: string,
  lines?: number,
): string {
  const tail = lines === undefined ? "" : ` --tail ${lines}`;
  return `kubectl --context ${context} --namespace ${namespace} logs${tail} ${workload}`;
}

import type { types } from "@pulumi/kubernetes";
import { sharedConfigMap } from "../../../config/names.ts";
import type { Workload } from "../workload.ts";
import { podReaderRules } from "./enrichment.ts";

/** What the pods of a workload may do at the API server; nothing for most. */
export function apiRules({
  readsInstances,
  sharedFiles,
}: Pick<Workload, "readsInstances" | "sharedFiles">): types.input.rbac.v1.PolicyRule[] {
  const changed = sharedFiles.filter(({ access }) => access === "changes").map(sharedConfigMap);
  return [
    ...(readsInstances ? podReaderRules : []),
    ...(changed.length === 0
      ? []
      : [{ apiGroups: [""], resources: ["configmaps"], resourceNames: changed, verbs: ["get", "patch"] }]),
  ];
}

/** Whether the pods of a workload ask the API server: they have an account, a token, and a way there. */
export function asksApiServer(workload: Pick<Workload, "readsInstances" | "sharedFiles">): boolean {
  return apiRules(workload).length > 0;
}

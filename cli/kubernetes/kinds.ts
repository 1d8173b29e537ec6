import { partEntries } from "../../config/parts/parts.ts";
import { noSurroundings, partProcess } from "../../config/parts/processes.ts";
import type { StackSettings } from "../../config/settings.ts";

/** A kind of object that the program creates. */
export interface Kind {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  /** As permissions name it: `statefulsets`. */
  readonly resource: string;
  readonly isNamespaced: boolean;
  /** Whether it holds what cannot be made anew: it is never removed unless the user says so. */
  readonly holdsData: boolean;
}

const namespaced = (apiVersion: string, kind: string, resource: string): Kind => ({
  apiVersion,
  kind,
  resource,
  isNamespaced: true,
  holdsData: resource === "persistentvolumeclaims",
});

const clusterWide = (apiVersion: string, kind: string, resource: string): Kind => ({
  apiVersion,
  kind,
  resource,
  isNamespaced: false,
  holdsData: resource === "namespaces",
});

const rbac = "rbac.authorization.k8s.io/v1";
const networking = "networking.k8s.io/v1";

/** The namespace itself. */
export const namespaceKind = clusterWide("v1", "Namespace", "namespaces");

/** Claims of data volumes. */
export const claimKind = namespaced("v1", "PersistentVolumeClaim", "persistentvolumeclaims");

/**
 * What the program creates with these settings, in the order in which it can be removed: what runs before what it runs
 * with.
 */
export function ownKinds(stack: StackSettings): readonly Kind[] {
  const settings = stack.kubernetes;
  return [
    ...(hasCheck(stack) ? [namespaced("batch/v1", "Job", "jobs")] : []),
    ...(settings.ingress.host === "" ? [] : [namespaced(networking, "Ingress", "ingresses")]),
    namespaced("apps/v1", "Deployment", "deployments"),
    namespaced("apps/v1", "StatefulSet", "statefulsets"),
    namespaced("v1", "Service", "services"),
    namespaced("v1", "ConfigMap", "configmaps"),
    namespaced("v1", "Secret", "secrets"),
    namespaced(networking, "NetworkPolicy", "networkpolicies"),
    namespaced(rbac, "RoleBinding", "rolebindings"),
    namespaced(rbac, "Role", "roles"),
    namespaced("v1", "ServiceAccount", "serviceaccounts"),
    ...(settings.otlpNamespaces.length === 0
      ? []
      : [
          clusterWide(rbac, "ClusterRoleBinding", "clusterrolebindings"),
          clusterWide(rbac, "ClusterRole", "clusterroles"),
        ]),
    claimKind,
    ...(settings.createNamespace ? [namespaceKind] : []),
  ];
}

/** Whether a job looks over what the user adds to the configuration of a part. */
function hasCheck(stack: StackSettings): boolean {
  return stack.observability && partEntries.some(([name]) => partProcess(name, stack, noSurroundings).check !== "none");
}

/** Group of an API version: none for `v1`. */
export function groupOf({ apiVersion }: Kind): string {
  const [group = "", version] = apiVersion.split("/");
  return version === undefined ? "" : group;
}

/** Type of a kind in Pulumi's state. */
export function pulumiType({ apiVersion, kind }: Kind): string {
  return `kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;
}

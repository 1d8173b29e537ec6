/** A kind of object that the program creates. */
export interface Kind {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Its name in permissions: `statefulsets`. */
  readonly resource: string;
  readonly isNamespaced: boolean;
  /** Whether objects of this kind hold what cannot be made anew: they are never removed unless the user says so. */
  readonly holdsData: boolean;
  /** Whether only some settings need it. A user who does not need it may not be allowed to list it. */
  readonly isOptional: boolean;
}

const kindOf = (apiVersion: string, kind: string, resource: string, traits: Partial<Kind> = {}): Kind => ({
  ...{ apiVersion, kind, resource, isNamespaced: true, holdsData: false, isOptional: false },
  ...traits,
});

const optional = { isOptional: true };
const clusterWide = { isNamespaced: false, isOptional: true };

/** The namespace itself. */
export const namespaceKind = kindOf("v1", "Namespace", "namespaces", { ...clusterWide, holdsData: true });

/** Claims of data volumes. */
export const claimKind = kindOf("v1", "PersistentVolumeClaim", "persistentvolumeclaims", { holdsData: true });

/** What keeps the pods of a store. */
export const statefulSetKind = kindOf("apps/v1", "StatefulSet", "statefulsets");

const rbac = "rbac.authorization.k8s.io/v1";
const networking = "networking.k8s.io/v1";

/**
 * Every kind that the program can create, whatever the settings are, in the order in which objects can be removed: what
 * runs before what it runs with. What a deployment will create is in its preview; what an earlier one has left may come
 * from other settings than today's, so its kinds follow from none.
 */
export const kinds: readonly Kind[] = [
  kindOf("batch/v1", "Job", "jobs", optional),
  kindOf(networking, "Ingress", "ingresses", optional),
  kindOf("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", optional),
  kindOf("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", optional),
  kindOf("apps/v1", "Deployment", "deployments"),
  statefulSetKind,
  kindOf("v1", "Service", "services"),
  kindOf("v1", "ConfigMap", "configmaps"),
  kindOf("v1", "Secret", "secrets"),
  kindOf(networking, "NetworkPolicy", "networkpolicies"),
  kindOf(rbac, "RoleBinding", "rolebindings"),
  kindOf(rbac, "Role", "roles"),
  kindOf("v1", "ServiceAccount", "serviceaccounts"),
  kindOf(rbac, "ClusterRoleBinding", "clusterrolebindings", clusterWide),
  kindOf(rbac, "ClusterRole", "clusterroles", clusterWide),
  claimKind,
  namespaceKind,
];

/** What no program creates, but a command that reads or writes the data of a store. */
export const podKind = kindOf("v1", "Pod", "pods", optional);

/** Every kind that there may be objects of a stack of, in the order in which they can be removed. */
export const removedKinds: readonly Kind[] = [podKind, ...kinds];

/** Group of an API version: empty for `v1`. */
export function groupOf({ apiVersion }: Kind): string {
  return apiVersion.includes("/") ? apiVersion.replace(/\/.*/, "") : "";
}

/** Type of a kind in Pulumi's state. */
export function pulumiType({ apiVersion, kind }: Kind): string {
  return `kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;
}

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

const always = { isNamespaced: true, holdsData: false, isOptional: false };
const sometimes = { ...always, isOptional: true };
const clusterWide = { ...sometimes, isNamespaced: false };

/** The namespace itself. */
export const namespaceKind: Kind = {
  apiVersion: "v1",
  kind: "Namespace",
  resource: "namespaces",
  ...clusterWide,
  holdsData: true,
};

/** Claims of data volumes. */
export const claimKind: Kind = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  resource: "persistentvolumeclaims",
  ...always,
  holdsData: true,
};

const rbac = "rbac.authorization.k8s.io/v1";
const networking = "networking.k8s.io/v1";

/**
 * Every kind that the program can create, whatever the settings are, in the order in which objects can be removed: what
 * runs before what it runs with. What a deployment will create is in its preview; what an earlier one has left may come
 * from other settings than today's, so its kinds follow from none.
 */
export const kinds: readonly Kind[] = [
  { apiVersion: "batch/v1", kind: "Job", resource: "jobs", ...sometimes },
  { apiVersion: networking, kind: "Ingress", resource: "ingresses", ...sometimes },
  { apiVersion: "apps/v1", kind: "Deployment", resource: "deployments", ...always },
  { apiVersion: "apps/v1", kind: "StatefulSet", resource: "statefulsets", ...always },
  { apiVersion: "v1", kind: "Service", resource: "services", ...always },
  { apiVersion: "v1", kind: "ConfigMap", resource: "configmaps", ...always },
  { apiVersion: "v1", kind: "Secret", resource: "secrets", ...always },
  { apiVersion: networking, kind: "NetworkPolicy", resource: "networkpolicies", ...always },
  { apiVersion: rbac, kind: "RoleBinding", resource: "rolebindings", ...always },
  { apiVersion: rbac, kind: "Role", resource: "roles", ...always },
  { apiVersion: "v1", kind: "ServiceAccount", resource: "serviceaccounts", ...always },
  { apiVersion: rbac, kind: "ClusterRoleBinding", resource: "clusterrolebindings", ...clusterWide },
  { apiVersion: rbac, kind: "ClusterRole", resource: "clusterroles", ...clusterWide },
  claimKind,
  namespaceKind,
];

/** Group of an API version: empty for `v1`. */
export function groupOf({ apiVersion }: Kind): string {
  return apiVersion.includes("/") ? apiVersion.replace(/\/.*/, "") : "";
}

/** Type of a kind in Pulumi's state. */
export function pulumiType({ apiVersion, kind }: Kind): string {
  return `kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;
}

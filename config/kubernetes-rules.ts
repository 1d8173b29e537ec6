import type { TextRule } from "./rules.ts";

/*
 * The rules by which Kubernetes' API server judges names, labels, annotations and tolerations, as data: as far as the
 * settings have any of them. test/fixtures/kubernetes-verdicts.json holds what Kubernetes' own code says of thousands of
 * texts, and test/config/kubernetes-rules.test.ts compares.
 */

/** A text that the API server takes: the rule in words as the messages say it. */
export type KubernetesRule = Pick<TextRule, "pattern" | "rule">;

const label = "[a-z0-9]([a-z0-9-]*[a-z0-9])?";
const qualified = "([A-Za-z0-9][A-Za-z0-9_.-]*)?[A-Za-z0-9]";

/** At most so many characters of a pattern. */
function upTo(longest: number, pattern: string): string {
  return `(?=.{0,${longest}}$)${pattern}`;
}

/** DNS-1123 label: the name of a namespace (k8s.io/apimachinery, pkg/util/validation, IsDNS1123Label). */
export const dns1123Label: KubernetesRule = {
  pattern: new RegExp(`^${upTo(63, label)}$`),
  rule: "must be at most 63 lower-case letters, digits and inner hyphens",
};

/** DNS-1123 subdomain: the name of most objects (the same package, IsDNS1123Subdomain). */
export const dns1123Subdomain: KubernetesRule = {
  pattern: new RegExp(`^${upTo(253, `${label}(\\.${label})*`)}$`),
  rule: "must be at most 253 lower-case letters, digits and inner hyphens, in parts with dots in between",
};

/** Qualified name: the key of a label and of a taint (the same package, IsQualifiedName). */
export const qualifiedName: KubernetesRule = {
  pattern: new RegExp(`^((?=[^/]{1,253}/)${label}(\\.${label})*/)?(?=[^/]{1,63}$)${qualified}$`),
  rule: "must have a name of at most 63 letters, digits and inner -, _ and ., with a domain and / in front if need be",
};

/** Value of a label and of a taint (the same package, IsValidLabelValue). */
export const labelValue: KubernetesRule = {
  pattern: new RegExp(`^${upTo(63, `(${qualified})?`)}$`),
  rule: "must be at most 63 letters, digits and inner -, _ and .",
};

/** Whether a text is the key of an annotation: a qualified name in any case (pkg/api/validation, ValidateAnnotations). */
export function isAnnotationKey(key: string): boolean {
  return qualifiedName.pattern.test(key.toLowerCase());
}

/** Most bytes of all annotations of an object, names and values (the same package, TotalAnnotationSizeLimitB). */
export const mostAnnotationBytes = 256 * 1024;

/** Annotation that named an Ingress' class before there was a field for it (pkg/apis/networking/validation, ValidateIngressCreate). */
export const ingressClassAnnotation = "kubernetes.io/ingress.class";

/** Namespaces that every cluster has from its beginning (kubernetes.io/docs/concepts/overview/working-with-objects/namespaces). */
export const firstNamespaces: readonly string[] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/** Longest host name and longest part of one (RFC 1035). The API server looks at the first only, DNS at both. */
export const domainName: KubernetesRule = {
  pattern: new RegExp(`^${upTo(253, "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")}$`),
  rule: "must be a host name: at most 253 lower-case letters, digits and inner hyphens, in parts of at most 63 with dots in between",
};

/** Whether a host name is an address instead, as browsers read one: its last part is a number (url.spec.whatwg.org, "ends in a number"). */
export function isIpAddress(host: string): boolean {
  return /(^|\.)(\d+|0x[\da-f]*)$/.test(host);
}

/** A toleration of a pod. */
export interface Toleration {
  readonly key?: string | undefined;
  readonly operator?: "Exists" | "Equal" | undefined;
  readonly value?: string | undefined;
  readonly effect?: string | undefined;
}

/** The fault that the API server finds in a toleration whose fields are each right (k8s.io/kubernetes, pkg/apis/core/validation, ValidateTolerations). */
export function tolerationFault({
  key = "",
  operator = "Equal",
  value = "",
}: Toleration): readonly [field: keyof Toleration, rule: string, change: string] | undefined {
  if (key === "" && operator !== "Exists") {
    const change = "name the taint's key, or write operator: Exists to tolerate every taint";
    return ["key", "must be set unless operator is Exists", change];
  }
  if (operator === "Exists" && value !== "") {
    return ["value", "must not be set if operator is Exists", "leave one of the two out"];
  }
  return undefined;
}

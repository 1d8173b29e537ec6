/*
 * What names, ports and images have to look like, the same for the settings of the stack and for the services beside it:
 * each as a pattern or a range, and in words.
 */

/** Limits of a number, both of them within. */
export interface Range {
  readonly least: number;
  readonly most: number;
  /** Where the limits come from. @default not said */
  readonly because?: string;
}

/** Ports that a program may have on the user's machine. */
export const hostPorts = { least: 1024, most: 65535, because: "the lower ones are reserved for the system" } as const;

/** Ports of a process inside its container. */
export const containerPorts: Range = { least: 1, most: 65535 };

/** What a workload's numbers may be on every platform. */
export const workloadLimits = {
  memoryMib: { least: 6, most: 1024 ** 2, because: "less is refused by Docker" },
  userId: { least: 0, most: 2 ** 31 - 1 },
  stopGraceSeconds: { least: 0, most: 3600 },
  /** 0 for one that is switched off. */
  replicas: { least: 0, most: 100 },
} as const satisfies Readonly<Record<string, Range>>;

/** A DNS label, the host name of a workload. */
export const dnsLabel = {
  pattern: /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
  rule: "must be a DNS label: at most 63 lower-case letters, digits and inner hyphens, a letter first",
  longest: 63,
} as const;

/** Whether a value is a {@link dnsLabel}; of a program anything may come as a name. */
export function isDnsLabel(value: unknown): boolean {
  return typeof value === "string" && dnsLabel.pattern.test(value);
}

/** Name of most objects of Kubernetes: a DNS subdomain. */
export const kubernetesName = {
  pattern: /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
  rule: "must be a name of Kubernetes: lower-case letters, digits, inner hyphens and dots",
} as const;

/** A pattern that takes the empty text as well, which is how a user says that a value is not set. */
export function orEmpty({ source }: RegExp): RegExp {
  return new RegExp(`^(${source.slice(1, -1)})?$`);
}

/** A DNS label that leaves room for what is put behind it. */
export const namePrefix = {
  pattern: /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/,
  rule: "must be at most 40 lower-case letters, digits and inner hyphens, a letter first",
} as const;

const component = "[a-z0-9]+([._-]+[a-z0-9]+)*";
const registry = "([A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+(:\\d+)?|[A-Za-z0-9-]+:\\d+|localhost)";
const digest = "@sha256:[a-f0-9]{64}";

/**
 * A complete reference of an image, with a registry or without (github.com/distribution/reference). Without tag and
 * digest Docker takes `latest`, which is another image every month.
 */
export const imageReference = {
  pattern: new RegExp(`^(${registry}/)?${component}(/${component})*(:\\w[\\w.-]{0,127}(${digest})?|${digest})$`),
  rule: "must be an image with a tag (`repository:tag`), a digest (`repository@sha256:…`) or both",
  change: "name the version that you mean, for example grafana/loki:3.7.8",
} as const;

/** A registry with a path or without, to be put in front of a repository, or nothing. */
export const imageRegistry = {
  pattern: new RegExp(`^([A-Za-z0-9.-]+(:\\d+)?(/${component})*/?)?$`),
  rule: "must be a registry without a scheme, and a path in it if need be",
  change: "write for example registry.example.com/mirror",
} as const;

/** A secret: the name of its file in a container. The stack's own ones begin with `grafana-`. */
export const nameOfSecret = {
  pattern: /^(?!grafana-)[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
  rule: "must have a name of at most 63 lower-case letters, digits and inner hyphens, a letter first, and not grafana- at its beginning",
  change: "rename it",
} as const;

/** An identifier in Grafana, which is part of addresses (github.com/grafana/grafana, pkg/util/shortid_generator.go). */
export const grafanaUid = {
  pattern: /^[A-Za-z0-9_-]{1,40}$/,
  rule: "must be 1 to 40 letters, digits, hyphens and underscores",
} as const;

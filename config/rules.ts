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

/** A rule for a text, and what to change where it is broken. */
export interface TextRule {
  readonly pattern: RegExp;
  readonly rule: string;
  readonly change: string;
  /** Rules that a pattern cannot express, or whose message would not say what is wrong. @default none */
  readonly also?: readonly FurtherRule[];
  /** Whether it may have line breaks and tabs. Other invisible characters are never allowed. @default "one" */
  readonly lines?: "one" | "many";
}

/** A rule beside a pattern. It is asked of texts as well that do not fit the pattern. */
export interface FurtherRule {
  readonly holds: (text: string) => boolean;
  readonly rule: string;
  readonly change: string;
}

/** One line without control characters, line breaks, direction marks and unpaired surrogates. */
export const oneLine: FurtherRule = {
  holds: (text) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]|(?![\u200c\u200d])\p{Cf}/u.test(text),
  rule: "must be one line without control characters and invisible characters",
  change: "remove them",
};

/** What a file of YAML can hold as Go reads it (yaml.org/spec/1.2.2/#51-character-set, without its other line ends). */
export const printable: FurtherRule = {
  holds: (text) =>
    !/[^\t\n\r\u{20}-\u{7e}\u{a0}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]|[\u{2028}\u{2029}\u{feff}]/u.test(
      text,
    ),
  rule: "must be text without control characters, unusual line breaks and unpaired surrogates",
  change: "remove them",
};

/** Whether a text keeps a rule, but for {@link oneLine} and {@link printable}, which a field checks (fields.ts). */
export function fits({ pattern, also = [] }: Pick<TextRule, "pattern" | "also">, text: string): boolean {
  return pattern.test(text) && also.every(({ holds }) => holds(text));
}

/** Ports that a program may have on the user's machine. */
export const hostPorts = { least: 1024, most: 65535, because: "the lower ones are reserved for the system" } as const;

/** Ports of a process inside its container. */
export const containerPorts: Range = { least: 1, most: 65535 };

/** Limits of a workload's numbers on every platform. */
export const workloadLimits = {
  memoryMib: { least: 6, most: 1024 ** 2, because: "less is refused by Docker" },
  /** One is the least of Kubernetes; Docker takes no limit below ten. */
  cpuRequestMillicores: { least: 1, most: 1024 * 1000, because: "1000 are one core" },
  cpuLimitMillicores: { least: 10, most: 1024 * 1000, because: "1000 are one core" },
  userId: { least: 0, most: 2 ** 31 - 1 },
  stopGraceSeconds: { least: 0, most: 3600 },
  /** 0 for one that is switched off. */
  replicas: { least: 0, most: 100 },
} as const satisfies Readonly<Record<string, Range>>;

/** Name of a network in Docker (github.com/moby/moby, daemon/names, RestrictedNameChars). */
export const dockerName = {
  pattern: /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/,
  rule: "must be a name of letters, digits, _, . and -, with a letter or digit first",
} as const;

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

/** A rule that takes the empty text as well, which is how a user says that a value is not set. */
export function orEmpty({ pattern, rule }: Pick<TextRule, "pattern" | "rule">): Pick<TextRule, "pattern" | "rule"> {
  return { pattern: new RegExp(`^(${pattern.source.slice(1, -1)})?$`), rule };
}

/** A DNS label that leaves room for what is put behind it. */
export const namePrefix = {
  pattern: /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/,
  rule: "must be at most 40 lower-case letters, digits and inner hyphens, a letter first",
} as const;

/**
 * `service.name` of a service as a setting names it. Grafana puts a value in place of `$__interval` and the like in a query,
 * and the Collector one in place of `${env:NAME}`, so there is no `$`.
 */
export const serviceName = {
  // No class of Unicode: editors read it without the flag that those need.
  pattern: /^[^$\s]{1,200}$/,
  rule: "must be a service.name of 1 to 200 characters, without blanks and $",
} as const;

/** Name of a Pulumi project or stack (github.com/pulumi/pulumi, sdk/go/common/tokens, ParseStackName). */
export const pulumiName = {
  pattern: /^[A-Za-z0-9_.-]{1,100}$/,
  rule: "must be 1 to 100 letters, digits, hyphens, underscores and dots",
} as const;

const hostPart = "([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])";
const registryHost = `(${hostPart}(\\.${hostPart})*|\\[[A-Fa-f0-9:]+\\])(:\\d+)?`;
const component = "[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*";
const tag = ":\\w[\\w.-]{0,127}";
const digest = "@(sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})";

/** What Docker takes for a registry at the beginning of a name: it has a dot, a port or a capital letter in it, or is localhost. */
const looksLikeRegistry = "(localhost/|(?=[^/]*[.:A-Z])[^/]*/)";
const repository = `((?=${looksLikeRegistry})${registryHost}/|(?!${looksLikeRegistry}))${component}(/${component})*`;

const change = "name the version that you mean, for example grafana/loki:3.7.8";

/**
 * A complete reference of an image, with a registry or without: the grammar of github.com/distribution/reference, with
 * which Docker and the kubelet read one, and the digests of github.com/opencontainers/go-digest. Without tag and digest
 * Docker takes `latest`, which is another image every month.
 */
export const imageReference = {
  pattern: new RegExp(`^${repository}(${tag}(${digest})?|${digest})$`),
  rule: "must be an image with a tag (`repository:tag`), a digest (`repository@sha256:…`) or both",
  change,
  also: [
    {
      holds: (reference) => completeName(reference).length <= 255,
      rule: "must have a name of at most 255 characters, registry included",
      change: "use a shorter one",
    },
    {
      holds: (reference) => URL.canParse(`http://${completeName(reference).split("/")[0] ?? ""}/`),
      rule: "must name a registry that can be: a host name or an address, with a port up to 65535 if need be",
      change: "correct what is before the first /",
    },
  ],
} as const satisfies TextRule;

/** A reference that has a tag and no digest, so that a digest can be put behind it. */
export const taggedReference = {
  pattern: new RegExp(`^${repository}${tag}$`),
  rule: "must be an image with a tag and without a digest (`repository:tag`)",
} as const;

/** Whether a text is an {@link imageReference}. */
export function isImageReference(reference: string): boolean {
  return fits(imageReference, reference);
}

/** Registry and path of an image's reference as Docker completes them, without tag and digest. */
function completeName(reference: string): string {
  const name = reference.replace(/@.*$/, "").replace(/:[^/:\]]*$/, "");
  if (new RegExp(`^${looksLikeRegistry}`).test(name)) return name;
  return `docker.io/${name.includes("/") ? "" : "library/"}${name}`;
}

/** The longest name that is put behind a registry: of the table of images, or built here behind the stack's name and nine characters. */
const longestBehindRegistry = "a".repeat(119);

const registryRule = {
  rule: "must be a registry without a scheme, and a path in it if need be",
  change: "write for example registry.example.com/mirror",
} as const;

/** A registry with a path or without, to be put in front of a repository, or nothing. */
export const imageRegistry = {
  ...registryRule,
  pattern: /^\S*$/,
  also: [
    { ...registryRule, holds: (registry) => registry === "" || isImageReference(`${registryPrefix(registry)}a:1`) },
    {
      holds: (registry) => registry === "" || isImageReference(`${registryPrefix(registry)}${longestBehindRegistry}:1`),
      rule: `must leave ${longestBehindRegistry.length} of 255 characters for the name of an image`,
      change: "use a shorter one",
    },
  ],
} as const satisfies TextRule;

/** A registry as it stands before a repository; an empty one is nothing. */
export function registryPrefix(registry: string): string {
  return registry === "" ? "" : `${registry.replace(/\/+$/, "")}/`;
}

const daemonHost = "([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\\[[A-Fa-f0-9:.]+\\])(:\\d+)?";

/**
 * Address of a Docker daemon (docs.docker.com/reference/cli/docker, -H). User and host begin with a letter or digit: ssh
 * would take a hyphen for an option of its own, and `-oProxyCommand=…` runs a command.
 */
export const dockerHost = {
  pattern: new RegExp(
    `^(unix:///\\S+|npipe:////?\\S+|(tcp|https?)://${daemonHost}(/\\S*)?|ssh://([A-Za-z0-9_][\\w.+-]*@)?${daemonHost}(/\\S*)?)$`,
  ),
  rule: "must be the address of a Docker daemon",
  change: "write for example unix:///var/run/docker.sock or ssh://user@host, or leave it out",
  also: [
    {
      // The longest that a socket's address holds (unix(7), sun_path, with the NUL at its end).
      holds: (host) => !host.startsWith("unix://") || Buffer.byteLength(host.slice("unix://".length)) <= 107,
      rule: "must be the path of a socket, of at most 107 bytes",
      change: "use a shorter one",
    },
    {
      holds: (host) => !/^(tcp|https?|ssh):/.test(host) || URL.canParse(host.replace(/^\w+:/, "http:")),
      rule: "must have a host that can be, with a port up to 65535 if need be",
      change: "correct the host or its port",
    },
  ],
} as const satisfies TextRule;

/** A secret: the name of its file in a container. The stack's own ones begin with `grafana-`. */
export const nameOfSecret = {
  pattern: /^(?!grafana-)[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
  rule: "must have a name of at most 63 lower-case letters, digits and inner hyphens, a letter first, and not grafana- at its beginning",
  change: "rename it",
} as const;

/** The name of an environment variable, as every shell takes it. */
export const variableName = {
  pattern: /^[A-Za-z_]\w{0,254}$/,
  rule: "must be a name for a variable (letters, digits and _, no digit first)",
  change: "give it such a name",
} as const;

/** How long a secret may be, in characters. */
export const secretLength: Range = { least: 1, most: 65536 };

/** What the text of a secret has to be. */
export const secretText: readonly [FurtherRule, ...FurtherRule[]] = [
  {
    holds: (text) => text.length >= secretLength.least && text.length <= secretLength.most,
    rule: "must be text of 1 to 65536 characters",
    change: "set one that fits",
  },
  {
    holds: (text) => text.isWellFormed() && !text.includes("\0"),
    rule: "must be text without NUL and unpaired surrogates",
    change: "encode it, for example as base64",
  },
];

/** Most of all secrets together, in KiB: what a Secret of Kubernetes holds, with room for its names. */
export const secretsTogether = {
  mostKib: 900,
  rule: "must hold at most 900 KiB in all, which is what Kubernetes takes",
};

/** The absolute path of a directory in a container that a shell, Docker and Kubernetes read alike. */
export const directoryPath = {
  pattern: /^(?!\/(tmp|proc|sys|dev)(\/|$))(\/(?!\.{1,2}(\/|$))[\w.@+-]{1,255})+$/,
  rule: "must be the absolute path of a directory of letters, digits, _, ., @, + and -, without . and .., and not in /tmp, /proc, /sys and /dev",
  change: "write for example /var/lib/checkout",
} as const satisfies TextRule;

/** The absolute path of a file in a container, and not in the directory that is empty at each start. */
export const filePath: FurtherRule = {
  holds: (path) => /^(\/(?!\.{1,2}(\/|$))[^\s/:\p{C}]+)+$/u.test(path) && !path.startsWith("/tmp/"),
  rule: "must be the absolute path of a file, without blanks, colons, . and .., and not in /tmp",
  change: "write for example /etc/checkout/rules.json",
};

/** An identifier in Grafana, which is part of addresses (github.com/grafana/grafana, pkg/util/shortid_generator.go). */
export const grafanaUid = {
  pattern: /^[A-Za-z0-9_-]{1,40}$/,
  rule: "must be 1 to 40 letters, digits, hyphens and underscores",
} as const;

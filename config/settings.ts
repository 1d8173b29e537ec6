import type { z } from "zod";
import { choice, flag, group, hostPort, memoryMib, secretTexts, text, wholeNumber } from "./fields.ts";
import { noFolders, type ReadFolder } from "./grafana/own-dashboards.ts";
import { resolveImages, type Images } from "./images.ts";
import { kubernetesSettingsSchema, usualCpuRequestMillicores, type KubernetesSettings } from "./kubernetes.ts";
import { isRecord, parseWith } from "./parse.ts";
import { exportersOf } from "./parts/exporters.ts";
import { forEachPart, forEachPort, ownSettings, partList, parts } from "./parts/parts.ts";
import { duplicates, problem, type Problem } from "./problem.ts";
import { ownCodeProblems } from "./own-code.ts";
import { dockerHost, imageReference, imageRegistry, namePrefix, orEmpty } from "./rules.ts";

/** Platforms that Node.js' own image is made for, and so the services'. */
const buildPlatforms = ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/ppc64le", "linux/s390x"] as const;

/** Everything a user can set about the stack itself. The example services have their own settings (example-services.ts). */
export const stackSettingsSchema = group({
  target: choice(["docker", "kubernetes"])
    .default("docker")
    .describe("Where the stack runs. Fixed for the life of a Pulumi stack."),
  name: text({ ...namePrefix, pattern: orEmpty(namePrefix.pattern), change: "set one that fits, for example shop-dev" })
    .default("")
    .describe(
      "Prefix of every container, volume and network, and the namespace. Empty: the Pulumi project and stack, `observability-dev`.",
    ),
  observability: flag()
    .default(true)
    .describe("`false` runs the services alone: no backends, no endpoint injected, logs on stdout only. Data is kept."),
  retentionHours: wholeNumber({
    least: 24,
    most: 100 * 365 * 24,
    unit: "hours",
    because: "a day to 100 years, which all three stores can keep",
    change: "set at least 24, for example 720 for 30 days",
  })
    .default(720)
    .describe("How long logs, metrics and traces are kept, in hours."),
  serviceNamespace: text({ ...namePrefix, change: "set one that fits, for example shop" })
    .default("apps")
    .describe("`service.namespace` of the instrumented services, and the prefix of their `service.name`."),
  environment: text({
    pattern: /^.{0,100}$/u,
    rule: "must be one line of at most 100 characters",
    change: "set a short name, for example production",
  })
    .default("")
    .describe("`deployment.environment.name` of the instrumented services. Empty: the Pulumi stack's name."),
  imageRegistry: text(imageRegistry)
    .default("")
    .describe(
      "Registry (and path) put in front of every image that is not overridden, in place of the image's own registry.",
    ),
  images: group({
    ...forEachPart(() => text(imageReference).optional()),
    node: text(imageReference).optional(),
  })
    .prefault({})
    .describe("Complete references that replace the images of single parts, or Node.js's."),
  ports: group(forEachPort(({ port }) => hostPort(port)))
    .prefault({})
    .describe("Ports on 127.0.0.1."),
  memoryMib: group(forEachPart(({ title, memoryMib: { least, usual } }) => memoryMib(title, least, usual)))
    .prefault({})
    .describe(
      "Memory limit of each container in MiB; GOMEMLIMIT, the memory_limiter and the WAL ceiling follow from it.",
    ),
  ...ownSettings,
  secrets: secretTexts()
    .default({})
    .describe("Secrets by name, for what you add to the configuration, see docs/own-code.md. Never shown."),
  docker: group({
    host: text(dockerHost).optional(),
    buildPlatform: choice(buildPlatforms).optional(),
  })
    .prefault({})
    .describe(
      "`host`: address of the Docker daemon. Default: DOCKER_HOST, else the docker command's current context. `buildPlatform`: platform of the images that are built here, for example `linux/amd64`. Default: the daemon's own.",
    ),
  kubernetes: kubernetesSettingsSchema
    .prefault({})
    .describe("The cluster, for the target `kubernetes`. See docs/kubernetes.md."),
});

/** What a user writes: every field may be left out. */
export type StackSettingsInput = z.input<typeof stackSettingsSchema>;

/** Complete settings: validated, defaults filled in, images resolved. */
export interface StackSettings extends Omit<z.output<typeof stackSettingsSchema>, "images"> {
  readonly images: Images;
}

/** The names of the Pulumi project and stack, from which two defaults come. */
export interface StackIdentity {
  readonly project: string;
  readonly stack: string;
}

/**
 * Validates what the user wrote and fills in the defaults.
 *
 * @param readFolder reads the folder of the setting `grafana.dashboards`, which is refused without
 * @throws Error with every problem, one a line: `<path>: <rule>, got <value>; <what to change>`.
 */
export function parseSettings(
  input: unknown,
  identity: StackIdentity,
  readFolder: ReadFolder = noFolders,
): StackSettings {
  return completeSettings(
    parseWith(
      stackSettingsSchema,
      input,
      (given) => [
        ...equalPorts(stackPorts(given)),
        ...stackNameProblems(given),
        ...kubernetesProblems(given),
        ...ownCodeProblems(given, readFolder),
      ],
      (given) => withDerivedDefaults(given, identity),
    ),
  );
}

/** Settings that have passed the schema, with the image of each part. */
export function completeSettings(valid: z.output<typeof stackSettingsSchema>): StackSettings {
  const { images, kubernetes, ...rest } = valid;
  return {
    ...rest,
    images: resolveImages(rest.imageRegistry, images),
    kubernetes: { ...kubernetes, namespace: kubernetes.namespace === "" ? rest.name : kubernetes.namespace },
  };
}

/** Names that Docker has networks of its own by, and refuses to make one by (github.com/moby/moby, daemon/network.go). */
const dockerNetworks: readonly unknown[] = ["default", "bridge", "host", "none"];

/** The problem of a name that the place where the stack runs has for something else. */
export function stackNameProblems(input: unknown): readonly Problem[] {
  if (!isRecord(input)) return [];
  const { name, target } = input;
  const change = "set another, for example shop-dev";
  if (target === "kubernetes") {
    // The ServiceAccount of the stack has its name, and the Collector has one of its own.
    if (name !== parts.otelCollector.host) return [];
    return [problem("name", "must not be the name of a part of the stack that has rights of its own", name, change)];
  }
  if (!dockerNetworks.includes(name)) return [];
  return [
    problem("name", `must not be the name of a network of Docker's own (${dockerNetworks.join(", ")})`, name, change),
  ];
}

/** What is wrong with the settings of a stack on Kubernetes, beyond each field on its own. */
export function kubernetesProblems(input: unknown): readonly Problem[] {
  if (!isRecord(input) || input["target"] !== "kubernetes") return [];
  const { kubernetes = {}, otelCollector = {} } = input;
  const cluster = stackSettingsSchema.shape.kubernetes.safeParse(kubernetes).data;
  if (cluster === undefined) return [];
  const context =
    cluster.context === ""
      ? [
          problem(
            "kubernetes.context",
            "must be set with the target kubernetes, so that nothing is deployed by accident",
            cluster.context,
            "name one of `kubectl config get-contexts`",
          ),
        ]
      : [];
  const queueMib = stackSettingsSchema.shape.otelCollector.safeParse(otelCollector).data?.queueMib ?? 0;
  const neededGib = Math.ceil((queueMib * queues * fileTenths) / 10 / 1024);
  const { otelCollector: roomGib } = cluster.storageGib;
  const room =
    roomGib >= neededGib
      ? []
      : [
          problem(
            "kubernetes.storageGib.otelCollector",
            `must hold the ${queues} queues of otelCollector.queueMib (${queueMib}) and a tenth on top`,
            roomGib,
            `set at least ${neededGib}, or a smaller queue`,
          ),
        ];
  return [...context, ...room, ...ingressProblems(cluster.ingress), ...processorProblems(cluster.resources)];
}

/** An address for others without TLS is what nobody asks for by leaving a line out. */
function ingressProblems({ host, tlsSecretName, insecure }: KubernetesSettings["ingress"]): readonly Problem[] {
  if (host === "" || tlsSecretName !== undefined || insecure) return [];
  const rule = "must be set with a host, or the password of Grafana travels readable";
  const change = "name a secret of the type kubernetes.io/tls, or set kubernetes.ingress.insecure to true";
  return [problem("kubernetes.ingress.tlsSecretName", rule, "", change)];
}

/** No pod may ask for more than its limit. */
function processorProblems(resources: KubernetesSettings["resources"]): readonly Problem[] {
  return Object.entries(resources).flatMap(([name, { cpuRequestMillicores, cpuLimitMillicores }]) => {
    const request = cpuRequestMillicores ?? usualCpuRequestMillicores;
    if (cpuLimitMillicores === undefined || cpuLimitMillicores >= request) return [];
    const rule = `must be at least cpuRequestMillicores (${request})`;
    const path = `kubernetes.resources.${name}.cpuLimitMillicores`;
    return [problem(path, rule, cpuLimitMillicores, `set at least ${request}, or ask for less`)];
  });
}

/** One for each part that stores something. */
const queues = exportersOf(partList).length;

/**
 * Size of a queue's file against what is in it, in tenths, since with a fraction 363 GiB would be a little more: pages that
 * are not full, and the copy that a compaction makes of the rest.
 */
const fileTenths = 11;

/**
 * The input with what follows from Pulumi's project and stack where the user set nothing. Done before the validation: a
 * long stack may give a name that breaks the rules.
 */
export function withDerivedDefaults(input: unknown, { project, stack }: StackIdentity): unknown {
  if (!isRecord(input)) return input;
  const { name = "", environment = "" } = input;
  return {
    ...input,
    name: name === "" ? `${project}-${stack}`.toLowerCase().replace(/[^a-z0-9-]+/g, "-") : name,
    environment: environment === "" ? stack : environment,
  };
}

/** A port on the user's machine and the setting that it comes from. */
export interface UsedPort {
  readonly path: string;
  readonly port: number;
  /** Whether it is the default. */
  readonly isUsual: boolean;
}

/** The ports of the stack on the user's machine, as far as each of them is one. */
export function stackPorts(input: unknown): readonly UsedPort[] {
  const { ports = {} } = isRecord(input) ? input : {};
  if (!isRecord(ports)) return [];
  const { shape } = stackSettingsSchema.shape.ports.unwrap();
  return Object.entries(shape).flatMap(([name, field]) => usedPort(`ports.${name}`, field, ports[name]));
}

/** The port that a setting stands for; none if it breaks the rules of its field, which is reported there. */
export function usedPort(path: string, field: z.ZodType<number>, value: unknown): readonly UsedPort[] {
  const { data: port } = field.safeParse(value);
  return port === undefined ? [] : [{ path, port, isUsual: port === field.safeParse(undefined).data }];
}

/**
 * The ports that are used twice, which Docker would find out half-way through a deployment. Reported is the one that is
 * not a default: the other is not in the user's file.
 */
export function equalPorts(ports: readonly UsedPort[]): readonly Problem[] {
  const ordered = [...ports.filter(({ isUsual }) => isUsual), ...ports.filter(({ isUsual }) => !isUsual)];
  return duplicates(
    ordered.map(({ path, port }) => [path, port]),
    "choose another port for one of the two",
  );
}

/**
 * The part of Pulumi's configuration that belongs to this project as one object: `observability:ports` with its JSON
 * text becomes `ports: {…}`. Text that a setting takes as it stands stays text, an environment `2024` for instance, and
 * so does text that is not JSON; a list or a group is never text. An empty text is no setting: Pulumi makes it of a key
 * with nothing behind it.
 */
export function settingsFromPulumiConfig(
  config: Readonly<Record<string, string>>,
  project: string,
  fields: Readonly<Record<string, z.ZodType>>,
): Record<string, unknown> {
  const prefix = `${project}:`;
  const mine = Object.entries(config).filter(([key, text]) => key.startsWith(prefix) && text !== "");
  return Object.fromEntries(
    mine.map(([key, text]) => {
      const name = key.slice(prefix.length);
      const value = jsonOrText(text);
      const isText =
        (typeof value !== "object" || value === null) &&
        Object.hasOwn(fields, name) &&
        fields[name]?.safeParse(text).success === true;
      return [name, isText ? text : value];
    }),
  );
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

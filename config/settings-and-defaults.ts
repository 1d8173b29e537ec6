import type { z } from "zod";
import { choice, flag, group, hostPort, memoryMib, secretTexts, text, wholeNumber } from "./fields.ts";
import type { Images, InstrumentImages } from "./resolve-images.ts";
import { alertsSchema, objectivesSchema } from "./grafana/alerting/settings.ts";
import { expectedSchema } from "./expected-settings.ts";
import { kubernetesSettingsSchema } from "./kubernetes-settings.ts";
import { isRecord } from "./parse.ts";
import { forEachPart, forEachPort, partSettings } from "./parts/parts.ts";
import { dockerHost, imageReference, imageRegistry, namePrefix, orEmpty } from "./rules.ts";

/** Platforms that Node.js' own image is made for, and so the services'. */
const buildPlatforms = ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/ppc64le", "linux/s390x"] as const;

/** Everything a user can set about the stack itself. The example services have their own settings (example-services.ts). */
export const stackSettingsSchema = group({
  target: choice(["docker", "kubernetes"])
    .default("docker")
    .describe("Where the stack runs. Fixed for the life of a Pulumi stack."),
  name: text({ ...orEmpty(namePrefix), change: "set one that fits, for example shop-dev" })
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
    instrumentPython: text(imageReference).optional(),
    instrumentJava: text(imageReference).optional(),
  })
    .prefault({})
    .describe(
      'Complete references that replace the images of single parts, Node.js\'s, or those that services with `instrument: "python"` or `"java"` copy from.',
    ),
  ports: group(forEachPort(({ port }) => hostPort(port)))
    .prefault({})
    .describe("Ports on 127.0.0.1."),
  memoryMib: group(forEachPart(({ title, memoryMib: limit }) => memoryMib(title, limit.minimum, limit.default)))
    .prefault({})
    .describe(
      "Memory limit of each container in MiB; GOMEMLIMIT, the memory_limiter and the WAL ceiling follow from it.",
    ),
  expected: expectedSchema,
  ...partSettings,
  objectives: objectivesSchema
    .prefault({})
    .describe(
      "What services promise: alerts fire when too much of what may fail is used up. `availabilityPercent` of their requests and messages succeed, `latencyPercent` of their requests take `latencySeconds` at most (0 for no promise), and none is silent for `silenceMinutes` (0 for any time). `services`: what differs, by `service.name`. See docs/alerts.md.",
    ),
  alerts: alertsSchema
    .prefault({})
    .describe(
      "Whom alerts reach. `contactPoints`: e-mail, webhook, Slack or PagerDuty, each for all alerts or some `severities`. `smtp`: the mail server. `mute`: when nobody is told. See docs/alerts.md.",
    ),
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
  readonly images: Images & InstrumentImages;
}

/** The names of the Pulumi project and stack, from which two defaults come. */
export interface StackIdentity {
  readonly project: string;
  readonly stack: string;
  /** Whether the program has a cluster of its own to deploy to, so that no setting has to name one. @default false */
  readonly hasCluster?: boolean;
}

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

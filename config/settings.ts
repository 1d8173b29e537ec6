import { z } from "zod";
import { resolveImages, type Images } from "./images.ts";

const dnsLabel = z
  .string()
  .max(40, "must have at most 40 characters")
  .regex(
    /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
    "must be lower-case letters, digits and inner hyphens, starting with a letter",
  );

const port = z.int("must be a whole number").min(1, "must be at least 1").max(65535, "must be at most 65535");
const memoryMib = (floor: number): z.ZodInt =>
  z.int("must be a whole number of MiB").min(floor, `must be at least ${floor} MiB, less cannot hold the process`);
const imageReference = z
  .string()
  .regex(
    /^[^\s@]+(:[\w][\w.-]*|@sha256:[a-f0-9]{64})$/,
    "must name a tag (`repository:tag`) or a digest (`repository@sha256:…`)",
  );

function refuseEqualPorts(given: Readonly<Record<string, number>>, context: z.RefinementCtx): void {
  const owners = new Map<number, string>();
  for (const [name, number] of Object.entries(given)) {
    const other = owners.get(number);
    if (other === undefined) owners.set(number, name);
    else
      context.addIssue({
        code: "custom",
        path: [name],
        message: `must differ from ports.${other}, which is ${number}`,
      });
  }
}

/** Everything a user can set about the stack itself. The example services have their own settings (example-services.ts). */
export const stackSettingsSchema = z.strictObject({
  target: z.enum(["docker"]).default("docker").describe("Where the stack runs. Fixed for the life of a Pulumi stack."),
  name: dnsLabel
    .optional()
    .describe(
      "Prefix of every container, volume and network. Default: the Pulumi project and stack, `observability-dev`.",
    ),
  observability: z
    .boolean()
    .default(true)
    .describe("`false` runs the services alone: no backends, no endpoint injected, logs on stdout only. Data is kept."),
  retentionHours: z
    .int("must be a whole number of hours")
    .min(24, "must be at least 24, the shortest period all three stores can keep")
    .default(720)
    .describe("How long logs, metrics and traces are kept, in hours."),
  serviceNamespace: dnsLabel
    .default("apps")
    .describe("`service.namespace` of the instrumented services, and the prefix of their `service.name`."),
  environment: z
    .string()
    .min(1, "must not be empty")
    .optional()
    .describe("`deployment.environment.name` of the instrumented services. Default: the Pulumi stack's name."),
  imageRegistry: z
    .string()
    .default("")
    .describe("Registry (and path) put in front of every image that is not overridden."),
  images: z
    .strictObject({
      loki: imageReference.optional(),
      victoriaMetrics: imageReference.optional(),
      jaeger: imageReference.optional(),
      otelCollector: imageReference.optional(),
      grafana: imageReference.optional(),
      node: imageReference.optional(),
    })
    .prefault({})
    .describe("Complete references that replace single images of the table in config/images.ts."),
  ports: z
    .strictObject({
      grafana: port.default(3000),
      loki: port.default(3100),
      otlpGrpc: port.default(4317),
      otlpHttp: port.default(4318),
      jaeger: port.default(16686),
      victoriaMetrics: port.default(8428),
    })
    .superRefine(refuseEqualPorts)
    .prefault({})
    .describe("Ports on 127.0.0.1."),
  memoryMib: z
    .strictObject({
      loki: memoryMib(128).default(256),
      victoriaMetrics: memoryMib(96).default(256),
      jaeger: memoryMib(256).default(512),
      otelCollector: memoryMib(96).default(256),
      grafana: memoryMib(128).default(384),
    })
    .prefault({})
    .describe(
      "Memory limit of each container in MiB; GOMEMLIMIT, the memory_limiter and the WAL ceiling follow from it.",
    ),
  loki: z
    .strictObject({
      compactionIntervalSeconds: z.int().min(1).default(600),
      retentionDeleteDelaySeconds: z.int().min(1).default(7200),
    })
    .prefault({})
    .describe(
      "How often Loki's compactor looks for expired chunks, and how long it waits before it deletes their files.",
    ),
  otelCollector: z
    .strictObject({ queueMib: z.int().min(16, "must be at least 16 MiB").default(512) })
    .prefault({})
    .describe("Room on disk for what a backend that is away has not taken yet, per backend."),
  grafana: z
    .strictObject({ adminUser: z.string().min(1).default("admin") })
    .prefault({})
    .describe("Grafana's first user."),
  docker: z
    .strictObject({ host: z.string().optional() })
    .prefault({})
    .describe("Address of the Docker daemon. Default: DOCKER_HOST, else the docker command's current context."),
});

/** What a user writes: every field may be left out. */
export type StackSettingsInput = z.input<typeof stackSettingsSchema>;

/** Complete settings: validated, defaults filled in, images resolved. */
export interface StackSettings extends Omit<z.output<typeof stackSettingsSchema>, "images" | "imageRegistry"> {
  readonly name: string;
  readonly environment: string;
  readonly images: Images;
}

/** The names of the Pulumi project and stack, from which two defaults come. */
export interface StackIdentity {
  readonly project: string;
  readonly stack: string;
}

/** Completes settings that have passed the schema. */
export function completeSettings(valid: z.output<typeof stackSettingsSchema>, identity: StackIdentity): StackSettings {
  const { images, imageRegistry, ...rest } = valid;
  return {
    ...rest,
    name: valid.name ?? `${identity.project}-${identity.stack}`.toLowerCase().replace(/[^a-z0-9-]+/g, "-"),
    environment: valid.environment ?? identity.stack,
    images: resolveImages(imageRegistry, images),
  };
}

/**
 * Validates what the user wrote and fills in the defaults.
 *
 * @throws Error that lists every problem, one a line: `<path>: <rule>, got <value>`.
 */
export function parseSettings(input: unknown, identity: StackIdentity): StackSettings {
  return completeSettings(parseWith(stackSettingsSchema, input), identity);
}

/**
 * Runs a schema and reports all problems together.
 *
 * @throws Error with one line a problem.
 */
export function parseWith<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const path = issue.path.join(".") || "settings";
    return `  ${path}: ${issue.message}${got(input, issue.path)}`;
  });
  throw new Error(`the configuration has ${lines.length} problem(s), nothing was changed:\n${lines.join("\n")}`);
}

function got(input: unknown, path: readonly PropertyKey[]): string {
  let value: unknown = input;
  for (const key of path) value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  return value === undefined || path.length === 0 ? "" : `, got ${JSON.stringify(value)}`;
}

/**
 * The part of Pulumi's configuration that belongs to this project as one object: `observability:ports` with its JSON
 * text becomes `ports: {…}`. Text that is not JSON stays text.
 */
export function settingsFromPulumiConfig(
  config: Readonly<Record<string, string>>,
  project: string,
): Record<string, unknown> {
  const mine = Object.entries(config).filter(([key]) => key.startsWith(`${project}:`));
  return Object.fromEntries(mine.map(([key, text]) => [key.slice(project.length + 1), jsonOrText(text)]));
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

import { z } from "zod";
import { ports } from "./names.ts";
import {
  completeSettings,
  parseWith,
  settingsFromPulumiConfig,
  stackSettingsSchema,
  type StackIdentity,
  type StackSettings,
} from "./settings.ts";

/** The seven services of the example, in the order in which an execution passes them. */
export const exampleServiceNames = [
  "backend",
  "saga-orchestrator",
  "k8s-worker",
  "pod-monitor",
  "result-processor",
  "event-replay",
  "dlq-processor",
] as const;

export type ExampleServiceName = (typeof exampleServiceNames)[number];

const serviceOverride = z.strictObject({
  env: z.record(z.string().regex(/^[A-Za-z_]\w*$/, "must be a name for a variable"), z.string()).default({}),
  replicas: z.int("must be a whole number").min(1, "must be at least 1").default(1),
});

const exampleSchema = z.strictObject({
  exampleServices: z.boolean().default(true).describe("`false` deploys the stack without the seven example services."),
  apiPort: z
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .max(65535, "must be at most 65535")
    .default(8080)
    .describe("Port of the example's HTTP API on 127.0.0.1."),
  load: z
    .strictObject({
      enabled: z.boolean().default(true),
      requestsPerSecond: z
        .number()
        .positive("must be more than 0; `load.enabled: false` turns the load off")
        .default(2),
    })
    .prefault({})
    .describe("The load generator that keeps the example alive."),
  services: z
    .partialRecord(z.enum(exampleServiceNames), serviceOverride)
    .default({})
    .describe("Environment and number of instances of single example services."),
});

/** Everything a user can set in the Pulumi configuration of the program at the top of the repository. */
export const programSettingsSchema = z.strictObject({ ...stackSettingsSchema.shape, ...exampleSchema.shape });

/** What a user can set about the example. */
export type ExampleSettings = z.output<typeof exampleSchema>;

/** Everything that the program at the top of the repository needs. */
export interface ProgramSettings {
  readonly stack: StackSettings;
  readonly example: ExampleSettings;
}

/**
 * Reads and validates the whole Pulumi configuration of a program.
 *
 * @throws Error that lists every problem, one a line.
 */
export function programSettings(config: Readonly<Record<string, string>>, identity: StackIdentity): ProgramSettings {
  const { exampleServices, apiPort, load, services, ...stack } = parseWith(
    programSettingsSchema,
    settingsFromPulumiConfig(config, identity.project),
  );
  return { stack: completeSettings(stack, identity), example: { exampleServices, apiPort, load, services } };
}

/** One container of the example, in the terms of `InstrumentedServiceArgs`. */
export interface ExampleService {
  readonly name: string;
  readonly build: { readonly context: string; readonly args: Readonly<Record<string, string>> };
  readonly command: readonly string[];
  readonly version: string;
  readonly telemetry: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly hostPort?: number }[];
  readonly healthCheck?: { readonly port: number; readonly path: string; readonly command: readonly string[] };
}

/** The seven services and the load generator, all from the image that `folder` builds. */
export function exampleServices({ stack, example }: ProgramSettings, folder: string): readonly ExampleService[] {
  if (!example.exampleServices) return [];
  const common = { build: { context: folder, args: { NODE_IMAGE: stack.images.node } }, version: "0.1.0" };
  const services = exampleServiceNames.map((name) => ({
    ...common,
    name,
    command: [name],
    telemetry: true,
    env: example.services[name]?.env ?? {},
    replicas: example.services[name]?.replicas ?? 1,
    ports: [{ name: "http", port: ports.serviceHttp, ...(name === "backend" ? { hostPort: example.apiPort } : {}) }],
    healthCheck: {
      port: ports.serviceHttp,
      path: "/healthz",
      command: ["node", "-e", healthScript],
    },
  }));
  if (!example.load.enabled) return services;
  // It asks, it does not answer: nothing to instrument.
  const load = {
    ...common,
    name: "load-generator",
    command: ["load-generator"],
    telemetry: false,
    env: { REQUESTS_PER_SECOND: String(example.load.requestsPerSecond) },
    replicas: 1,
    ports: [],
  };
  return [...services, load];
}

const healthScript = `fetch("http://127.0.0.1:${ports.serviceHttp}/healthz").then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))`;

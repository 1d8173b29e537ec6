import type { z } from "zod";
import { flag, group, hostPort, number } from "./fields.ts";
import { imageDelivery } from "./kubernetes.ts";
import { noFolders, type ReadFolder } from "./grafana/own-dashboards.ts";
import { ownCodeProblems } from "./own-code.ts";
import { isRecord, parseWith } from "./parse.ts";
import { hiddenProblem, nearMatch, problem, type Problem } from "./problem.ts";
import { injectedVariableProblems, serviceArgsSchema, serviceDefaults, type ServiceInput } from "./service-args.ts";
import {
  completeSettings,
  equalPorts,
  kubernetesProblems,
  settingsFromPulumiConfig,
  stackNameProblems,
  stackPorts,
  stackSettingsSchema,
  usedPort,
  withDerivedDefaults,
  type StackIdentity,
  type StackSettings,
  type UsedPort,
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

const serviceOverride = group({
  env: serviceArgsSchema.shape.env,
  replicas: serviceArgsSchema.shape.replicas,
}).optional();

const exampleSchema = group({
  exampleServices: flag().default(true).describe("`false` deploys the stack without the seven example services."),
  apiPort: hostPort(8080).describe("Port of the example's HTTP API on 127.0.0.1."),
  load: group({
    enabled: flag().default(true),
    // What the generator itself takes.
    requestsPerSecond: number(0.001, 1000, "set for example 2; `load.enabled: false` turns the load off").default(2),
  })
    .prefault({})
    .describe("The load generator that keeps the example alive."),
  services: group({
    backend: serviceOverride,
    "saga-orchestrator": serviceOverride,
    "k8s-worker": serviceOverride,
    "pod-monitor": serviceOverride,
    "result-processor": serviceOverride,
    "event-replay": serviceOverride,
    "dlq-processor": serviceOverride,
  } satisfies Record<ExampleServiceName, typeof serviceOverride>)
    .prefault({})
    .describe("Environment and number of instances of single example services."),
});

/** Everything a user can set in the Pulumi configuration of the program at the top of the repository. */
export const programSettingsSchema = group({ ...stackSettingsSchema.shape, ...exampleSchema.shape });

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
 * @param readFolder reads the folder of the setting `grafana.dashboards`, which is refused without
 * @throws Error with every problem, one a line: `<path>: <rule>, got <value>; <what to change>`.
 */
export function programSettings(
  config: Readonly<Record<string, string>>,
  identity: StackIdentity,
  readFolder: ReadFolder = noFolders,
): ProgramSettings {
  const { exampleServices, apiPort, load, services, ...stack } = parseWith(
    programSettingsSchema,
    settingsFromPulumiConfig(config, identity.project, programSettingsSchema.shape),
    (given) => [
      ...equalPorts([...stackPorts(given), ...examplePorts(given)]),
      ...stackNameProblems(given),
      ...kubernetesProblems(given),
      ...deliveryProblems(given),
      ...serviceProblems(given),
      ...ownCodeProblems(given, readFolder),
      ...projectNameProblems(Object.keys(config), identity.project),
    ],
    (given) => withDerivedDefaults(given, identity),
  );
  return { stack: completeSettings(stack), example: { exampleServices, apiPort, load, services } };
}

/** A key that begins with nearly the project's name; others are settings of Pulumi's providers, such as `docker:host`. */
function projectNameProblems(keys: readonly string[], project: string): readonly Problem[] {
  return keys.flatMap((key) => {
    const [namespace = "", ...name] = key.split(":");
    if (namespace === project || nearMatch(namespace, [project]) === undefined) return [];
    const change = `did you mean ${project}:${name.join(":")}?`;
    return [hiddenProblem(key, `is no setting of this project, whose settings begin with ${project}:`, change)];
  });
}

/** The example's image is built here and has to get into the cluster. */
function deliveryProblems(given: unknown): readonly Problem[] {
  if (!isRecord(given)) return [];
  const { target, kubernetes, exampleServices } = programSettingsSchema.shape;
  const cluster = kubernetes.safeParse(given["kubernetes"]).data;
  const isBuilt = exampleServices.safeParse(given["exampleServices"]).data !== false;
  if (
    target.safeParse(given["target"]).data !== "kubernetes" ||
    cluster === undefined ||
    cluster.context === "" ||
    !isBuilt
  )
    return [];
  if (imageDelivery(cluster) !== undefined) return [];
  return [
    problem(
      "kubernetes.registry",
      "must be set, or kubernetes.loadCommand: the services' image is built here and has to get into the cluster",
      cluster.registry,
      "name a registry that you may push to, or set exampleServices to false",
    ),
  ];
}

/** Every service's own variables that would fight what the stack injects, as far as they are variables. */
function serviceProblems(given: unknown): readonly Problem[] {
  if (!isRecord(given)) return [];
  const { observability, exampleServices, services } = given;
  if (observability === false || exampleServices === false || !isRecord(services)) return [];
  return exampleServiceNames.flatMap((name) => {
    const override = services[name];
    const { data: env = {} } = serviceArgsSchema.shape.env.safeParse(isRecord(override) ? override["env"] : {});
    return injectedVariableProblems(`services.${name}.env`, env);
  });
}

function examplePorts(given: unknown): readonly UsedPort[] {
  if (!isRecord(given)) return [];
  const { exampleServices, apiPort } = exampleSchema.shape;
  const isOff = exampleServices.safeParse(given["exampleServices"]).data === false;
  return isOff ? [] : usedPort("apiPort", apiPort, given["apiPort"]);
}

/** One container of the example. */
export type ExampleService = { readonly name: string } & ServiceInput &
  Required<Pick<ServiceInput, "build" | "command" | "version" | "telemetry" | "env" | "replicas" | "ports">>;

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
    ports: [{ name: "http", port: serviceDefaults.port, ...(name === "backend" ? { hostPort: example.apiPort } : {}) }],
    healthCheck: {
      port: serviceDefaults.port,
      path: "/healthz",
      // In the image's working directory; see services/healthcheck.
      command: ["node", "healthcheck.cjs"],
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

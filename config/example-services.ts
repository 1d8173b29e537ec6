import type { z } from "zod";
import { flag, group, hostPort, number } from "./fields.ts";
import { isRecord } from "./parse.ts";
import type { Problem } from "./problem.ts";
import { injectedVariableProblems, serviceArgsSchema, serviceDefaults, type ServiceInput } from "./service-args.ts";
import type { StackSettings } from "./settings-and-defaults.ts";
import { usedPort, type UsedPort } from "./used-ports.ts";

/** The services of the example, in the order in which an execution passes them. A new one is a folder in services/ and a name here. */
export const exampleServiceNames = [
  "backend",
  "saga-orchestrator",
  "k8s-worker",
  "pod-monitor",
  "result-processor",
  "event-replay",
  "dlq-processor",
] as const;

/** The one that has the example's HTTP API. */
export const apiServiceName: ExampleServiceName = "backend";

export type ExampleServiceName = (typeof exampleServiceNames)[number];

const serviceOverride = group({
  env: serviceArgsSchema.shape.env,
  replicas: serviceArgsSchema.shape.replicas,
}).optional();

/** What a user can set about the example. */
export const exampleSchema = group({
  exampleServices: flag().default(true).describe("`false` deploys the stack without the example services."),
  apiPort: hostPort(8080).describe("Port of the example's HTTP API on 127.0.0.1."),
  load: group({
    enabled: flag().default(true),
    // What the generator itself takes.
    requestsPerSecond: number(0.001, 1000, "set for example 2; `load.enabled: false` turns the load off").default(2),
  })
    .prefault({})
    .describe("The load generator that keeps the example alive."),
  services: group(
    Object.fromEntries(exampleServiceNames.map((name) => [name, serviceOverride])) as Record<
      ExampleServiceName,
      typeof serviceOverride
    >,
  )
    .prefault({})
    .describe("Environment and number of instances of single example services."),
});

/** Complete settings of the example. */
export type ExampleSettings = z.output<typeof exampleSchema>;

/** The problems of variables in `services` that would override what the stack injects. What is no variable, the schema reports. */
export function serviceProblems(given: unknown): readonly Problem[] {
  if (!isRecord(given)) return [];
  const { observability, exampleServices, services } = given;
  if (observability === false || exampleServices === false || !isRecord(services)) return [];
  return exampleServiceNames.flatMap((name) => {
    const override = services[name];
    const { data: env = {} } = serviceArgsSchema.shape.env.safeParse(isRecord(override) ? override["env"] : {});
    return injectedVariableProblems(`services.${name}.env`, env);
  });
}

/** The ports of the example on the user's machine. What is no port, the schema reports. */
export function examplePorts(given: unknown): readonly UsedPort[] {
  if (!isRecord(given)) return [];
  const { exampleServices, apiPort } = exampleSchema.shape;
  const isOff = exampleServices.safeParse(given["exampleServices"]).data === false;
  return isOff ? [] : usedPort("apiPort", apiPort, given["apiPort"]);
}

/** One container of the example. */
export type ExampleService = { readonly name: string } & ServiceInput &
  Required<Pick<ServiceInput, "build" | "command" | "version" | "telemetry" | "env" | "replicas" | "ports">>;

/** The services and the load generator, all from the image that `folder` builds. */
export function exampleServices(
  { stack, example }: { readonly stack: Pick<StackSettings, "images">; readonly example: ExampleSettings },
  folder: string,
): readonly ExampleService[] {
  if (!example.exampleServices) return [];
  const common = { build: { context: folder, args: { NODE_IMAGE: stack.images.node } }, version: "0.1.0" };
  const services = exampleServiceNames.map((name) => ({
    ...common,
    name,
    command: [name],
    telemetry: true,
    env: example.services[name]?.env ?? {},
    replicas: example.services[name]?.replicas ?? 1,
    ports: [
      { name: "http", port: serviceDefaults.port, ...(name === apiServiceName ? { hostPort: example.apiPort } : {}) },
    ],
    healthCheck: {
      port: serviceDefaults.port,
      path: "/healthz",
      // In the image's working directory; see services/healthcheck.
      command: ["node", "healthcheck.cjs"],
    },
  }));
  if (!example.load.enabled) return services;
  // It only sends requests, so there is nothing to instrument.
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

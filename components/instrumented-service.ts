import { basename, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { instanceFact, type EnvValue } from "../config/env-value.ts";
import { ports as wellKnownPorts } from "../config/names.ts";
import { otelEnv, type OtlpProtocol } from "../config/otel-env.ts";
import { problem, type Problem } from "../config/problem.ts";
import { dnsLabel } from "../config/rules.ts";
import { serviceDefaults } from "../config/service-defaults.ts";
import type { StackSettings } from "../config/settings.ts";
import type { ObservabilityStack } from "./observability-stack.ts";
import type { Platform, RunningWorkload } from "./platform/platform.ts";
import { containerPorts, outside, refuse, workloadProblems } from "./platform/workload-problems.ts";
import type { Workload, WorkloadImage } from "./platform/workload.ts";

/** A port of the service. */
export interface ServicePort {
  readonly name: string;
  readonly port: number;
  /**
   * Port on 127.0.0.1 that leads to it, from 1024 on, since the lower ones are reserved for the system.
   * @default none, the port is reachable from the other services only
   */
  readonly hostPort?: number;
}

/** A build of the service's image. */
export interface ServiceBuild {
  /** Folder sent to the builder, relative to the working directory. */
  readonly context: string;
  /** @default "Dockerfile" */
  readonly dockerfile?: string;
  /** Docker build arguments. Not for secrets: they stay readable in the image. */
  readonly args?: Readonly<Record<string, string>>;
}

/** How to tell that the service is up. */
export interface ServiceHealthCheck {
  readonly port: number;
  readonly path: string;
  /** Command inside the container that ends with 0 when the service is up; Docker has no other way to ask. */
  readonly command: readonly string[];
}

/** What an instrumented service is made from. */
export interface InstrumentedServiceArgs {
  /** The stack that it runs beside and sends its telemetry to. */
  readonly stack: ObservabilityStack;
  /** Image to run, with a tag or a digest. Either this or `build`. */
  readonly image?: string;
  /** Image to build and run. Either this or `image`. Services that name the same folder share one image. */
  readonly build?: ServiceBuild;
  /**
   * Arguments for the image's entry point.
   * @default none
   */
  readonly command?: readonly string[];
  /**
   * Environment of its own. The variables that the stack injects (config/otel-env.ts) are refused.
   * @default none
   */
  readonly env?: Readonly<Record<string, string>>;
  /** @default none */
  readonly ports?: readonly ServicePort[];
  /** @default none, the service counts as up when its process runs */
  readonly healthCheck?: ServiceHealthCheck;
  /** `service.version`. @default "0.0.0" */
  readonly version?: string;
  /** OTLP over gRPC (port 4317) or HTTP (port 4318). @default "grpc" */
  readonly protocol?: OtlpProtocol;
  /** `false` injects nothing, for a process that has nothing to say. @default true */
  readonly telemetry?: boolean;
  /** Memory limit in MiB. @default 128 */
  readonly memoryMib?: number;
  /** User and group the process runs as. @default 1000 */
  readonly userId?: number;
  /** Instances; each has its own `service.instance.id`. @default 1 */
  readonly replicas?: number;
  /** How long the process may take to flush after SIGTERM, in seconds. @default 30 */
  readonly stopGraceSeconds?: number;
}

/**
 * A service of yours, in any language, beside the stack: it is told where to send its telemetry and who it is.
 *
 * @example
 * new InstrumentedService("checkout", { stack, image: "registry.example.com/checkout:1.4.2", ports: [{ name: "http", port: 8080 }] });
 */
export class InstrumentedService extends pulumi.ComponentResource {
  /** `service.name` that its telemetry carries, `<service.namespace>-<name>`; `undefined` if nothing is injected. */
  readonly serviceName: string | undefined;
  readonly running: RunningWorkload;

  /**
   * @param name host name inside the stack: a DNS label, with `<service.namespace>-` in front at most 63 characters
   * @throws Error with every problem of the arguments, before any resource of the service is created.
   */
  constructor(name: string, args: InstrumentedServiceArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const workload = serviceWorkload(name, args, args.stack);
    super("observability:index:InstrumentedService", name, {}, opts);
    this.serviceName = telemetryName(name, args, args.stack);
    // So it also stops first, while there still is somebody to take its last lines.
    this.running = args.stack.platform.run(workload, { parent: this, dependsOn: [args.stack.collector] });
    this.registerOutputs({ serviceName: this.serviceName });
  }
}

/** What a service has to know of the stack. */
export interface ServiceEnvironment extends Pick<ObservabilityStack, "settings"> {
  /** Knows which names and ports are taken. @default nothing is taken */
  readonly platform?: Pick<Platform, "conflicts" | "instanceAttributes">;
}

/**
 * A service as a workload.
 *
 * @throws Error with every problem of the arguments, one a line: `<path>: <rule>, got <value>; <what to change>`.
 */
export function serviceWorkload(
  name: string,
  args: Omit<InstrumentedServiceArgs, "stack">,
  stack: ServiceEnvironment,
): Workload {
  const injected = injectedEnv(name, args, stack);
  const workload = describedService(name, args, injected);
  const problems = [
    ...serviceNameProblems(name, stack.settings),
    ...sourceProblems(args),
    ...envProblems(args.env ?? {}, injected),
    ...healthCheckProblems(args.healthCheck),
    ...workloadProblems(workload, 1),
    ...(stack.platform?.conflicts(workload) ?? []),
  ];
  refuse(name, problems);
  return workload;
}

function describedService(
  name: string,
  args: Omit<InstrumentedServiceArgs, "stack">,
  injected: Readonly<Record<string, EnvValue>>,
): Workload {
  const userId = args.userId ?? 1000;
  return {
    name,
    image: workloadImage(args),
    args: args.command ?? [],
    env: { ...injected, ...args.env },
    configFiles: [],
    secretFiles: [],
    check: "none",
    ports: (args.ports ?? []).map((port) => ({ ...port, hostPort: port.hostPort ?? "internal" })),
    dataVolumes: [],
    scratchPaths: ["/tmp"],
    readiness: {
      port: args.healthCheck?.port ?? args.ports?.[0]?.port ?? wellKnownPorts.serviceHttp,
      httpPath: args.healthCheck?.path ?? "none",
      selfCheck: args.healthCheck?.command ?? "none",
      intervalSeconds: 10,
      startPeriodSeconds: 30,
      gates: false,
    },
    memoryMib: args.memoryMib ?? serviceDefaults.memoryMib,
    userId,
    groupId: userId,
    stopGraceSeconds: args.stopGraceSeconds ?? 30,
    replicas: args.replicas ?? 1,
    readsInstances: false,
  };
}

/** `service.name` of the service; `undefined` if nothing is injected into it. */
function telemetryName(
  name: string,
  { telemetry }: Pick<InstrumentedServiceArgs, "telemetry">,
  { settings }: ServiceEnvironment,
): string | undefined {
  return settings.observability && telemetry !== false ? `${settings.serviceNamespace}-${name}` : undefined;
}

function injectedEnv(
  name: string,
  args: Omit<InstrumentedServiceArgs, "stack">,
  stack: ServiceEnvironment,
): Readonly<Record<string, EnvValue>> {
  const serviceName = telemetryName(name, args, stack);
  if (serviceName === undefined) return {};
  return otelEnv(
    {
      serviceName,
      serviceNamespace: stack.settings.serviceNamespace,
      serviceVersion: args.version ?? "0.0.0",
      environment: stack.settings.environment,
      serviceInstanceId: instanceFact,
      place: stack.platform?.instanceAttributes(name) ?? {},
    },
    args.protocol ?? "grpc",
  );
}

function workloadImage(args: Omit<InstrumentedServiceArgs, "stack">): WorkloadImage {
  if (args.build === undefined) return { kind: "reference", reference: args.image ?? "" };
  const contextPath = resolve(args.build.context);
  return {
    kind: "build",
    name: basename(contextPath).toLowerCase(),
    contextPath,
    dockerfile: args.build.dockerfile ?? "Dockerfile",
    buildArgs: args.build.args ?? {},
  };
}

/** The service's own name may be a label and still be too long behind the namespace. */
function serviceNameProblems(
  name: string,
  { serviceNamespace }: Pick<StackSettings, "serviceNamespace">,
): readonly Problem[] {
  const full = `${serviceNamespace}-${name}`;
  if (!dnsLabel.pattern.test(name) || full.length <= dnsLabel.longest) return [];
  const rule = `must be at most ${dnsLabel.longest} characters long with the namespace in front`;
  return [problem("name", rule, full, "shorten it, or serviceNamespace")];
}

function sourceProblems({ image, build }: Omit<InstrumentedServiceArgs, "stack">): readonly Problem[] {
  if ((image === undefined) !== (build === undefined)) return [];
  const [got, change] = image === undefined ? ["neither", "add one of the two"] : ["both", "remove one of the two"];
  return [{ path: "image", text: `exactly one of \`image\` and \`build\` must be given, got ${got}; ${change}` }];
}

function healthCheckProblems(healthCheck: ServiceHealthCheck | undefined): readonly Problem[] {
  if (healthCheck === undefined) return [];
  const { port, path, command } = healthCheck;
  return [
    ...outside("healthCheck.port", port, containerPorts),
    ...(path.startsWith("/") ? [] : [problem("healthCheck.path", "must begin with /", path, "put / in front")]),
    ...(command.length > 0
      ? []
      : [problem("healthCheck.command", "must not be empty", command, "leave healthCheck out")]),
  ];
}

/** One signal's own endpoint or protocol, which an SDK prefers to the common one: telemetry would go round the Collector. */
const signalVariable = /^OTEL_EXPORTER_OTLP_(LOGS|TRACES|METRICS)_(ENDPOINT|PROTOCOL)$/;

function envProblems(
  env: Readonly<Record<string, string>>,
  injected: Readonly<Record<string, EnvValue>>,
): readonly Problem[] {
  const isInjecting = Object.keys(injected).length > 0;
  return Object.keys(env)
    .filter((key) => Object.hasOwn(injected, key) || (isInjecting && signalVariable.test(key)))
    .map((key) => problem(`env.${key}`, "must not replace what the stack injects", env[key], "remove it"));
}

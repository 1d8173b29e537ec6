import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { inArguments, volumesOf } from "../config/argument-paths.ts";
import { instanceFact, type EnvValue } from "../config/env-value.ts";
import { buildContextProblems } from "../config/build-context.ts";
import { imageLockFile } from "../config/image-lock.ts";
import {
  builtHere,
  instrumentationImage,
  instrumentations,
  instrumentImageNames,
  type InstrumentedLanguage,
} from "../config/instrumentation.ts";
import { otelEnv, sdkPreferences } from "../config/otel-env.ts";
import { fieldApart } from "../config/plain.ts";
import { problem, problemIf, type Problem } from "../config/problem.ts";
import { dnsLabel, isDnsLabel } from "../config/rules.ts";
import {
  injectedVariableProblems,
  judgedServiceArgs,
  serviceDefaults,
  type CompleteServiceArgs,
  type ServiceInput,
} from "../config/service-args.ts";
import type { StackSettings } from "../config/settings-and-defaults.ts";
import { isStack, type AnyStack } from "./any-stack.ts";
import { defaultServiceName, identityOf, otelEnvFor, type EnvironmentOptions } from "./instrument.ts";
import type { ObservabilityStack } from "./observability-stack.ts";
import type { Platform, RunningWorkload } from "./platform/platform.ts";
import { refusal, refuse, workloadProblems } from "./platform/workload-rules.ts";
import { laterApart, withLater, type LaterArgs, type ServiceArgsWithOutputs } from "./later-values.ts";
import { judgedSecrets, secretsApart, type JudgedSecrets, type ServiceSecrets } from "./service-secrets.ts";
import { serviceProbes } from "./service-probes.ts";
import type { ImageMount, KnownWorkload, Workload, WorkloadImage } from "./platform/workload.ts";

/**
 * What an instrumented service is made from. Where an argument may be an output it is judged when it is known, with the same
 * message; a preview shows what is not known as such.
 */
export interface InstrumentedServiceArgs extends ServiceArgsWithOutputs, ServiceSecrets {
  /** The stack that it runs beside and sends its telemetry to. */
  readonly stack: AnyStack;
  /**
   * Services that have to answer before it starts, by their `readiness` or `healthCheck`.
   * @default none
   */
  readonly dependsOn?: readonly InstrumentedService[];
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
   * Address of each of its ports for the stack's other services, `http://checkout:8080`, by the port's name: for a variable of
   * theirs. Nothing waits for anything by it, so two services may know each other.
   */
  readonly urls: Readonly<Record<string, string>>;
  /** Address of its first port; `undefined` if it has none. */
  readonly url: string | undefined;
  /**
   * Variables with which another process sends its telemetry as this service: a migration, a command that something else
   * starts in the stack's network. Empty if nothing is injected.
   */
  readonly env: Readonly<Record<string, string>>;

  /**
   * @param name host name inside the stack: a DNS label, with `<service.namespace>-` in front at most 63 characters
   * @throws Error with every problem of the arguments, before any resource of the service is created.
   */
  constructor(name: string, args: InstrumentedServiceArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const { field: stack, others: besideStack } = fieldApart(args, "stack");
    const { field: givenBefore, others } = fieldApart(besideStack, "dependsOn");
    const given = others as ServiceArgsWithOutputs & ServiceSecrets;
    if (!isStack(stack)) throw withoutStack(name, given, stack);
    const before = servicesBefore(givenBefore);
    const workload = serviceWorkload(name, given, stack, before.problems);
    const answered = before.services.flatMap((service) => [service, ...service.running.ready()]);
    super("observability:index:InstrumentedService", name, {}, opts);
    this.serviceName = telemetryName(name, given, stack);
    this.running = stack.platform.run(workload, { parent: this, dependsOn: [...stack.ready, ...answered] });
    this.urls = Object.fromEntries(workload.ports.map((each) => [each.name, `http://${name}:${each.port}`]));
    this.url = Object.values(this.urls)[0];
    this.env = this.serviceName === undefined ? {} : otelEnvFor(stack, name, sentLike(given, workload));
    this.registerOutputs({ serviceName: this.serviceName });
  }
}

/** How another process sends telemetry as a service does. */
function sentLike({ version }: Pick<ServiceInput, "version">, { env }: Workload): EnvironmentOptions {
  const protocol = env[protocolVariable] === "grpc" ? "grpc" : "http/protobuf";
  return version === undefined ? { protocol } : { version, protocol };
}

const protocolVariable = "OTEL_EXPORTER_OTLP_PROTOCOL" satisfies keyof ReturnType<typeof otelEnv>;

/** What a service waits for, and what is wrong with it. At run time it may be anything. */
function servicesBefore(given: unknown): {
  readonly services: readonly InstrumentedService[];
  readonly problems: readonly Problem[];
} {
  if (given !== undefined && !Array.isArray(given)) {
    return { services: [], problems: [problem("dependsOn", "must be a list of services", given, "write [service]")] };
  }
  const all: readonly unknown[] = given ?? [];
  const services = all.filter((each) => each instanceof InstrumentedService);
  const isAwaited = "must answer, so that it can be waited for";
  const problems = all.flatMap((each, index) => {
    const path = `dependsOn.${index}`;
    if (!(each instanceof InstrumentedService)) {
      return [
        { path, rule: "must be an InstrumentedService", got: "something else", change: "pass the service itself" },
      ];
    }
    const change = "give it healthCheck, or readiness with http or tcp (a command alone is enough on Kubernetes)";
    return each.running.isAwaitable ? [] : [{ path, rule: isAwaited, got: "a service that is not asked", change }];
  });
  return { services, problems };
}

/** The error with every problem of the arguments, if there is no stack, without which nothing more can be judged. */
function withoutStack(name: unknown, given: unknown, stack: unknown): Error {
  const rule = "must be the ObservabilityStack, or the JoinedStack, that the service runs beside";
  const got = stack === undefined ? "none" : "something else";
  const missing = { path: "stack", rule, got, change: "create one and pass it as `stack`" };
  const known = typeof name === "string" ? name : "";
  const { secrets, others } = secretsApart(given);
  const problems = [
    missing,
    ...notTextProblems(name),
    ...judgedServiceArgs(laterApart(others).known).problems,
    ...judgedSecrets(known, secrets, {}).problems,
  ];
  return refusal("OBS1002", known, problems);
}

/** The problem of a name that is no text: nothing can be called by it, and it may not even be written. */
function notTextProblems(name: unknown): readonly Problem[] {
  return problemIf(typeof name !== "string", "name", dnsLabel.rule, name, "write it as text");
}

/** What a service has to know of the stack. */
export interface ServiceEnvironment extends Pick<ObservabilityStack, "settings"> {
  /** Knows which names and ports are taken. @default nothing is taken */
  readonly platform?: Pick<Platform, "conflicts" | "instanceAttributes">;
}

/**
 * A service as a workload.
 *
 * @param given at run time whatever a program hands over, since types are stripped
 * @param further problems of what is no plain data, to be told with the others
 * @throws Error with every problem of the arguments, one a line: `<path>: <rule>, got <value>; <what to change>`.
 */
export function serviceWorkload(
  name: string,
  given: ServiceInput & ServiceSecrets,
  stack: ServiceEnvironment,
  further?: readonly Problem[],
): KnownWorkload;
export function serviceWorkload(
  name: string,
  given: ServiceArgsWithOutputs & ServiceSecrets,
  stack: ServiceEnvironment,
  further?: readonly Problem[],
): Workload;
export function serviceWorkload(
  name: string,
  given: ServiceArgsWithOutputs & ServiceSecrets,
  stack: ServiceEnvironment,
  further: readonly Problem[] = [],
): Workload {
  const { secrets: givenSecrets, others } = secretsApart(given);
  const { known, later } = laterApart(others);
  const { args, problems: ofArgs } = judgedServiceArgs(known);
  const secrets = judgedSecrets(name, givenSecrets, args.env);
  const problems = [...ofArgs, ...secrets.problems, ...further];
  const notText = notTextProblems(name);
  if (notText.length > 0) throw refusal("OBS1002", "", [...notText, ...problems]);
  // Of a build that is wrong nothing is left, and no image either: that is told already.
  const isBuildWrong = problems.some(({ path }) => path.split(".")[0] === "build");
  const completed = withLater(name, args, later);
  const telemetry = givenTelemetry(name, { ...args, env: completed.env }, stack);
  const workload = describedService(name, args, completed, telemetry, secrets);
  refuse("OBS1002", name, [
    ...problems,
    ...serviceNameProblems(name, stack.settings),
    ...(args.build === undefined ? [] : buildContextProblems(args.build)),
    ...telemetry.problems,
    ...workload.imageMounts.flatMap(({ image }) => builtFolderProblems(image)),
    ...(Object.keys(telemetry.env).length === 0
      ? []
      : [
          ...injectedVariableProblems("env", args.env),
          ...args.initSteps.flatMap(({ env }, index) => injectedVariableProblems(`initSteps.${index}.env`, env)),
        ]),
    ...inArguments(
      [
        ...workloadProblems(workload, 1).filter(({ path }) => !isBuildWrong || path !== "image"),
        ...(stack.platform?.conflicts(workload) ?? []),
      ],
      args,
      workload,
    ),
  ]);
  return workload;
}

function describedService(
  name: string,
  args: CompleteServiceArgs,
  { image, command, env, configFiles, replicas }: LaterArgs,
  given: GivenTelemetry,
  secrets: JudgedSecrets,
): Workload {
  const files = Object.entries(configFiles);
  const ownImage: WorkloadImage = image === undefined ? workloadImage(args) : { kind: "later", name, reference: image };
  const ownEnv = { ...given.env, ...env, ...secrets.env, ...given.loader };
  return {
    name,
    image: ownImage,
    args: command,
    env: ownEnv,
    configFiles: files.flatMap(([path, content]) => (typeof content === "string" ? [{ path, content }] : [])),
    secretFiles: [
      ...secrets.files,
      // A ConfigMap is named by its content, which is not known yet.
      ...files.flatMap(([path, content]) => (typeof content === "string" ? [] : [{ path, content }])),
    ],
    check: "none",
    ports: args.ports.map((port) => ({ ...port, hostPort: port.hostPort ?? "internal" })),
    dataVolumes: volumesOf(args, "kept").map(({ volume, path, sizeMib }) => ({
      name: `${name}_${volume}`,
      path,
      sizeMib: sizeMib ?? serviceDefaults.keptMib,
    })),
    imageMounts: given.mounts,
    initSteps: args.initSteps.map((step) => ({
      name: step.name,
      image: step.image === undefined ? ownImage : { kind: "reference", reference: step.image },
      args: step.command,
      env: { ...ownEnv, ...step.env },
    })),
    scratchPaths: [
      { path: "/tmp", sizeMib: "none" },
      ...volumesOf(args, "scratch").map(({ path, sizeMib }) => ({ path, sizeMib: sizeMib ?? ("none" as const) })),
    ],
    probes: serviceProbes(args),
    memoryMib: args.memoryMib,
    memoryRequestMib: args.memoryRequestMib ?? "all",
    cpuRequestMillicores: args.cpuRequestMillicores ?? "default",
    cpuLimitMillicores: args.cpuLimitMillicores ?? "none",
    userId: args.userId,
    groupId: args.userId,
    stopGraceSeconds: args.stopGraceSeconds,
    replicas: args.kubernetes.autoscaling?.maxReplicas ?? replicas,
    kubernetes: args.kubernetes,
    docker: args.docker,
    sharedFiles: [],
    readsInstances: false,
  };
}

/** `service.name` of the service; `undefined` if nothing is injected into it. */
function telemetryName(
  name: string,
  { telemetry }: Pick<ServiceInput, "telemetry">,
  { settings }: ServiceEnvironment,
): string | undefined {
  return settings.observability && telemetry !== false ? defaultServiceName(settings, name) : undefined;
}

/** What a service is given so that its telemetry arrives. */
interface GivenTelemetry {
  /** Where to send it, and who it comes from. */
  readonly env: Readonly<Record<string, EnvValue>>;
  /** The variable that makes its runtime load its instrumentation, with what the service has there itself. */
  readonly loader: Readonly<Record<string, string | pulumi.Output<string>>>;
  readonly mounts: readonly ImageMount[];
  readonly problems: readonly Problem[];
}

function givenTelemetry(
  name: string,
  args: Omit<CompleteServiceArgs, "env"> & Pick<LaterArgs, "env">,
  stack: ServiceEnvironment,
): GivenTelemetry {
  if (telemetryName(name, args, stack) === undefined) return { env: {}, loader: {}, mounts: [], problems: [] };
  const { instrument, protocol } = args;
  const attributes = stack.platform?.instanceAttributes(name) ?? {};
  const identity = identityOf(stack.settings, name, args, { instance: instanceFact, attributes });
  if (instrument === undefined) {
    return {
      env: { ...sdkPreferences, ...otelEnv(identity, protocol ?? "grpc") },
      loader: {},
      mounts: [],
      problems: [],
    };
  }
  const { protocols, env, loader, from, path } = instrumentations[instrument];
  const own = args.env[loader.name] ?? "";
  const source = instrumentSource(instrument, stack.settings);
  const reference = args.instrumentImage ?? source.reference;
  const image: WorkloadImage =
    reference === builtHere
      ? {
          kind: "build",
          name: `instrumentation-${instrument}`,
          contextPath: join(import.meta.dirname, "..", "instrumentation"),
          dockerfile: "Dockerfile",
          buildArgs: { NODE_IMAGE: stack.settings.images.node },
        }
      : { kind: "reference", reference };
  return {
    env: { ...sdkPreferences, ...otelEnv(identity, protocol ?? protocols[0]), ...env },
    loader: { [loader.name]: typeof own === "string" ? loader.value(own) : own.apply((text) => loader.value(text)) },
    mounts: [{ name: "instrumentation", image, from, path }],
    problems: args.instrumentImage === undefined ? source.problems : [],
  };
}

/** What a service copies its instrumentation from, and the problem of an image that a lock would have to name and does not. */
function instrumentSource(
  instrument: InstrumentedLanguage,
  { images, imageRegistry }: Pick<StackSettings, "images" | "imageRegistry">,
): { readonly reference: string; readonly problems: readonly Problem[] } {
  if (instrument === "nodejs") return { reference: builtHere, problems: [] };
  const reference = images[instrumentImageNames[instrument]];
  if (reference !== undefined) return { reference, problems: [] };
  const rule = `must copy from an image that ${imageLockFile} has the digest of`;
  const change = "run npm run images:lock, or name one as instrumentImage";
  const problems = [problem("instrument", rule, instrument, change)];
  return { reference: instrumentationImage(instrument, imageRegistry), problems };
}

/** The problem of a folder of this repository whose content was not made yet. */
function builtFolderProblems(image: WorkloadImage): readonly Problem[] {
  if (image.kind !== "build" || existsSync(join(image.contextPath, "dist"))) return [];
  const rule = `must have what it mounts, in ${image.contextPath}`;
  return [{ path: "instrument", rule, got: "no folder dist", change: "run npm run prepare" }];
}

function workloadImage({ image, build }: CompleteServiceArgs): WorkloadImage {
  if (build === undefined) return { kind: "reference", reference: image ?? "" };
  const contextPath = resolve(build.context);
  return {
    kind: "build",
    name: folderImageName(basename(contextPath)),
    contextPath,
    dockerfile: build.dockerfile,
    buildArgs: build.args,
  };
}

/** A part of a repository's name (github.com/distribution/reference), short enough to leave room for what is around it. */
const repositoryComponent = /^(?=.{1,60}$)[a-z0-9]+((\.|__?|-+)[a-z0-9]+)*$/;

/**
 * Name of the image that is built from a folder: the folder's own in lower case where Docker takes that. Of any other,
 * `My Service!` for instance, what Docker takes of it, with a hash behind so that no two folders share a name.
 */
export function folderImageName(folder: string): string {
  const name = folder.toLowerCase();
  if (repositoryComponent.test(name)) return name;
  const stem = name.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
  const hash = createHash("sha256").update(folder).digest("hex").slice(0, 8);
  return [...(stem === "" ? [] : [stem.slice(0, 40).replace(/-$/, "")]), hash].join("-");
}

/** The service's own name may be a label and still be too long behind the namespace. */
function serviceNameProblems(name: string, settings: Pick<StackSettings, "serviceNamespace">): readonly Problem[] {
  const full = defaultServiceName(settings, name);
  const isLong = isDnsLabel(name) && full.length > dnsLabel.longest;
  const rule = `must be at most ${dnsLabel.longest} characters long with the namespace in front`;
  return problemIf(isLong, "name", rule, full, "shorten it, or serviceNamespace");
}

import { z } from "zod";
import {
  byName,
  choice,
  flag,
  group,
  list,
  processArguments,
  record,
  report,
  text,
  told,
  variables,
  wholeNumber,
  withSecrets,
} from "./fields.ts";
import { instrumentedLanguages, instrumentProblems, type InstrumentedLanguage } from "./instrumentation.ts";
import { reservedVariables, type OtlpProtocol } from "./otel-env.ts";
import { isRecord, schemaProblems } from "./parse.ts";
import { plainInput } from "./plain.ts";
import { hiddenProblem, problemIf, type Problem } from "./problem.ts";
import {
  containerPorts,
  directoryPath,
  filePath,
  hostPorts,
  imageReference,
  namePrefix,
  workloadLimits,
  type Range,
} from "./rules.ts";
import {
  kubernetesOptionProblems,
  serviceOnDocker,
  serviceOnKubernetes,
  type ServiceOnDocker,
  type ServiceOnKubernetes,
} from "./service-platform-args.ts";
import { mibInGib } from "./units.ts";

/*
 * What an instrumented service is made from: as a type for whoever writes a program, and as a schema for whatever comes
 * at run time, where no types are left. test/config/service-args.test.ts does not compile if the two differ.
 */

/** Defaults of an instrumented service. */
export const serviceDefaults = {
  /** Memory limit in MiB. */
  memoryMib: 128,
  /** Port on which it listens. */
  port: 8080,
  /** Size in MiB of a volume that is kept. */
  keptMib: 1024,
} as const;

/** A port of the service. */
export interface ServicePort {
  readonly name: string;
  readonly port: number;
  /**
   * Port on 127.0.0.1 that leads to it, from 1024 on, since the lower ones are reserved for the system. With several instances
   * it leads to the first; on Docker a list has one for each of them.
   * @default none, the port is reachable from the other services only
   */
  readonly hostPort?: number | readonly number[];
}

/** A build of the service's image. */
export interface ServiceBuild {
  /** Folder sent to the builder, relative to the working directory. */
  readonly context: string;
  /** Relative to the folder. @default "Dockerfile" */
  readonly dockerfile?: string;
  /** Docker build arguments. Not for secrets: they stay readable in the image. */
  readonly args?: Readonly<Record<string, string>>;
}

/** A directory of the service that may be written to; it belongs to the service's user. */
export interface ServiceVolume {
  /** Where the service finds it: an absolute path, of at most 4096 characters. */
  readonly path: string;
  /**
   * `kept` outlives the service: the Docker volume `<stack>_<service>_<name>`, on Kubernetes the claim `<service>-<name>`.
   * It is protected, so `npm run down` leaves it and `npm run down -- --destroy-data` removes it. On Kubernetes
   * one instance can have it, on Docker all of a service share it.
   * `scratch` is empty at each start. On Docker it is in memory, and what it holds counts as the service's.
   * @default "kept"
   */
  readonly kind?: "kept" | "scratch";
  /**
   * Size in MiB. Of one that is kept: what it is given on Kubernetes at least; on Docker it may take what the disk has.
   * Of `scratch`: the most that it holds.
   * @default 1024 if it is kept, no limit of its own for `scratch`
   */
  readonly sizeMib?: number;
}

/** How a platform finds out that the service is up. */
export interface ServiceHealthCheck {
  readonly port: number;
  readonly path: string;
  /** Command inside the container that ends with 0 when the service is up; Docker has no other way to ask. */
  readonly command: readonly string[];
}

/** A question whose answer says how the service is. Over the network, `http` or `tcp`, inside the container, `command`, or both. */
export interface ServiceProbe {
  /** GET that is answered with a status from 200 to 399. */
  readonly http?: { readonly port: number; readonly path: string };
  /** Port that takes a connection. */
  readonly tcp?: number;
  /** Command inside the container that ends with 0. Kubernetes runs it only if there is neither `http` nor `tcp`. */
  readonly command?: readonly string[];
  /** How long after the start it is asked first, in seconds. @default 0 */
  readonly initialDelaySeconds?: number;
  /** How often it is asked, in seconds. @default 10 */
  readonly periodSeconds?: number;
  /** How long an answer may take, in seconds. @default 5 */
  readonly timeoutSeconds?: number;
  /** How many answers may be missed, one after the other. @default 3 */
  readonly failureThreshold?: number;
}

/** Something that runs to its end before the service, for example a migration of its database. */
export interface ServiceInitStep {
  /** Different for each step of a service. */
  readonly name: string;
  /** Image to run, with a tag or a digest. @default the service's own */
  readonly image?: string;
  /** Arguments for the image's entry point. @default none */
  readonly command?: readonly string[];
  /** Environment beside the service's own, before which it comes. @default none */
  readonly env?: Readonly<Record<string, string>>;
}

/** What an instrumented service is made from, but for the stack that it runs beside. */
export interface ServiceInput {
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
  /**
   * Files that it reads, by their absolute path: root-owned, read-only, and readable by everybody in the container. Another
   * content starts the service anew.
   * @default none
   */
  readonly configFiles?: Readonly<Record<string, string>>;
  /**
   * Directories that it may write to beside `/tmp`, by name.
   * @default none
   */
  readonly volumes?: Readonly<Record<string, ServiceVolume>>;
  /**
   * What runs before it, one after the other, each to its end, which has to be 0: as the service's user, with its files and
   * volumes, its environment and its memory. On Kubernetes before each start of an instance; on Docker once, and again when
   * the step or the service's image, variables, files or volumes change.
   * @default none
   */
  readonly initSteps?: readonly ServiceInitStep[];
  /** @default none */
  readonly ports?: readonly ServicePort[];
  /**
   * One check for everything, instead of `readiness`, `liveness` and `startup`: asked every 10 seconds whether connections may
   * come, and started anew after five minutes without an answer. Docker shows what the command says, and starts nothing anew.
   * @default none, the service counts as up when its process runs
   */
  readonly healthCheck?: ServiceHealthCheck;
  /**
   * Whether connections may come. Docker shows what its `command` says as the container's health.
   * @default none, they come when the process runs
   */
  readonly readiness?: ServiceProbe;
  /**
   * Whether the service has to be started anew, on Kubernetes. Docker starts only a process anew that has ended.
   * @default none
   */
  readonly liveness?: ServiceProbe;
  /**
   * Whether the service has started; until then Kubernetes does not ask the other two. On Docker the time that it allows is the
   * one in which a failed `readiness` does not count.
   * @default none
   */
  readonly startup?: ServiceProbe;
  /** `service.version`. @default "0.0.0" */
  readonly version?: string;
  /** OTLP over gRPC (port 4317) or HTTP (port 4318). @default "grpc", with `instrument` "python" "http/protobuf" */
  readonly protocol?: OtlpProtocol;
  /**
   * Language of a service whose image knows nothing of telemetry: what sends it is mounted and loaded. The variable that
   * loads it (`NODE_OPTIONS`, `PYTHONPATH`, `JAVA_TOOL_OPTIONS`) takes the place of the image's own; what `env` has
   * there stays.
   * @default none, the service sends its telemetry itself
   */
  readonly instrument?: InstrumentedLanguage;
  /**
   * Image that has what is mounted, at the same place as the default's, and a `cp`.
   * @default the folder `instrumentation/` for Node.js, else the setting `images.instrumentPython` or `images.instrumentJava`: that of OpenTelemetry's operator, from `imageRegistry` if that is set
   */
  readonly instrumentImage?: string;
  /** `false` injects nothing, for a process without telemetry. @default true */
  readonly telemetry?: boolean;
  /** Memory limit in MiB. @default 128 */
  readonly memoryMib?: number;
  /** Memory that it is promised, in MiB. Docker leaves it that much when the machine's runs short. @default `memoryMib` */
  readonly memoryRequestMib?: number;
  /**
   * Share of a core that it is promised, in thousandths. On Docker its weight against other containers when all want more than
   * there is. On Kubernetes the setting `kubernetes.resources` comes before it.
   * @default 20 on Kubernetes, the weight of every container on Docker
   */
  readonly cpuRequestMillicores?: number;
  /**
   * The most that it gets of the processor, in thousandths of a core, at least the request. On Kubernetes the setting
   * `kubernetes.resources` comes before it.
   * @default no limit
   */
  readonly cpuLimitMillicores?: number;
  /** User and group the process runs as. @default 1000 */
  readonly userId?: number;
  /** Instances; each has its own `service.instance.id`. @default 1 */
  readonly replicas?: number;
  /** What it has on Kubernetes only; a stack on Docker refuses it. @default nothing */
  readonly kubernetes?: ServiceOnKubernetes;
  /** What it has on Docker only; a stack on Kubernetes refuses it. @default nothing */
  readonly docker?: ServiceOnDocker;
  /** How long the process may take to flush after SIGTERM, in seconds. @default 30 */
  readonly stopGraceSeconds?: number;
}

/** A whole number within limits that every platform shares. */
function within(range: Range): z.ZodInt {
  return wholeNumber({ ...range, change: "choose one in the range" });
}

const oneForEach = told("must be a port, or a list of ports with one for each instance", "choose one that is free");

const port = group({
  name: text({ pattern: /^[\w.-]{1,63}$/, rule: "must be 1 to 63 letters, digits, _, . and -", change: "rename it" }),
  port: within(containerPorts),
  hostPort: z
    .union(
      [within(hostPorts), list(within(hostPorts), "ports", "write one for each instance").min(1, oneForEach)],
      oneForEach,
    )
    .optional(),
});

const urlPath = text({
  pattern: /^\/[^\s\p{C}]*$/u,
  rule: "must begin with / and have no blanks",
  change: "write for example /healthz",
});

function commandInside(change: string): z.ZodArray<z.ZodString> {
  return processArguments("write the command and its arguments")
    .min(1, told("must not be empty", change))
    .refine(([program]) => program !== "", told("must begin with a program", "write its name or path first"));
}

/** A number of seconds, or of tries, an hour or a thousand at most. */
function upTo(least: number, most: number, preset: number): z.ZodDefault<z.ZodInt> {
  return wholeNumber({ least, most, change: `write for example ${preset}` }).default(preset);
}

const probe = group({
  http: group({ port: within(containerPorts), path: urlPath }).optional(),
  tcp: within(containerPorts).optional(),
  command: commandInside("leave it out").optional(),
  initialDelaySeconds: upTo(0, 3600, 0),
  periodSeconds: upTo(1, 3600, 10),
  timeoutSeconds: upTo(1, 3600, 5),
  failureThreshold: upTo(1, 1000, 3),
}).superRefine(({ http, tcp, command }, context) => {
  if (http !== undefined && tcp !== undefined) {
    report(context, ["tcp"], "must not be given beside http", "remove one of the two");
  }
  if (http === undefined && tcp === undefined && command === undefined) {
    report(
      context,
      [],
      "must say what is asked: http, tcp or command",
      "write for example http: { port: 8080, path: /healthz }",
    );
  }
});

/** The schema of {@link ServiceInput}. Every argument may be left out. */
export const serviceArgsSchema = group({
  image: text(imageReference).optional(),
  build: group({
    context: text({
      pattern: /^[^\0]+$/,
      rule: "must be the path of a folder",
      change: "write for example ../checkout",
    }),
    dockerfile: text({
      pattern: /^[^\0]+$/,
      rule: "must be the path of a Dockerfile in the folder",
      change: "leave it out for Dockerfile",
    }).default("Dockerfile"),
    args: record("build arguments by name", "write `NAME: value` in it, or leave it out", {
      name: {
        holds: (name) => /^[^\s=]+$/.test(name),
        rule: "must have a name without blanks and =, as ARG in a Dockerfile has",
        change: "rename it",
      },
    }).default({}),
  }).optional(),
  command: processArguments('write each as an entry of its own, for example ["node", "server.js"]').default([]),
  env: variables().default({}),
  configFiles: withSecrets(
    record("files by path", "write `/etc/checkout/rules.json: text` in it, or leave it out", {
      name: filePath,
      value: {
        holds: (content) => content !== "",
        rule: "must not be empty",
        change: "leave the file out",
      },
    }),
  ).default({}),
  volumes: byName(
    group({
      path: text({
        ...directoryPath,
        also: [{ ...directoryPath, holds: (path) => path.length <= 4096, rule: "must be at most 4096 characters" }],
      }),
      kind: choice(["kept", "scratch"]).default("kept"),
      sizeMib: wholeNumber({
        least: 1,
        most: 64 * mibInGib ** 2,
        unit: "MiB",
        change: "set for example 1024",
      }).optional(),
    }),
    { ...namePrefix, change: "rename it" },
    "volumes",
    "write `uploads: { path: /var/lib/checkout }` in it, or leave it out",
  ).default({}),
  initSteps: list(
    group({
      name: text({ ...namePrefix, change: "rename it" }),
      image: text(imageReference).optional(),
      command: processArguments('write each as an entry of its own, for example ["node", "migrate.js"]').default([]),
      env: variables().default({}),
    }),
    "steps",
    'write for example [{ name: "migrate", command: ["node", "migrate.js"] }]',
  ).default([]),
  ports: list(port, "ports", "write for example [{ name: http, port: 8080 }]").default([]),
  healthCheck: group({
    port: within(containerPorts),
    path: urlPath,
    command: commandInside("leave healthCheck out"),
  }).optional(),
  readiness: probe.optional(),
  liveness: probe.optional(),
  startup: probe.optional(),
  version: text({
    pattern: /^[^\p{C}\p{Zl}\p{Zp}]{1,250}$/u,
    rule: "must be one line of 1 to 250 characters",
    change: "write for example 1.4.2",
  }).default("0.0.0"),
  protocol: choice(["grpc", "http/protobuf"]).optional(),
  instrument: choice(instrumentedLanguages).optional(),
  instrumentImage: text(imageReference).optional(),
  telemetry: flag().default(true),
  memoryMib: within(workloadLimits.memoryMib).default(serviceDefaults.memoryMib),
  memoryRequestMib: within(workloadLimits.memoryMib).optional(),
  cpuRequestMillicores: within(workloadLimits.cpuRequestMillicores).optional(),
  cpuLimitMillicores: within(workloadLimits.cpuLimitMillicores).optional(),
  userId: within(workloadLimits.userId).default(1000),
  replicas: within({ ...workloadLimits.replicas, least: 1 }).default(1),
  kubernetes: serviceOnKubernetes.default({}),
  docker: serviceOnDocker.default({}),
  stopGraceSeconds: within(workloadLimits.stopGraceSeconds).default(30),
});

/** Arguments with the defaults filled in. */
export type CompleteServiceArgs = z.output<typeof serviceArgsSchema>;

/** Arguments as a program handed them over, and what is wrong with them. */
export interface JudgedServiceArgs {
  /** What is right of them: for an argument that is wrong its default, so that what depends on others can be judged too. */
  readonly args: CompleteServiceArgs;
  /** The paths begin with the name of an argument; that of the arguments as a whole is `arguments`. */
  readonly problems: readonly Problem[];
}

/** Judges each argument by itself, and those that exclude each other. `stack` is not among them. */
export function judgedServiceArgs(given: unknown): JudgedServiceArgs {
  const { value, problems } = plainInput(given, "arguments");
  const found = [...problems, ...schemaProblems(serviceArgsSchema, value, "argument")];
  const wrong = new Set(found.map(({ path }) => path.split(".")[0]));
  const right = Object.entries(isRecord(value) ? value : {}).filter(
    ([key]) => Object.hasOwn(serviceArgsSchema.shape, key) && !wrong.has(key),
  );
  const args = serviceArgsSchema.parse(Object.fromEntries(right));
  const isEither = wrong.has("image") || wrong.has("build");
  return {
    args,
    problems: [
      ...found,
      ...(isEither ? [] : sourceProblems(args)),
      ...checkProblems(args),
      ...kubernetesOptionProblems(args.kubernetes, args),
      ...instrumentProblems(args),
    ],
  };
}

function sourceProblems({ image, build }: CompleteServiceArgs): readonly Problem[] {
  if ((image === undefined) !== (build === undefined)) return [];
  const [got, change] = image === undefined ? ["neither", "add one of the two"] : ["both", "remove one of the two"];
  return [{ path: "image", rule: "exactly one of `image` and `build` must be given", got, change }];
}

/** The health check is the short form of the three. */
function checkProblems(args: CompleteServiceArgs): readonly Problem[] {
  const { healthCheck } = args;
  return (["readiness", "liveness", "startup"] as const).flatMap((name) =>
    problemIf(
      healthCheck !== undefined && args[name] !== undefined,
      name,
      "must not be given beside healthCheck, which asks everything",
      args[name],
      "remove one of the two",
    ),
  );
}

/** The problems of a service's variables that would silently override what the stack injects. */
export function injectedVariableProblems(path: string, env: Readonly<Record<string, string>>): readonly Problem[] {
  return Object.keys(env)
    .filter((name) => reservedVariables.has(name))
    .map((name) => hiddenProblem(`${path}.${name}`, "must not replace what the stack injects", "remove it"));
}

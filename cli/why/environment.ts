import { shown, visible } from "../../config/problem.ts";
import { otelCollector } from "../../config/parts/otel-collector.ts";
import { signals, type Signal } from "../../config/parts/part.ts";
import { exportersOf, otherExporters, variableOf, type Exporter, type Sender, type Variable } from "./exporters.ts";
import { isAutomaticDotnet, protocols, sdkOf, sdks, type Effect, type Weight } from "./sdks.ts";
import { serviceNameOf, type ServiceProcess } from "./service-process.ts";

/** Something about a process that keeps telemetry from arriving, or may. */
export interface Finding {
  readonly weight: Weight;
  readonly signals: readonly Signal[];
  /** Whether it is about the way to the Collector: an empty export that went this way and arrived refutes it. */
  readonly isAboutTheWay: boolean;
  readonly cause: string;
  /** What to do about it. */
  readonly next: string;
}

/** As much of a process as its environment is judged by. */
export type JudgedProcess = Sender &
  Pick<ServiceProcess, "hiddenEnv" | "command" | "hasOwnLocalhost" | "apart" | "collector">;

/**
 * What in the environment of a process keeps its telemetry from arriving, by the rules of OpenTelemetry's specification
 * (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables, …/protocol/exporter) and by what SDKs make of
 * it: what breaks most first. No value is in it that may be a secret.
 */
export function judgeEnvironment(process: JudgedProcess): readonly Finding[] {
  const found = [
    ...switchedOff(process),
    ...merged(exportersOf(process).flatMap((exporter) => wayProblems(process, exporter))),
    ...signals.flatMap((signal) => signalOff(process, signal)),
    ...samplerProblems(process),
    ...nameProblems(process),
    ...pairProblems(process),
    ...loaderProblems(process),
  ];
  return found.toSorted((a, b) => byWeight(a, b) || b.signals.length - a.signals.length);
}

const rank = { breaks: 0, renames: 1, may: 2 } as const;

/** Sorts findings, what breaks most first. */
export function byWeight(a: Finding, b: Finding): number {
  return rank[a.weight] - rank[b.weight];
}

type Made = Pick<Finding, "cause" | "next"> & Partial<Finding>;

function finding(made: Made): Finding {
  return { weight: "breaks", signals, isAboutTheWay: false, ...made };
}

function switchedOff(process: JudgedProcess): readonly Finding[] {
  const { env } = process;
  const isTrue = (name: string): boolean => env[name]?.trim().toLowerCase() === "true";
  const testing = env["TESTING"]?.trim().toLowerCase();
  const file = variableOf(process, "OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE");
  return [
    ...(isTrue("OTEL_SDK_DISABLED")
      ? [
          finding({
            weight: sdkOf(process.language).disabled.weight,
            cause: `OTEL_SDK_DISABLED=true ${sdkOf(process.language).disabled.effect}`,
            next: "start it without OTEL_SDK_DISABLED",
          }),
        ]
      : []),
    ...(testing === "true" || testing === "1"
      ? [
          finding({
            weight: "may",
            cause: `TESTING=${testing} switches packages/telemetry off, if it has that`,
            next: "start it without TESTING",
          }),
        ]
      : []),
    ...(file === undefined
      ? []
      : [
          finding({
            weight: "may",
            cause: `${file.name} is set: an SDK that knows it goes by that file, and by no other variable`,
            next: "look at the exporters in that file",
          }),
        ]),
  ];
}

function signalOff(process: JudgedProcess, signal: Signal): readonly Finding[] {
  const other = otherExporters(process, signal);
  if (other === undefined) return [];
  const cause = `${other.name}=${visible(other.value, 40)} sends no ${signal} by OTLP`;
  return [finding({ signals: [signal], cause, next: `start it without ${other.name}, or with ${other.name}=otlp` })];
}

function samplerProblems(process: JudgedProcess): readonly Finding[] {
  const sampler = variableOf(process, "OTEL_TRACES_SAMPLER")?.value;
  const ratio = Number(variableOf(process, "OTEL_TRACES_SAMPLER_ARG")?.value ?? "1");
  const [, parent, kind] = /^(parentbased_)?(always_off|traceidratio)$/.exec(sampler ?? "") ?? [];
  if (kind === undefined || (kind === "traceidratio" && ratio > 0)) return [];
  const argument = kind === "traceidratio" ? ` with OTEL_TRACES_SAMPLER_ARG=${ratio}` : "";
  const which = parent === undefined ? "no trace" : "no trace that it begins";
  const cause = `OTEL_TRACES_SAMPLER=${sampler ?? ""}${argument} records ${which}`;
  return [finding({ signals: ["traces"], cause, next: "start it without OTEL_TRACES_SAMPLER" })];
}

/** What is wrong with the way of one signal: the first rule that is broken. */
function wayProblems(process: JudgedProcess, exporter: Exporter): readonly Finding[] {
  const { signal, target, protocol, endpoint } = exporter;
  const way = (made: Made): readonly Finding[] => [finding({ signals: [signal], isAboutTheWay: true, ...made })];
  const address = rightAddress(process, exporter);
  const hidden = hiddenPlace(process, signal);
  if (hidden !== undefined) return way({ weight: "may", ...hidden });
  const { protocols: known, otherProtocol } = sdkOf(process.language);
  if (protocol !== undefined && otherProtocol !== undefined && !known.some((one) => one === protocol.value)) {
    const isOfOtlp = protocols.some((one) => one === protocol.value);
    const whose = isOfOtlp ? "a protocol that this SDK does not have" : "no protocol of OTLP";
    const cause = `${protocol.name}=${shown(protocol.value)} is ${whose}: ${otherProtocol}`;
    return way({ cause, next: `start it with ${protocol.name}=http/protobuf, or grpc` });
  }
  if (target !== undefined && !/^[a-z][a-z\d+.-]*:\/\//i.test(target.value)) {
    return way({ cause: `${addressText(target)} has no http:// in front`, next: address });
  }
  if (endpoint === undefined) return way({ cause: `${addressText(target)} is no address of HTTP`, next: address });
  const { host, port } = endpoint;
  const said = addressText(target);
  const isLocal = isLocalhost(host);
  if (isLocal && process.hasOwnLocalhost) {
    const where =
      target === undefined ? `: it sends to localhost:${port}, which is itself` : " is the container itself";
    return way({ cause: `${said}${where}, and not this machine`, next: address });
  }
  const { grpc, http } = process.collector;
  const ports = { grpc: portOf(grpc), http: portOf(http) };
  if (target === undefined && port !== ports.grpc && port !== ports.http) {
    return way({ cause: `${said}: it sends to localhost:${port}, where the Collector is not`, next: address });
  }
  const isInner = host === otelCollector.host || host.startsWith(`${otelCollector.host}.`);
  if (isInner && !process.hasOwnLocalhost) {
    const cause = `${said}: ${host} is a name of the stack's own network, which a process on this machine cannot resolve`;
    return way({ cause, next: address });
  }
  const apart = isInner && process.apart !== undefined ? way({ ...process.apart }) : [];
  if (apart.some(({ weight }) => weight === "breaks")) return apart;
  const isOurs = isInner || isLocal || [ports.grpc, ports.http].includes(port);
  if (endpoint.isTls && isOurs) {
    return way({ cause: `${said}: the Collector speaks no TLS, so https:// fails`, next: address });
  }
  const certain = [...portProblems(process, exporter, way, said, ports), ...pathProblems(exporter, way, isOurs)];
  return [...certain, ...apart];
}

function portProblems(
  process: JudgedProcess,
  { protocol, endpoint }: Exporter,
  way: (made: Made) => readonly Finding[],
  said: string,
  ports: { readonly grpc: number; readonly http: number },
): readonly Finding[] {
  if (endpoint === undefined) return [];
  const speaks = endpoint.port === ports.grpc ? "grpc" : endpoint.port === ports.http ? "http/protobuf" : undefined;
  const isGrpc = endpoint.protocol === "grpc";
  if (speaks === undefined || isGrpc === (speaks === "grpc")) return [];
  const next = `start it with OTEL_EXPORTER_OTLP_PROTOCOL=${speaks}, or with OTEL_EXPORTER_OTLP_ENDPOINT=${isGrpc ? process.collector.grpc : process.collector.http}`;
  const there = speaks === "grpc" ? "gRPC" : "HTTP";
  if (protocol !== undefined) {
    return way({ cause: `${protocol.name}=${protocol.value} to ${said}: port ${endpoint.port} speaks ${there}`, next });
  }
  const sdk = process.language === undefined ? undefined : sdks[process.language];
  const what = `${isGrpc ? "gRPC" : "HTTP"}, to port ${endpoint.port}, which speaks ${there}`;
  return way({
    weight: sdk === undefined ? "may" : "breaks",
    cause: `OTEL_EXPORTER_OTLP_PROTOCOL is not set: ${sdk === undefined ? "most SDKs then send" : `${sdk.title} then sends`} ${what}`,
    next,
  });
}

function pathProblems(
  { signal, target, endpoint }: Exporter,
  way: (made: Made) => readonly Finding[],
  isOurs: boolean,
): readonly Finding[] {
  if (endpoint === undefined || target === undefined || endpoint.protocol === "grpc" || !isOurs) return [];
  const { path } = endpoint;
  if (path === `/v1/${signal}`) return [];
  const isCommon = target.name === "OTEL_EXPORTER_OTLP_ENDPOINT";
  const cause = isCommon
    ? `${addressText(target)}: an SDK adds /v1/logs, /v1/traces or /v1/metrics to it, and the Collector answers 404 there`
    : `${addressText(target)} is taken as it stands, and the Collector answers 404 there: its path is /v1/${signal}`;
  const right = new URL(target.value).origin;
  return way({ cause, next: `start it with ${target.name}=${right}${isCommon ? "" : `/v1/${signal}`}` });
}

function nameProblems(process: JudgedProcess): readonly Finding[] {
  if (serviceNameOf(process) !== undefined) return [];
  const hidden = ["OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "*"].find((name) => name in process.hiddenEnv);
  return [
    finding({
      weight: hidden === undefined ? "renames" : "may",
      cause:
        hidden === undefined
          ? `it has no name: OTEL_SERVICE_NAME is not set, so unless its code says one it is ${sdkOf(process.language).withoutName}`
          : `its name is not known: ${process.hiddenEnv[hidden] ?? ""} may have it`,
      next: "start it with OTEL_SERVICE_NAME=NAME",
    }),
  ];
}

/** A list of `key=value`: which of its pairs are none. */
function brokenPairs(text: string, isKey: RegExp, takesBrokenEncoding: boolean): number {
  return text.split(",").filter((pair) => {
    if (pair.trim() === "") return false;
    const [key = "", ...rest] = pair.split("=");
    const value = rest.join("=");
    if (rest.length === 0 || !isKey.test(key.trim())) return true;
    return !takesBrokenEncoding && (/%(?![\da-f]{2})/i.test(value) || /[^\x20-\x7e]/.test(value));
  }).length;
}

/** Names of HTTP's headers (RFC 9110, section 5.6.2), and of attributes. */
const isHeader = /^[!#$%&'*+.^_`|~\da-z-]+$/i;
const isAttribute = /^[^\s=,]+$/;

function pairProblems(process: JudgedProcess): readonly Finding[] {
  const { brokenHeaders, brokenAttributes, takesBrokenEncoding } = sdkOf(process.language);
  const broken = (name: string, isKey: RegExp, { weight, effect }: Effect, isLenient = false): readonly Finding[] => {
    const count = brokenPairs(process.env[name] ?? "", isKey, isLenient);
    if (count === 0) return [];
    const what = isLenient ? "no key=value" : "no key=value with a percent-encoded value";
    const cause = `${name} has ${count} part(s) that are ${what}: ${effect}`;
    const next = `write ${name} as key=value,key=value; what is in it is not shown`;
    return [finding({ weight, cause, next })];
  };
  const of = ["", ...signals.map((signal) => `${signal.toUpperCase()}_`)];
  const isNamed = variableOf(process, "OTEL_SERVICE_NAME") !== undefined;
  const isLost = process.language === "nodejs" && !isNamed && serviceNameOf(process) !== undefined;
  return [
    ...of.flatMap((one) => broken(`OTEL_EXPORTER_OTLP_${one}HEADERS`, isHeader, brokenHeaders)),
    ...broken(
      "OTEL_RESOURCE_ATTRIBUTES",
      isAttribute,
      isLost ? { weight: "renames", effect: `${brokenAttributes.effect}, the name neither` } : brokenAttributes,
      takesBrokenEncoding,
    ),
  ];
}

/** What loads an SDK into a process that knows of none, by the runtime. */
function loaderProblems(process: JudgedProcess): readonly Finding[] {
  const { env, command } = process;
  const may = (cause: string, next: string): readonly Finding[] => [finding({ weight: "may", cause, next })];
  switch (process.language) {
    case "nodejs": {
      const options = `${env["NODE_OPTIONS"] ?? ""} ${command.join(" ")}`;
      const isHooked = /(^|\s)--(import|loader|experimental-loader)[=\s]/.test(options);
      if (isHooked) return [];
      if (/(^|\s)(--require|-r)[=\s]/.test(options)) {
        return may(
          "NODE_OPTIONS loads by --require alone: nothing of a program made of ES modules is instrumented, its logger neither",
          "add --experimental-loader=@opentelemetry/instrumentation/hook.mjs to NODE_OPTIONS",
        );
      }
      return may(
        "nothing in NODE_OPTIONS or the command loads an SDK: telemetry comes only if the code starts one",
        "NODE_OPTIONS='--import @observability/telemetry/register', or what the SDK's own guide says",
      );
    }
    case "python": {
      const isLoaded =
        /auto_instrumentation/.test(env["PYTHONPATH"] ?? "") || /opentelemetry-instrument/.test(command.join(" "));
      if (isLoaded) return [];
      return may(
        "neither opentelemetry-instrument nor PYTHONPATH loads an SDK: telemetry comes only if the code starts one",
        "start it by opentelemetry-instrument",
      );
    }
    case "java": {
      const options = [env["JAVA_TOOL_OPTIONS"], env["JDK_JAVA_OPTIONS"], ...command].join(" ");
      if (/-javaagent:/.test(options)) return [];
      return may(
        "no -javaagent is loaded: telemetry comes only if the code starts an SDK",
        "add the agent to JAVA_TOOL_OPTIONS",
      );
    }
    case "go":
      return may(
        "Go's SDK is started by the program's own code, and an exporter that this makes by name, such as otlptracegrpc.New, ignores OTEL_EXPORTER_OTLP_PROTOCOL",
        "take the exporters from autoexport (docs/languages/go.md), or send to the port of the protocol that they have",
      );
    case "dotnet":
      if (isAutomaticDotnet(env)) return [];
      return may(
        "neither CORECLR_ENABLE_PROFILING nor DOTNET_STARTUP_HOOKS loads an SDK: telemetry comes only if the code starts one",
        "load .NET's automatic instrumentation, or add the exporters in the code (docs/languages/dotnet.md)",
      );
    case undefined:
      return [];
  }
}

/** Where a variable is kept that says where a signal goes, if its value is not known. */
function hiddenPlace({ hiddenEnv, env }: JudgedProcess, signal: Signal): Made | undefined {
  const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}`;
  const wanted = ["ENDPOINT", "PROTOCOL"].flatMap((what) => [`${own}_${what}`, `OTEL_EXPORTER_OTLP_${what}`]);
  const name = wanted.find((one) => one in hiddenEnv) ?? ("OTEL_EXPORTER_OTLP_ENDPOINT" in env ? undefined : "*");
  const place = name === undefined ? undefined : hiddenEnv[name];
  if (name === undefined || place === undefined) return undefined;
  const what = name === "*" ? "OTEL_EXPORTER_OTLP_ENDPOINT may be" : `${name} is`;
  return { cause: `${what} in ${place}, which is not read here`, next: `look at it in ${place}` };
}

/** What to start a process with so that it finds the Collector, in the protocol that it has. */
function rightAddress({ collector }: JudgedProcess, { target, endpoint, protocol, signal }: Exporter): string {
  const isGrpc = (endpoint?.protocol ?? protocol?.value) === "grpc";
  const name = target?.name ?? "OTEL_EXPORTER_OTLP_ENDPOINT";
  const path = name === "OTEL_EXPORTER_OTLP_ENDPOINT" || isGrpc ? "" : `/v1/${signal}`;
  const how = isGrpc ? "grpc" : "http/protobuf";
  return `start it with ${name}=${isGrpc ? collector.grpc : collector.http}${path} and OTEL_EXPORTER_OTLP_PROTOCOL=${how}`;
}

/** A variable with an address, without what may be a secret in it. */
function addressText(target: Variable | undefined): string {
  if (target === undefined) return "OTEL_EXPORTER_OTLP_ENDPOINT is not set";
  const safe = target.value.replace(/[?#].*$/s, "?…").replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, "$1…@");
  return `${target.name}=${shown(safe)}`;
}

/** Whether a host is the machine or the container that asks for it. */
function isLocalhost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127(\.\d+){3}$/.test(host);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** Findings that differ in their signal only, as one. */
function merged(findings: readonly Finding[]): readonly Finding[] {
  const byCause = new Map<string, Finding>();
  for (const one of findings) {
    const known = byCause.get(one.cause);
    byCause.set(one.cause, known === undefined ? one : { ...known, signals: [...known.signals, ...one.signals] });
  }
  return [...byCause.values()];
}

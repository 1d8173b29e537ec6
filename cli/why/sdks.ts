import type { Endpoint } from "./exchange.ts";

/** Languages whose SDKs have rules of their own, by their `telemetry.sdk.language`. */
const languages = ["nodejs", "python", "java", "go", "dotnet"] as const;

/** See {@link languages}. */
export type Language = (typeof languages)[number];

/** The language of that name; `undefined` if nothing is known of its SDK. */
export function languageNamed(name: unknown): Language | undefined {
  return languages.find((language) => language === name);
}

/** Values of OTEL_EXPORTER_OTLP_PROTOCOL. */
export const protocols = ["grpc", "http/protobuf", "http/json"] as const satisfies readonly Endpoint["protocol"][];

/** Whether signals cannot arrive with something, arrive under another name, or may be kept from arriving. */
export type Weight = "breaks" | "renames" | "may";

/** What an SDK makes of something that it cannot read. */
export interface Effect {
  readonly weight: Weight;
  /** A sentence, for the user to read. */
  readonly effect: string;
}

/** What an SDK makes of its environment, where one does otherwise than another. */
export interface Sdk {
  readonly title: string;
  /** How it sends if no variable says so. */
  readonly protocolByDefault: (env: Readonly<Record<string, string>>) => Endpoint["protocol"];
  readonly protocols: readonly Endpoint["protocol"][];
  /** What comes of another value of OTEL_EXPORTER_OTLP_PROTOCOL; `undefined` if it sends as if there were none. */
  readonly otherProtocol: string | undefined;
  /** What OTEL_SDK_DISABLED=true does. */
  readonly disabled: Effect;
  readonly brokenHeaders: Effect;
  /** Of a pair without `=`, or without a key. */
  readonly brokenAttributes: Effect;
  /** Whether a value in OTEL_RESOURCE_ATTRIBUTES whose percent-encoding is broken is taken as it stands. */
  readonly takesBrokenEncoding: boolean;
  /** What `service.name` is if nothing says one. */
  readonly withoutName: string;
  /** What makes it say more of itself. */
  readonly debug: string;
}

const switchedOff: Effect = { weight: "breaks", effect: "switches the SDK off" };
const agentOff: Effect = { weight: "breaks", effect: "the Java agent then does not start" };

/**
 * By what was seen of the SDKs whose versions are in docs/languages, each started with every mistake; .NET's by its sources
 * (github.com/open-telemetry/opentelemetry-dotnet, …/opentelemetry-dotnet-instrumentation).
 */
export const sdks: Readonly<Record<Language, Sdk>> = {
  nodejs: {
    title: "Node.js",
    protocolByDefault: () => "http/protobuf",
    protocols,
    otherProtocol: undefined,
    disabled: switchedOff,
    brokenHeaders: { weight: "may", effect: "Node.js may leave these out" },
    brokenAttributes: { weight: "may", effect: "Node.js then reads none of its attributes" },
    takesBrokenEncoding: false,
    withoutName: "unknown_service:PROGRAM",
    debug: "with OTEL_LOG_LEVEL=debug",
  },
  python: {
    title: "Python",
    protocolByDefault: () => "grpc",
    protocols: ["grpc", "http/protobuf"],
    otherProtocol: "Python then starts no SDK",
    disabled: switchedOff,
    brokenHeaders: { weight: "may", effect: "Python leaves out what has no =, and takes the rest as it stands" },
    brokenAttributes: { weight: "may", effect: "Python leaves out what has no =" },
    takesBrokenEncoding: true,
    withoutName: "unknown_service:PROGRAM",
    debug: "which has the SDK's warnings",
  },
  java: {
    title: "Java",
    protocolByDefault: () => "http/protobuf",
    protocols: ["grpc", "http/protobuf"],
    otherProtocol: agentOff.effect,
    disabled: switchedOff,
    brokenHeaders: agentOff,
    brokenAttributes: agentOff,
    takesBrokenEncoding: true,
    withoutName: "that of Spring's application or of the jar, or unknown_service:java",
    debug: "with OTEL_JAVAAGENT_DEBUG=true",
  },
  go: {
    title: "Go",
    protocolByDefault: () => "http/protobuf",
    protocols: ["grpc", "http/protobuf"],
    otherProtocol: "autoexport then fails",
    disabled: { weight: "may", effect: "is ignored by Go's SDK, but the code may read it" },
    brokenHeaders: { weight: "may", effect: "Go leaves these out" },
    brokenAttributes: { weight: "may", effect: "Go leaves out what has no =" },
    takesBrokenEncoding: true,
    withoutName: "unknown_service:PROGRAM",
    debug: "which has the SDK's errors",
  },
  dotnet: {
    title: ".NET",
    protocolByDefault: (env) => (isAutomaticDotnet(env) ? "http/protobuf" : "grpc"),
    protocols: ["grpc", "http/protobuf"],
    otherProtocol: undefined,
    disabled: { weight: "breaks", effect: "switches the SDK off, from its version 1.15.0 on" },
    brokenHeaders: { weight: "breaks", effect: ".NET then makes no exporter" },
    brokenAttributes: { weight: "may", effect: ".NET leaves out what has no =" },
    takesBrokenEncoding: true,
    withoutName: "unknown_service:PROGRAM",
    debug: "with a file OTEL_DIAGNOSTICS.json beside it",
  },
};

/** What is said of a process whose SDK is not known. */
const someSdk: Omit<Sdk, "title"> = {
  protocolByDefault: () => "http/protobuf",
  protocols,
  otherProtocol: "an SDK may not start",
  disabled: {
    weight: "may",
    effect:
      "switches off an SDK that reads it: those of Node.js, Python and Java do, .NET's from 1.15.0 on, Go's does not",
  },
  brokenHeaders: { weight: "may", effect: "an SDK leaves these out, or does not start" },
  brokenAttributes: { weight: "may", effect: "an SDK may read none of its attributes, or not start" },
  takesBrokenEncoding: false,
  withoutName: "unknown_service, or unknown_service:PROGRAM",
  debug: "with what makes its SDK say more: docs/languages",
};

/** What an SDK makes of its environment; of a language that is not known, what may be said of all. */
export function sdkOf(language: Language | undefined): typeof someSdk {
  return language === undefined ? someSdk : sdks[language];
}

/** Whether .NET's automatic instrumentation is loaded (opentelemetry.io/docs/zero-code/dotnet). */
export function isAutomaticDotnet(env: Readonly<Record<string, string>>): boolean {
  return (
    env["CORECLR_ENABLE_PROFILING"] === "1" ||
    /OpenTelemetry\.AutoInstrumentation/.test(env["DOTNET_STARTUP_HOOKS"] ?? "")
  );
}

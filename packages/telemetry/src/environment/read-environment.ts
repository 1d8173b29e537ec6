import { parseKeyPairsIntoRecord } from "@opentelemetry/core";
import type { DeliveryProtocol, ExporterSettings, MetricPreferences } from "../delivery/exporter-settings.ts";
import { alwaysSo, unread, variables, type Variable, type VariableName } from "./variables.ts";

/** The environment of a process. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The signals by the names that the variables and the paths of OTLP have for them. */
export type SignalName = "logs" | "metrics" | "traces";

/** Where a signal goes: `otlp` to the receiver, `console` to stdout. */
export type ExporterName = "console" | "otlp";

/** How many records wait for what. */
export interface BatchConfig {
  /** Most records that wait for the receiver. */
  readonly maxQueueSize: number;
  /** Most records in one request. */
  readonly maxExportBatchSize: number;
  /** How long a record waits for company before it is sent, in milliseconds. */
  readonly scheduledDelayMillis: number;
}

/** Where one signal goes, and how. */
export interface SignalConfig {
  /** Empty: nowhere. */
  readonly exporters: readonly ExporterName[];
  readonly otlp: ExporterSettings;
}

/** What the environment asks for. */
export interface TelemetryConfig {
  readonly serviceName: string;
  readonly logs: SignalConfig & { readonly batch: BatchConfig };
  readonly traces: SignalConfig & { readonly batch: BatchConfig };
  readonly metrics: SignalConfig &
    MetricPreferences & {
      /** How often they are sent, in milliseconds. */
      readonly intervalMillis: number;
      /** How long collecting and sending them may take, in milliseconds. */
      readonly timeoutMillis: number;
    };
  /** Attributes of an event and of a link, for which the SDK has other names. */
  readonly attributesPerEvent: number;
  readonly attributesPerLink: number;
  /** What was set and could not be used, each in a sentence; it is as if it had not been set. */
  readonly problems: readonly string[];
}

/**
 * Reads OpenTelemetry's standard variables, and `TESTING`. A value that cannot be used is told and ignored, as the
 * specification has it: telemetry never stops a program.
 */
export function readEnvironment(env: Env): TelemetryConfig {
  const problems = [...problemsOf(env)];
  const general = (name: VariableName): string => usable(env, name, variables[name]);
  const number = (name: VariableName): number => Number(general(name));
  const batch = (prefix: "OTEL_BLRP" | "OTEL_BSP"): BatchConfig => {
    const maxQueueSize = number(`${prefix}_MAX_QUEUE_SIZE`);
    return {
      maxQueueSize,
      // A batch larger than the queue would never be full.
      maxExportBatchSize: Math.min(maxQueueSize, number(`${prefix}_MAX_EXPORT_BATCH_SIZE`)),
      scheduledDelayMillis: number(`${prefix}_SCHEDULE_DELAY`),
    };
  };
  const silent = isTrue(general("TESTING")) || isTrue(general("OTEL_SDK_DISABLED"));
  const signal = (name: SignalName): SignalConfig => signalConfig(env, name, silent);
  const intervalMillis = number("OTEL_METRIC_EXPORT_INTERVAL");
  return {
    serviceName:
      general("OTEL_SERVICE_NAME") === variables.OTEL_SERVICE_NAME.byDefault
        ? (parseKeyPairsIntoRecord(env["OTEL_RESOURCE_ATTRIBUTES"])["service.name"] ?? general("OTEL_SERVICE_NAME"))
        : general("OTEL_SERVICE_NAME"),
    logs: { ...signal("logs"), batch: batch("OTEL_BLRP") },
    traces: { ...signal("traces"), batch: batch("OTEL_BSP") },
    metrics: {
      ...signal("metrics"),
      intervalMillis,
      timeoutMillis: Math.min(intervalMillis, number("OTEL_METRIC_EXPORT_TIMEOUT")),
      temporality: general("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE") as MetricPreferences["temporality"],
      histograms: general(
        "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
      ) as MetricPreferences["histograms"],
    },
    attributesPerEvent: number("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"),
    attributesPerLink: number("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"),
    problems,
  };
}

/** The name that a variable has for one signal only. */
function signalVariable(name: string, signal: SignalName): string {
  return name.replace("OTEL_EXPORTER_OTLP_", `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_`);
}

function signalConfig(env: Env, signal: SignalName, silent: boolean): SignalConfig {
  const own = (name: VariableName): string => usable(env, signalVariable(name, signal), variables[name], "");
  const general = (name: VariableName): string => usable(env, name, variables[name]);
  const text = (name: VariableName): string => own(name) || general(name);
  const path = (name: VariableName): string | undefined => text(name) || undefined;
  const protocol = text("OTEL_EXPORTER_OTLP_PROTOCOL") as DeliveryProtocol;
  const insecure = isTrue(text("OTEL_EXPORTER_OTLP_INSECURE"));
  const named = own("OTEL_EXPORTER_OTLP_ENDPOINT");
  const shared = general("OTEL_EXPORTER_OTLP_ENDPOINT");
  const exporterVariable = `OTEL_${signal.toUpperCase()}_EXPORTER` as VariableName;
  const asked = (env[exporterVariable]?.trim() ?? "") !== "";
  const exporters = listOf(general(exporterVariable));
  const known = exporters.includes("none") ? [] : exporters;
  return {
    exporters: silent
      ? []
      : known.flatMap((name): ExporterName[] => {
          if (name === "console") return ["console"];
          // Without an address there is nowhere to send to, unless somebody relies on the one of the specification.
          return name === "otlp" && (named !== "" || shared !== "" || asked) ? ["otlp"] : [];
        }),
    otlp: {
      protocol,
      // Only the address for all signals gets their paths.
      url:
        named === ""
          ? withPath(
              withScheme(shared || standardAddress(protocol), insecure),
              protocol === "grpc" ? "" : `v1/${signal}`,
            )
          : withScheme(named, insecure),
      headers: {
        ...parseKeyPairsIntoRecord(general("OTEL_EXPORTER_OTLP_HEADERS")),
        ...parseKeyPairsIntoRecord(own("OTEL_EXPORTER_OTLP_HEADERS")),
      },
      timeoutMillis: Number(text("OTEL_EXPORTER_OTLP_TIMEOUT")),
      compression: text("OTEL_EXPORTER_OTLP_COMPRESSION") === "gzip" ? "gzip" : "none",
      tls: {
        certificate: path("OTEL_EXPORTER_OTLP_CERTIFICATE"),
        clientCertificate: path("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"),
        clientKey: path("OTEL_EXPORTER_OTLP_CLIENT_KEY"),
      },
    },
  };
}

/** Where a receiver is if nobody says it (opentelemetry.io/docs/specs/otel/protocol/exporter). */
function standardAddress(protocol: DeliveryProtocol): string {
  return protocol === "grpc" ? "http://localhost:4317" : "http://localhost:4318";
}

function withScheme(address: string, insecure: boolean): string {
  return /^https?:\/\//i.test(address) ? address : `${insecure ? "http" : "https"}://${address}`;
}

function withPath(base: string, path: string): string {
  return path === "" ? base : `${base.replace(/\/+$/, "")}/${path}`;
}

/** The value of a variable if it can be used, otherwise its default. */
function usable(env: Env, name: string, variable: Variable, byDefault: string = variable.byDefault): string {
  const value = env[name]?.trim() ?? "";
  if (value === "") return byDefault;
  if (variable.kind === "list-of") {
    const known = listOf(value).filter((one) => variable.values.includes(one));
    return known.length === 0 ? byDefault : known.join(",");
  }
  if (rule(value, variable) !== undefined) return byDefault;
  return variable.kind === "one-of" ? value.toLowerCase() : value;
}

/** Every value that cannot be used, and every variable that is not read. */
function* problemsOf(env: Env): Iterable<string> {
  for (const [name, variable] of Object.entries<Variable>(variables)) {
    const names = variable.perSignal === true ? signalNames.map((signal) => signalVariable(name, signal)) : [];
    for (const each of [name, ...names]) {
      const value = env[each]?.trim() ?? "";
      const broken = value === "" ? undefined : rule(value, variable);
      if (broken === undefined) continue;
      const instead = variable.byDefault === "" || each !== name ? "it is ignored" : `${variable.byDefault} is used`;
      yield `${each}: ${broken}, got ${JSON.stringify(value)}; ${instead}`;
    }
  }
  for (const [name, reason] of Object.entries(unread)) {
    const others = listOf(env[name] ?? "").filter((one) => alwaysSo[name]?.includes(one) !== true);
    if (others.length > 0) yield `${name}: is not read, since ${reason}; leave it out`;
  }
}

const signalNames: readonly SignalName[] = ["logs", "metrics", "traces"];

/** What a value has to be, if it is not. */
function rule(value: string, variable: Variable): string | undefined {
  switch (variable.kind) {
    case "boolean":
      return /^(?:true|false)$/i.test(value) ? undefined : "must be true or false";
    case "number": {
      const number = /^\d{1,10}$/.test(value) ? Number(value) : -1;
      // The longest time that a timer of Node.js can wait.
      return number >= variable.min && number < 2 ** 31
        ? undefined
        : `must be a whole number of at least ${variable.min}`;
    }
    case "ratio":
      return /^(?:0?\.\d+|0|1|1\.0+)$/.test(value) ? undefined : "must be a number from 0 to 1";
    case "one-of":
      return variable.values.includes(value.toLowerCase()) ? undefined : `must be one of ${variable.values.join(", ")}`;
    case "list-of": {
      const unknown = listOf(value).filter((one) => !variable.values.includes(one));
      return unknown.length === 0 ? undefined : `must be a list of ${variable.values.join(", ")}`;
    }
    case "address":
      return isAddress(value) ? undefined : "must be an address such as http://127.0.0.1:4317";
    case "pairs":
      return value.split(",").every((pair) => pair.trim() === "" || /^[^=\s]+\s*=/.test(pair.trim()))
        ? undefined
        : "must be a list of key=value";
    case "text":
      return undefined;
  }
}

function listOf(value: string): string[] {
  return value.split(",").flatMap((one) => (one.trim() === "" ? [] : [one.trim()]));
}

function isTrue(value: string): boolean {
  return value.toLowerCase() === "true" || value === "1";
}

/** An address with `http:` or `https:`, or a host with a port, as gRPC has it. */
function isAddress(value: string): boolean {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `https://${value}`;
  return URL.canParse(url) && ["http:", "https:"].includes(new URL(url).protocol) && /:|^localhost$/.test(value);
}

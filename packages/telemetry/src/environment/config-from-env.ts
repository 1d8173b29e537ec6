import { parseKeyPairsIntoRecord } from "@opentelemetry/core";

/** How OTLP is spoken; the values are those of `OTEL_EXPORTER_OTLP_PROTOCOL`. */
export type OtlpProtocol = "grpc" | "http/protobuf";

/** How many records wait for what. */
export interface BatchConfig {
  /** Most records that wait for the Collector. */
  readonly maxQueueSize: number;
  /** Most records in one request. */
  readonly maxExportBatchSize: number;
  /** How long a record waits for company before it is sent, in milliseconds. */
  readonly scheduledDelayMillis: number;
}

/** What the environment asks for. */
export type TelemetryConfig = SilentConfig | ExportingConfig;

/** Logs go to stdout, nothing is sent. */
export interface SilentConfig {
  readonly exporting: false;
  readonly serviceName: string;
}

/** Logs go to stdout, and logs, traces and metrics to the endpoint. */
export interface ExportingConfig {
  readonly exporting: true;
  readonly serviceName: string;
  readonly endpoint: string;
  readonly protocol: OtlpProtocol;
  readonly logs: BatchConfig;
  readonly spans: BatchConfig;
  /** How often metrics are sent, in milliseconds. */
  readonly metricExportIntervalMillis: number;
}

const protocols: readonly OtlpProtocol[] = ["grpc", "http/protobuf"];

/** What `service.name` is when nothing says it (opentelemetry.io/docs/specs/semconv/resource/#service). */
const unknownService = "unknown_service:node";

/**
 * Reads OpenTelemetry's standard variables, and `TESTING`. Defaults are the specification's
 * (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables), except for the protocol: gRPC.
 *
 * @throws Error that names every variable whose value cannot be used.
 */
export function configFromEnv(env: Readonly<Record<string, string | undefined>>): TelemetryConfig {
  const text = (name: string): string => env[name]?.trim() ?? "";
  const serviceName =
    text("OTEL_SERVICE_NAME") ||
    parseKeyPairsIntoRecord(text("OTEL_RESOURCE_ATTRIBUTES"))["service.name"] ||
    unknownService;
  const endpoint = text("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (isTrue(text("TESTING")) || text("OTEL_SDK_DISABLED").toLowerCase() === "true" || endpoint === "") {
    return { exporting: false, serviceName };
  }

  const problems: string[] = [];
  const whole = (name: string, byDefault: number): number => {
    const value = text(name);
    if (value === "") return byDefault;
    if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
    problems.push(
      `${name}: must be a whole number above 0, got ${JSON.stringify(value)}; leave it out for ${byDefault}`,
    );
    return byDefault;
  };
  const batch = (prefix: "OTEL_BLRP" | "OTEL_BSP", delayMillis: number): BatchConfig => {
    const maxQueueSize = whole(`${prefix}_MAX_QUEUE_SIZE`, 2048);
    return {
      maxQueueSize,
      maxExportBatchSize: Math.min(maxQueueSize, whole(`${prefix}_MAX_EXPORT_BATCH_SIZE`, 512)),
      scheduledDelayMillis: whole(`${prefix}_SCHEDULE_DELAY`, delayMillis),
    };
  };

  if (!isHttpUrl(endpoint)) {
    problems.push(
      `OTEL_EXPORTER_OTLP_ENDPOINT: must be an http:// or https:// address, got ${JSON.stringify(endpoint)}; use for example http://127.0.0.1:4317`,
    );
  }
  const wanted = text("OTEL_EXPORTER_OTLP_PROTOCOL") || "grpc";
  const protocol = protocols.find((known) => known === wanted);
  if (protocol === undefined) {
    problems.push(
      `OTEL_EXPORTER_OTLP_PROTOCOL: must be one of ${protocols.join(", ")}, got ${JSON.stringify(wanted)}; leave it out for grpc`,
    );
  }
  const config = {
    exporting: true,
    serviceName,
    endpoint,
    protocol: protocol ?? "grpc",
    logs: batch("OTEL_BLRP", 1000),
    spans: batch("OTEL_BSP", 5000),
    metricExportIntervalMillis: whole("OTEL_METRIC_EXPORT_INTERVAL", 60_000),
  } as const;
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return config;
}

function isTrue(value: string): boolean {
  return ["true", "1"].includes(value.toLowerCase());
}

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && ["http:", "https:"].includes(new URL(value).protocol);
}

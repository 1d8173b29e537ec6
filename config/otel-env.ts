import type { EnvValue, InstanceFact } from "./env-value.ts";
import { otlpUrls, type OtlpUrls } from "./parts/parts.ts";

/** OTLP over gRPC, port 4317, or over HTTP, port 4318. The values are those of OTEL_EXPORTER_OTLP_PROTOCOL. */
export type OtlpProtocol = "grpc" | "http/protobuf";

/** Who the telemetry of a service says it comes from (OpenTelemetry's resource attributes). */
export interface ServiceIdentity {
  readonly serviceName: string;
  readonly serviceNamespace: string;
  readonly serviceVersion: string;
  readonly environment: string;
  /** Differs between instances of one service and stays the same over a restart; `undefined` leaves it to the Collector. */
  readonly serviceInstanceId: string | InstanceFact | undefined;
  /** Attributes of the platform that the instance runs on. */
  readonly platformAttributes: Readonly<Record<string, string | InstanceFact>>;
}

/** What is the same for every service: what an SDK finds out by itself, when it sends, and how much it holds. */
export const deliveryEnv = {
  // The SDK for Node.js would add a random instance id and the command line, which may hold secrets.
  OTEL_NODE_RESOURCE_DETECTORS: "env",
  // A record leaves the process at most this many milliseconds after it was written (defaults: 1000 and 5000).
  OTEL_BLRP_SCHEDULE_DELAY: "200",
  OTEL_BSP_SCHEDULE_DELAY: "200",
  // How many records and spans a process holds while the Collector is away (default 2048, gone in a minute under load).
  OTEL_BLRP_MAX_QUEUE_SIZE: "16384",
  OTEL_BSP_MAX_QUEUE_SIZE: "16384",
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "1024",
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "1024",
} as const;

/**
 * The environment that makes an OpenTelemetry SDK which takes its exporters from it send logs, traces and metrics to the
 * stack's Collector; what each language's SDK ignores of it is in docs/languages. All names are OpenTelemetry's own (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables).
 *
 * @param urls where the Collector takes it. Default: as the workloads of the stack reach it
 */
export function otelEnv(
  identity: ServiceIdentity,
  protocol: OtlpProtocol,
  urls: OtlpUrls = otlpUrls,
): Readonly<Record<string, EnvValue>> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: protocol === "grpc" ? urls.grpc : urls.http,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_SERVICE_NAME: identity.serviceName,
    OTEL_RESOURCE_ATTRIBUTES: resourceAttributes({
      "service.namespace": identity.serviceNamespace,
      "service.version": identity.serviceVersion,
      "deployment.environment.name": identity.environment,
      "service.instance.id": identity.serviceInstanceId,
      ...identity.platformAttributes,
    }),
    ...deliveryEnv,
  };
}

/** What an SDK is asked for beyond that, unless the service's own environment has it otherwise. */
export const sdkPreferences = {
  // The names of HTTP and databases that the dashboards go by, which some SDKs have beside older ones
  // (opentelemetry.io/docs/specs/semconv/non-normative/http-migration).
  OTEL_SEMCONV_STABILITY_OPT_IN: "http,database",
  // A metric is found this many milliseconds after it was counted at most (default: 60000).
  OTEL_METRIC_EXPORT_INTERVAL: "5000",
} as const;

/** Signals that have variables for an endpoint and a protocol of their own. */
const signals = ["TRACES", "METRICS", "LOGS"];

const nobody = { serviceName: "", serviceNamespace: "", serviceVersion: "", environment: "", serviceInstanceId: "" };

/** Names of all variables that {@link otelEnv} sets, whatever the service. */
const injectedVariables = Object.keys(otelEnv({ ...nobody, platformAttributes: {} }, "grpc"));

/**
 * The variables that a service's own environment must not have: those that the stack injects, and a single signal's, which
 * an SDK prefers to the common one (opentelemetry.io/docs/specs/otel/protocol/exporter): that signal would go round the
 * Collector.
 */
export const reservedVariables: ReadonlySet<string> = new Set([
  ...injectedVariables,
  ...injectedVariables.flatMap((name) => {
    const option = /^OTEL_EXPORTER_OTLP_(.+)$/.exec(name)?.[1];
    return option === undefined ? [] : signals.map((signal) => `OTEL_EXPORTER_OTLP_${signal}_${option}`);
  }),
]);

/**
 * `key=value,key=value` with the values percent-encoded; one bad pair would void the whole variable. Names that a
 * platform gives to its instances have nothing to encode.
 */
function resourceAttributes(attributes: Readonly<Record<string, string | InstanceFact | undefined>>): EnvValue {
  const known = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return known.flatMap(([key, value], index) => [
    `${index === 0 ? "" : ","}${key}=`,
    typeof value === "string" ? encodeURIComponent(value) : value,
  ]);
}

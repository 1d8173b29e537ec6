/** How the text of a variable is read. */
export type VariableKind =
  | { readonly kind: "boolean" }
  /** A whole number. */
  | { readonly kind: "number"; readonly min: number }
  /** From 0 to 1. */
  | { readonly kind: "ratio" }
  | { readonly kind: "one-of" | "list-of"; readonly values: readonly string[] }
  | { readonly kind: "address" | "pairs" | "text" };

/** A variable that this library, or OpenTelemetry's SDK for it, reads. */
export type Variable = VariableKind & {
  /** What it is when it is not set or cannot be used, as text. Empty: nothing. */
  readonly byDefault: string;
  /** What it says, for the README. */
  readonly meaning: string;
  /** Whether `OTEL_EXPORTER_OTLP_TRACES_…`, `…_METRICS_…` and `…_LOGS_…` exist beside it, and win. */
  readonly perSignal?: true;
};

const exporters = ["otlp", "console", "none"] as const;
const samplers = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
];

/** A limit that is not set is the SDK's. */
const limit = (meaning: string, byDefault = ""): Variable => ({ kind: "number", min: 0, byDefault, meaning });

/**
 * Every variable, by the specification (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables and
 * …/protocol/exporter) but for `TESTING`. Where a default is not the specification's, the README says so.
 */
export const variables = {
  TESTING: { kind: "one-of", values: ["true", "false", "1", "0"], byDefault: "false", meaning: "nothing is sent" },
  OTEL_SDK_DISABLED: { kind: "boolean", byDefault: "false", meaning: "nothing is sent" },
  OTEL_SERVICE_NAME: { kind: "text", byDefault: "unknown_service:node", meaning: "`service.name`" },
  OTEL_RESOURCE_ATTRIBUTES: { kind: "pairs", byDefault: "", meaning: "namespace, version, environment, instance id" },
  OTEL_NODE_RESOURCE_DETECTORS: {
    kind: "list-of",
    values: ["env", "host", "os", "process", "serviceinstance", "all", "none"],
    byDefault: "env,serviceinstance",
    meaning: "what is found out about the process; its command line may hold secrets",
  },
  OTEL_LOG_LEVEL: {
    kind: "one-of",
    values: ["none", "error", "warn", "info", "debug", "verbose", "all"],
    byDefault: "",
    meaning: "what OpenTelemetry itself says on the console",
  },
  OTEL_TRACES_EXPORTER: { kind: "list-of", values: exporters, byDefault: "otlp", meaning: "where spans go" },
  OTEL_METRICS_EXPORTER: { kind: "list-of", values: exporters, byDefault: "otlp", meaning: "where metrics go" },
  OTEL_LOGS_EXPORTER: { kind: "list-of", values: exporters, byDefault: "otlp", meaning: "where log records go" },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    kind: "address",
    byDefault: "",
    perSignal: true,
    meaning: "the receiver; with HTTP the signal's path is added to the one for all signals only",
  },
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    kind: "one-of",
    values: ["grpc", "http/protobuf", "http/json"],
    byDefault: "grpc",
    perSignal: true,
    meaning: "how the receiver is spoken to",
  },
  OTEL_EXPORTER_OTLP_INSECURE: {
    kind: "boolean",
    byDefault: "false",
    perSignal: true,
    meaning: "no TLS with gRPC, for an endpoint without `http://` or `https://`",
  },
  OTEL_EXPORTER_OTLP_HEADERS: { kind: "pairs", byDefault: "", perSignal: true, meaning: "of every request" },
  OTEL_EXPORTER_OTLP_TIMEOUT: {
    kind: "number",
    min: 1,
    byDefault: "10000",
    perSignal: true,
    meaning: "of one request, in ms",
  },
  OTEL_EXPORTER_OTLP_COMPRESSION: {
    kind: "one-of",
    values: ["gzip", "none"],
    byDefault: "none",
    perSignal: true,
    meaning: "of the requests",
  },
  OTEL_EXPORTER_OTLP_CERTIFICATE: {
    kind: "text",
    byDefault: "",
    perSignal: true,
    meaning: "PEM file of whom to trust",
  },
  OTEL_EXPORTER_OTLP_CLIENT_KEY: { kind: "text", byDefault: "", perSignal: true, meaning: "PEM file, for mTLS" },
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: {
    kind: "text",
    byDefault: "",
    perSignal: true,
    meaning: "PEM file, for mTLS",
  },
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: {
    kind: "one-of",
    values: ["cumulative", "delta", "lowmemory"],
    byDefault: "cumulative",
    meaning: "how metrics are summed up",
  },
  OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: {
    kind: "one-of",
    values: ["explicit_bucket_histogram", "base2_exponential_bucket_histogram"],
    byDefault: "explicit_bucket_histogram",
    meaning: "how histograms are divided, unless a view says it",
  },
  OTEL_BLRP_MAX_QUEUE_SIZE: { kind: "number", min: 1, byDefault: "2048", meaning: "log records that wait at most" },
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: { kind: "number", min: 1, byDefault: "512", meaning: "of them in one request" },
  OTEL_BLRP_SCHEDULE_DELAY: {
    kind: "number",
    min: 1,
    byDefault: "1000",
    meaning: "how long one waits for company, in ms",
  },
  OTEL_BSP_MAX_QUEUE_SIZE: { kind: "number", min: 1, byDefault: "2048", meaning: "spans that wait at most" },
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: { kind: "number", min: 1, byDefault: "512", meaning: "of them in one request" },
  OTEL_BSP_SCHEDULE_DELAY: {
    kind: "number",
    min: 1,
    byDefault: "5000",
    meaning: "how long one waits for company, in ms",
  },
  OTEL_METRIC_EXPORT_INTERVAL: { kind: "number", min: 1, byDefault: "60000", meaning: "ms between two deliveries" },
  OTEL_METRIC_EXPORT_TIMEOUT: { kind: "number", min: 1, byDefault: "30000", meaning: "of collecting them, in ms" },
  OTEL_TRACES_SAMPLER: {
    kind: "one-of",
    values: samplers,
    byDefault: "parentbased_always_on",
    meaning: "which traces are recorded",
  },
  OTEL_TRACES_SAMPLER_ARG: { kind: "ratio", byDefault: "1", meaning: "how much of them, from 0 to 1" },
  OTEL_PROPAGATORS: {
    kind: "list-of",
    values: ["tracecontext", "baggage", "b3", "b3multi", "none"],
    byDefault: "tracecontext,baggage",
    meaning: "how contexts travel",
  },
  OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: limit("characters of an attribute"),
  OTEL_ATTRIBUTE_COUNT_LIMIT: limit("attributes of anything", "128"),
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: limit("characters of a span's attribute"),
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: limit("attributes of a span", "128"),
  OTEL_SPAN_EVENT_COUNT_LIMIT: limit("events of a span", "128"),
  OTEL_SPAN_LINK_COUNT_LIMIT: limit("links of a span", "128"),
  OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: limit("attributes of an event", "128"),
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: limit("attributes of a link", "128"),
  OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: limit("characters of a log record's attribute"),
  OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: limit("attributes of a log record", "128"),
  OTEL_NODE_ENABLED_INSTRUMENTATIONS: { kind: "text", byDefault: "", meaning: "only these instrumentations" },
  OTEL_NODE_DISABLED_INSTRUMENTATIONS: { kind: "text", byDefault: "", meaning: "not these instrumentations" },
} as const satisfies Readonly<Record<string, Variable>>;

/** The name of a variable. */
export type VariableName = keyof typeof variables;

/** An exporter that the specification knows and this library does not have. */
const otherExporter = "everything is sent as OTLP; the Collector has other exporters";

/** Variables of the specification that are not read, and why; whoever sets one is told. */
export const unread = {
  OTEL_CONFIG_FILE:
    "such a file describes OpenTelemetry's own processors and exporters, which redact nothing and do not count what they lose; its reader for JavaScript is experimental",
  OTEL_EXPERIMENTAL_CONFIG_FILE: "it is the older name of OTEL_CONFIG_FILE, which is not read either",
  OTEL_SEMCONV_STABILITY_OPT_IN:
    "the instrumentations of OpenTelemetry's line 3 know only the stable conventions of HTTP and databases",
  OTEL_BLRP_EXPORT_TIMEOUT: "what cannot be delivered is sent again until the process ends",
  OTEL_BSP_EXPORT_TIMEOUT: "what cannot be delivered is sent again until the process ends",
  OTEL_METRICS_EXEMPLAR_FILTER: "OpenTelemetry's SDK for JavaScript has no exemplars yet",
  OTEL_ENTITIES: "OpenTelemetry's SDK for JavaScript has no entities yet",
  OTEL_EXPORTER_PROMETHEUS_HOST: otherExporter,
  OTEL_EXPORTER_PROMETHEUS_PORT: otherExporter,
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: otherExporter,
  OTEL_EXPORTER_ZIPKIN_TIMEOUT: otherExporter,
} as const satisfies Readonly<Record<string, string>>;

/** What a variable of {@link unread} may ask for without a word about it, since it is so in any case. */
export const alwaysSo: Readonly<Partial<Record<string, readonly string[]>>> = {
  OTEL_SEMCONV_STABILITY_OPT_IN: ["http", "database"],
};

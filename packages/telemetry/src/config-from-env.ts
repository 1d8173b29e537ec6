/** What the environment asks for. */
export type TelemetryConfig =
  | { readonly exporting: false; readonly problem?: string }
  | { readonly exporting: true; readonly protocol: "grpc" | "http/protobuf"; readonly maxQueuedLogs: number; readonly maxQueuedSpans: number };

const protocols = ["grpc", "http/protobuf"] as const;
/** The specification's default for both queues. */
const defaultQueueSize = 2048;

/** Reads OpenTelemetry's standard variables, and TESTING. A value that cannot be used ends up in `problem`. */
export function configFromEnv(env: NodeJS.ProcessEnv): TelemetryConfig {
  const endpoint = env["OTEL_EXPORTER_OTLP_ENDPOINT"]?.trim() ?? "";
  if (isTrue(env["TESTING"]) || env["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true" || endpoint === "") {
    return { exporting: false };
  }
  if (!URL.canParse(endpoint) || !/^https?:\/\//.test(endpoint)) {
    return { exporting: false, problem: `OTEL_EXPORTER_OTLP_ENDPOINT: must be an http:// or https:// address, got ${JSON.stringify(endpoint)}; nothing is sent` };
  }
  const wanted = env["OTEL_EXPORTER_OTLP_PROTOCOL"]?.trim() ?? "";
  const protocol = wanted === "" ? "grpc" : protocols.find((known) => known === wanted);
  if (protocol === undefined) {
    return { exporting: false, problem: `OTEL_EXPORTER_OTLP_PROTOCOL: must be one of ${protocols.join(", ")}, got ${JSON.stringify(wanted)}; nothing is sent` };
  }
  return {
    exporting: true,
    protocol,
    maxQueuedLogs: queueSize(env["OTEL_BLRP_MAX_QUEUE_SIZE"]),
    maxQueuedSpans: queueSize(env["OTEL_BSP_MAX_QUEUE_SIZE"]),
  };
}

function isTrue(value: string | undefined): boolean {
  return ["true", "1"].includes(value?.trim().toLowerCase() ?? "");
}

function queueSize(text: string | undefined): number {
  const size = Number(text);
  return text !== undefined && Number.isInteger(size) && size > 0 ? size : defaultQueueSize;
}

import { parseKeyPairsIntoRecord } from "@opentelemetry/core";
import type { DeliveryProtocol, ExporterSettings } from "../delivery/exporter-settings.ts";
import type { TemporalityPreference } from "../delivery/processors.ts";

/** The signals by the names that the variables and the paths of OTLP have for them. */
export type SignalName = "logs" | "metrics" | "traces";

/**
 * Where and how a signal is sent, by `OTEL_EXPORTER_OTLP_<signal>_<name>` or else `OTEL_EXPORTER_OTLP_<name>`
 * (opentelemetry.io/docs/specs/otel/protocol/exporter).
 */
export function exporterSettingsFromEnv(
  env: Readonly<Record<string, string | undefined>>,
  signal: SignalName,
  protocol: DeliveryProtocol,
): ExporterSettings {
  const own = (name: string): string => env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`]?.trim() ?? "";
  const general = (name: string): string => env[`OTEL_EXPORTER_OTLP_${name}`]?.trim() ?? "";
  const text = (name: string): string => own(name) || general(name);
  const path = (name: string): string | undefined => text(name) || undefined;
  return {
    protocol,
    // Only the address for all signals gets their paths.
    url: own("ENDPOINT") || withPath(general("ENDPOINT"), protocol === "grpc" ? "" : `v1/${signal}`),
    headers: { ...parseKeyPairsIntoRecord(general("HEADERS")), ...parseKeyPairsIntoRecord(own("HEADERS")) },
    timeoutMillis: Number(text("TIMEOUT")) || 10_000,
    compression: text("COMPRESSION") === "gzip" ? "gzip" : "none",
    tls: {
      certificate: path("CERTIFICATE"),
      clientCertificate: path("CLIENT_CERTIFICATE"),
      clientKey: path("CLIENT_KEY"),
    },
  };
}

/** How metrics are summed up, by `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`; `cumulative` unless it says another. */
export function temporalityFromEnv(env: Readonly<Record<string, string | undefined>>): TemporalityPreference {
  const wanted = env["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"]?.trim().toLowerCase();
  return wanted === "delta" || wanted === "lowmemory" ? wanted : "cumulative";
}

function withPath(base: string, path: string): string {
  return path === "" ? base : `${base.replace(/\/+$/, "")}/${path}`;
}

import { stringify } from "yaml";
import { paths, ports } from "./names.ts";
import { hours } from "./units.ts";

/** What Jaeger's configuration depends on. */
export interface JaegerSettings {
  readonly retentionHours: number;
}

/**
 * Jaeger v2 on badger: traces survive a restart and go after the retention period.
 * No batch processor in front of the storage, so a sender hears "stored" only after the commit.
 */
export function jaegerConfig(settings: JaegerSettings): string {
  const store = "badger_store";
  return stringify({
    service: {
      extensions: ["jaeger_storage", "jaeger_query", "healthcheckv2"],
      pipelines: { traces: { receivers: ["otlp"], exporters: ["jaeger_storage_exporter"] } },
      telemetry: { logs: { level: "warn" }, metrics: { level: "none" } },
    },
    extensions: {
      healthcheckv2: {
        use_v2: true,
        http: {
          endpoint: `0.0.0.0:${ports.jaegerHealth}`,
          status: { enabled: true, path: "/status" },
          // Gives back the configuration in force, the retention among it.
          config: { enabled: true, path: "/config" },
        },
      },
      jaeger_query: {
        storage: { traces: store },
        http: { endpoint: `0.0.0.0:${ports.jaegerQuery}` },
        // Its own requests are not part of anybody's system.
        enable_tracing: false,
      },
      jaeger_storage: {
        backends: {
          [store]: {
            badger: {
              directories: { keys: `${paths.jaegerData}/keys`, values: `${paths.jaegerData}/values` },
              ephemeral: false,
              ttl: { spans: hours(settings.retentionHours) },
            },
          },
        },
      },
    },
    receivers: {
      otlp: {
        protocols: { grpc: { endpoint: `0.0.0.0:${ports.jaegerOtlpGrpc}`, max_recv_msg_size_mib: 64 } },
      },
    },
    exporters: { jaeger_storage_exporter: { trace_storage: store } },
  });
}

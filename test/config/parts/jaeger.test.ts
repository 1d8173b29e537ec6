import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { jaegerConfig } from "../../../config/parts/jaeger.ts";
import { anySettings } from "../../support/settings.ts";

describe("Jaeger's configuration", () => {
  it("keeps traces on disk over a restart and drops them after the same 30 days as the logs (S16, D11)", () => {
    const { extensions } = parse(jaegerConfig({ retentionHours: 720 })) as { extensions: Record<string, unknown> };
    assert.deepEqual(extensions["jaeger_storage"], {
      backends: {
        badger_store: {
          badger: {
            directories: { keys: "/badger/keys", values: "/badger/values" },
            ephemeral: false,
            ttl: { spans: "720h" },
          },
        },
      },
    });
    assert.deepEqual(extensions["jaeger_query"], {
      storage: { traces: "badger_store" },
      http: { endpoint: "0.0.0.0:16686" },
      grpc: { endpoint: "127.0.0.1:16685" },
      enable_tracing: false,
    });
  });

  it("answers a health check over HTTP, and gives its configuration back", () => {
    const { extensions } = parse(jaegerConfig({ retentionHours: 720 })) as { extensions: Record<string, unknown> };
    assert.deepEqual(extensions["healthcheckv2"], {
      use_v2: true,
      http: {
        endpoint: "0.0.0.0:13133",
        status: { enabled: true, path: "/status" },
        config: { enabled: true, path: "/config" },
      },
    });
  });

  it("takes OTLP by gRPC and acknowledges after the commit: nothing stands between receiver and storage", () => {
    const names = { without_scope_info: true, without_type_suffix: false, without_units: false };
    const reader = { pull: { exporter: { prometheus: { host: "0.0.0.0", port: 8888, ...names } } } };
    const { extensions: _, ...rest } = parse(jaegerConfig({ retentionHours: 720 })) as Record<string, unknown>;
    assert.deepEqual(rest, {
      service: {
        extensions: ["jaeger_storage", "jaeger_query", "healthcheckv2"],
        pipelines: { traces: { receivers: ["otlp"], exporters: ["jaeger_storage_exporter"] } },
        telemetry: { logs: { level: "warn" }, metrics: { level: "normal", readers: [reader] } },
      },
      receivers: { otlp: { protocols: { grpc: { endpoint: "0.0.0.0:4317", max_recv_msg_size_mib: 64 } } } },
      exporters: { jaeger_storage_exporter: { trace_storage: "badger_store" } },
    });
  });

  it("follows the retention and changes nothing else with it", () => {
    fc.assert(
      fc.property(anySettings, ({ retentionHours }) => {
        const text = jaegerConfig({ retentionHours });
        assert.equal(text, jaegerConfig({ retentionHours: 720 }).replace("720h", `${retentionHours}h`));
      }),
    );
  });
});

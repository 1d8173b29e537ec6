import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { z } from "zod";
import { otelCollectorConfig, type OtelCollectorSettings } from "../../../config/collector/document.ts";
import { anySettings, delivery as all } from "../../support/settings.ts";
import { knownParts } from "../../support/further-parts.ts";
import { storesOf } from "../../../config/parts/exporters.ts";
import { partList } from "../../../config/parts/parts.ts";

const defaults: OtelCollectorSettings = {
  memoryMib: 256,
  queueMib: 512,
  serviceNamespace: "integr8scode",
  enrichment: {},
  ...storesOf(knownParts),
};

const pipeline = z.strictObject({
  receivers: z.array(z.string()),
  processors: z.array(z.string()),
  exporters: z.array(z.string()),
});
const exporter = z.looseObject({
  retry_on_failure: z.looseObject({ enabled: z.boolean(), max_elapsed_time: z.string() }),
  sending_queue: z.looseObject({ storage: z.string(), sizer: z.string(), queue_size: z.number() }),
});
const shape = z.strictObject({
  extensions: z.record(z.string(), z.unknown()),
  receivers: z.record(z.string(), z.unknown()),
  processors: z.looseObject({ memory_limiter: z.looseObject({ limit_mib: z.number(), spike_limit_mib: z.number() }) }),
  exporters: z.record(z.string(), exporter),
  service: z.looseObject({ extensions: z.array(z.string()), pipelines: z.record(z.string(), pipeline) }),
});

function config(overrides: Partial<OtelCollectorSettings> = {}): z.output<typeof shape> {
  return shape.parse(parse(otelCollectorConfig({ ...defaults, ...overrides })));
}

const settingsOf = anySettings.map(({ memoryMib, otelCollector, serviceNamespace }) => ({
  memoryMib: memoryMib.otelCollector,
  queueMib: otelCollector.queueMib,
  serviceNamespace,
  enrichment: {},
  ...all,
}));

describe("the Collector's configuration", () => {
  it("takes logs, traces and metrics at one place, and all three go through it (S3, S7, D4)", () => {
    assert.deepEqual(config().receivers, {
      otlp: {
        protocols: {
          grpc: { endpoint: "0.0.0.0:4317", max_recv_msg_size_mib: 16 },
          http: { endpoint: "0.0.0.0:4318", max_request_body_size: 16777216 },
        },
      },
    });
    assert.deepEqual(config().service.pipelines, {
      logs: {
        receivers: ["otlp"],
        processors: ["memory_limiter", "resource", "transform/trace_context", "attributes"],
        exporters: ["otlp_http/loki"],
      },
      traces: { receivers: ["otlp"], processors: ["memory_limiter", "resource"], exporters: ["otlp_grpc/jaeger"] },
      metrics: {
        receivers: ["otlp"],
        processors: ["memory_limiter", "resource"],
        exporters: ["otlp_http/victoria-metrics"],
      },
    });
  });

  it("adds service.name and service.namespace where they are missing, and overwrites neither (S8)", () => {
    assert.deepEqual(config().processors["resource"], {
      attributes: [
        { key: "service.namespace", value: "integr8scode", action: "insert" },
        { key: "service.name", value: "unknown_service", action: "insert" },
      ],
    });
  });

  it("stores names of a log record once, not again as its attributes (S8, S12)", () => {
    assert.deepEqual(config().processors["attributes"], {
      actions: [
        { key: "service.name", action: "delete" },
        { key: "service.namespace", action: "delete" },
      ],
    });
  });

  it("makes ids in attributes the trace context of a record that has none, before it deletes them (S12)", () => {
    const [noTrace, noSpan] = [`TraceID(0x${"0".repeat(32)})`, `SpanID(0x${"0".repeat(16)})`];
    const isId = (name: string, digits: number): string =>
      `IsString(log.attributes["${name}"]) and IsMatch(log.attributes["${name}"], "^[0-9a-f]{${digits}}$") and log.attributes["${name}"] != "${"0".repeat(digits)}"`;
    assert.deepEqual(config().processors["transform/trace_context"], {
      // A record that it cannot change is stored as it is.
      error_mode: "ignore",
      log_statements: [
        `set(log.span_id.string, log.attributes["span_id"]) where log.trace_id == ${noTrace} and log.span_id == ${noSpan} and ${isId("trace_id", 32)} and ${isId("span_id", 16)}`,
        `set(log.trace_id.string, log.attributes["trace_id"]) where log.trace_id == ${noTrace} and ${isId("trace_id", 32)}`,
        `delete_key(log.attributes, "trace_id") where log.trace_id != ${noTrace}`,
        `delete_key(log.attributes, "span_id") where log.span_id != ${noSpan}`,
      ],
    });
  });

  it("says nothing about the environment: only a service knows where it runs (D10)", () => {
    assert.equal(/environment|production/.test(otelCollectorConfig(defaults)), false);
  });

  const delivery = {
    timeout: "30s",
    retry_on_failure: { enabled: true, initial_interval: "1s", max_interval: "15s", max_elapsed_time: "0s" },
    sending_queue: {
      storage: "file_storage",
      sizer: "bytes",
      queue_size: 536870912,
      block_on_overflow: true,
      num_consumers: 4,
      batch: { flush_timeout: "200ms", min_size: 262144, max_size: 3000000 },
    },
  };

  it("delivers logs to Loki's own OTLP endpoint, and every signal until it is stored (S9, S10)", () => {
    assert.deepEqual(config().exporters, {
      "otlp_http/loki": { endpoint: "http://loki:3100/otlp", tls: { insecure: true }, ...delivery },
      "otlp_grpc/jaeger": { endpoint: "jaeger:4317", tls: { insecure: true }, ...delivery },
      "otlp_http/victoria-metrics": {
        metrics_endpoint: "http://victoria-metrics:8428/opentelemetry/v1/metrics",
        tls: { insecure: true },
        ...delivery,
      },
    });
  });

  it("delivers each signal to every part that stores it, to all of them alike", () => {
    const { exporters, service } = config(all);
    const expected = all.exporters.map(({ name, config: own }) => [
      name,
      { ...own, tls: { insecure: true }, ...delivery },
    ]);
    assert.deepEqual(exporters, Object.fromEntries(expected));
    for (const [signal, { exporters: names }] of Object.entries(service.pipelines)) {
      assert.deepEqual(
        names,
        all.exporters.filter((each) => each.signal === signal).map(({ name }) => name),
      );
    }
    const stores = partList.filter(({ exporter: own }) => own !== "none");
    assert.equal(Object.keys(exporters).length, stores.length);
  });

  it("keeps the queues on disk, each write synced, in a folder that it makes and repairs itself", () => {
    assert.deepEqual(config().extensions, {
      health_check: { endpoint: "0.0.0.0:13133" },
      file_storage: {
        directory: "/var/lib/otelcol",
        create_directory: true,
        fsync: true,
        recreate: true,
        compaction: { directory: "/var/lib/otelcol", on_rebound: true, cleanup_on_start: true },
      },
    });
    assert.deepEqual(config().service.extensions, ["health_check", "file_storage"]);
  });

  it("reports its own numbers straight to the store, once", () => {
    assert.deepEqual(config().service["telemetry"], {
      logs: { level: "warn" },
      metrics: {
        level: "normal",
        readers: [
          {
            periodic: {
              interval: 15000,
              exporter: {
                otlp: {
                  protocol: "http/protobuf",
                  endpoint: "http://victoria-metrics:8428/opentelemetry/v1/metrics",
                },
              },
            },
          },
        ],
      },
    });
  });

  it("loses nothing on the way, for any valid settings", () => {
    fc.assert(
      fc.property(settingsOf, (settings) => {
        const { service, exporters, processors } = config(settings);
        const used = Object.values(service.pipelines);
        for (const { receivers, processors: steps, exporters: targets } of used) {
          assert.deepEqual(receivers, ["otlp"]);
          assert.equal(steps[0], "memory_limiter", "must refuse before anything is kept in memory");
          assert.ok(!steps.some((step) => step.startsWith("batch")), "a batch processor acknowledges too early");
          for (const step of steps) assert.ok(step in processors, `${step} is not defined`);
          for (const target of targets) assert.ok(target in exporters, `${target} is not defined`);
        }
        assert.deepEqual(
          used.flatMap((each) => each.exporters).sort(),
          Object.keys(exporters).sort(),
          "an exporter that no pipeline uses, or that two use",
        );
        for (const { retry_on_failure: retry, sending_queue: queue } of Object.values(exporters)) {
          assert.deepEqual([retry.enabled, retry.max_elapsed_time], [true, "0s"]);
          assert.deepEqual([queue.storage, queue.sizer], ["file_storage", "bytes"]);
          assert.equal(queue.queue_size, settings.queueMib * 1024 * 1024);
        }
      }),
    );
  });

  it("refuses data before the kernel kills it, for any valid memory limit", () => {
    fc.assert(
      fc.property(settingsOf, (settings) => {
        const limiter = config(settings).processors.memory_limiter;
        assert.ok(limiter.limit_mib <= settings.memoryMib * 0.8 && limiter.limit_mib > settings.memoryMib * 0.8 - 1);
        assert.ok(limiter.spike_limit_mib > 0 && limiter.spike_limit_mib < limiter.limit_mib);
        assert.equal(limiter["check_interval"], "1s", "0, the default, never looks");
      }),
    );
  });

  it("is plain YAML with the same bytes every time", () => {
    fc.assert(
      fc.property(settingsOf, (settings) => {
        const text = otelCollectorConfig(settings);
        assert.equal(text, otelCollectorConfig({ ...settings }));
        assert.doesNotMatch(text, /[&*]\w+$/m);
      }),
    );
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { z } from "zod";
import { otelCollectorConfig, type OtelCollectorSettings } from "../../../config/collector/document.ts";
import { anySettings, delivery as all, deliveryOf } from "../../support/settings.ts";
import { knownParts } from "../../support/further-parts.ts";
import { severityStatements } from "../../../config/collector/severity.ts";
import { partList } from "../../../config/parts/parts.ts";

const defaults: OtelCollectorSettings = {
  memoryMib: 256,
  queueMib: 512,
  readsHost: false,
  enrichment: {},
  ...deliveryOf(knownParts),
};

const pipeline = z.strictObject({
  receivers: z.array(z.string()),
  processors: z.array(z.string()),
  exporters: z.array(z.string()),
});
const exporter = z.looseObject({
  retry_on_failure: z.looseObject({ enabled: z.boolean() }),
  sending_queue: z.looseObject({ sizer: z.string(), queue_size: z.number() }),
});
const shape = z.strictObject({
  extensions: z.record(z.string(), z.unknown()),
  receivers: z.record(z.string(), z.unknown()),
  processors: z.looseObject({ memory_limiter: z.looseObject({ limit_mib: z.number(), spike_limit_mib: z.number() }) }),
  connectors: z.record(z.string(), z.unknown()),
  exporters: z.record(z.string(), exporter),
  service: z.looseObject({ extensions: z.array(z.string()), pipelines: z.record(z.string(), pipeline) }),
});

function config(overrides: Partial<OtelCollectorSettings> = {}): z.output<typeof shape> {
  return shape.parse(parse(otelCollectorConfig({ ...defaults, ...overrides })));
}

const settingsOf = anySettings.map(({ memoryMib, otelCollector }) => ({
  memoryMib: memoryMib.otelCollector,
  queueMib: otelCollector.queueMib,
  readsHost: otelCollector.hostMetrics,
  tailSampling: otelCollector.tailSampling,
  enrichment: {},
  ...all,
}));

describe("the Collector's configuration", () => {
  it("takes logs, traces and metrics at one place, and all three go through it (S3, S7, D4)", () => {
    assert.deepEqual(Object.keys(config().receivers), ["otlp", "otlp/stack", "prometheus/stack"]);
    assert.deepEqual(config().receivers["otlp"], {
      protocols: {
        grpc: { endpoint: "0.0.0.0:4317", max_recv_msg_size_mib: 16 },
        http: { endpoint: "0.0.0.0:4318", max_request_body_size: 16777216 },
      },
    });
    const grouped = { receivers: ["otlp/stack"], processors: [] };
    assert.deepEqual(config().service.pipelines, {
      logs: {
        receivers: ["otlp"],
        processors: ["memory_limiter", "resource", "transform/instance", "transform/records", "attributes"],
        exporters: ["otlp_grpc/stack"],
      },
      traces: {
        receivers: ["otlp"],
        processors: ["memory_limiter", "resource", "transform/instance", "transform/links", "transform/sizes"],
        exporters: ["otlp_grpc/stack"],
      },
      metrics: {
        receivers: ["otlp"],
        processors: ["memory_limiter", "resource", "transform/instance", "delta_to_cumulative"],
        exporters: ["otlp_grpc/stack"],
      },
      "logs/grouped": { ...grouped, exporters: ["otlp_http/loki", "count"] },
      "traces/grouped": { ...grouped, exporters: ["otlp_grpc/jaeger", "span_metrics", "service_graph"] },
      "metrics/grouped": { ...grouped, exporters: ["otlp_http/victoria-metrics"] },
      "metrics/derived": {
        receivers: ["span_metrics", "service_graph", "count"],
        processors: ["filter/derived", "transform/derived", "delta_to_cumulative"],
        exporters: ["otlp_http/victoria-metrics_derived"],
      },
      "metrics/stack": {
        receivers: ["prometheus/stack"],
        processors: ["filter/stack", "transform/stack"],
        exporters: ["otlp_http/victoria-metrics_derived"],
      },
    });
  });

  it("gathers requests in front of the queues on disk while their clients wait, and hears itself on loopback alone", () => {
    assert.deepEqual(config().exporters["otlp_grpc/stack"], gathering);
    assert.deepEqual(config().receivers["otlp/stack"], {
      protocols: { grpc: { endpoint: "127.0.0.1:14317", max_recv_msg_size_mib: 64 } },
    });
  });

  it("adds service.name and service.namespace where they are missing, and overwrites neither (S8)", () => {
    assert.deepEqual(config().processors["resource"], {
      attributes: [
        { key: "service.namespace", value: "unknown", action: "insert" },
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
    assert.deepEqual(config().processors["transform/records"], {
      // A record that it cannot change is stored as it is.
      error_mode: "ignore",
      log_statements: [
        `set(log.span_id.string, log.attributes["span_id"]) where log.trace_id == ${noTrace} and log.span_id == ${noSpan} and ${isId("trace_id", 32)} and ${isId("span_id", 16)}`,
        `set(log.trace_id.string, log.attributes["trace_id"]) where log.trace_id == ${noTrace} and ${isId("trace_id", 32)}`,
        `delete_key(log.attributes, "trace_id") where log.trace_id != ${noTrace}`,
        `delete_key(log.attributes, "span_id") where log.span_id != ${noSpan}`,
        ...severityStatements,
      ],
    });
  });

  it("makes an instance of a sender that does not say which it is: its pod, or else its address", () => {
    const set = (known: string): string =>
      `set(resource.attributes["service.instance.id"], ${known}) where resource.attributes["service.instance.id"] == nil`;
    const statements = [
      set('resource.attributes["k8s.pod.name"]'),
      set('ExtractPatterns(otelcol.client.addr, "^[[]?(?P<host>(?:[0-9]+[.]){3}[0-9]+|[^]]+)")["host"]'),
    ];
    assert.deepEqual(config().processors["transform/links"], {
      error_mode: "ignore",
      trace_statements: [
        'set(span.attributes["service.name"], resource.attributes["service.name"]) where span.attributes["service.name"] == nil',
      ],
    });
    assert.deepEqual(config().processors["transform/instance"], {
      error_mode: "ignore",
      log_statements: statements,
      trace_statements: statements,
      metric_statements: statements,
    });
  });

  it("cuts what would be too long for a key of Jaeger's index, and takes apart what cannot be cut", () => {
    const cut = (text: string): string => `set(${text}, Substring(${text}, 0, 16384)) where Len(${text}) > 16384`;
    const takeApart = (attributes: string): readonly string[] => [
      `flatten(${attributes})`,
      `delete_matching_keys(${attributes}, "[.][0-9]{3,}([.]|$)")`,
    ];
    const both = (context: string, bytes: number, ...texts: readonly string[]): readonly object[] => {
      const attributes = `${context}.attributes`;
      const truncate = `truncate_all(${attributes}, ${bytes})`;
      return [
        { context, statements: [truncate, ...texts.map(cut)] },
        {
          context,
          conditions: [`Len(ToKeyValueString(${attributes})) > 48000`],
          statements: [
            `delete_matching_keys(${attributes}, "(?s)^.{1000}")`,
            ...[1, 2, 3, 4].flatMap(() => takeApart(attributes)),
            `limit(${attributes}, 1000, ["service.name", "service.namespace"])`,
            truncate,
          ],
        },
      ];
    };
    assert.deepEqual(config().processors["transform/sizes"], {
      error_mode: "ignore",
      trace_statements: [
        ...both("resource", 16_384),
        ...both("scope", 32_768, "scope.name", "scope.version"),
        ...both("span", 32_768, "span.name", "span.status.message", "span.trace_state"),
        ...both("spanevent", 32_768, "spanevent.name"),
      ],
    });
  });

  it("says nothing about the environment: only a service knows where it runs (D10)", () => {
    const { resource } = config().processors;
    assert.equal(/environment|production/.test(JSON.stringify([resource, config().receivers])), false);
  });

  const gathering = {
    endpoint: "127.0.0.1:14317",
    tls: { insecure: true },
    compression: "none",
    // An SDK sends again after 10 s.
    timeout: "5s",
    retry_on_failure: { enabled: false },
    sending_queue: {
      wait_for_result: true,
      sizer: "bytes",
      queue_size: 67108864,
      block_on_overflow: true,
      num_consumers: 2,
      batch: { flush_timeout: "5ms", min_size: 262144, max_size: 3000000 },
    },
  };

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

  /** Never waits and fills up after hours at the earliest: what is made of logs must not hold back logs. */
  const onceDelivery = {
    timeout: "5s",
    retry_on_failure: { enabled: false },
    sending_queue: { sizer: "bytes", queue_size: 16777216, batch: { flush_timeout: "5s", max_size: 3000000 } },
  };

  it("delivers logs to Loki's own OTLP endpoint, and every signal until it is stored (S9, S10)", () => {
    assert.deepEqual(config().exporters, {
      "otlp_grpc/stack": gathering,
      "otlp_http/loki": {
        endpoint: "http://loki:3100/otlp",
        tls: { insecure: true },
        compression: "none",
        ...delivery,
      },
      "otlp_grpc/jaeger": { endpoint: "jaeger:4317", tls: { insecure: true }, compression: "none", ...delivery },
      "otlp_http/victoria-metrics": {
        metrics_endpoint: "http://victoria-metrics:8428/opentelemetry/v1/metrics",
        tls: { insecure: true },
        compression: "none",
        ...delivery,
      },
      "otlp_http/victoria-metrics_derived": {
        metrics_endpoint: "http://victoria-metrics:8428/opentelemetry/v1/metrics",
        tls: { insecure: true },
        compression: "none",
        ...onceDelivery,
      },
    });
  });

  it("delivers each signal to every part that stores it, to all of them alike", () => {
    const { exporters, service } = config(all);
    const expected = all.exporters.flatMap(({ name, signal, config: own }) => {
      const store = { ...own, tls: { insecure: true }, compression: "none" };
      const derived: [string, object][] = [[`${name}_derived`, { ...store, ...onceDelivery }]];
      return [[name, { ...store, ...delivery }], ...(signal === "metrics" ? derived : [])];
    });
    assert.deepEqual(exporters, { "otlp_grpc/stack": gathering, ...Object.fromEntries(expected) });
    for (const [name, pipelineOf] of Object.entries(service.pipelines)) {
      const [signal, step] = name.split("/");
      const stored = all.exporters
        .filter((each) => each.signal === signal)
        .map((each) => (step === "grouped" ? each.name : `${each.name}_derived`));
      assert.deepEqual(
        pipelineOf.exporters.filter((each) => each in exporters),
        step === undefined ? ["otlp_grpc/stack"] : stored,
      );
    }
    const stores = partList.filter(({ exporter: own }) => own !== "none");
    assert.equal(all.exporters.length, stores.length);
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

  it("reports its own numbers straight to the store, as the stack's; the rest is read by itself alone", () => {
    assert.deepEqual(config().service["telemetry"], {
      resource: {
        attributes: [
          { name: "service.name", value: "otel-collector" },
          { name: "service.namespace", value: "stack" },
          { name: "service.instance.id", value: "otel-collector" },
        ],
      },
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
          {
            pull: {
              exporter: {
                prometheus: {
                  host: "127.0.0.1",
                  port: 8888,
                  without_scope_info: true,
                  without_type_suffix: false,
                  without_units: false,
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
        const { service, exporters, connectors, processors } = config(settings);
        const between = Object.keys(connectors);
        const { "metrics/derived": derived, "metrics/stack": own, "traces/stack": kept } = service.pipelines;
        const isSampling = settings.tailSampling !== undefined;
        assert.ok(derived && own);
        assert.deepEqual([...derived.receivers, ...(isSampling ? ["forward/stack"] : [])], between);
        assert.deepEqual(
          own.exporters,
          derived.exporters,
          "what the parts say of themselves must not hold back a service",
        );
        for (const signal of ["logs", "traces", "metrics"]) {
          const { [signal]: first = assert.fail(signal), [`${signal}/grouped`]: second } = service.pipelines;
          assert.deepEqual(first.receivers, ["otlp"]);
          assert.equal(first.processors[0], "memory_limiter", "must refuse before anything is kept in memory");
          const steps = [...first.processors, ...(second?.processors ?? [])];
          assert.ok(!steps.some((step) => step.startsWith("batch")), "a batch processor acknowledges too early");
          for (const step of steps) assert.ok(step in processors, `${step} is not defined`);
          const isDecided = first.exporters.includes("forward/stack");
          assert.deepEqual([isDecided, second === undefined], Array(2).fill(isSampling && signal === "traces"));
          if (!isDecided) assert.deepEqual(first.exporters, ["otlp_grpc/stack"]);
          const stored = (isDecided ? kept : second)?.exporters.filter((each) => !between.includes(each)) ?? [];
          assert.ok(stored.length > 0, "is stored nowhere");
          for (const target of stored) {
            const { retry_on_failure: retry, sending_queue: queue } = exporters[target] ?? assert.fail(target);
            assert.deepEqual([retry.enabled, retry["max_elapsed_time"]], [true, "0s"]);
            assert.deepEqual([queue["storage"], queue.sizer], ["file_storage", "bytes"]);
            assert.equal(queue.queue_size, settings.queueMib * 1024 * 1024);
          }
        }
        assert.deepEqual(
          Object.entries(service.pipelines)
            .flatMap(([name, each]) => (name === "metrics/stack" ? [] : each.exporters))
            .filter((each) => each !== "otlp_grpc/stack")
            .sort(),
          [...Object.keys(exporters).filter((each) => each !== "otlp_grpc/stack"), ...between].sort(),
          "an exporter or a connector that no pipeline uses, or that two use",
        );
      }),
    );
  });

  it("refuses no log record because of what is made of it: nothing behind a connector waits or refuses", () => {
    fc.assert(
      fc.property(settingsOf, (settings) => {
        const { service, exporters, processors } = config(settings);
        const derived = service.pipelines["metrics/derived"] ?? assert.fail();
        assert.ok(!derived.processors.includes("memory_limiter"));
        for (const step of derived.processors) assert.ok(step in processors, `${step} is not defined`);
        for (const target of derived.exporters) {
          const { retry_on_failure: retry, sending_queue: queue } = exporters[target] ?? assert.fail(target);
          assert.equal(retry.enabled, false);
          assert.deepEqual(["storage" in queue, "block_on_overflow" in queue], [false, false]);
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

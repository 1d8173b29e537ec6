import assert from "node:assert/strict";
import { configFromEnv } from "../../src/environment/config-from-env.ts";

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4317" };
const silent = { exporting: false, serviceName: "unknown_service:node" };

describe("configFromEnv", () => {
  const silencing: readonly Readonly<Record<string, string>>[] = [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: "" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "  " },
    { ...endpoint, TESTING: "true" },
    { ...endpoint, TESTING: "TRUE" },
    { ...endpoint, TESTING: "1" },
    { ...endpoint, OTEL_SDK_DISABLED: "True" },
  ];
  for (const env of silencing) {
    it(`sends nothing with ${JSON.stringify(env)}`, () => {
      assert.deepEqual(configFromEnv(env), silent);
    });
  }

  it("sends over gRPC with the specification's defaults when only the endpoint is set", () => {
    assert.deepEqual(configFromEnv({ ...endpoint, TESTING: "false" }), {
      exporting: true,
      serviceName: "unknown_service:node",
      endpoint: "http://127.0.0.1:4317",
      protocol: "grpc",
      logs: { maxQueueSize: 2048, maxExportBatchSize: 512, scheduledDelayMillis: 1000 },
      spans: { maxQueueSize: 2048, maxExportBatchSize: 512, scheduledDelayMillis: 5000 },
      metricExportIntervalMillis: 60_000,
    });
  });

  it("takes every variable that it reads", () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: " https://collector.example.com:4318 ",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_SERVICE_NAME: "shop",
      OTEL_RESOURCE_ATTRIBUTES: "service.name=other",
      OTEL_BLRP_MAX_QUEUE_SIZE: "10",
      OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "20",
      OTEL_BLRP_SCHEDULE_DELAY: "30",
      OTEL_BSP_MAX_QUEUE_SIZE: "40",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "5",
      OTEL_BSP_SCHEDULE_DELAY: "60",
      OTEL_METRIC_EXPORT_INTERVAL: "70",
    };
    assert.deepEqual(configFromEnv(env), {
      exporting: true,
      serviceName: "shop",
      endpoint: "https://collector.example.com:4318",
      protocol: "http/protobuf",
      // A batch larger than the queue would never be full.
      logs: { maxQueueSize: 10, maxExportBatchSize: 10, scheduledDelayMillis: 30 },
      spans: { maxQueueSize: 40, maxExportBatchSize: 5, scheduledDelayMillis: 60 },
      metricExportIntervalMillis: 70,
    });
  });

  it("finds the service's name among the resource attributes", () => {
    const { serviceName } = configFromEnv({ OTEL_RESOURCE_ATTRIBUTES: "service.version=1,service.name=my%20shop" });
    assert.equal(serviceName, "my shop");
  });

  it("names every variable whose value cannot be used", () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "127.0.0.1:4317",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BLRP_MAX_QUEUE_SIZE: "0",
      OTEL_BSP_SCHEDULE_DELAY: "1.5",
      OTEL_METRIC_EXPORT_INTERVAL: "soon",
    };
    assert.throws(() => configFromEnv(env), {
      message: [
        'OTEL_EXPORTER_OTLP_ENDPOINT: must be an http:// or https:// address, got "127.0.0.1:4317"; use for example http://127.0.0.1:4317',
        'OTEL_EXPORTER_OTLP_PROTOCOL: must be one of grpc, http/protobuf, got "http/json"; leave it out for grpc',
        'OTEL_BLRP_MAX_QUEUE_SIZE: must be a whole number above 0, got "0"; leave it out for 2048',
        'OTEL_BSP_SCHEDULE_DELAY: must be a whole number above 0, got "1.5"; leave it out for 5000',
        'OTEL_METRIC_EXPORT_INTERVAL: must be a whole number above 0, got "soon"; leave it out for 60000',
      ].join("\n"),
    });
  });
});

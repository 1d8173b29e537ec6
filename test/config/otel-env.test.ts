import assert from "node:assert/strict";
import fc from "fast-check";
import { otelEnv as structuredEnv, reservedVariables, type ServiceIdentity } from "../../config/otel-env.ts";
import { shownEnv } from "../support/workload-view.ts";

const identity: ServiceIdentity = {
  serviceName: "integr8scode-backend",
  serviceNamespace: "integr8scode",
  serviceVersion: "1.2.3",
  environment: "dev",
  serviceInstanceId: "observability-dev-backend",
  platformAttributes: {},
};

function otelEnv(...args: Parameters<typeof structuredEnv>): Record<string, string> {
  return shownEnv(structuredEnv(...args));
}

function attributesOf(env: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = (env["OTEL_RESOURCE_ATTRIBUTES"] ?? "").split(",").map((pair) => pair.split("="));
  for (const pair of pairs) assert.equal(pair.length, 2, "one malformed pair voids the whole variable");
  return Object.fromEntries(pairs.map(([key = "", value = ""]) => [key, decodeURIComponent(value)]));
}

describe("the environment of a service", () => {
  it("is made of OpenTelemetry's own variables (S4, S5, D1, D16)", () => {
    assert.deepEqual(otelEnv(identity, "grpc"), {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel-collector:4317",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_SERVICE_NAME: "integr8scode-backend",
      OTEL_RESOURCE_ATTRIBUTES:
        "service.namespace=integr8scode,service.version=1.2.3,deployment.environment.name=dev,service.instance.id=observability-dev-backend",
      OTEL_NODE_RESOURCE_DETECTORS: "env",
      OTEL_BLRP_SCHEDULE_DELAY: "200",
      OTEL_BSP_SCHEDULE_DELAY: "200",
      OTEL_BLRP_MAX_QUEUE_SIZE: "16384",
      OTEL_BSP_MAX_QUEUE_SIZE: "16384",
      OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "1024",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "1024",
    });
  });

  it("has the port that belongs to its protocol, and changes nothing else with it (S7)", () => {
    assert.deepEqual(otelEnv(identity, "http/protobuf"), {
      ...otelEnv(identity, "grpc"),
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel-collector:4318",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    });
  });

  it("has one endpoint for logs, traces and metrics: no signal can go round the Collector (S7, D4, D5)", () => {
    for (const protocol of ["grpc", "http/protobuf"] as const) {
      const endpoints = Object.keys(otelEnv(identity, protocol)).filter((key) => key.endsWith("_ENDPOINT"));
      assert.deepEqual(endpoints, ["OTEL_EXPORTER_OTLP_ENDPOINT"]);
    }
  });

  it("carries the identity unharmed, whatever characters are in it", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, text, text, (environment, serviceVersion, serviceInstanceId) => {
        const env = otelEnv({ ...identity, environment, serviceVersion, serviceInstanceId }, "grpc");
        assert.deepEqual(attributesOf(env), {
          "service.namespace": "integr8scode",
          "service.version": serviceVersion,
          "deployment.environment.name": environment,
          "service.instance.id": serviceInstanceId,
        });
      }),
    );
  });

  it("has what the platform fills in only where it belongs, whatever is in the user's texts", () => {
    const platformAttributes = { "k8s.pod.name": { fill: "instance" }, "k8s.namespace.name": "<node>" } as const;
    const env = otelEnv(
      { ...identity, environment: "~instance~", serviceInstanceId: { fill: "podUid" }, platformAttributes },
      "grpc",
    );
    assert.equal(
      env["OTEL_RESOURCE_ATTRIBUTES"],
      "service.namespace=integr8scode,service.version=1.2.3,deployment.environment.name=~instance~,service.instance.id=<podUid>,k8s.pod.name=<instance>,k8s.namespace.name=%3Cnode%3E",
    );
  });

  it("differs between two instances in the instance id alone (D9)", () => {
    const second = attributesOf(otelEnv({ ...identity, serviceInstanceId: "observability-dev-backend-2" }, "grpc"));
    const first = attributesOf(otelEnv(identity, "grpc"));
    assert.deepEqual(second, { ...first, "service.instance.id": "observability-dev-backend-2" });
  });

  it("adds no attribute that changes with every start or shows the command line", () => {
    assert.equal(otelEnv(identity, "grpc")["OTEL_NODE_RESOURCE_DETECTORS"], "env");
  });
});

describe("the variables that a service must not have of its own", () => {
  it("are those that are injected, and each signal's own endpoint and protocol", () => {
    const ofSignals = ["TRACES", "METRICS", "LOGS"].flatMap((signal) =>
      ["ENDPOINT", "PROTOCOL"].map((option) => `OTEL_EXPORTER_OTLP_${signal}_${option}`),
    );
    assert.deepEqual([...reservedVariables].sort(), [...Object.keys(otelEnv(identity, "grpc")), ...ofSignals].sort());
  });
});

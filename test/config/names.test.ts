import assert from "node:assert/strict";
import {
  dashboardUids,
  datasourceUids,
  hosts,
  instanceName,
  paths,
  ports,
  urls,
  dataVolumeName,
  volumes,
} from "../../config/names.ts";
import { settings } from "../support/settings.ts";

describe("names", () => {
  it("keep the addresses that users, dashboards and other programs hold on to", () => {
    assert.deepEqual(datasourceUids, { loki: "loki", jaeger: "jaeger", victoriaMetrics: "victoria-metrics" });
    assert.deepEqual(dashboardUids, { services: "services" });
    assert.deepEqual(urls, {
      loki: "http://loki:3100",
      victoriaMetrics: "http://victoria-metrics:8428",
      jaegerQuery: "http://jaeger:16686",
      jaegerOtlpGrpc: "jaeger:4317",
      otlpGrpc: "http://otel-collector:4317",
      otlpHttp: "http://otel-collector:4318",
    });
  });

  it("keep the volumes that hold the data, and count instances from the second", () => {
    assert.deepEqual(
      Object.values(volumes).map((volume) => dataVolumeName("observability-dev", volume)),
      [
        "observability-dev_loki_data",
        "observability-dev_victoria_metrics_data",
        "observability-dev_jaeger_data",
        "observability-dev_otel_collector_queue",
        "observability-dev_grafana_data",
      ],
    );
    const names = [1, 2, 3].map((instance) => instanceName("observability-dev", "shop", instance));
    assert.deepEqual(names, ["observability-dev-shop", "observability-dev-shop-2", "observability-dev-shop-3"]);
  });

  it("are hosts that Docker and Kubernetes both take as a DNS label, all different", () => {
    const names = Object.values(hosts);
    for (const name of names) assert.match(name, /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
    assert.equal(new Set(names).size, names.length);
  });

  it("are absolute paths, none below another one's data", () => {
    const all = Object.values(paths);
    for (const path of all) assert.match(path, /^\/[a-z0-9/._-]+[a-z0-9]$/);
    const data = [paths.lokiData, paths.victoriaMetricsData, paths.jaegerData, paths.collectorQueue, paths.grafanaData];
    for (const folder of data) {
      const inside = all.filter((path) => path.startsWith(`${folder}/`));
      assert.deepEqual(inside, [], "a file copied into a new volume leaves its folders to root");
    }
  });

  it("publish every port under its own number, so that the documented addresses are the real ones (S27)", () => {
    assert.deepEqual(settings().ports, {
      grafana: ports.grafanaHttp,
      loki: ports.lokiHttp,
      otlpGrpc: ports.otlpGrpc,
      otlpHttp: ports.otlpHttp,
      jaeger: ports.jaegerQuery,
      victoriaMetrics: ports.victoriaMetricsHttp,
    });
    assert.equal(settings().ports.loki, 3100);
  });
});

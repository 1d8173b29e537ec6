import assert from "node:assert/strict";
import { stackWorkloads } from "../../../components/stack-part.ts";
import { flows, services } from "../../../config/flows.ts";
import { addressOf, datasourceUid, portOf } from "../../../config/parts/part.ts";
import {
  isBackend,
  keptData,
  otlpUrls,
  partEntries,
  partList,
  parts,
  stackPortList,
} from "../../../config/parts/parts.ts";
import { noSurroundings } from "../../../config/parts/processes.ts";
import { settings } from "../../support/settings.ts";
import { knownParts } from "../../support/further-parts.ts";

describe("the parts of the stack", () => {
  it("keep the names that users, dashboards, volumes and other programs hold on to", () => {
    const known = partEntries.filter(([, part]) => knownParts.includes(part));
    assert.deepEqual(
      known.map(([name, { host, data, datasource }]) => [
        name,
        host,
        data === "none" ? "none" : data.volume,
        datasource === "none" ? "none" : datasource.uid,
      ]),
      [
        ["loki", "loki", "loki_data", "loki"],
        ["victoriaMetrics", "victoria-metrics", "victoria_metrics_data", "victoria-metrics"],
        ["jaeger", "jaeger", "jaeger_data", "jaeger"],
        ["otelCollector", "otel-collector", "otel_collector_queue", "none"],
        ["grafana", "grafana", "grafana_data", "none"],
      ],
    );
    assert.deepEqual(otlpUrls, { grpc: "http://otel-collector:4317", http: "http://otel-collector:4318" });
    assert.equal(addressOf(parts.jaeger, "query"), "jaeger:16686");
  });

  it("have names that Docker and Kubernetes both take as a DNS label, and share none", () => {
    for (const { host } of partList) assert.match(host, /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
    const lists = [
      partList.map(({ host }) => host),
      partList.map(({ title }) => title),
      keptData.map(([, { volume }]) => volume),
      partList.flatMap(({ datasource }) => (datasource === "none" ? [] : [datasource.uid])),
      stackPortList.map(({ setting }) => setting),
      stackPortList.map(({ title }) => title),
    ];
    for (const list of lists) assert.equal(new Set<string>(list).size, list.length, list.join(", "));
  });

  it("publish every port under its own number, so that the documented addresses are the real ones (S27)", () => {
    const { ports } = settings();
    for (const { setting, port } of stackPortList) assert.equal(ports[setting], port);
    assert.equal(ports.loki, 3100);
  });

  it("have their files at absolute paths, none below another's data: a file in a new volume leaves its folders to root", () => {
    for (const { dataVolumes, configFiles, secretFiles, scratchPaths } of stackWorkloads(settings(), noSurroundings)) {
      const all = [...configFiles, ...secretFiles, ...scratchPaths].map(({ path }) => path);
      for (const path of all) assert.match(path, /^\/[A-Za-z0-9/._-]*[a-z0-9]$/);
      const inside = all.filter((path) => dataVolumes.some((volume) => path.startsWith(`${volume.path}/`)));
      assert.deepEqual(inside, []);
    }
  });

  it("are each connected with another part, by a port that there is", () => {
    for (const part of partList) {
      assert.ok(
        flows.some(({ from, to }) => from === part.host || to === part.host),
        part.host,
      );
      assert.equal(portOf(part, part.readiness.port) > 0, true);
    }
  });

  it("say by name what they are not, or do not have", () => {
    assert.throws(() => portOf(parts.loki, "grpc"), { message: "loki: must have a port grpc, has none" });
    assert.throws(() => datasourceUid(parts.grafana), {
      message: "grafana: must be a data source of Grafana, is none",
    });
  });
});

describe("isBackend", () => {
  it("knows the hosts of the parts, and takes everybody else for a service", () => {
    const hosts = partList.map(({ host }) => host);
    assert.deepEqual(hosts.filter(isBackend), hosts);
    assert.deepEqual(["shop-api", services, "", "Loki", "hasOwnProperty"].filter(isBackend), []);
  });
});

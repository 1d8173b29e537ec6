import assert from "node:assert/strict";
import { ObservabilityStack, type ObservabilityStackArgs } from "../../components/index.ts";
import { allContainers, containersOf, isWaiting, type RecordedContainer } from "../support/docker-view.ts";
import { generatedSecret, recordResources, type RecordedResource } from "../support/record-resources.ts";
import { runningHostsOf } from "../../config/parts/processes.ts";
import { noDocker, settings } from "../support/settings.ts";
import {
  allFurtherParts,
  everyPart,
  furtherData,
  furtherParts,
  furtherPorts,
  furtherSecrets,
  furtherUrls,
  knownParts,
  ofFurtherParts,
  ofFurtherPorts,
} from "../support/further-parts.ts";
import { partList, parts } from "../../config/parts/parts.ts";
import type { AnyPart } from "../../config/parts/part.ts";

const docker = { host: noDocker };

interface Recorded {
  readonly stack: ObservabilityStack;
  readonly resources: readonly RecordedResource[];
}

async function record(args: ObservabilityStackArgs = {}): Promise<Recorded> {
  const stacks: ObservabilityStack[] = [];
  const resources = await recordResources(() => {
    stacks.push(new ObservabilityStack("o", { docker, ...args }));
  });
  const [stack] = stacks;
  assert.ok(stack);
  return { stack, resources };
}

function container(resources: readonly RecordedResource[], host: string): RecordedContainer {
  const [found, ...others] = containersOf(resources, host);
  assert.ok(found, `${host} has no container`);
  assert.deepEqual(others, []);
  return found;
}

describe("the stack", () => {
  it("is five parts and any other of the list, each a component of its own (S24)", async () => {
    const { resources } = await record();
    const components = resources.filter(({ custom }) => !custom).map(({ type, name }) => `${type} ${name}`);
    const further = allFurtherParts.map(
      ([name, { host }]) => `observability:index:${name.replace(/^./, (first) => first.toUpperCase())} o-${host}`,
    );
    const expected = [
      "observability:index:Grafana o-grafana",
      "observability:index:Jaeger o-jaeger",
      "observability:index:Loki o-loki",
      "observability:index:ObservabilityStack o",
      "observability:index:OtelCollector o-otel-collector",
      "observability:index:VictoriaMetrics o-victoria-metrics",
      ...further,
    ];
    assert.deepEqual(components.sort(), expected.sort());
  });

  it("starts the Collector and Grafana after Loki has answered, and no other of the five waits for anything (S26)", async () => {
    const { resources } = await record();
    const hosts = [...knownParts, ...furtherParts.map(([, part]) => part)].map(({ host }) => host);
    /** Of the others, those that a part connects to and that want to be waited for. */
    const others = (part: AnyPart): readonly string[] => {
      const targets = part.connectsTo(partList).map(({ host }) => host);
      const awaited = furtherParts.filter(([, { host, readiness }]) => readiness.gates && targets.includes(host));
      return awaited.map(([, { host }]) => host);
    };
    const waiting = hosts.map((host) => [
      host,
      hosts.filter((other) => {
        const { urn } = container(resources, other);
        return container(resources, host).dependencies.includes(urn);
      }),
    ]);
    assert.deepEqual(Object.fromEntries(waiting), {
      loki: [],
      "victoria-metrics": [],
      jaeger: [],
      "otel-collector": ["loki", ...others(parts.otelCollector)],
      grafana: ["loki", ...others(parts.grafana)],
      ...Object.fromEntries(
        furtherParts.map(([, part]) => [
          part.host,
          [...(part.connectsTo(partList).some(({ host }) => host === "loki") ? ["loki"] : []), ...others(part)],
        ]),
      ),
    });
    const ready = allContainers(resources).filter(isWaiting);
    assert.deepEqual(
      ready.map(({ name }) => name),
      [
        "o-loki-ready",
        ...furtherParts.flatMap(([, { host, readiness }]) => (readiness.gates ? [`o-${host}-ready`] : [])),
      ],
    );
    for (const host of ["otel-collector", "grafana"]) {
      assert.ok(container(resources, host).dependencies.includes(ready[0]?.urn ?? ""), host);
    }
  });

  it("has the file that Loki shares put into a volume before Loki starts, and the guard after that into the same one", async () => {
    const { resources } = await record(everyPart);
    const first = allContainers(resources).find(({ name }) => name === "o-loki-overrides-first");
    const mounts = ["loki", "disk-guard"].map((host) => {
      const { inputs, dependencies } = container(resources, host);
      const volume = inputs.volumes?.find(({ containerPath }) => containerPath === "/etc/loki/overrides");
      return [volume?.volumeName, volume?.readOnly, dependencies.includes(first?.urn ?? "none")];
    });
    const name = "observability-test_loki_overrides";
    assert.deepEqual(mounts, [
      [name, true, true],
      [name, undefined, true],
    ]);
  });

  it("gives each setting to the backend that it names", async () => {
    const { resources } = await record({
      memoryMib: {
        ...{ loki: 301, victoriaMetrics: 302, jaeger: 603, otelCollector: 304, grafana: 305 },
        ...ofFurtherParts(({ memoryMib }) => memoryMib.default + 1),
      },
      ports: {
        ...{ loki: 2001, victoriaMetrics: 2002, jaeger: 2003, otlpGrpc: 2004, otlpHttp: 2005, grafana: 2006 },
        ...ofFurtherPorts(({ port }) => port + 20_000),
      },
      images: {
        ...{ loki: "l:1", victoriaMetrics: "v:1", jaeger: "j:1", otelCollector: "c:1", grafana: "g:1" },
        ...ofFurtherParts(({ host }) => `${host}:1`),
      },
    });
    const view = (host: string): unknown => {
      const { image, memory, ports = [] } = container(resources, host).inputs;
      return [image, memory, ...ports.map(({ external, internal }) => `${external}:${internal}`)];
    };
    assert.deepEqual(view("loki"), ["l:1", 301, "2001:3100"]);
    assert.deepEqual(view("victoria-metrics"), ["v:1", 302, "2002:8428"]);
    assert.deepEqual(view("jaeger"), ["j:1", 603, "2003:16686"]);
    assert.deepEqual(view("otel-collector"), ["c:1", 304, "2004:4317", "2005:4318"]);
    assert.deepEqual(view("grafana"), ["g:1", 305, "2006:3000"]);
    for (const [, { host, memoryMib }] of furtherParts) {
      const ports = furtherPorts.filter((port) => port.host === host).map(({ port }) => `${port + 20_000}:${port}`);
      assert.deepEqual(view(host), [`${host}:1`, memoryMib.default + 1, ...ports]);
    }
  });

  it("gives each secret to who refers to it, as a secret, and to nobody else", async () => {
    const { resources } = await record({
      otelCollector: { config: { exporters: { debug: "${file:/run/secrets/a} ${file:/run/secrets/both}" } } },
      grafana: {
        datasources: [{ name: "X", uid: "x", type: "loki", secureJsonData: { p: "$__file{/run/secrets/both}" } }],
      },
      secrets: { a: "text of a", both: "text of both", unused: "text of unused" },
    });
    const secrets = (host: string): unknown =>
      container(resources, host).inputs.uploads?.flatMap(({ file, content }) =>
        typeof content === "string" || file.startsWith("/run/secrets/grafana-") ? [] : [[file, content.secret]],
      );
    assert.deepEqual(secrets("otel-collector"), [
      ["/run/secrets/a", "text of a"],
      ["/run/secrets/both", "text of both"],
    ]);
    assert.deepEqual(secrets("grafana"), [["/run/secrets/both", "text of both"]]);
  });

  it("says where each part is found on this machine (S21)", async () => {
    const { stack } = await record({ ports: { grafana: 13000 } });
    assert.deepEqual(stack.urls, {
      grafana: "http://127.0.0.1:13000",
      loki: "http://127.0.0.1:3100",
      victoriaMetrics: "http://127.0.0.1:8428",
      jaeger: "http://127.0.0.1:16686",
      otlpGrpc: "http://127.0.0.1:4317",
      otlpHttp: "http://127.0.0.1:4318",
      ...furtherUrls,
    });
    assert.equal(stack.otlpEndpoint, "http://otel-collector:4317");
    assert.deepEqual(
      stack.instances.map(({ name }) => name),
      runningHostsOf(settings()).map((host) => `observability-test-${host}`),
    );
  });

  it("registers its addresses and the password, the latter as a secret", async () => {
    const { stack, resources } = await record();
    assert.deepEqual(resources.find(({ name }) => name === "o")?.outputs, {
      urls: stack.urls,
      grafanaPassword: { secret: generatedSecret("o-grafana-admin-password", "result") },
    });
  });

  it("is nothing but kept data and credentials without observability (S24)", async () => {
    const { stack, resources } = await record({ observability: false });
    const kept = resources.filter(({ protect }) => protect).map(({ name }) => name);
    const expected = [
      "o-grafana-admin-password",
      "o-grafana-data",
      "o-grafana-secret-key",
      "o-jaeger-data",
      "o-loki-data",
      "o-otel-collector-queue",
      "o-victoria-metrics-data",
      ...furtherData("o"),
      ...furtherSecrets("o", true),
    ];
    assert.deepEqual(kept.sort(), expected.sort());
    const others = resources.filter(({ custom, protect }) => custom && !protect).map(({ name }) => name);
    const renewed = ["o-docker", "o-network", "o-victoria-metrics-admin-key", ...furtherSecrets("o", false)];
    assert.deepEqual(others.sort(), renewed.sort());
    assert.deepEqual([stack.urls, stack.otlpEndpoint, stack.instances], [{}, undefined, []]);
  });

  it("refuses bad settings before anything is created", async () => {
    const resources = await recordResources(() => {
      assert.throws(() => new ObservabilityStack("o", { docker, retentionHours: 1 }), {
        message:
          "the configuration has 1 problem(s), nothing was changed (OBS1001):\n  retentionHours: must be a whole number of hours from 24 to 876000 (a day to 100 years, which all three stores can keep), got 1; set at least 24, for example 720 for 30 days",
      });
    });
    assert.deepEqual(resources, []);
  });
});

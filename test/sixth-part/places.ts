/** Run in the copy: a test for each place that follows from the list of parts, whether the new part is in it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { Docker, dockerTypes, type ObjectKind } from "../../cli/docker/docker.ts";
import { checkRoom as checkRoomInDocker } from "../../cli/docker/room.ts";
import { checkRoom as checkRoomInCluster } from "../../cli/kubernetes/room.ts";
import { deployedOutputs } from "../../cli/outputs.ts";
import { Ownership } from "../../cli/ownership.ts";
import type { Target } from "../../cli/target.ts";
import { urlLines } from "../../cli/urls.ts";
import { InstrumentedService } from "../../components/index.ts";
import { previewStack, type StackPreview } from "../../components/testing.ts";
import { connectorsOf } from "../../config/collector/derived-metrics.ts";
import { flows } from "../../config/flows.ts";
import { parts, workloadSinks } from "../../config/parts/parts.ts";
import { programSettings } from "../../config/program-settings.ts";
import { documentedStack, generatedTexts } from "../../generators/documented-stack.ts";
import { FakeApiServer } from "../support/fake-api-server.ts";
import { fakeCommand } from "../support/fake-command.ts";
import { knownState } from "../support/known-state.ts";
import { policiesOf, allows } from "../support/network-policies.ts";
import { recordStack } from "../support/kubernetes-stack.ts";
import { workloads } from "../support/kubernetes-view.ts";
import { planOf } from "../support/planned.ts";
import { settings } from "../support/settings.ts";

/** The part of trace-archive.txt, by its names. */
const part = "traceArchive";
const host = "trace-archive";
const kubernetes = { context: "kind-nowhere" };

const root = join(import.meta.dirname, "..", "..");
const file = (path: string): string => readFileSync(join(root, path), "utf8");

/** What stands between a page's markers. */
function marked(path: string, what: string, end = `/${what}`): string {
  const [, rest] = file(path).split(`<!-- ${what} -->`);
  return rest?.split(`<!-- ${end} -->`)[0] ?? "";
}

function generated(preview: StackPreview, workload: string, path: string): unknown {
  return parse(preview.files.find((each) => each.workload === workload && each.path.endsWith(path))?.content ?? "");
}

/** A value inside others. */
function inside(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce((outer, key) => z.record(z.string(), z.unknown()).parse(outer)[key], value);
}

describe("the new part is in", () => {
  let docker: StackPreview;
  let cluster: StackPreview;

  before(async () => {
    docker = await previewStack({});
    cluster = await previewStack({ target: "kubernetes", kubernetes });
  });

  it("the settings", () => {
    const { images, ports, memoryMib, kubernetes: cluster } = settings();
    assert.deepEqual(
      [images, ports, memoryMib, cluster.storageGib].map((section) => Reflect.get(section, part) as unknown),
      ["grafana/tempo:2.9.0", 3200, 512, 10],
    );
  });

  it("the table of settings", () => {
    for (const setting of ["images", "ports", "memoryMib", "kubernetes.storageGib"]) {
      const row = new RegExp(`^\\| \`${setting}\`.*\`${part}\``, "m");
      assert.match(marked("docs/settings.md", "settings"), row);
    }
  });

  it("the README's table of addresses", () => {
    assert.match(marked("README.md", "addresses"), /^\| Archive +\| http:\/\/127\.0\.0\.1:3200 +\| traces, API only/m);
  });

  it("the table of images", () => {
    assert.match(marked("docs/measured.md", "images"), /^\| `grafana\/tempo:2\.9\.0` +\| pinned/m);
  });

  it("Pulumi.yaml and the editors' schema", () => {
    // Pulumi.yaml has only what has a default, which an image that is not set has not.
    const sections = { "Pulumi.yaml": 3, "config/stack-settings.schema.json": 4 };
    for (const [path, count] of Object.entries(sections)) {
      assert.equal(file(path).match(new RegExp(`"?${part}"?:`, "g"))?.length, count, path);
    }
  });

  for (const table of ["ports", "memory", "health", "volumes"]) {
    it(`the guide's table of ${table}`, () => {
      assert.match(
        marked("docs/operations/stack.md", `table: ${table}`, "/table"),
        new RegExp(`^\\| +\`${host}\``, "m"),
      );
    });
  }

  it("the guide's table of flows", () => {
    assert.equal(
      marked("docs/kubernetes.md", "table: flows", "/table").match(new RegExp(`\\| ${host} +\\|`, "g"))?.length,
      2,
    );
  });

  it("what the guide can quote", () => {
    assert.equal(generatedTexts(documentedStack())[host]?.title, "/etc/tempo/config.yaml");
  });

  it("the names that are taken", async () => {
    const image = "registry.example.com/a:1";
    await assert.rejects(
      previewStack({}, (stack) => new InstrumentedService(host, { stack, image })),
      { message: new RegExp(`^${host}\\.name: must be unique in the stack`) },
    );
  });

  it("the ports that are taken", () => {
    assert.throws(() => settings({ ports: { loki: 3200 } }), {
      message: new RegExp(`ports\\.(${part}|loki): must differ`),
    });
    assert.throws(
      () => programSettings({ "observability:apiPort": "3200" }, { project: "observability", stack: "dev" }),
      {
        message: new RegExp(`apiPort: must differ from ports\\.${part}`),
      },
    );
  });

  it("the flows", () => {
    const own = flows.filter(({ to }) => to === host).map(({ from, port }) => `${from} ${port}`);
    assert.deepEqual(own.sort(), ["grafana 3200", "otel-collector 4317"]);
  });

  it("the NetworkPolicies", async () => {
    const resources = await recordStack();
    const pods = workloads(resources).map(({ inputs: { metadata, spec } }) => ({
      name: metadata.name,
      namespace: metadata.namespace ?? "",
      labels: spec.template.metadata.labels,
    }));
    const to = pods.find(({ name }) => name === host);
    assert.ok(to);
    const policies = policiesOf(resources);
    const may = pods.flatMap((from) =>
      [3200, 4317]
        .filter((port) => allows(policies, from, to, { port, protocol: "TCP" }))
        .map((port) => `${from.name} ${port}`),
    );
    assert.deepEqual(may.sort(), ["grafana 3200", "otel-collector 4317"]);
  });

  it("the Collector's exporters and pipelines", () => {
    const config = generated(docker, "otel-collector", "config.yaml");
    assert.equal(inside(config, "exporters", `otlp_grpc/${host}`, "endpoint"), `${host}:4317`);
    assert.deepEqual(inside(config, "service", "pipelines", "traces/grouped", "exporters"), [
      "otlp_grpc/jaeger",
      `otlp_grpc/${host}`,
      ...connectorsOf.traces,
    ]);
  });

  it("the size of the Collector's queues", () => {
    const tooSmall = { ...kubernetes, storageGib: { otelCollector: 2 } };
    assert.throws(() => settings({ target: "kubernetes", kubernetes: tooSmall }), {
      message: /must hold the 4 queues of otelCollector\.queueMib \(512\) and a tenth on top, got 2; set at least 3/,
    });
  });

  it("Grafana's data sources", () => {
    const { datasources } = generated(docker, "grafana", "datasources/stack.yaml") as {
      datasources: { uid: string }[];
    };
    const found = datasources.find(({ uid }) => uid === host);
    assert.equal(inside(found, "url"), `http://${host}:3200`);
  });

  it("the generated secrets", () => {
    const [secret, ...others] = docker.resources.filter(({ name }) => name === `observability-${host}-api-key`);
    assert.equal(secret?.type, "random:index/randomPassword:RandomPassword");
    assert.deepEqual(others, []);
    assert.ok(
      docker.files.some(({ workload, path, secret }) => workload === host && path.endsWith("-api-key") && secret),
    );
  });

  it("the texts that other programs read", () => {
    assert.ok(Object.hasOwn(workloadSinks, host));
  });

  it("the addresses of the stack, the outputs, and the list that `npm run up` prints", () => {
    const url = "http://127.0.0.1:3200";
    assert.equal(Reflect.get(docker.urls, part), url);
    const values = { urls: docker.urls, grafanaUser: "admin", grafanaPassword: "x", serviceNames: [], instances: [] };
    const outputs = Object.entries(values).map(([name, value]) => [name, { value, secret: false }]);
    const { urls } = deployedOutputs(Object.fromEntries(outputs) as Parameters<typeof deployedOutputs>[0]);
    assert.equal(Reflect.get(urls, part), url);
    const nothingElse = { furtherUrls: [] } as unknown as Target;
    assert.ok(
      urlLines(urls, "admin", nothingElse).some((line) =>
        /^ {2}Archive +http:\/\/127\.0\.0\.1:3200 +traces/.test(line),
      ),
    );
  });

  it("the footprint of a preview, on Docker and on Kubernetes", () => {
    for (const [{ footprint }, name, volume] of [
      [docker, `observability-dev-${host}`, "observability-dev_trace_archive_data"],
      [cluster, `statefulset/${host}`, "trace-archive-data"],
    ] as const) {
      assert.equal(footprint.instances.find((each) => each.name === name)?.memoryMib, 512);
      assert.ok(footprint.volumes.some((each) => each.name === volume));
      assert.equal(footprint.memoryMib, 256 + 256 + 512 + 512 + 256 + 384 + parts.canary.memoryMib.default);
    }
  });

  it("what is looked at before a deployment on Docker", async () => {
    const has = (kind: ObjectKind, name: string): boolean =>
      docker.resources.some(({ type, inputs }) => type === dockerTypes[kind] && inputs["name"] === name);
    assert.ok(has("container", `observability-dev-${host}`));
    assert.ok(has("volume", "observability-dev_trace_archive_data"));
    assert.ok(docker.ports.some(({ hostPort, workload }) => hostPort === 3200 && workload === host));
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const fake = fakeCommand("docker", "exit 0");
    try {
      const { port } = server.address() as { readonly port: number };
      const taken = docker.ports
        .filter(({ workload }) => workload === host)
        .map((each) => ({ ...each, hostPort: port }));
      const planned = { resources: [], ports: taken };
      const ownership = new Ownership("dev", "shop-dev", knownState());
      await assert.rejects(checkRoomInDocker(planned, ownership, new Docker(undefined, fake.env), []), {
        message: new RegExp(`^port ${port} \\(${host}\\): must be free`),
      });
    } finally {
      fake.remove();
      server.close();
    }
  });

  it("what is looked at before a deployment on Kubernetes", async () => {
    const config = {
      "observability:target": "kubernetes",
      "observability:kubernetes": JSON.stringify({ context: "fake", loadCommand: "true" }),
      "observability:exampleServices": "false",
    };
    const status = { hard: { pods: "5", "limits.memory": "1664Mi" }, used: {} };
    const server = await FakeApiServer.start({
      "/api/v1/namespaces/shop/resourcequotas": { items: [{ metadata: { name: "small" }, status }] },
    });
    const say = (line: string): never => {
      throw new Error(line);
    };
    try {
      const { stack } = programSettings(config, { project: "observability", stack: "shop" });
      const ownership = new Ownership("shop", stack.name, knownState());
      await assert.rejects(
        checkRoomInCluster(server.cluster(), stack, planOf(config, "shop"), ownership, say),
        (error: Error) => {
          assert.match(error.message, /^quota small: pods must leave 7 for the stack, got 5/m);
          assert.match(error.message, /^quota small: limits\.memory must leave 2240Mi for the stack, got 1664Mi/m);
          return true;
        },
      );
    } finally {
      await server.stop();
    }
  });
});

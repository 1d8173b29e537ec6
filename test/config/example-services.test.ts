import assert from "node:assert/strict";
import { join } from "node:path";
import { exampleServiceNames, exampleServices, type ExampleService } from "../../config/example-services.ts";
import { programSettings } from "../../config/program-settings.ts";
import { defaultImages } from "../../config/resolve-images.ts";

const identity = { project: "observability", stack: "dev" };
const folder = join("/repository", "services");

function services(config: Readonly<Record<string, string>> = {}): readonly ExampleService[] {
  const prefixed = Object.fromEntries(Object.entries(config).map(([key, value]) => [`observability:${key}`, value]));
  return exampleServices(programSettings(prefixed, identity), folder);
}

function named(name: string, all: readonly ExampleService[]): ExampleService {
  const found = all.find((service) => service.name === name);
  assert.ok(found, `${name} is missing`);
  return found;
}

describe("the example services", () => {
  it("are those of the original, each of them instrumented, workers as well (S1, D5)", () => {
    const instrumented = services().filter((service) => service.telemetry);
    assert.deepEqual(
      instrumented.map((service) => service.name),
      [
        ...["backend", "saga-orchestrator", "k8s-worker", "pod-monitor", "result-processor"],
        ...["event-replay", "dlq-processor"],
      ],
    );
    assert.deepEqual(
      instrumented.map((service) => service.command),
      exampleServiceNames.map((name) => [name]),
    );
  });

  it("have one image, built from the folder with the Node.js of the image table", () => {
    for (const service of services()) {
      assert.deepEqual(service.build, { context: folder, args: { NODE_IMAGE: defaultImages.node } });
    }
    const mirrored = services({ imageRegistry: "registry.example.com" });
    assert.deepEqual(mirrored[0]?.build.args, { NODE_IMAGE: `registry.example.com/${defaultImages.node}` });
  });

  it("publish the API alone", () => {
    const published = services().flatMap(({ name, ports }) =>
      ports.flatMap((port) => (port.hostPort === undefined ? [] : [[name, port.port, port.hostPort]])),
    );
    assert.deepEqual(published, [["backend", 8080, 8080]]);
    assert.equal(named("backend", services({ apiPort: "18080" })).ports[0]?.hostPort, 18080);
  });

  it("are asked for their health, each on its own port, by a command that their image has", () => {
    for (const service of services().filter((each) => each.telemetry)) {
      const { command = [], ...check } = service.healthCheck ?? {};
      assert.deepEqual(check, { port: 8080, path: "/healthz" }, service.name);
      assert.equal(command[0], "node");
      assert.deepEqual(
        service.ports.map(({ port }) => port),
        [8080],
      );
    }
  });

  it("are kept alive at 2 requests a second by a generator that sends no telemetry", () => {
    const { build: _, version: __, ...generator } = named("load-generator", services());
    assert.deepEqual(generator, {
      name: "load-generator",
      command: ["load-generator"],
      telemetry: false,
      env: { REQUESTS_PER_SECOND: "2" },
      replicas: 1,
      ports: [],
    });
  });

  it("take another rate, and none, by one key", () => {
    const faster = named("load-generator", services({ load: '{"requestsPerSecond":20}' }));
    assert.deepEqual(faster.env, { REQUESTS_PER_SECOND: "20" });
    const names = services({ load: '{"enabled":false}' }).map((service) => service.name);
    assert.deepEqual(names, [...exampleServiceNames]);
  });

  it("can be left out", () => {
    assert.deepEqual(services({ exampleServices: "false" }), []);
  });

  it("take an environment and instances for one service without touching another", () => {
    const changed = services({ services: '{"k8s-worker":{"env":{"MODE":"fast"},"replicas":2}}' });
    const before = services();
    assert.deepEqual(
      changed,
      before.map((service) =>
        service.name === "k8s-worker" ? { ...service, env: { MODE: "fast" }, replicas: 2 } : service,
      ),
    );
  });
});

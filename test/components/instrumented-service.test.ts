import assert from "node:assert/strict";
import { InstrumentedService, ObservabilityStack } from "../../components/index.ts";
import { serviceWorkload, type InstrumentedServiceArgs } from "../../components/instrumented-service.ts";
import { recordResources, type RecordedResource } from "../support/record-resources.ts";
import { containersOf, envOf } from "../support/docker-view.ts";
import { noDocker, settings } from "../support/settings.ts";

type ServiceArgs = Omit<InstrumentedServiceArgs, "stack">;

const image = "registry.example.com/checkout:1.4.2";
const stack = { settings: settings({ serviceNamespace: "shop", environment: "test" }) };
const silent = { settings: settings({ observability: false }) };

function problemOf(args: ServiceArgs): string {
  try {
    serviceWorkload("checkout", args, stack);
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
  throw new assert.AssertionError({ message: "accepted" });
}

describe("an instrumented service as a workload", () => {
  it("needs an image and nothing else", () => {
    const { env: _, ...workload } = serviceWorkload("checkout", { image }, stack);
    assert.deepEqual(workload, {
      name: "checkout",
      image: { kind: "reference", reference: image },
      args: [],
      configFiles: [],
      secretFiles: [],
      ports: [],
      dataVolumes: [],
      readiness: {
        port: 8080,
        httpPath: "/",
        selfCheck: "none",
        intervalSeconds: 10,
        startPeriodSeconds: 30,
        gates: false,
      },
      memoryMib: 128,
      userId: 1000,
      groupId: 1000,
      stopGraceSeconds: 30,
      replicas: 1,
    });
  });

  it("takes every argument", () => {
    const { env, ...workload } = serviceWorkload(
      "checkout",
      {
        build: { context: "/repository/Shop", dockerfile: "docker/Dockerfile", args: { NODE: "22" } },
        command: ["serve"],
        env: { MODE: "fast" },
        ports: [
          { name: "http", port: 9000, hostPort: 19000 },
          { name: "admin", port: 9001 },
        ],
        healthCheck: { port: 9001, path: "/live", command: ["check"] },
        memoryMib: 512,
        userId: 1001,
        replicas: 2,
        stopGraceSeconds: 5,
      },
      silent,
    );
    assert.deepEqual(env, { MODE: "fast" });
    assert.deepEqual(workload, {
      name: "checkout",
      image: {
        kind: "build",
        name: "shop",
        contextPath: "/repository/Shop",
        dockerfile: "docker/Dockerfile",
        buildArgs: { NODE: "22" },
      },
      args: ["serve"],
      configFiles: [],
      secretFiles: [],
      ports: [
        { name: "http", port: 9000, hostPort: 19000 },
        { name: "admin", port: 9001, hostPort: "internal" },
      ],
      dataVolumes: [],
      readiness: {
        port: 9001,
        httpPath: "/live",
        selfCheck: ["check"],
        intervalSeconds: 10,
        startPeriodSeconds: 30,
        gates: false,
      },
      memoryMib: 512,
      userId: 1001,
      groupId: 1001,
      stopGraceSeconds: 5,
      replicas: 2,
    });
  });

  it("builds with the Dockerfile of its folder unless told otherwise", () => {
    const workload = serviceWorkload("checkout", { build: { context: "/repository/shop" } }, stack);
    assert.deepEqual(workload.image, {
      kind: "build",
      name: "shop",
      contextPath: "/repository/shop",
      dockerfile: "Dockerfile",
      buildArgs: {},
    });
  });

  it("is named `<namespace>-<service>`, so that the documented queries find it (S22, D3)", () => {
    const { env } = serviceWorkload("checkout", { image }, stack);
    assert.equal(env["OTEL_SERVICE_NAME"], "shop-checkout");
  });

  it("carries its version and the stack's environment (D10)", () => {
    const { env } = serviceWorkload("checkout", { image, version: "1.4.2" }, stack);
    assert.equal(
      env["OTEL_RESOURCE_ATTRIBUTES"],
      "service.namespace=shop,service.version=1.4.2,deployment.environment.name=test,service.instance.id=~instance~",
    );
  });

  it("sends by gRPC to 4317, or by HTTP to 4318 (S7)", () => {
    const of = (args: ServiceArgs): unknown[] => {
      const { env } = serviceWorkload("checkout", { image, ...args }, stack);
      return [env["OTEL_EXPORTER_OTLP_PROTOCOL"], env["OTEL_EXPORTER_OTLP_ENDPOINT"]];
    };
    assert.deepEqual(of({}), ["grpc", "http://otel-collector:4317"]);
    assert.deepEqual(of({ protocol: "grpc" }), ["grpc", "http://otel-collector:4317"]);
    assert.deepEqual(of({ protocol: "http/protobuf" }), ["http/protobuf", "http://otel-collector:4318"]);
  });

  it("gets nothing injected by a stack without observability, nor if it has nothing to say (S6, S24)", () => {
    assert.deepEqual(serviceWorkload("checkout", { image, env: { MODE: "fast" } }, silent).env, { MODE: "fast" });
    assert.deepEqual(serviceWorkload("checkout", { image, telemetry: false }, stack).env, {});
  });

  it("refuses an image and a build at once, and neither", () => {
    const problem = "checkout.image: exactly one of `image` and `build` must be given, got";
    assert.equal(problemOf({ image, build: { context: "." } }), `${problem} both`);
    assert.equal(problemOf({}), `${problem} neither`);
  });

  it("refuses each variable that the stack injects: the user's would win silently (D1, D3, D9)", () => {
    const injected = Object.keys(serviceWorkload("checkout", { image }, stack).env);
    assert.ok(injected.includes("OTEL_SERVICE_NAME") && injected.includes("OTEL_EXPORTER_OTLP_ENDPOINT"));
    for (const key of injected) {
      assert.equal(
        problemOf({ image, env: { [key]: "mine" } }),
        `checkout.env.${key}: must not replace what the stack injects, got "mine"; remove it`,
      );
    }
  });

  it("refuses an endpoint of one signal alone, which leads that signal round the Collector (D4)", () => {
    for (const signal of ["LOGS", "TRACES", "METRICS"]) {
      for (const what of ["ENDPOINT", "PROTOCOL"]) {
        const key = `OTEL_EXPORTER_OTLP_${signal}_${what}`;
        assert.equal(
          problemOf({ image, env: { [key]: "http://jaeger:4317" } }),
          `checkout.env.${key}: must not replace what the stack injects, got "http://jaeger:4317"; remove it`,
        );
      }
    }
  });

  it("accepts a variable of its own, even one that every object has", () => {
    const env = { constructor: "x", OTEL_LOG_LEVEL: "debug" };
    const all = new Map(Object.entries(serviceWorkload("checkout", { image, env }, stack).env));
    assert.deepEqual([all.get("constructor"), all.get("OTEL_LOG_LEVEL")], ["x", "debug"]);
  });

  it("leaves OTEL_* to the user where nothing is injected", () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://elsewhere", OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://logs" };
    assert.deepEqual(serviceWorkload("checkout", { image, env }, silent).env, env);
  });

  it("refuses a number of instances that is none", () => {
    for (const replicas of [0, -1, 1.5, Number.NaN]) {
      assert.equal(
        problemOf({ image, replicas }),
        `checkout.replicas: must be a whole number of at least 1, got ${replicas}`,
      );
    }
  });

  it("reports all problems at once", () => {
    assert.deepEqual(problemOf({ env: { OTEL_SERVICE_NAME: "x" }, replicas: 0 }).split("\n"), [
      "checkout.image: exactly one of `image` and `build` must be given, got neither",
      'checkout.env.OTEL_SERVICE_NAME: must not replace what the stack injects, got "x"; remove it',
      "checkout.replicas: must be a whole number of at least 1, got 0",
    ]);
  });
});

describe("instrumented services beside a stack", () => {
  const docker = { host: noDocker };

  async function recordServices(create: (stack: ObservabilityStack) => void): Promise<readonly RecordedResource[]> {
    return recordResources(() => {
      create(new ObservabilityStack("observability", { docker, serviceNamespace: "shop" }));
    });
  }

  function instanceIdsOf(resources: readonly RecordedResource[]): string[] {
    return containersOf(resources, "shop-api").map((container) => {
      const attributes = envOf(container)["OTEL_RESOURCE_ATTRIBUTES"] ?? "";
      return /service\.instance\.id=([^,]+)/.exec(attributes)?.[1] ?? "";
    });
  }

  it("give each instance an id of its own, which stays the same over a restart (D9)", async () => {
    const create = (stack: ObservabilityStack): void => {
      new InstrumentedService("shop-api", { stack, image, replicas: 3 });
    };
    const ids = instanceIdsOf(await recordServices(create));
    const prefix = "observability-test-shop-api";
    assert.deepEqual(ids, [prefix, `${prefix}-2`, `${prefix}-3`]);
    assert.deepEqual(instanceIdsOf(await recordServices(create)), ids);
  });

  it("refuse a name that is taken, by a service, by a backend, or by another service's instance", async () => {
    await recordServices((stack) => {
      new InstrumentedService("web", { stack, image, replicas: 2 });
      const taken = (name: string): void => {
        assert.throws(() => new InstrumentedService(name, { stack, image }), {
          message: `${name}: must be unique in the stack, got observability-test-${name} twice; rename one of the two`,
        });
      };
      taken("web");
      taken("web-2");
      taken("loki");
      taken("otel-collector");
    });
  });

  it("refuse a port on the machine that the stack or another service has", async () => {
    await recordServices((stack) => {
      const ports = [{ name: "http", port: 80, hostPort: 3100 }];
      assert.throws(() => new InstrumentedService("web", { stack, image, ports }), {
        message: "web: port 3100 is already published by loki; change one of the two",
      });
    });
  });

  it("refuse a bad argument before anything is created", async () => {
    const resources = await recordServices((stack) => {
      assert.throws(() => new InstrumentedService("web", { stack }), { message: /^web\.image: / });
    });
    assert.deepEqual(
      resources.filter(({ type }) => type === "observability:index:InstrumentedService"),
      [],
    );
  });

  it("start after the Collector and so stop before it, while it still takes their last lines", async () => {
    const resources = await recordServices((stack) => {
      new InstrumentedService("web", { stack, image });
    });
    const [web] = containersOf(resources, "web");
    const [collector] = containersOf(resources, "otel-collector");
    assert.ok(collector !== undefined && web?.dependencies.includes(collector.urn));
  });

  it("say what they are called and where they run", async () => {
    let found: unknown;
    const resources = await recordServices((stack) => {
      const ports = [{ name: "http", port: 80, hostPort: 18000 }];
      const service = new InstrumentedService("web", { stack, image, ports, replicas: 2 });
      const quiet = new InstrumentedService("quiet", { stack, image, telemetry: false });
      found = {
        serviceNames: [service.serviceName, quiet.serviceName],
        published: service.running.published,
        instances: service.running.instances.map(({ name }) => name),
      };
    });
    assert.deepEqual(found, {
      serviceNames: ["shop-web", undefined],
      published: { http: "127.0.0.1:18000" },
      instances: ["observability-test-web", "observability-test-web-2"],
    });
    const web = resources.find(({ name, custom }) => name === "web" && !custom);
    assert.deepEqual(web?.registeredOutputs, { serviceName: "shop-web" });
  });
});

import { probesOf } from "../../components/platform/probes.ts";
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { InstrumentedService, ObservabilityStack } from "../../components/index.ts";
import { sdkPreferences } from "../../config/otel-env.ts";
import { programSettings } from "../../config/program-settings.ts";
import { defaultImages } from "../../config/resolve-images.ts";
import {
  folderImageName,
  serviceWorkload,
  type InstrumentedServiceArgs,
  type ServiceEnvironment,
} from "../../components/instrumented-service.ts";
import { asPulumiConfig } from "../support/program-config.ts";
import { serviceRefusalOf } from "../support/refusal.ts";
import { recordedIdentity, recordResources, type RecordedResource } from "../support/record-resources.ts";
import { shownEnv } from "../support/workload-view.ts";
import { allContainers, containersOf, envOf } from "../support/docker-view.ts";
import { noDocker, settings } from "../support/settings.ts";
import { imageFolder } from "../support/workloads.ts";

type ServiceArgs = Omit<InstrumentedServiceArgs, "stack">;

const image = "registry.example.com/checkout:1.4.2";
const stack = { settings: settings({ serviceNamespace: "shop", environment: "test" }) };
const silent = { settings: settings({ observability: false }) };

function problemOf(args: ServiceArgs, name = "checkout"): string {
  return serviceRefusalOf(() => serviceWorkload(name, args, stack));
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
      check: "none",
      ports: [],
      dataVolumes: [],
      imageMounts: [],
      initSteps: [],
      scratchPaths: [{ path: "/tmp", sizeMib: "none" }],
      probes: probesOf({
        port: 8080,
        httpPath: "none",
        selfCheck: "none",
        intervalSeconds: 10,
        startPeriodSeconds: 30,
        gates: false,
      }),
      memoryMib: 128,
      memoryRequestMib: "all",
      cpuRequestMillicores: "default",
      cpuLimitMillicores: "none",
      userId: 1000,
      groupId: 1000,
      stopGraceSeconds: 30,
      replicas: 1,
      kubernetes: {},
      docker: {},
      sharedFiles: [],
      readsInstances: false,
    });
  });

  it("takes every argument", () => {
    const { env, ...workload } = serviceWorkload(
      "checkout",
      {
        build: { context: imageFolder, dockerfile: "src/main.txt", args: { NODE: "22" } },
        command: ["serve"],
        env: { MODE: "fast" },
        ports: [
          { name: "http", port: 9000, hostPort: 19000 },
          { name: "admin", port: 9001 },
        ],
        healthCheck: { port: 9001, path: "/live", command: ["check"] },
        memoryMib: 512,
        memoryRequestMib: 256,
        cpuRequestMillicores: 100,
        cpuLimitMillicores: 500,
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
        name: "image",
        contextPath: imageFolder,
        dockerfile: "src/main.txt",
        buildArgs: { NODE: "22" },
      },
      args: ["serve"],
      configFiles: [],
      secretFiles: [],
      check: "none",
      ports: [
        { name: "http", port: 9000, hostPort: 19000 },
        { name: "admin", port: 9001, hostPort: "internal" },
      ],
      dataVolumes: [],
      imageMounts: [],
      initSteps: [],
      scratchPaths: [{ path: "/tmp", sizeMib: "none" }],
      probes: probesOf({
        port: 9001,
        httpPath: "/live",
        selfCheck: ["check"],
        intervalSeconds: 10,
        startPeriodSeconds: 30,
        gates: false,
      }),
      memoryMib: 512,
      memoryRequestMib: 256,
      cpuRequestMillicores: 100,
      cpuLimitMillicores: 500,
      userId: 1001,
      groupId: 1001,
      stopGraceSeconds: 5,
      replicas: 2,
      kubernetes: {},
      docker: {},
      sharedFiles: [],
      readsInstances: false,
    });
  });

  it("builds with the Dockerfile of its folder unless told otherwise", () => {
    const workload = serviceWorkload("checkout", { build: { context: relative(process.cwd(), imageFolder) } }, stack);
    assert.deepEqual(workload.image, {
      kind: "build",
      name: "image",
      contextPath: imageFolder,
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
      shownEnv(env)["OTEL_RESOURCE_ATTRIBUTES"],
      "service.namespace=shop,service.version=1.4.2,deployment.environment.name=test,service.instance.id=<instance>",
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

  describe("with instrument", () => {
    it("mounts what OpenTelemetry has for its language, and makes the runtime load it", () => {
      const python = serviceWorkload("checkout", { image, instrument: "python" }, stack);
      assert.deepEqual(python.imageMounts, [
        {
          name: "instrumentation",
          image: {
            kind: "reference",
            reference: "ghcr.io/open-telemetry/opentelemetry-operator/autoinstrumentation-python:0.64b0",
          },
          from: "/autoinstrumentation/.",
          path: "/otel-auto-instrumentation-python",
        },
      ]);
      const folder = "/otel-auto-instrumentation-python";
      assert.equal(python.env["PYTHONPATH"], `${folder}/opentelemetry/instrumentation/auto_instrumentation:${folder}`);
      // Its image has no gRPC.
      assert.equal(python.env["OTEL_EXPORTER_OTLP_ENDPOINT"], "http://otel-collector:4318");
      assert.equal(python.env["OTEL_SEMCONV_STABILITY_OPT_IN"], "http,database");
      const java = serviceWorkload("checkout", { image, instrument: "java" }, stack);
      assert.deepEqual(
        java.imageMounts.map(({ from, path }) => [from, path]),
        [["/javaagent.jar", "/otel-auto-instrumentation-java"]],
      );
      assert.equal(java.env["JAVA_TOOL_OPTIONS"], "-javaagent:/otel-auto-instrumentation-java/javaagent.jar");
    });

    it("mounts the library of this repository into a Node.js service", () => {
      const { imageMounts, env } = serviceWorkload("checkout", { image, instrument: "nodejs" }, stack);
      assert.deepEqual(imageMounts, [
        {
          name: "instrumentation",
          image: {
            kind: "build",
            name: "instrumentation-nodejs",
            contextPath: join(import.meta.dirname, "..", "..", "instrumentation"),
            dockerfile: "Dockerfile",
            buildArgs: { NODE_IMAGE: stack.settings.images.node },
          },
          from: "/autoinstrumentation/.",
          path: "/otel-auto-instrumentation-nodejs",
        },
      ]);
      assert.equal(env["NODE_OPTIONS"], "--import=/otel-auto-instrumentation-nodejs/register.mjs");
    });

    it("takes another image with the same content", () => {
      const args = { image, instrument: "python", instrumentImage: "mirror.example.com/python:1.0.0" } as const;
      assert.deepEqual(
        serviceWorkload("checkout", args, stack).imageMounts.map((mount) => mount.image),
        [{ kind: "reference", reference: "mirror.example.com/python:1.0.0" }],
      );
    });

    it("takes the image that the settings name for its language, with the digest that the lock has of it", () => {
      const python = "mirror.example.com/python:1.0.0";
      const digest = `sha256:${"0a".repeat(32)}`;
      const images = [...Object.values<string>(defaultImages), python];
      const locked = (lock: readonly string[]): ServiceEnvironment => {
        const config = asPulumiConfig({ images: { instrumentPython: python } });
        const imageLock = new Map(lock.map((reference) => [reference, digest]));
        return { settings: programSettings(config, recordedIdentity, { imageLock }).stack };
      };
      const imageOf = (beside: ServiceEnvironment): unknown =>
        serviceWorkload("checkout", { image, instrument: "python" }, beside).imageMounts[0]?.image;
      const unlocked = { settings: settings({ images: { instrumentPython: python } }) };
      assert.deepEqual(imageOf(unlocked), { kind: "reference", reference: python });
      assert.deepEqual(imageOf(locked(images)), { kind: "reference", reference: `${python}@${digest}` });
      const without = locked(Object.values(defaultImages));
      assert.equal(
        serviceRefusalOf(() => imageOf(without)),
        'checkout.instrument: must copy from an image that images.lock.json has the digest of, got "python"; run npm run images:lock, or name one as instrumentImage',
      );
      const own = { image, instrument: "python", instrumentImage: python } as const;
      assert.deepEqual(serviceWorkload("checkout", own, without).imageMounts[0]?.image, {
        kind: "reference",
        reference: python,
      });
    });

    it("keeps what the service has in the variable that loads it, and lets the service's other variables win", () => {
      const loaded = (instrument: "nodejs" | "python" | "java", name: string, own: string): unknown =>
        serviceWorkload(
          "checkout",
          { image, instrument, instrumentImage: "instrumentation:1", env: { [name]: own } },
          stack,
        ).env[name];
      assert.equal(
        loaded("nodejs", "NODE_OPTIONS", "--max-old-space-size=64"),
        "--import=/otel-auto-instrumentation-nodejs/register.mjs --max-old-space-size=64",
      );
      const folder = "/otel-auto-instrumentation-python";
      const first = `${folder}/opentelemetry/instrumentation/auto_instrumentation`;
      assert.equal(loaded("python", "PYTHONPATH", "/app/lib"), `${first}:/app/lib:${folder}`);
      // An empty part would be the working directory.
      assert.equal(loaded("python", "PYTHONPATH", ""), `${first}:${folder}`);
      assert.equal(
        loaded("java", "JAVA_TOOL_OPTIONS", "-Xmx96m"),
        "-javaagent:/otel-auto-instrumentation-java/javaagent.jar -Xmx96m",
      );
      assert.equal(loaded("python", "OTEL_LOGS_EXPORTER", "none"), "none");
    });

    it("is nothing but the service itself where nothing is injected", () => {
      const env = { NODE_OPTIONS: "--max-old-space-size=64" };
      const workload = serviceWorkload("checkout", { image, instrument: "nodejs", env }, silent);
      assert.deepEqual([workload.imageMounts, workload.env], [[], env]);
    });

    it("refuses what does not go together", () => {
      assert.equal(
        problemOf({ image, instrument: "python", protocol: "grpc" }),
        'checkout.protocol: must be http/protobuf with instrument python, which knows no other, got "grpc"; leave it out',
      );
      assert.equal(
        problemOf({ image, instrument: "java", telemetry: false }),
        'checkout.instrument: must be left out of a service without telemetry, got "java"; remove it, or `telemetry: false`',
      );
      assert.equal(
        problemOf({ image, instrumentImage: "instrumentation:1" }),
        'checkout.instrumentImage: must be left out where nothing is instrumented, got "instrumentation:1"; add `instrument`, or remove it',
      );
      assert.match(
        problemOf({ image, instrument: "java", instrumentImage: "instrumentation" }),
        /^checkout\.instrumentImage: must be an image with a tag /,
      );
    });
  });

  it("gets nothing injected by a stack without observability, nor if it has nothing to say (S6, S24)", () => {
    assert.deepEqual(serviceWorkload("checkout", { image, env: { MODE: "fast" } }, silent).env, { MODE: "fast" });
    assert.deepEqual(serviceWorkload("checkout", { image, telemetry: false }, stack).env, {});
  });

  it("refuses an image and a build at once, and neither", () => {
    const problem = "checkout.image: exactly one of `image` and `build` must be given, got";
    assert.equal(problemOf({ image, build: { context: imageFolder } }), `${problem} both; remove one of the two`);
    assert.equal(problemOf({}), `${problem} neither; add one of the two`);
  });

  it("refuses an image with neither tag nor digest, which is another one every month", () => {
    for (const reference of ["registry.example.com/checkout", "registry.example.com:5000/checkout", ""]) {
      const rule = "must be an image with a tag (`repository:tag`), a digest (`repository@sha256:…`) or both";
      assert.equal(
        problemOf({ image: reference }),
        `checkout.image: ${rule}, got "${reference}"; name the version that you mean, for example grafana/loki:3.7.8`,
      );
    }
  });

  it("refuses a name that is no host name, and one that is too long behind the namespace (S22)", () => {
    const label = "must be a DNS label: at most 63 lower-case letters, digits and inner hyphens, a letter first";
    for (const name of ["Checkout", "check_out", "1st", "checkout-"]) {
      assert.equal(problemOf({ image }, name), `${name}.name: ${label}, got "${name}"; rename it`);
    }
    const longest = "c".repeat(63 - "shop-".length);
    assert.equal(serviceWorkload(longest, { image }, stack).env["OTEL_SERVICE_NAME"]?.length, 63);
    assert.equal(
      problemOf({ image }, `${longest}c`),
      `${longest}c.name: must be at most 63 characters long with the namespace in front, got "shop-${longest}c"; shorten it, or serviceNamespace`,
    );
  });

  it("refuses a health check that asks nothing", () => {
    assert.deepEqual(problemOf({ image, healthCheck: { port: 0, path: "live", command: [] } }).split("\n"), [
      "checkout.healthCheck.port: must be a whole number from 1 to 65535, got 0; choose one in the range",
      'checkout.healthCheck.path: must begin with / and have no blanks, got "live"; write for example /healthz',
      "checkout.healthCheck.command: must not be empty, got an empty list; leave healthCheck out",
    ]);
  });

  it("refuses each variable that the stack injects: the user's would win silently (D1, D3, D9)", () => {
    const injected = Object.keys(serviceWorkload("checkout", { image }, stack).env).filter(
      (key) => !(key in sdkPreferences),
    );
    assert.ok(injected.includes("OTEL_SERVICE_NAME") && injected.includes("OTEL_EXPORTER_OTLP_ENDPOINT"));
    for (const key of injected) {
      assert.equal(
        problemOf({ image, env: { [key]: "mine" } }),
        `checkout.env.${key}: must not replace what the stack injects, got a value that is not shown; remove it`,
      );
    }
  });

  it("has steps before it with its own image and environment, unless they have others", () => {
    const { env, initSteps } = serviceWorkload(
      "checkout",
      {
        image,
        env: { MODE: "fast", KEPT: "yes" },
        initSteps: [
          { name: "migrate", command: ["migrate"], env: { MODE: "slow" } },
          { name: "fill", image: "fill:1" },
        ],
      },
      stack,
    );
    assert.deepEqual(initSteps, [
      {
        name: "migrate",
        image: { kind: "reference", reference: image },
        args: ["migrate"],
        env: { ...env, MODE: "slow" },
      },
      { name: "fill", image: { kind: "reference", reference: "fill:1" }, args: [], env },
    ]);
    assert.equal(env["KEPT"], "yes");
  });

  it("refuses what is wrong with a step before it, where it stands", () => {
    const initSteps = [
      { name: "migrate", env: { OTEL_SERVICE_NAME: "mine" } },
      { name: "migrate", image: "latest" },
      { name: "Fill", command: ["a\0"] },
    ];
    assert.deepEqual(
      problemOf({ image, initSteps })
        .split("\n")
        .map((line) => line.split(", got")[0]),
      [
        "checkout.initSteps.1.image: must be an image with a tag (`repository:tag`), a digest (`repository@sha256:…`) or both",
        "checkout.initSteps.2.name: must be at most 40 lower-case letters, digits and inner hyphens, a letter first",
        "checkout.initSteps.2.command.0: must be text without a NUL character",
      ],
    );
    assert.deepEqual(
      problemOf({ image, initSteps: [initSteps[0] ?? { name: "a" }, { name: "migrate" }] }).split("\n"),
      [
        "checkout.initSteps.0.env.OTEL_SERVICE_NAME: must not replace what the stack injects, got a value that is not shown; remove it",
        'checkout.initSteps.1.name: must differ from initSteps.0.name, got "migrate"; change one of the two',
      ],
    );
  });

  it("asks every SDK for the names of today and for metrics every five seconds, and lets a service have it otherwise", () => {
    const asked = { OTEL_SEMCONV_STABILITY_OPT_IN: "http,database", OTEL_METRIC_EXPORT_INTERVAL: "5000" };
    const own = { OTEL_SEMCONV_STABILITY_OPT_IN: "http/dup", OTEL_METRIC_EXPORT_INTERVAL: "60000" };
    const envOf = (env: Readonly<Record<string, string>>): unknown => {
      const told = serviceWorkload("checkout", { image, env }, stack).env;
      return Object.fromEntries(Object.keys(asked).map((name) => [name, told[name]]));
    };
    assert.deepEqual([envOf({}), envOf(own)], [asked, own]);
  });

  it("refuses an endpoint of one signal alone, which leads that signal round the Collector (D4)", () => {
    for (const signal of ["LOGS", "TRACES", "METRICS"]) {
      for (const what of ["ENDPOINT", "PROTOCOL"]) {
        const key = `OTEL_EXPORTER_OTLP_${signal}_${what}`;
        assert.equal(
          problemOf({ image, env: { [key]: "http://jaeger:4317" } }),
          `checkout.env.${key}: must not replace what the stack injects, got a value that is not shown; remove it`,
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
        `checkout.replicas: must be a whole number from 1 to 100, got ${replicas}; choose one in the range`,
      );
    }
  });

  it("refuses a folder or a Dockerfile that is not there, before anything is registered", () => {
    const relativeTo = `write its path relative to ${process.cwd()}`;
    assert.equal(
      problemOf({ build: { context: "no/such/folder" } }),
      `checkout.build.context: must be a folder that exists, got "no/such/folder"; ${relativeTo}`,
    );
    assert.equal(
      problemOf({ build: { context: "package.json" } }),
      `checkout.build.context: must be a folder that exists, got "package.json"; ${relativeTo}`,
    );
    assert.equal(
      problemOf({ build: { context: "test", dockerfile: "Dockerfile" } }),
      'checkout.build.dockerfile: must be a file of the folder test, got "Dockerfile"; write its path relative to build.context',
    );
  });

  it("refuses a Dockerfile outside of its folder, of which the builder is sent nothing", () => {
    for (const dockerfile of [`${process.cwd()}/services/Dockerfile`, "../services/Dockerfile", "..", "a/../../test"]) {
      assert.equal(
        problemOf({ build: { context: "test", dockerfile } }),
        `checkout.build.dockerfile: must be a file of the folder test, got ${JSON.stringify(dockerfile)}; write its path relative to build.context`,
      );
    }
    assert.deepEqual(
      serviceWorkload("checkout", { build: { context: imageFolder, dockerfile: "src/../Dockerfile" } }, stack).image
        .kind,
      "build",
    );
  });

  it("says nothing of an image where the build is wrong that stands for one", () => {
    const args = { build: { context: 5 } } as unknown as ServiceArgs;
    assert.equal(
      problemOf(args),
      "checkout.build.context: must be the path of a folder, got 5; write for example ../checkout",
    );
  });

  it("builds of a folder with any name, under a name that Docker takes", () => {
    const above = mkdtempSync(join(tmpdir(), "service-build-"));
    try {
      const context = join(above, "My Service!");
      mkdirSync(context);
      writeFileSync(join(context, "Dockerfile"), "FROM scratch\n");
      const { image: built } = serviceWorkload("checkout", { build: { context } }, stack);
      assert.deepEqual(built, {
        kind: "build",
        name: folderImageName("My Service!"),
        contextPath: context,
        dockerfile: "Dockerfile",
        buildArgs: {},
      });
    } finally {
      rmSync(above, { recursive: true });
    }
  });

  it("refuses a name that is no text, and shows one that would break the line as what it is", () => {
    const throwing = {
      toString: (): never => {
        throw new Error("the secret");
      },
    };
    for (const name of [null, 5, {}, ["web"], Symbol("web"), throwing, pulumi.output("web")]) {
      assert.match(
        problemOf({ image, replicas: 0 }, name as unknown as string),
        /^name: must be a DNS label: [^\n]*; write it as text\nreplicas: must be [^\n]*$/,
      );
    }
    assert.match(problemOf({ image }, "a\nb"), /^"a\\nb"\.name: must be a DNS label: [^\n]*$/);
  });

  it("reports all problems at once, those of the workload as well", () => {
    const ports = [
      { name: "http", port: 0, hostPort: 80 },
      { name: "http", port: 8080 },
    ];
    const args = { env: { OTEL_SERVICE_NAME: "x" }, replicas: 0, memoryMib: 1, userId: -1, ports };
    assert.deepEqual(problemOf(args, "Checkout").split("\n"), [
      "Checkout.ports.0.port: must be a whole number from 1 to 65535, got 0; choose one in the range",
      "Checkout.ports.0.hostPort: must be a whole number from 1024 to 65535 (the lower ones are reserved for the system), got 80; choose one in the range",
      "Checkout.memoryMib: must be a whole number from 6 to 1048576 (less is refused by Docker), got 1; choose one in the range",
      "Checkout.userId: must be a whole number from 0 to 2147483647, got -1; choose one in the range",
      "Checkout.replicas: must be a whole number from 1 to 100, got 0; choose one in the range",
      "Checkout.image: exactly one of `image` and `build` must be given, got neither; add one of the two",
      "Checkout.env.OTEL_SERVICE_NAME: must not replace what the stack injects, got a value that is not shown; remove it",
      'Checkout.name: must be a DNS label: at most 63 lower-case letters, digits and inner hyphens, a letter first, got "Checkout"; rename it',
    ]);
  });
});

describe("the name of an image that is built from a folder", () => {
  it("is the folder's own in lower case, if Docker takes that", () => {
    assert.deepEqual(["shop", "Shop", "my-shop_2", "a.b"].map(folderImageName), ["shop", "shop", "my-shop_2", "a.b"]);
  });

  it("is for any other folder one that Docker takes, and of no two the same", () => {
    // A path's component, with what is around it (github.com/distribution/reference, regexp.go).
    const taken = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
    const awkward = fc.string({
      unit: fc.constantFrom("a", "Z", "0", " ", "!", "-", "_", ".", "ä", "日"),
      maxLength: 70,
    });
    fc.assert(
      fc.property(awkward, awkward, (one, other) => {
        assert.match(folderImageName(one), taken);
        assert.ok(folderImageName(one).length <= 60);
        assert.equal(folderImageName(one) === folderImageName(other), one.toLowerCase() === other.toLowerCase());
      }),
    );
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

  function servicesOf(resources: readonly RecordedResource[]): readonly string[] {
    return resources.filter(({ type }) => type === "observability:index:InstrumentedService").map(({ name }) => name);
  }

  it("refuse a name that is taken, by a service, by a backend, or by another service's instance", async () => {
    const resources = await recordServices((stack) => {
      new InstrumentedService("web", { stack, image, replicas: 2 });
      const taken = (name: string): void => {
        assert.throws(() => new InstrumentedService(name, { stack, image }), {
          message: `${name}.name: must be unique in the stack, got "observability-test-${name}"; rename one of the two (OBS1002)`,
        });
      };
      taken("web");
      taken("web-2");
      taken("loki");
      taken("otel-collector");
    });
    assert.deepEqual(servicesOf(resources), ["web"]);
  });

  it("refuse a port on the machine that the stack or another service has", async () => {
    const resources = await recordServices((stack) => {
      const ports = [{ name: "http", port: 80, hostPort: 3100 }];
      assert.throws(() => new InstrumentedService("web", { stack, image, ports }), {
        message: "web.ports.0.hostPort: must differ from the ports of loki, got 3100; change one of the two (OBS1002)",
      });
    });
    assert.deepEqual(servicesOf(resources), []);
  });

  it("refuse bad arguments before anything is created, all at once", async () => {
    const resources = await recordServices((stack) => {
      const ports = [{ name: "http", port: 80, hostPort: 3100 }];
      assert.throws(() => new InstrumentedService("loki", { stack, ports, replicas: 0 }), {
        message: [
          "loki.replicas: must be a whole number from 1 to 100, got 0; choose one in the range",
          "loki.image: exactly one of `image` and `build` must be given, got neither; add one of the two",
          'loki.name: must be unique in the stack, got "observability-test-loki"; rename one of the two',
          "loki.ports.0.hostPort: must differ from the ports of loki, got 3100; change one of the two (OBS1002)",
        ].join("\n"),
      });
    });
    assert.deepEqual(servicesOf(resources), []);
  });

  const asked = { port: 8080, path: "/ready?a=1&b=$(x)", command: ["check"] };

  function waitingOf(resources: readonly RecordedResource[]): readonly string[] {
    return allContainers(resources)
      .filter(({ name }) => name.endsWith("-ready"))
      .filter(({ name }) => name.startsWith("observability-shop"))
      .map(({ inputs }) => inputs.command?.[0]?.split("until ")[1] ?? "");
  }

  it("start after those that they depend on have answered, over HTTP or by a port", async () => {
    const resources = await recordServices((stack) => {
      const cart = new InstrumentedService("shop-cart", { stack, image, healthCheck: asked });
      const stock = new InstrumentedService("shop-stock", { stack, image, readiness: { tcp: 9000 } });
      for (const name of ["shop-web", "shop-api"]) {
        new InstrumentedService(name, { stack, image, dependsOn: [cart, stock] });
      }
    });
    // Each is waited for once, however many wait.
    assert.deepEqual(waitingOf(resources), [
      "{ wget -q -O /dev/null 'http://shop-cart:8080/ready?a=1&b=$(x)' & wait $!; }; do sleep 1; done",
      "{ nc -w 5 shop-stock 9000 -e true & wait $!; }; do sleep 1; done",
    ]);
    for (const web of allContainers(resources).filter(({ name }) => /shop-(web|api)$/.test(name))) {
      const before = web.dependencies.map((urn) => urn.split("::").at(-1));
      for (const name of ["shop-cart", "shop-cart-ready", "shop-stock", "shop-stock-ready"]) {
        assert.ok(before.includes(`observability-${name}`), `${web.name} does not wait for ${name}`);
      }
    }
  });

  it("have nothing that waits for them if nothing depends on them", async () => {
    const resources = await recordServices((stack) => {
      new InstrumentedService("shop-cart", { stack, image, healthCheck: asked });
    });
    assert.deepEqual(waitingOf(resources), []);
  });

  it("refuse to depend on what is no service, and on what cannot be waited for", async () => {
    const resources = await recordServices((stack) => {
      const silent = new InstrumentedService("silent", { stack, image });
      const within = new InstrumentedService("within", { stack, image, readiness: { command: ["check"] } });
      const change = "give it healthCheck, or readiness with http or tcp (a command alone is enough on Kubernetes)";
      const rule = "must answer, so that it can be waited for, got a service that is not asked";
      const dependsOn = [silent, "cart", within] as unknown as readonly InstrumentedService[];
      assert.throws(() => new InstrumentedService("web", { stack, image, memoryMib: 1, dependsOn }), {
        message: [
          "web.memoryMib: must be a whole number from 6 to 1048576 (less is refused by Docker), got 1; choose one in the range",
          `web.dependsOn.0: ${rule}; ${change}`,
          "web.dependsOn.1: must be an InstrumentedService, got something else; pass the service itself",
          `web.dependsOn.2: ${rule}; ${change} (OBS1002)`,
        ].join("\n"),
      });
      const alone = silent as unknown as readonly InstrumentedService[];
      assert.throws(
        () => new InstrumentedService("web", { stack, image, dependsOn: alone }),
        /^Error: web\.dependsOn: must be a list of services, got /,
      );
      const cart = new InstrumentedService("cart", { stack, image, healthCheck: asked });
      new InstrumentedService("cart-ready", { stack, image });
      assert.throws(() => new InstrumentedService("web", { stack, image, dependsOn: [cart] }), {
        message:
          'cart.name: must be unique in the stack, got "observability-test-cart-ready"; rename one of the two (OBS1002)',
      });
    });
    assert.deepEqual(servicesOf(resources), ["cart", "cart-ready", "silent", "within"]);
  });

  it("refuse to run beside nothing, or beside something else, with every other problem", async () => {
    const resources = await recordServices(() => {
      const create = (args: unknown): void => {
        new InstrumentedService("web", args as InstrumentedServiceArgs);
      };
      const rule = "web.stack: must be the ObservabilityStack, or the JoinedStack, that the service runs beside";
      const change = "create one and pass it as `stack`";
      assert.throws(
        () => {
          create({ image, memoryMiB: 64 });
        },
        (error: Error) => {
          assert.equal(error.message.split("\n")[0], `${rule}, got none; ${change}`);
          assert.match(
            error.message.split("\n")[1] ?? "",
            /^web\.memoryMiB: .*; did you mean memoryMib\? \(OBS1002\)$/,
          );
          return true;
        },
      );
      assert.throws(
        () => {
          create({ image, stack: { settings: {} } });
        },
        { message: `${rule}, got something else; ${change} (OBS1002)` },
      );
      const throws = { get: (): never => assert.fail("the secret") };
      for (const key of ["stack", "image"]) {
        assert.throws(
          () => {
            create(Object.defineProperty({ image }, key, { enumerable: true, configurable: true, ...throws }));
          },
          (error: Error) => error.message.startsWith(rule) && !error.message.includes("the secret"),
        );
      }
      assert.throws(
        () => new InstrumentedService(Symbol("web") as unknown as string, {} as InstrumentedServiceArgs),
        (error: Error) => /^stack: .*\nname: .*\nimage: .*$/.test(error.message),
      );
      for (const none of [undefined, null, "web", []]) {
        assert.throws(
          () => {
            create(none);
          },
          (error: Error) => error.message.startsWith(`${rule}, got none; ${change}\nweb.`),
        );
      }
    });
    assert.deepEqual(servicesOf(resources), []);
  });

  it("refuse arguments that throw an error when they are read, without what it says", async () => {
    await recordServices((stack) => {
      const throws = { enumerable: true, get: (): never => assert.fail("the secret") };
      const args = Object.defineProperty({ stack, image }, "env", throws) as InstrumentedServiceArgs;
      assert.throws(() => new InstrumentedService("web", args), {
        message: "web.env: must be readable, got one that throws an error; hand over a plain value (OBS1002)",
      });
    });
  });

  it("refuse an Output of Pulumi where no judgement before the deployment can do without its value", async () => {
    await recordServices((stack) => {
      const later = pulumi.output("1.4.2") as unknown as string;
      assert.throws(() => new InstrumentedService("web", { stack, image, version: later }), {
        message:
          "web.version: must be plain data, got an Output of Pulumi; an Output is known only during a deployment, and this is judged before it: write the value that it is made from (OBS1002)",
      });
    });
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
    assert.deepEqual(web?.outputs, { serviceName: "shop-web" });
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { readDashboardFolder } from "../../config/grafana/dashboard-folder.ts";
import { defaultImages, resolveInstrumentImages } from "../../config/resolve-images.ts";
import { parseSettings } from "../../config/parse-settings.ts";
import { stackSettingsSchema } from "../../config/settings-and-defaults.ts";
import { anySettingsInput, dashboardFolder } from "../support/settings.ts";
import { stackPortList } from "../../config/parts/parts.ts";
import { defaultCluster } from "../support/default-cluster.ts";
import { refusalOf } from "../support/refusal.ts";
import { ofFurtherParts, ofFurtherPorts } from "../support/further-parts.ts";

const identity = { project: "observability", stack: "dev" };

function problemsOf(input: unknown): string {
  return refusalOf(() => parseSettings(input, identity, readDashboardFolder));
}

function refuses(input: unknown, problem: string): void {
  assert.equal(problemsOf(input), `the configuration has 1 problem(s), nothing was changed (OBS1001):\n  ${problem}`);
}

const label = "must be at most 40 lower-case letters, digits and inner hyphens, a letter first";
const reference = "must be an image with a tag (`repository:tag`), a digest (`repository@sha256:…`) or both";
const version = "name the version that you mean, for example grafana/loki:3.7.8";
const port = "must be a whole number from 1024 to 65535 (the lower ones are reserved for the system)";
const portNames = stackPortList.map(({ setting }) => setting).join(", ");
const folder = "write one that is relative to the folder of Pulumi.yaml, for example dashboards, or leave it out";
const retention =
  "must be a whole number of hours from 24 to 876000 (a day to 100 years, which all three stores can keep)";
const memory = (least: number, component: string): string =>
  `must be a whole number of MiB from ${least} to 1048576 (less cannot hold ${component})`;

describe("settings", () => {
  it("refuse a name that the place has for something else, and take it for the other place", () => {
    const problemOf = (input: object): string => {
      try {
        parseSettings(input, { project: "observability", stack: "dev" });
        return "none";
      } catch (error) {
        if (error instanceof Error) return error.message.split("\n")[1] ?? "";
        throw error;
      }
    };
    const kubernetes = { target: "kubernetes", kubernetes: { context: "kind-a" } };
    for (const name of ["default", "bridge", "host", "none"]) {
      assert.equal(
        problemOf({ name }),
        `  name: must not be the name of a network of Docker's own (default, bridge, host, none), got "${name}"; set another, for example shop-dev`,
      );
      // Every cluster has a namespace of that name, which test/config/kubernetes-settings.test.ts is about.
      if (name !== "default") assert.equal(problemOf({ ...kubernetes, name }), "none");
    }
    assert.equal(
      problemOf({ ...kubernetes, name: "otel-collector" }),
      '  name: must not be the name of a part of the stack that has rights of its own, got "otel-collector"; set another, for example shop-dev',
    );
    assert.equal(problemOf({ name: "otel-collector" }), "none");
  });

  it("are complete when the user sets nothing: 30 days, Loki in 256 MiB, documented ports (S16, S25, S27)", () => {
    assert.deepEqual(parseSettings({}, identity), {
      target: "docker",
      name: "observability-dev",
      observability: true,
      retentionHours: 720,
      serviceNamespace: "apps",
      environment: "dev",
      imageRegistry: "",
      images: { ...defaultImages, ...resolveInstrumentImages("", {}) },
      ports: {
        ...{ grafana: 3000, loki: 3100, otlpGrpc: 4317, otlpHttp: 4318, jaeger: 16686, victoriaMetrics: 8428 },
        ...ofFurtherPorts(({ port }) => port),
      },
      expected: {
        ...{ services: 10, linesPerSecond: 0, lineBytes: 350, spansPerSecond: 0 },
        ...{ activeSeries: 0, secondsBetweenPoints: 5 },
      },
      memoryMib: {
        ...{ loki: 256, victoriaMetrics: 256, jaeger: 512, otelCollector: 256, grafana: 384 },
        ...ofFurtherParts(({ memoryMib }) => memoryMib.default),
      },
      loki: { compactionIntervalSeconds: 600, retentionDeleteDelaySeconds: 7200 },
      otelCollector: { queueMib: 512, hostMetrics: true },
      grafana: { adminUser: "admin", datasources: [] },
      canary: { enabled: true },
      objectives: {
        ...{ availabilityPercent: 99, latencyPercent: 95, latencySeconds: 1, silenceMinutes: 15 },
        services: {},
      },
      alerts: {
        contactPoints: [],
        smtp: { host: "", from: "", user: "", secret: "", startTls: "mandatory" },
        ...{ groupWaitSeconds: 30, groupIntervalSeconds: 300, repeatHours: 4 },
        mute: [],
        rules: [],
        runbookUrl: "",
      },
      secrets: {},
      docker: {},
      kubernetes: {
        context: "",
        namespace: "observability-dev",
        ...defaultCluster,
      },
    });
  });

  it("keep the defaults beside a single field of a group", () => {
    const { ports, memoryMib } = parseSettings({ ports: { loki: 13100 }, memoryMib: { grafana: 512 } }, identity);
    assert.deepEqual(ports, {
      ...{ grafana: 3000, loki: 13100, otlpGrpc: 4317, otlpHttp: 4318, jaeger: 16686, victoriaMetrics: 8428 },
      ...ofFurtherPorts(({ port }) => port),
    });
    assert.deepEqual(memoryMib, {
      ...{ loki: 256, victoriaMetrics: 256, jaeger: 512, otelCollector: 256, grafana: 512 },
      ...ofFurtherParts((part) => part.memoryMib.default),
    });
  });

  it("name the environment after the Pulumi stack, not after a fixed word (D10)", () => {
    assert.equal(parseSettings({}, { project: "p", stack: "staging" }).environment, "staging");
    assert.equal(parseSettings({ environment: "production" }, identity).environment, "production");
  });

  it("make a name of project and stack that Docker takes", () => {
    assert.equal(parseSettings({}, { project: "My_Project", stack: "Dev.1" }).name, "my-project-dev-1");
    assert.equal(parseSettings({ name: "other" }, identity).name, "other");
  });

  it("apply the registry and the overrides of images", () => {
    const { images } = parseSettings(
      { imageRegistry: "registry.example.com", images: { grafana: "mirror/grafana:10.0.0" } },
      identity,
    );
    assert.equal(images.grafana, "mirror/grafana:10.0.0");
    assert.equal(images.loki, `registry.example.com/${defaultImages.loki}`);
  });

  it("describe every field for the reader of the documentation", () => {
    const undescribed = Object.entries(stackSettingsSchema.shape).filter(([, schema]) => !schema.description);
    assert.deepEqual(
      undescribed.map(([name]) => name),
      [],
    );
  });

  it("take empty texts as not set: Pulumi asks for a default of every key in Pulumi.yaml", () => {
    assert.deepEqual(
      parseSettings({ name: "", environment: "", imageRegistry: "" }, identity),
      parseSettings({}, identity),
    );
  });

  it("report all problems at once, each with its path, its rule, the value and what to change", () => {
    const message = problemsOf({
      retentionHours: 1,
      ports: { loki: 0, grafana: 8428 },
      memoryMib: { loki: 16 },
      serviceNamespace: "A",
      images: { jaeger: "jaeger" },
      grafana: { adminuser: "a" },
    });
    assert.deepEqual(message.split("\n"), [
      "the configuration has 7 problem(s), nothing was changed (OBS1001):",
      `  retentionHours: ${retention}, got 1; set at least 24, for example 720 for 30 days`,
      `  serviceNamespace: ${label}, got "A"; set one that fits, for example shop`,
      `  images.jaeger: ${reference}, got "jaeger"; ${version}`,
      `  ports.loki: ${port}, got 0; choose one that is free, for example 3100`,
      `  memoryMib.loki: ${memory(128, "Loki")}, got 16; give it at least 128, for example 256`,
      "  grafana.adminuser: is no setting, got a value that is not shown; did you mean grafana.adminUser?",
      // It is found although other ports, and other groups, are wrong.
      "  ports.grafana: must differ from ports.victoriaMetrics, got 8428; choose another port for one of the two",
    ]);
  });

  it("report an input that is no group of settings", () => {
    assert.match(
      problemsOf(5),
      /^ {2}settings: must be a group of settings, got a value that is not shown; write its settings \(target, name, /m,
    );
  });

  const refusals: readonly (readonly [unknown, string])[] = [
    [{ target: "nomad" }, 'target: must be one of docker, kubernetes, got "nomad"; write docker, or leave it out'],
    [{ name: "1st" }, `name: ${label}, got "1st"; set one that fits, for example shop-dev`],
    [{ name: "ends-" }, `name: ${label}, got "ends-"; set one that fits, for example shop-dev`],
    [{ name: "a".repeat(41) }, `name: ${label}, got "${"a".repeat(41)}"; set one that fits, for example shop-dev`],
    [{ name: null }, `name: ${label}, got null; set one that fits, for example shop-dev`],
    [{ serviceNamespace: "" }, `serviceNamespace: ${label}, got ""; set one that fits, for example shop`],
    [{ observability: "no" }, 'observability: must be true or false, got "no"; write true or false, without quotes'],
    [{ serviceNamespace: "my_apps" }, `serviceNamespace: ${label}, got "my_apps"; set one that fits, for example shop`],
    [
      { environment: "two\nlines" },
      'environment: must be one line of at most 100 characters, got "two\\nlines"; set a short name, for example production',
    ],
    [{ retentionHours: 23 }, `retentionHours: ${retention}, got 23; set at least 24, for example 720 for 30 days`],
    [{ retentionHours: 24.5 }, `retentionHours: ${retention}, got 24.5; set at least 24, for example 720 for 30 days`],
    [{ retentionHours: "a" }, `retentionHours: ${retention}, got "a"; set at least 24, for example 720 for 30 days`],
    [
      { retentionHours: 876_001 },
      `retentionHours: ${retention}, got 876001; set at least 24, for example 720 for 30 days`,
    ],
    [
      { imageRegistry: "https://registry.example.com" },
      'imageRegistry: must be a registry without a scheme, and a path in it if need be, got "https://registry.example.com"; write for example registry.example.com/mirror',
    ],
    [{ ports: { jaeger: 65536 } }, `ports.jaeger: ${port}, got 65536; choose one that is free, for example 16686`],
    [{ ports: { jaeger: 1023 } }, `ports.jaeger: ${port}, got 1023; choose one that is free, for example 16686`],
    [{ ports: { grafana: 8000.5 } }, `ports.grafana: ${port}, got 8000.5; choose one that is free, for example 3000`],
    [{ ports: { grafana: "3000" } }, `ports.grafana: ${port}, got "3000"; choose one that is free, for example 3000`],
    [
      { ports: [3000] },
      `ports: must be a group of settings, got a list; write its settings (${portNames}) below it, or leave it out`,
    ],
    [
      { memoryMib: { jaeger: 300.5 } },
      `memoryMib.jaeger: ${memory(512, "Jaeger")}, got 300.5; give it at least 512, for example 512`,
    ],
    [
      { memoryMib: { otelCollector: 95 } },
      `memoryMib.otelCollector: ${memory(96, "the Collector")}, got 95; give it at least 96, for example 256`,
    ],
    [
      { memoryMib: { grafana: 384 * 1024 ** 2 } },
      `memoryMib.grafana: ${memory(128, "Grafana")}, got 402653184; give it at least 128, for example 384`,
    ],
    [
      { loki: { compactionIntervalSeconds: 0 } },
      "loki.compactionIntervalSeconds: must be a whole number of seconds from 1 to 2592000, got 0; set for example 600",
    ],
    [
      { otelCollector: { queueMib: 15 } },
      "otelCollector.queueMib: must be a whole number of MiB from 16 to 1048576 (less does not hold one request), got 15; set at least 16, for example 512",
    ],
    [
      { grafana: { adminUser: "" } },
      'grafana.adminUser: must be one line of 1 to 100 characters without a colon, and without ${, $__name{ and %(, which Grafana would replace, got ""; set a name, for example admin',
    ],
    ...["${HOME}", "a$__env{HOME}", "$__file{/etc/passwd}", "%(admin_email)s", "team:ops"].map(
      (adminUser): readonly [unknown, string] => [
        { grafana: { adminUser } },
        `grafana.adminUser: must be one line of 1 to 100 characters without a colon, and without \${, $__name{ and %(, which Grafana would replace, got ${JSON.stringify(adminUser)}; set a name, for example admin`,
      ],
    ),
    [
      { grafana: { adminUser: "a\nb" } },
      'grafana.adminUser: must be one line of 1 to 100 characters without a colon, and without ${, $__name{ and %(, which Grafana would replace, got "a\\nb"; set a name, for example admin',
    ],
    [{ grafana: { dashboards: " " } }, `grafana.dashboards: must be the path of a folder, got " "; ${folder}`],
    [
      { grafana: { dashboards: [dashboardFolder, " "] } },
      `grafana.dashboards.1: must be the path of a folder, got " "; ${folder}`,
    ],
    [
      { grafana: { dashboards: [dashboardFolder, dashboardFolder] } },
      `grafana.dashboards.1: must be in the list once, got "${dashboardFolder}"; remove it`,
    ],
    [
      { grafana: { dashboards: [5] } },
      `grafana.dashboards: must be the path of a folder, or a list of paths of folders, got a list; ${folder}`,
    ],
    [
      { docker: { host: "localhost:2375" } },
      'docker.host: must be the address of a Docker daemon, got "localhost:2375"; write for example unix:///var/run/docker.sock or ssh://user@host, or leave it out',
    ],
    [{ images: { loki: "grafana/loki" } }, `images.loki: ${reference}, got "grafana/loki"; ${version}`],
    [{ images: { loki: "localhost:5000/loki" } }, `images.loki: ${reference}, got "localhost:5000/loki"; ${version}`],
    [{ images: { loki: "loki@sha256:12" } }, `images.loki: ${reference}, got "loki@sha256:12"; ${version}`],
    [{ images: { loki: 3 } }, `images.loki: ${reference}, got 3; ${version}`],
    [
      { retentionDays: 30 },
      "retentionDays: is no setting, got a value that is not shown; did you mean retentionHours?",
    ],
    [{ ports: { lok: 3100 } }, "ports.lok: is no setting, got a value that is not shown; did you mean ports.loki?"],
    [
      { ports: { nowhere: 1 } },
      `ports.nowhere: is no setting, got a value that is not shown; remove it, or use one of ${portNames}`,
    ],
    [
      { otelCollector: { "queue mib": 1 } },
      'otelCollector."queue mib": is no setting, got a value that is not shown; did you mean otelCollector.queueMib?',
    ],
  ];
  for (const [input, problem] of refusals) {
    it(`refuse ${JSON.stringify(input).slice(0, 60)}`, () => {
      refuses(input, problem);
    });
  }

  it("refuse the name that project and stack give, if it breaks the rules", () => {
    const stack = "feature-of-a-branch-with-a-long-name";
    assert.throws(() => parseSettings({}, { project: "observability", stack }), {
      message: `the configuration has 1 problem(s), nothing was changed (OBS1001):\n  name: ${label}, got "observability-${stack}"; set one that fits, for example shop-dev`,
    });
    assert.equal(parseSettings({ name: "short" }, { project: "observability", stack }).name, "short");
  });

  it("take an image by tag, by digest, and by both, from any registry", () => {
    const digest = `sha256:${"0a".repeat(32)}`;
    for (const image of ["a:1", `a@${digest}`, `registry.example.com:5000/a/b:1@${digest}`]) {
      assert.equal(parseSettings({ images: { loki: image } }, identity).images.loki, image);
    }
  });

  it("refuse two uses of one port on the machine, before Docker does it half-way", () => {
    refuses(
      { ports: { grafana: 3100 } },
      "ports.grafana: must differ from ports.loki, got 3100; choose another port for one of the two",
    );
  });

  it("name each use of a port but the first, the defaults before what the user chose", () => {
    const lines = problemsOf({ ports: { grafana: 5000, loki: 5000, otlpGrpc: 8428, jaeger: 5000 } }).split("\n");
    assert.deepEqual(
      lines.slice(1).map((line) => line.replace(/, got .*/, "").trim()),
      [
        "ports.jaeger: must differ from ports.loki",
        "ports.otlpGrpc: must differ from ports.victoriaMetrics",
        "ports.grafana: must differ from ports.loki",
      ],
    );
  });

  it("accept everything the rules allow, and never change what the user set", () => {
    fc.assert(
      fc.property(anySettingsInput, (input) => {
        const complete = parseSettings(input, identity, readDashboardFolder);
        for (const key of ["name", "observability", "retentionHours", "environment", "ports"] as const) {
          if (input[key] !== undefined) assert.deepEqual(complete[key], input[key]);
        }
      }),
    );
  });

  it("are the same for the same input", () => {
    fc.assert(
      fc.property(anySettingsInput, (input) => {
        assert.deepEqual(
          parseSettings(input, identity, readDashboardFolder),
          parseSettings(structuredClone(input), identity, readDashboardFolder),
        );
      }),
    );
  });
});

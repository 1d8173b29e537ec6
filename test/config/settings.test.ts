import assert from "node:assert/strict";
import fc from "fast-check";
import { defaultImages } from "../../config/images.ts";
import { parseSettings, settingsFromPulumiConfig, stackSettingsSchema } from "../../config/settings.ts";
import { anySettingsInput } from "../support/settings.ts";

const identity = { project: "observability", stack: "dev" };

function problemsOf(input: unknown): string {
  try {
    parseSettings(input, identity);
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
  throw new assert.AssertionError({ message: `accepted ${JSON.stringify(input)}` });
}

function refuses(input: unknown, problem: string): void {
  assert.equal(problemsOf(input), `the configuration has 1 problem(s), nothing was changed:\n  ${problem}`);
}

describe("settings", () => {
  it("are complete when the user sets nothing: 30 days, Loki in 256 MiB, documented ports (S16, S25, S27)", () => {
    assert.deepEqual(parseSettings({}, identity), {
      target: "docker",
      name: "observability-dev",
      observability: true,
      retentionHours: 720,
      serviceNamespace: "apps",
      environment: "dev",
      images: defaultImages,
      ports: { grafana: 3000, loki: 3100, otlpGrpc: 4317, otlpHttp: 4318, jaeger: 16686, victoriaMetrics: 8428 },
      memoryMib: { loki: 256, victoriaMetrics: 256, jaeger: 512, otelCollector: 256, grafana: 384 },
      loki: { compactionIntervalSeconds: 600, retentionDeleteDelaySeconds: 7200 },
      otelCollector: { queueMib: 512 },
      grafana: { adminUser: "admin" },
      docker: {},
    });
  });

  it("keep the defaults beside a single field of a group", () => {
    const { ports, memoryMib } = parseSettings({ ports: { loki: 13100 }, memoryMib: { grafana: 512 } }, identity);
    assert.deepEqual(ports, {
      ...{ grafana: 3000, loki: 13100, otlpGrpc: 4317, otlpHttp: 4318, jaeger: 16686, victoriaMetrics: 8428 },
    });
    assert.deepEqual(memoryMib, { loki: 256, victoriaMetrics: 256, jaeger: 512, otelCollector: 256, grafana: 512 });
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

  it("report all problems at once, each with its path and the value", () => {
    const message = problemsOf({
      retentionHours: 1,
      ports: { loki: 0 },
      memoryMib: { loki: 16 },
      serviceNamespace: "A",
    });
    assert.deepEqual(message.split("\n"), [
      "the configuration has 4 problem(s), nothing was changed:",
      "  retentionHours: must be at least 24, the shortest period all three stores can keep, got 1",
      '  serviceNamespace: must be lower-case letters, digits and inner hyphens, starting with a letter, got "A"',
      "  ports.loki: must be at least 1, got 0",
      "  memoryMib.loki: must be at least 128 MiB, less cannot hold the process, got 16",
    ]);
  });

  const label = "must be lower-case letters, digits and inner hyphens, starting with a letter";
  const reference = "must name a tag (`repository:tag`) or a digest (`repository@sha256:…`)";
  const refusals: readonly (readonly [unknown, string])[] = [
    [{ target: "nomad" }, 'target: Invalid input: expected "docker", got "nomad"'],
    [{ name: "1st" }, `name: ${label}, got "1st"`],
    [{ name: "ends-" }, `name: ${label}, got "ends-"`],
    [{ name: "a".repeat(41) }, `name: must have at most 40 characters, got "${"a".repeat(41)}"`],
    [{ serviceNamespace: "my_apps" }, `serviceNamespace: ${label}, got "my_apps"`],
    [{ environment: "" }, 'environment: must not be empty, got ""'],
    [{ retentionHours: 24.5 }, "retentionHours: must be a whole number of hours, got 24.5"],
    [{ ports: { jaeger: 65536 } }, "ports.jaeger: must be at most 65535, got 65536"],
    [{ ports: { grafana: 80.5 } }, "ports.grafana: must be a whole number, got 80.5"],
    [{ memoryMib: { jaeger: 300.5 } }, "memoryMib.jaeger: must be a whole number of MiB, got 300.5"],
    [
      { memoryMib: { otelCollector: 95 } },
      "memoryMib.otelCollector: must be at least 96 MiB, less cannot hold the process, got 95",
    ],
    [{ otelCollector: { queueMib: 15 } }, "otelCollector.queueMib: must be at least 16 MiB, got 15"],
    [{ images: { loki: "grafana/loki" } }, `images.loki: ${reference}, got "grafana/loki"`],
    [{ images: { loki: "localhost:5000/loki" } }, `images.loki: ${reference}, got "localhost:5000/loki"`],
    [{ images: { loki: "loki@sha256:12" } }, `images.loki: ${reference}, got "loki@sha256:12"`],
    [{ retentionDays: 30 }, 'settings: Unrecognized key: "retentionDays"'],
    [{ ports: { tempo: 1 } }, 'ports: Unrecognized key: "tempo", got {"tempo":1}'],
  ];
  for (const [input, problem] of refusals) {
    it(`refuse ${JSON.stringify(input).slice(0, 60)}`, () => {
      refuses(input, problem);
    });
  }

  it("take an image by tag, by digest, and by both, from any registry", () => {
    const digest = `sha256:${"0a".repeat(32)}`;
    for (const image of ["a:1", `a@${digest}`, `registry.example.com:5000/a/b:1@${digest}`]) {
      assert.equal(parseSettings({ images: { loki: image } }, identity).images.loki, image);
    }
  });

  it("refuse two uses of one port on the machine, before Docker does it half-way", () => {
    refuses({ ports: { grafana: 3100 } }, "ports.loki: must differ from ports.grafana, which is 3100");
  });

  it("accept everything the rules allow, and never change what the user set", () => {
    fc.assert(
      fc.property(anySettingsInput, (input) => {
        const complete = parseSettings(input, identity);
        for (const key of ["name", "observability", "retentionHours", "environment", "ports"] as const) {
          if (input[key] !== undefined) assert.deepEqual(complete[key], input[key]);
        }
      }),
    );
  });

  it("are the same for the same input", () => {
    fc.assert(
      fc.property(anySettingsInput, (input) => {
        assert.deepEqual(parseSettings(input, identity), parseSettings(structuredClone(input), identity));
      }),
    );
  });
});

describe("settingsFromPulumiConfig", () => {
  it("takes this project's keys, and JSON where the text is JSON", () => {
    const config = {
      "observability:retentionHours": "168",
      "observability:observability": "false",
      "observability:ports": '{"loki":13100}',
      "observability:serviceNamespace": "integr8scode",
      "docker:host": "ssh://elsewhere",
      "observability-other:retentionHours": "1",
    };
    assert.deepEqual(settingsFromPulumiConfig(config, "observability"), {
      retentionHours: 168,
      observability: false,
      ports: { loki: 13100 },
      serviceNamespace: "integr8scode",
    });
  });
});

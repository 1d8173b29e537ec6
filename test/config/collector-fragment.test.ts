import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import {
  collectorConfigArgs,
  collectorSections,
  fragmentConfig,
  fragmentProblems,
  fragmentSecrets,
  type CollectorFragment,
} from "../../config/collector-fragment.ts";
import { otelCollectorDocument } from "../../config/otel-collector.ts";
import { problemLines } from "../../config/problem.ts";

const settings = { memoryMib: 256, queueMib: 512, serviceNamespace: "integr8scode", enrichment: {} };

function linesOf(fragment: unknown, secretNames: readonly string[] | undefined = ["token"]): readonly string[] {
  return problemLines(fragmentProblems(fragment, secretNames));
}

function written(fragment: CollectorFragment): unknown {
  return parse(fragmentConfig(fragment, settings));
}

describe("a fragment of the Collector's configuration", () => {
  it("adds to the lists of a generated pipeline, behind the stack's own, however it is written", () => {
    const all = ["memory_limiter", "resource", "filter/health"];
    for (const processors of [["filter/health"], all]) {
      assert.deepEqual(
        written({ service: { pipelines: { traces: { processors, exporters: ["otlp_http/tempo"] } } } }),
        {
          service: { pipelines: { traces: { processors: all, exporters: ["otlp_grpc/jaeger", "otlp_http/tempo"] } } },
        },
      );
    }
  });

  it("adds to the extensions, without which the queues would be in memory", () => {
    assert.deepEqual(written({ extensions: { zpages: {} }, service: { extensions: ["zpages"] } }), {
      extensions: { zpages: {} },
      service: { extensions: ["health_check", "file_storage", "zpages"] },
    });
  });

  it("is as it was written everywhere else, with its names sorted", () => {
    const own = {
      service: { pipelines: { "logs/mine": { receivers: ["otlp"], exporters: ["debug"] } } },
      exporters: { debug: null },
    };
    assert.deepEqual(written(own), own);
    assert.equal(fragmentConfig(own, settings).split("\n")[0], "exporters:");
  });

  it("never takes anything of the stack's lists away, whatever it adds", () => {
    const lists = fc.record({ receivers: names(), processors: names(), exporters: names() });
    const generated = otelCollectorDocument(settings)["service"] as {
      readonly pipelines: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
    };
    fc.assert(
      fc.property(fc.constantFrom("logs", "traces", "metrics"), lists, (name, own) => {
        const { service } = written({ service: { pipelines: { [name]: own } } }) as { service: typeof generated };
        for (const [list, entries] of Object.entries(generated.pipelines[name] ?? {})) {
          assert.deepEqual(service.pipelines[name]?.[list]?.slice(0, entries.length), entries);
        }
      }),
    );
  });

  it("is valid with anything of other names, and with what the receiver and the own log may have", () => {
    const fragment = {
      receivers: { otlp: { protocols: { http: { cors: { allowed_origins: ["https://*.example.com"] } } } } },
      processors: { "batch/mine": {} },
      connectors: { forward: {} },
      exporters: { "otlp_http/tempo": { headers: { a: "Bearer ${file:/run/secrets/token}", b: "$${not_one}" } } },
      service: {
        telemetry: { logs: { level: "debug" } },
        pipelines: { "logs/mine": { receivers: ["otlp"], processors: ["batch/mine"], exporters: ["forward"] } },
      },
    };
    assert.deepEqual(linesOf(fragment), []);
    assert.deepEqual(linesOf(undefined), []);
  });

  const refusals: readonly (readonly [string, CollectorFragment, string])[] = [
    [
      "another exporter of a generated name",
      { exporters: { "otlp_http/loki": { sending_queue: { enabled: false } } } },
      `otelCollector.config.exporters."otlp_http/loki": must not be one of the stack's own, got {"sending_queue":{"enabled":false}}; give yours another name, for example otlp_http/mine`,
    ],
    [
      "no storage",
      { extensions: { file_storage: null } },
      "otelCollector.config.extensions.file_storage: must not be one of the stack's own, got null; give yours another name, for example file_storage/mine",
    ],
    [
      "another limit of memory",
      { processors: { memory_limiter: { limit_mib: 4000 } } },
      `otelCollector.config.processors.memory_limiter: must not be one of the stack's own, got {"limit_mib":4000}; give yours another name, for example memory_limiter/mine`,
    ],
    [
      "another port",
      { receivers: { otlp: { protocols: { grpc: { endpoint: "0.0.0.0:1" } } } } },
      'otelCollector.config.receivers.otlp.protocols.grpc.endpoint: must stay as the stack has it, got "0.0.0.0:1"; leave it out, or add a pipeline or component of another name',
    ],
    [
      "no pipeline",
      { service: { pipelines: { logs: null } } },
      "otelCollector.config.service.pipelines.logs: must stay as the stack has it, got null; leave it out, or add a pipeline or component of another name",
    ],
    [
      "a word for a list",
      { service: { extensions: "zpages" } },
      `otelCollector.config.service.extensions: must be a list, which is added to the stack's own, got "zpages"; leave it out, or add a pipeline or component of another name`,
    ],
    [
      "a batch before the queue",
      { processors: { "batch/mine": {} }, service: { pipelines: { logs: { processors: ["batch/mine"] } } } },
      'otelCollector.config.service.pipelines.logs.processors: must not keep in memory what a client takes for stored, got "batch/mine"; put it into a pipeline of your own, for example logs/mine',
    ],
    [
      "a secret that there is not",
      { exporters: { debug: { verbosity: "${file:/run/secrets/gone}" } } },
      'otelCollector.config.exporters.debug.verbosity: must refer to a secret that there is, got "${file:/run/secrets/gone}"; set secrets.gone',
    ],
    ...["${file:/etc/passwd}", "${env:HOME}", "${HOME}", "$$${HOME}"].map(
      (text): readonly [string, CollectorFragment, string] => [
        `a reference to something else: ${text}`,
        { exporters: { debug: [text] } },
        `otelCollector.config.exporters.debug.0: must refer to secrets only, got ${JSON.stringify(text.replace(/^\$\$/, ""))}; set a secret NAME and write \${file:/run/secrets/NAME}, or $$ for a dollar sign`,
      ],
    ),
  ];
  for (const [what, fragment, line] of refusals) {
    it(`is refused with ${what}`, () => {
      assert.deepEqual(linesOf(fragment), [line]);
    });
  }

  it("is not told of secrets as long as they are no secrets by name", () => {
    assert.deepEqual(problemLines(fragmentProblems({ exporters: { a: "${file:/run/secrets/gone}" } }, undefined)), []);
  });

  it("names its secrets, each once", () => {
    const at = (name: string): string => `x \${file:/run/secrets/${name}}`;
    assert.deepEqual(fragmentSecrets({ exporters: { a: [at("two"), at("one")], b: at("two") } }), ["one", "two"]);
  });

  it("is the second of two files, and none without it", () => {
    const file = (name: string): readonly string[] => ["--config", `/etc/otelcol-contrib/${name}.yaml`];
    assert.deepEqual(collectorConfigArgs(undefined), file("config"));
    assert.deepEqual(collectorConfigArgs({}), [...file("config"), ...file("own")]);
  });

  it("has every section that the generated configuration has", () => {
    const missing = Object.keys(otelCollectorDocument(settings)).filter((name) => !isSection(name));
    assert.deepEqual(missing, []);
  });
});

function names(): fc.Arbitrary<readonly string[]> {
  return fc.uniqueArray(fc.constantFrom("otlp", "resource", "a", "b/c", "memory_limiter", "otlp_http/loki"));
}

function isSection(name: string): boolean {
  return collectorSections.some((section) => section === name);
}

import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import {
  collectorConfigArgs,
  collectorSections,
  fragmentConfig,
  fragmentProblems,
  type CollectorFragment,
} from "../../../config/collector/fragment.ts";
import { collectorReferences, secretsIn } from "../../../config/expansion.ts";
import { otelCollectorDocument } from "../../../config/collector/document.ts";
import { deliveryOf } from "../../support/settings.ts";
import { processorsThatPassOn } from "../../../config/collector/components.ts";
import { namedDocument } from "../../../config/additions.ts";
import { problemLines } from "../../../config/problem.ts";
import { asCollectorReads, hostileFragment, lostParts } from "../../support/hostile-fragment.ts";
import { knownParts } from "../../support/further-parts.ts";

const settings = {
  ...{ memoryMib: 256, queueMib: 512, serviceNamespace: "integr8scode", readsHost: true, enrichment: {} },
  ...deliveryOf(knownParts),
};

function linesOf(fragment: unknown, secretNames: readonly string[] | undefined = ["token"]): readonly string[] {
  return problemLines(fragmentProblems(fragment, namedDocument, secretNames));
}

function written(fragment: CollectorFragment): unknown {
  return parse(fragmentConfig(fragment, settings));
}

describe("a fragment of the Collector's configuration", () => {
  it("adds to the lists of a generated pipeline, behind the stack's own, however it is written", () => {
    const all = [
      "memory_limiter",
      "resource",
      "transform/instance",
      "transform/links",
      "transform/sizes",
      "filter/health",
    ];
    for (const processors of [["filter/health"], all]) {
      assert.deepEqual(
        written({ service: { pipelines: { traces: { processors, exporters: ["otlp_http/nowhere"] } } } }),
        {
          service: {
            pipelines: {
              traces: {
                processors: all,
                exporters: ["otlp_grpc/stack", "otlp_http/nowhere"],
              },
            },
          },
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

  it("listens on no port of the stack's Collector, which could not start beside it", () => {
    const change = "choose another port";
    const rule = "must be on none of the ports that the stack's Collector listens on (4317, 4318, 13133, 8888, 14317)";
    const line = (path: string, endpoint: string): string =>
      `otelCollector.config.${path}.endpoint: ${rule}, got "${endpoint}"; ${change}`;
    fc.assert(
      fc.property(
        fc.constantFrom("", "0.0.0.0", "127.0.0.1", "127.1.2.3", "localhost", "[::]", "[::1]"),
        fc.constantFrom(4317, 4318, 13133, 8888, 14317),
        (host, port) => {
          const endpoint = `${host}:${port}`;
          const syslog = { tcp: { endpoint } };
          assert.deepEqual(linesOf({ receivers: { "syslog/mine": syslog }, extensions: { zpages: { endpoint } } }), [
            line('receivers."syslog/mine".tcp', endpoint),
            line("extensions.zpages", endpoint),
          ]);
        },
      ),
    );
    assert.deepEqual(
      linesOf({
        receivers: { "otlp/mine": { protocols: { grpc: null, http: {} } } },
        extensions: { "health_check/mine": {} },
      }),
      [
        line('receivers."otlp/mine".protocols.grpc', "localhost:4317"),
        line('receivers."otlp/mine".protocols.http', "localhost:4318"),
        line('extensions."health_check/mine"', "localhost:13133"),
      ],
    );
    const elsewhere = [
      "0.0.0.0:4319",
      "otel.example.com:4317",
      "http://localhost:4317",
      "10.0.0.1:13133",
      "0.0.0.0:43170",
    ];
    for (const endpoint of elsewhere) {
      const own = { receivers: { "otlp/mine": { protocols: { grpc: { endpoint } } }, nginx: { endpoint } } };
      assert.deepEqual(linesOf({ ...own, exporters: { "otlp_grpc/mine": { endpoint: "localhost:4317" } } }), []);
    }
  });

  it("is as it was written everywhere else, with its names sorted", () => {
    const own = {
      service: { pipelines: { "logs/mine": { receivers: ["otlp"], exporters: ["debug"] } } },
      exporters: { debug: null },
    };
    assert.deepEqual(written(own), own);
    assert.equal(fragmentConfig(own, settings).split("\n")[0], '"exporters":');
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
      exporters: { "otlp_http/nowhere": { headers: { a: "Bearer ${file:/run/secrets/token}", b: "$${not_one}" } } },
      service: {
        telemetry: {
          logs: { level: "debug" },
          resource: { attributes: [{ name: "team", value: "shop" }] },
        },
        pipelines: { "logs/mine": { receivers: ["otlp"], processors: ["batch/mine"], exporters: ["forward"] } },
      },
    };
    assert.deepEqual(linesOf(fragment), []);
    assert.deepEqual(linesOf(undefined), []);
  });

  const hidden = "got a value that is not shown";
  const leave = "leave it out, or add a pipeline or component of another name";
  const refusals: readonly (readonly [string, CollectorFragment, string])[] = [
    [
      "another exporter of a generated name",
      { exporters: { "otlp_http/loki": { sending_queue: { enabled: false } } } },
      `otelCollector.config.exporters."otlp_http/loki": must not be one of the stack's own, ${hidden}; give yours another name, for example otlp_http/mine`,
    ],
    [
      "no storage",
      { extensions: { file_storage: null } },
      `otelCollector.config.extensions.file_storage: must not be one of the stack's own, ${hidden}; give yours another name, for example file_storage/mine`,
    ],
    [
      "another limit of memory",
      { processors: { memory_limiter: { limit_mib: 4000 } } },
      `otelCollector.config.processors.memory_limiter: must not be one of the stack's own, ${hidden}; give yours another name, for example memory_limiter/mine`,
    ],
    [
      "another port",
      { receivers: { otlp: { protocols: { grpc: { endpoint: "0.0.0.0:1" } } } } },
      `otelCollector.config.receivers.otlp.protocols.grpc.endpoint: must stay as the stack has it, ${hidden}; ${leave}`,
    ],
    [
      "a resource of the older kind, which the Collector does not take together with the stack's",
      { service: { telemetry: { resource: { team: "shop" } } } },
      `otelCollector.config.service.telemetry.resource.team: must be one of these to be added here: attributes, ${hidden}; ${leave}`,
    ],
    [
      "no pipeline",
      { service: { pipelines: { logs: null } } },
      `otelCollector.config.service.pipelines.logs: must stay as the stack has it, ${hidden}; ${leave}`,
    ],
    [
      "a word for a list",
      { service: { extensions: "zpages" } },
      `otelCollector.config.service.extensions: must be a list, which is added to the stack's own, ${hidden}; ${leave}`,
    ],
    [
      "a batch before the queue",
      { processors: { "batch/mine": {} }, service: { pipelines: { logs: { processors: ["batch/mine"] } } } },
      `otelCollector.config.service.pipelines.logs.processors.0: must be a processor of which it is known that it keeps nothing in memory that a client takes for stored, got "batch/mine"; put it into a pipeline of your own, for example logs/mine, or use one of ${[...processorsThatPassOn].join(", ")}`,
    ],
    [
      "a secret that there is not",
      { exporters: { debug: { verbosity: "${file:/run/secrets/gone}" } } },
      'otelCollector.config.exporters.debug.verbosity: must refer to a secret that there is, got "${file:/run/secrets/gone}"; set secrets.gone',
    ],
    [
      "another way through a colon",
      { exporters: { "otlp_http/loki::sending_queue": { enabled: false } } },
      `otelCollector.config.exporters."otlp_http/loki::sending_queue": must not contain :: or begin or end with a colon, which the Collector reads as a path, got "otlp_http/loki::sending_queue"; write each part as a group of its own`,
    ],
    [
      "blanks that the Collector removes",
      { service: { pipelines: { "logs/mine": { processors: [" batch"] } } } },
      `otelCollector.config.service.pipelines."logs/mine".processors.0: must be a component's name as the Collector writes it, \`type\` or \`type/name\`, without blanks, got " batch"; correct it, for example otlp/mine`,
    ],
    [
      "an exporter whose queue is the file of the stack's",
      { exporters: { "otlp/http_loki": {} } },
      `otelCollector.config.exporters."otlp/http_loki": must differ from the stack's otlp_http/loki in more than / and _, or their queues would be one file, got "otlp/http_loki"; give yours another name, for example otlp/mine`,
    ],
    [
      "what keeps every service out",
      { receivers: { otlp: { protocols: { grpc: { tls: { cert_file: "/x" } } } } } },
      `otelCollector.config.receivers.otlp.protocols.grpc.tls: must be one of these to be added here: include_metadata, ${hidden}; ${leave}`,
    ],
    [
      "a reference behind an escaped one",
      { exporters: { debug: { a: "$${x} ${file:/run/secrets/token}" } } },
      `otelCollector.config.exporters.debug.a: must not have $\${ before a reference, behind which the Collector reads no reference any more, ${hidden}; put all of the text into the secret`,
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
    assert.deepEqual(
      problemLines(fragmentProblems({ exporters: { a: "${file:/run/secrets/gone}" } }, namedDocument, undefined)),
      [],
    );
  });

  it("names its secrets, each once", () => {
    const at = (name: string): string => `x \${file:/run/secrets/${name}}`;
    assert.deepEqual(secretsIn({ exporters: { a: [at("two"), at("one")], b: at("two") } }, collectorReferences), [
      "one",
      "two",
    ]);
  });

  it("is the second of two files, and none without it", () => {
    const file = (name: string): readonly string[] => ["--config", `/etc/otelcol-contrib/${name}.yaml`];
    assert.deepEqual(collectorConfigArgs(undefined), file("config"));
    assert.deepEqual(collectorConfigArgs({}), [...file("config"), ...file("own")]);
  });

  it("keeps what Pulumi takes for not set out of the file, and every text in quotes", () => {
    const own = { exporters: { debug: { a: undefined, "<<": "0b1", b: 2 } } };
    assert.deepEqual(linesOf(own), []);
    assert.equal(fragmentConfig(own, settings), '"exporters":\n  "debug":\n    "<<": "0b1"\n    "b": 2\n');
  });

  it("is refused with every processor that keeps data for later, however it is written, in each of the pipelines", () => {
    const holding = ["batch", "groupbytrace", "interval", "log_dedup", "logdedup", "logstransform", "tail_sampling"];
    const written = holding.flatMap((type) => [
      type,
      `${type}/mine`,
      `${type} `,
      ` ${type}/a`,
      `${type}\u00a0`,
      `\u0085${type}`,
    ]);
    for (const name of ["logs", "traces", "traces/stack", "traces/grouped", "metrics"]) {
      for (const id of written) {
        assert.equal(
          linesOf({ service: { pipelines: { [name]: { processors: [id] } } } }).length,
          1,
          JSON.stringify(id),
        );
      }
    }
    assert.deepEqual(linesOf({ service: { pipelines: { logs: { processors: [...processorsThatPassOn] } } } }), []);
  });

  it("is told of the setting that keeps a part of the traces, where it would do that itself", () => {
    const own = { service: { pipelines: { traces: { processors: ["tail_sampling/mine"] } } } };
    assert.deepEqual(linesOf(own), [
      'otelCollector.config.service.pipelines.traces.processors.0: must be a processor of which it is known that it keeps nothing in memory that a client takes for stored, got "tail_sampling/mine"; set otelCollector.tailSampling, for example to { keepPercent: 10 }, or put it into a pipeline of your own',
    ]);
  });

  it("takes no name of the sampling, whether there is one or not", () => {
    for (const [section, name] of [
      ["processors", "tail_sampling/stack"],
      ["processors", "memory_limiter/stack"],
      ["connectors", "forward/stack"],
    ] as const) {
      assert.equal(linesOf({ [section]: { [name]: {} } }).length, 1, name);
    }
  });

  it("leaves the stack's own delivery as it is, or is refused with words, whatever is written", () => {
    let accepted = 0;
    fc.assert(
      fc.property(hostileFragment(otelCollectorDocument(settings)), (own) => {
        const problems = fragmentProblems(own, namedDocument, ["token"]);
        for (const line of problemLines(problems)) {
          assert.match(line, /^otelCollector\.config.*: must .*, got .*; \S/s);
        }
        if (problems.length > 0) return;
        accepted += 1;
        const ours = otelCollectorDocument(settings);
        const read = asCollectorReads(ours, parse(fragmentConfig(own, settings)) as CollectorFragment);
        assert.deepEqual(lostParts(read, ours), []);
      }),
      { numRuns: 1500 },
    );
    assert.ok(accepted > 50, `${accepted} were accepted`);
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

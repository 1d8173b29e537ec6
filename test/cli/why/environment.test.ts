import assert from "node:assert/strict";
import fc from "fast-check";
import { judgeEnvironment, type Finding, type JudgedProcess } from "../../../cli/why/environment.ts";
import type { Language } from "../../../cli/why/sdks.ts";
import { judgedProcess, rightEnv } from "../../support/service-process.ts";

/** What is said first of the right environment with these variables changed, or with something else of the process. */
function first(env: Readonly<Record<string, string>>, changed: Partial<JudgedProcess> = {}): Finding | undefined {
  return judgeEnvironment(judgedProcess({ env: { ...rightEnv, ...env }, ...changed }))[0];
}

const onHost: Partial<JudgedProcess> = {
  hasOwnLocalhost: false,
  collector: { grpc: "http://127.0.0.1:21002", http: "http://127.0.0.1:21003" },
};
const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
const protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";
const ofHttp = `start it with ${endpoint}=http://otel-collector:4318 and ${protocol}=http/protobuf`;

describe("what an environment says of why nothing arrives", () => {
  it("is nothing if it is right, by HTTP, by gRPC, and for a process of this machine", () => {
    const right: readonly (readonly [Readonly<Record<string, string>>, Partial<JudgedProcess>])[] = [
      [{}, {}],
      [{ [endpoint]: "http://otel-collector:4317", [protocol]: "grpc" }, {}],
      [{ OTEL_SDK_DISABLED: "false", OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.1" }, {}],
      [{ OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20x,a=b=", OTEL_RESOURCE_ATTRIBUTES: "a.b=c%20d,e=" }, {}],
      [{ [endpoint]: "http://127.0.0.1:21002", [protocol]: "grpc" }, onHost],
      [{ [endpoint]: "http://localhost:21003/" }, onHost],
      [
        { [endpoint]: "", OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://otel-collector:4318/v1/logs" },
        { hiddenEnv: { [endpoint]: "Secret shop" } },
      ],
    ];
    for (const [env, changed] of right) {
      const judged = judgeEnvironment(judgedProcess({ env: { ...rightEnv, ...env }, ...changed }));
      assert.deepEqual(
        judged.filter(({ weight }) => weight !== "may"),
        [],
        JSON.stringify(env),
      );
    }
  });

  const mistakes: readonly (readonly [
    string,
    Readonly<Record<string, string>>,
    Partial<JudgedProcess>,
    string,
    string,
  ])[] = [
    [
      "a disabled SDK",
      { OTEL_SDK_DISABLED: " TRUE" },
      { language: "python" },
      "OTEL_SDK_DISABLED=true switches the SDK off",
      "start it without OTEL_SDK_DISABLED",
    ],
    [
      "gRPC on the port of HTTP",
      { [protocol]: "grpc" },
      {},
      `${protocol}=grpc to ${endpoint}="http://otel-collector:4318": port 4318 speaks HTTP`,
      `start it with ${protocol}=http/protobuf, or with ${endpoint}=http://otel-collector:4317`,
    ],
    [
      "HTTP on the port of gRPC, which this stack has elsewhere",
      { [endpoint]: "http://127.0.0.1:21002" },
      onHost,
      `${protocol}=http/protobuf to ${endpoint}="http://127.0.0.1:21002": port 21002 speaks gRPC`,
      `start it with ${protocol}=grpc, or with ${endpoint}=http://127.0.0.1:21003`,
    ],
    [
      "Python without a protocol, which is gRPC",
      { [protocol]: "" },
      { command: ["/usr/bin/python3.11", "main.py"] },
      `${protocol} is not set: Python then sends gRPC, to port 4318, which speaks HTTP`,
      `start it with ${protocol}=http/protobuf, or with ${endpoint}=http://otel-collector:4317`,
    ],
    [
      "https",
      { [endpoint]: "https://otel-collector:4318" },
      {},
      `${endpoint}="https://otel-collector:4318": the Collector speaks no TLS, so https:// fails`,
      ofHttp,
    ],
    [
      "no scheme",
      { [endpoint]: "otel-collector:4318" },
      {},
      `${endpoint}="otel-collector:4318" has no http:// in front`,
      ofHttp,
    ],
    [
      "another scheme",
      { [endpoint]: "grpc://otel-collector:4317" },
      {},
      `${endpoint}="grpc://otel-collector:4317" is no address of HTTP`,
      ofHttp,
    ],
    [
      "a protocol that there is not",
      { [protocol]: "http" },
      {},
      `${protocol}="http" is no protocol of OTLP: an SDK may not start`,
      `start it with ${protocol}=http/protobuf, or grpc`,
    ],
    [
      "localhost in a container",
      { [endpoint]: "http://127.0.0.1:4318" },
      {},
      `${endpoint}="http://127.0.0.1:4318" is the container itself, and not this machine`,
      ofHttp,
    ],
    [
      "no endpoint in a container",
      { [endpoint]: "" },
      {},
      `${endpoint} is not set: it sends to localhost:4318, which is itself, and not this machine`,
      ofHttp,
    ],
    [
      "no endpoint on this machine, with other ports than OTLP's own",
      { [endpoint]: "" },
      onHost,
      `${endpoint} is not set: it sends to localhost:4318, where the Collector is not`,
      `start it with ${endpoint}=http://127.0.0.1:21003 and ${protocol}=http/protobuf`,
    ],
    [
      "the inner name on this machine",
      {},
      onHost,
      `${endpoint}="http://otel-collector:4318": otel-collector is a name of the stack's own network, which a process on this machine cannot resolve`,
      `start it with ${endpoint}=http://127.0.0.1:21003 and ${protocol}=http/protobuf`,
    ],
    [
      "a container that is not on the network",
      {},
      { apart: { cause: "it is apart", next: "docker network connect" } },
      "it is apart",
      "docker network connect",
    ],
    [
      "a signal's path at the common address",
      { [endpoint]: "http://otel-collector:4318/v1/traces" },
      {},
      `${endpoint}="http://otel-collector:4318/v1/traces": an SDK adds /v1/logs, /v1/traces or /v1/metrics to it, and the Collector answers 404 there`,
      `start it with ${endpoint}=http://otel-collector:4318`,
    ],
    [
      "no path at a signal's own address",
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://otel-collector:4318" },
      {},
      `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="http://otel-collector:4318" is taken as it stands, and the Collector answers 404 there: its path is /v1/traces`,
      "start it with OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://otel-collector:4318/v1/traces",
    ],
    [
      "an exporter that is none",
      { OTEL_LOGS_EXPORTER: "none" },
      {},
      "OTEL_LOGS_EXPORTER=none sends no logs by OTLP",
      "start it without OTEL_LOGS_EXPORTER, or with OTEL_LOGS_EXPORTER=otlp",
    ],
    [
      "a sampler that takes nothing",
      { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.0" },
      {},
      "OTEL_TRACES_SAMPLER=parentbased_traceidratio with OTEL_TRACES_SAMPLER_ARG=0 records no trace that it begins",
      "start it without OTEL_TRACES_SAMPLER",
    ],
    [
      "no name",
      { OTEL_SERVICE_NAME: "" },
      {},
      "it has no name: OTEL_SERVICE_NAME is not set, so unless its code says one it is unknown_service, or unknown_service:PROGRAM",
      "start it with OTEL_SERVICE_NAME=NAME",
    ],
    [
      "a name that Node.js does not read",
      { OTEL_SERVICE_NAME: "", OTEL_RESOURCE_ATTRIBUTES: "service.name=shop,broken" },
      { command: ["node", "--import", "x"] },
      "OTEL_RESOURCE_ATTRIBUTES has 1 part(s) that are no key=value with a percent-encoded value: Node.js then reads none of its attributes, the name neither",
      "write OTEL_RESOURCE_ATTRIBUTES as key=value,key=value; what is in it is not shown",
    ],
    [
      "headers that are none",
      { OTEL_EXPORTER_OTLP_HEADERS: "token,=x,a b=c,d=%zz,e=f" },
      {},
      "OTEL_EXPORTER_OTLP_HEADERS has 4 part(s) that are no key=value with a percent-encoded value: an SDK leaves these out, or does not start",
      "write OTEL_EXPORTER_OTLP_HEADERS as key=value,key=value; what is in it is not shown",
    ],
    [
      "a loader that does not see ES modules",
      { NODE_OPTIONS: "--require @opentelemetry/auto-instrumentations-node/register" },
      { command: ["node", "server.mjs"] },
      "NODE_OPTIONS loads by --require alone: nothing of a program made of ES modules is instrumented, its logger neither",
      "add --experimental-loader=@opentelemetry/instrumentation/hook.mjs to NODE_OPTIONS",
    ],
    [
      "an address in a Secret",
      { [endpoint]: "" },
      { hiddenEnv: { [endpoint]: "Secret shop" } },
      `${endpoint} is in Secret shop, which is not read here`,
      "look at it in Secret shop",
    ],
  ];
  for (const [name, env, changed, cause, next] of mistakes) {
    it(`names ${name}`, () => {
      const found = first(env, changed);
      assert.deepEqual([found?.cause, found?.next], [cause, next]);
    });
  }

  /** A process of a language that has nothing else wrong, not even what loads its SDK. */
  const of: Readonly<Record<Language, Partial<JudgedProcess>>> = {
    nodejs: { language: "nodejs", command: ["node", "--import", "sdk"] },
    python: { language: "python", command: ["opentelemetry-instrument", "main.py"] },
    java: { language: "java", command: ["java", "-javaagent:agent.jar", "-jar", "main.jar"] },
    go: { language: "go", command: ["./orders"] },
    dotnet: { language: "dotnet", command: ["dotnet", "main.dll"] },
  };
  const languages = Object.keys(of) as Language[];
  /** What is said first of each language, shortly: how it weighs, and the cause. */
  const said = (env: Readonly<Record<string, string>>): Readonly<Record<string, readonly unknown[]>> =>
    Object.fromEntries(
      languages.map((language) => {
        const found = first(env, { env: { ...rightEnv, CORECLR_ENABLE_PROFILING: "1", ...env }, ...of[language] });
        return [language, [found?.weight, found?.cause]];
      }),
    );
  const goWarning = [
    "may",
    "Go's SDK is started by the program's own code, and an exporter that this makes by name, such as otlptracegrpc.New, ignores OTEL_EXPORTER_OTLP_PROTOCOL",
  ];
  const nothing = [undefined, undefined];

  it("does not say that OTEL_SDK_DISABLED switches off what ignores it", () => {
    const off = "OTEL_SDK_DISABLED=true switches the SDK off";
    assert.deepEqual(said({ OTEL_SDK_DISABLED: "true" }), {
      nodejs: ["breaks", off],
      python: ["breaks", off],
      java: ["breaks", off],
      go: ["may", "OTEL_SDK_DISABLED=true is ignored by Go's SDK, but the code may read it"],
      dotnet: ["breaks", `${off}, from its version 1.15.0 on`],
    });
    const unknown = first({ OTEL_SDK_DISABLED: "true" });
    assert.deepEqual(
      [unknown?.weight, unknown?.cause],
      [
        "may",
        "OTEL_SDK_DISABLED=true switches off an SDK that reads it: those of Node.js, Python and Java do, .NET's from 1.15.0 on, Go's does not",
      ],
    );
  });

  it("says what each SDK makes of headers that are none", () => {
    const broken = "OTEL_EXPORTER_OTLP_HEADERS has 1 part(s) that are no key=value with a percent-encoded value";
    assert.deepEqual(said({ OTEL_EXPORTER_OTLP_HEADERS: "token" }), {
      nodejs: ["may", `${broken}: Node.js may leave these out`],
      python: ["may", `${broken}: Python leaves out what has no =, and takes the rest as it stands`],
      java: ["breaks", `${broken}: the Java agent then does not start`],
      go: ["may", `${broken}: Go leaves these out`],
      dotnet: ["breaks", `${broken}: .NET then makes no exporter`],
    });
  });

  it("says what each SDK makes of attributes that are none, and nothing of those that it takes as they stand", () => {
    const name = "OTEL_RESOURCE_ATTRIBUTES has 1 part(s) that are no key=value";
    const ofNodejs = ["may", `${name} with a percent-encoded value: Node.js then reads none of its attributes`];
    assert.deepEqual(said({ OTEL_RESOURCE_ATTRIBUTES: "a=b,broken" }), {
      nodejs: ofNodejs,
      python: ["may", `${name}: Python leaves out what has no =`],
      java: ["breaks", `${name}: the Java agent then does not start`],
      go: ["may", `${name}: Go leaves out what has no =`],
      dotnet: ["may", `${name}: .NET leaves out what has no =`],
    });
    assert.deepEqual(said({ OTEL_RESOURCE_ATTRIBUTES: "a=b,c=%zz" }), {
      nodejs: ofNodejs,
      ...{ python: nothing, java: nothing, go: goWarning, dotnet: nothing },
    });
  });

  it("says what each SDK makes of a protocol that it does not have, and nothing if it sends all the same", () => {
    const json = `${protocol}="http/json" is a protocol that this SDK does not have`;
    assert.deepEqual(said({ [protocol]: "http/json" }), {
      nodejs: nothing,
      python: ["breaks", `${json}: Python then starts no SDK`],
      java: ["breaks", `${json}: the Java agent then does not start`],
      go: ["breaks", `${json}: autoexport then fails`],
      dotnet: nothing,
    });
    const http = `${protocol}="http" is no protocol of OTLP`;
    assert.deepEqual(said({ [protocol]: "http" }), {
      nodejs: nothing,
      python: ["breaks", `${http}: Python then starts no SDK`],
      java: ["breaks", `${http}: the Java agent then does not start`],
      go: ["breaks", `${http}: autoexport then fails`],
      dotnet: nothing,
    });
  });

  it("knows what each SDK sends without a protocol, .NET's by whether it is loaded into the program", () => {
    const wrong = (title: string, how: string, port: number, speaks: string): readonly unknown[] => [
      "breaks",
      `${protocol} is not set: ${title} then sends ${how}, to port ${port}, which speaks ${speaks}`,
    ];
    assert.deepEqual(said({ [protocol]: "", [endpoint]: "http://otel-collector:4317" }), {
      nodejs: wrong("Node.js", "HTTP", 4317, "gRPC"),
      python: nothing,
      java: wrong("Java", "HTTP", 4317, "gRPC"),
      go: wrong("Go", "HTTP", 4317, "gRPC"),
      dotnet: wrong(".NET", "HTTP", 4317, "gRPC"),
    });
    const byCode = first({ [protocol]: "" }, of.dotnet);
    assert.deepEqual([byCode?.weight, byCode?.cause], wrong(".NET", "gRPC", 4318, "HTTP"));
  });

  it("says what a service without a name is called", () => {
    const called = (name: string): readonly unknown[] => [
      "renames",
      `it has no name: OTEL_SERVICE_NAME is not set, so unless its code says one it is ${name}`,
    ];
    const byProgram = called("unknown_service:PROGRAM");
    assert.deepEqual(said({ OTEL_SERVICE_NAME: "" }), {
      ...{ nodejs: byProgram, python: byProgram, go: byProgram, dotnet: byProgram },
      java: called("that of Spring's application or of the jar, or unknown_service:java"),
    });
  });

  it("says of each language what may be missing that loads its SDK", () => {
    const plain = { nodejs: "node", python: "python3", java: "java", dotnet: "dotnet" } as const;
    const causes = Object.entries(plain).map(([language, program]) => {
      const [found] = judgeEnvironment(judgedProcess({ command: [program] }));
      return [language, found?.weight, found?.cause.replace(/:.*/, "")];
    });
    assert.deepEqual(causes, [
      ["nodejs", "may", "nothing in NODE_OPTIONS or the command loads an SDK"],
      ["python", "may", "neither opentelemetry-instrument nor PYTHONPATH loads an SDK"],
      ["java", "may", "no -javaagent is loaded"],
      ["dotnet", "may", "neither CORECLR_ENABLE_PROFILING nor DOTNET_STARTUP_HOOKS loads an SDK"],
    ]);
  });

  it("is what is certain before what the network may keep out", () => {
    const apart = { weight: "may", cause: "no policy lets it in", next: "give it the label" } as const;
    const judged = judgeEnvironment(judgedProcess({ env: { ...rightEnv, [protocol]: "grpc" }, apart }));
    assert.deepEqual(
      judged.map(({ weight }) => weight),
      ["breaks", "may"],
    );
    assert.equal(first({}, { apart })?.cause, "no policy lets it in");
  });

  it("is about the signals that it concerns", () => {
    assert.deepEqual(first({ OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "grpc" })?.signals, ["logs"]);
    assert.deepEqual(first({ [protocol]: "grpc" })?.signals, ["logs", "traces", "metrics"]);
  });

  it("never has a header, an attribute, or what an address has beside host and path in it (property)", () => {
    const secret = "hunter2";
    const token = fc.stringMatching(/^[ -~]{0,12}$/).map((text) => `${secret}${text.replaceAll(",", "")}`);
    const env = fc.record(
      {
        OTEL_EXPORTER_OTLP_HEADERS: token,
        OTEL_EXPORTER_OTLP_LOGS_HEADERS: token.map((text) => `authorization=Bearer ${text}`),
        OTEL_RESOURCE_ATTRIBUTES: token,
        [endpoint]: fc.constantFrom(
          `http://user:${secret}@otel-collector:4317`,
          `https://${secret}@otel-collector:4318/v1/logs`,
          `${secret}@otel-collector:4318`,
          `user:${secret}@otel-collector:4318`,
          `http://otel-collector:4318/?token=${secret}`,
          `http://otel-collector:4318/v1/traces#${secret}`,
        ),
        [protocol]: fc.constantFrom("grpc", "http/protobuf", "http/json", ""),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(env, fc.boolean(), (given, isHost) => {
        const judged = judgeEnvironment(judgedProcess({ env: given, ...(isHost ? onHost : {}) }));
        assert.ok(!JSON.stringify(judged).includes(secret), JSON.stringify(judged));
      }),
    );
  });

  it("says nothing that breaks of any right address, and always something of one for the other protocol (property)", () => {
    const name = fc.stringMatching(/^[a-z]{1,8}(\.[a-z]{1,8}){0,2}$/);
    const address = fc.record({ host: name, tail: fc.constantFrom("", "/"), isGrpc: fc.boolean() });
    fc.assert(
      fc.property(address, ({ host, tail, isGrpc }) => {
        const env = { [endpoint]: `http://${host}:${isGrpc ? 4317 : 4318}${tail}` };
        const [right, wrong] = isGrpc ? ["grpc", "http/protobuf"] : ["http/protobuf", "grpc"];
        fc.pre(!host.endsWith("localhost"));
        assert.equal(first({ ...env, [protocol]: right }), undefined);
        assert.equal(first({ ...env, [protocol]: wrong })?.weight, "breaks");
      }),
    );
  });
});

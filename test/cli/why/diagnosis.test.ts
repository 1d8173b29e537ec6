import assert from "node:assert/strict";
import { diagnose, processesNamed, type Facts } from "../../../cli/why/diagnosis.ts";
import { examine } from "../../../cli/why/examine.ts";
import { report, servicesTable } from "../../../cli/why/report.ts";
import type { ServiceProcess } from "../../../cli/why/service-process.ts";
import { rightEnv, serviceProcess } from "../../support/service-process.ts";

const now = 1_700_000_000_000;
const ago = (seconds: number): number => now - seconds * 1000;
const all = { logs: ago(1), traces: ago(2), metrics: ago(30) };

async function factsOf(changed: Partial<Facts>, ...processes: readonly Partial<ServiceProcess>[]): Promise<Facts> {
  return {
    asked: "shop-checkout",
    serviceName: "shop-checkout",
    nowMillis: now,
    processes: await Promise.all(
      processes.map((process) => examine(serviceProcess(process), () => Promise.resolve(undefined))),
    ),
    newest: {},
    near: [],
    deliveries: [],
    rejections: [],
    notSeen: [],
    ...changed,
  };
}

async function headline(changed: Partial<Facts>, ...processes: readonly Partial<ServiceProcess>[]): Promise<string> {
  return diagnose(await factsOf(changed, ...processes)).headline;
}

const grpc = { env: { ...rightEnv, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" } };
const nameless = { env: { ...rightEnv, OTEL_SERVICE_NAME: "" } };
const port4318 =
  'OTEL_EXPORTER_OTLP_PROTOCOL=grpc to OTEL_EXPORTER_OTLP_ENDPOINT="http://otel-collector:4318": port 4318 speaks HTTP';

describe("the most probable cause", () => {
  it("is none if every signal has come lately, even of a process that looks wrong", async () => {
    const facts = await factsOf({ newest: all }, grpc);
    assert.deepEqual(
      [diagnose(facts).arrives, diagnose(facts).headline, diagnose(facts).others.map(({ cause }) => cause)],
      [true, "everything arrives", [port4318]],
    );
  });

  it("counts nothing that an earlier run has sent, or that came long ago", async () => {
    assert.equal(await headline({ newest: all }, { ...grpc, startedMillis: ago(0.5) }), port4318);
    assert.equal(await headline({ newest: { ...all, logs: ago(16 * 60) } }, grpc), port4318);
  });

  it("is what breaks before what renames before what may be, and of these what is missing most", async () => {
    const both = { env: { ...grpc.env, OTEL_SERVICE_NAME: "", OTEL_LOGS_EXPORTER: "none" } };
    const { headline: first, others } = diagnose(await factsOf({}, both));
    assert.deepEqual(
      [first, ...others.map(({ cause }) => cause.slice(0, 22))],
      [port4318, "OTEL_LOGS_EXPORTER=non", "it has no name: OTEL_S"],
    );
    const missing = { newest: { traces: ago(1), metrics: ago(1) } };
    assert.equal(await headline(missing, both), "OTEL_LOGS_EXPORTER=none sends no logs by OTLP");
  });

  it("is a process that does not run, unless another of its name does", async () => {
    const dead = { name: "container a", isRunning: false, state: "exited, its last run ended with 3" };
    assert.equal(await headline({}, dead), "container a does not run: exited, its last run ended with 3");
    assert.equal(await headline({}, dead, grpc), port4318);
  });

  it("is a process that has just begun, for metrics only", async () => {
    const facts = { newest: { logs: now, traces: now } };
    const young = { name: "process 7", startedMillis: ago(10) };
    assert.equal(await headline(facts, young), "perhaps: process 7 runs for 10 s only, and sends metrics every 60 s");
  });

  it("is another name that arrives, if no process says that it has this one", async () => {
    const near = { near: [["shop-chekout", all] as const, ["unknown_service:node", all] as const] };
    assert.equal(await headline(near), "shop-chekout arrives, and shop-checkout does not: the name may be another one");
    assert.match(await headline(near, nameless), /^it has no name: OTEL_SERVICE_NAME is not set/);
  });

  it("is perhaps the Collector or a store, if nothing else is", async () => {
    const delivery = { signal: "logs", accepted: {}, refused: 3, sent: 0, failed: 0, queued: 0 } as const;
    assert.equal(
      await headline({ deliveries: [delivery] }, {}),
      "perhaps: the Collector has refused 3 logs in five minutes",
    );
    const rejections = [{ store: "Loki", reason: "rate_limited", count: 2 }];
    assert.equal(await headline({ rejections }, {}), "perhaps: Loki has thrown away 2 records: rate_limited");
  });

  it("is never guessed: without one it is said what was looked at", async () => {
    assert.match(await headline({}), /^no process of the name shop-checkout is seen from here, and no store has/);
    assert.match(await headline({ newest: { logs: now } }), /seen from here, and no traces, metrics have come lately$/);
    assert.match(
      await headline({ newest: { metrics: now } }, {}),
      /^nothing wrong is seen from outside, and no logs, traces/,
    );
  });

  it("leads to what makes the SDK of that language say more, if nothing wrong is seen", async () => {
    const commands = { java: ["java", "-javaagent:agent.jar"], nodejs: ["node", "--import", "sdk"], any: ["./shop"] };
    const nexts = await Promise.all(
      Object.values(commands).map(async (command) => diagnose(await factsOf({}, { command })).next),
    );
    const look = "let it do something, then look at its own log,";
    assert.deepEqual(nexts, [
      `${look} with OTEL_JAVAAGENT_DEBUG=true`,
      `${look} with OTEL_LOG_LEVEL=debug`,
      `${look} with what makes its SDK say more: docs/languages`,
    ]);
  });
});

describe("the processes of a name", () => {
  it("have it as a service's, a container's or a part of that, or else nearly", () => {
    const process = (name: string, aliases: readonly string[], service: string): ServiceProcess =>
      serviceProcess({ name, aliases, env: { OTEL_SERVICE_NAME: service } });
    const seen = [
      process("a", ["shop-checkout-1"], "x"),
      process("b", ["other"], "checkout"),
      process("c", ["chekout"], "y"),
    ];
    const named = (name: string): readonly string[] => processesNamed(name, seen).map((found) => found.name);
    assert.deepEqual([named("checkout"), named("checkoutt"), named("payments")], [["a", "b"], ["b", "c"], []]);
  });
});

describe("the report", () => {
  it("has the cause and what to do first, then what was seen, and the last lines of what does not run", async () => {
    const dead = {
      isRunning: false,
      state: "exited, its last run ended with 3",
      lastLines: () => Promise.resolve("one\ntwo"),
    };
    const facts = await factsOf(
      {
        asked: "checkout",
        newest: { logs: ago(200) },
        near: [["unknown_service:node", { metrics: ago(3) }]],
        deliveries: [{ signal: "logs", accepted: { grpc: 1, http: 2 }, refused: 0, sent: 3, failed: 0, queued: 2048 }],
        notSeen: ["the code"],
      },
      dead,
    );
    assert.deepEqual(report(facts, diagnose(facts)).split("\n"), [
      "checkout: container checkout does not run: exited, its last run ended with 3",
      "  next: look at its last lines, then start it again",
      "",
      "  process     container checkout: exited, its last run ended with 3",
      "  tried       nothing: it is prepared",
      "  said        one",
      "  said        two",
      "  name        its service.name is shop-checkout",
      "  logs        newest 3 min ago",
      "  traces      none in 24 h",
      "  metrics     none in 24 h",
      "  near        unknown_service:node: logs none, traces none, metrics 3 s",
      "  Collector   logs of all services in 5 min: 1 by grpc, 2 by http accepted, 0 refused, 3 sent, 0 failed, 2 KiB wait",
      "  not seen    the code",
    ]);
  });

  it("is a table of all services without a name", () => {
    const services = [["shop-checkout", all] as const, ["unknown_service:node", { logs: ago(7200) }] as const];
    assert.deepEqual(servicesTable(services, now).split("\n").slice(0, 3), [
      "  service                   logs  traces metrics",
      "  shop-checkout              1 s     2 s    30 s",
      "  unknown_service:node       2 h    none    none",
    ]);
  });
});

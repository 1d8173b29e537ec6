import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import protobuf from "protobufjs/minimal.js";
import type { DeliveryCounts, LossReason } from "../../src/delivery/delivery-counters.ts";
import type { Written } from "../fixtures/writes-until-stopped.ts";
import { startOtlpReceiver, type OtlpReceiver, type Reaction, type Signal } from "../support/otlp-receiver.ts";

type Protocol = "grpc" | "http/protobuf";

/** One row of the table: what is wrong with the receiver, and what becomes of what is written meanwhile. */
interface Fault {
  /** What a receiver does with a request that comes so many milliseconds after the writing has begun. */
  readonly react?: (bytes: number, sinceMillis: number) => Reaction;
  /** Stands in for the receiver. @returns its address */
  readonly insteadOfReceiver?: () => Promise<{ readonly url: string; readonly close: () => void }>;
  /** When the receiver begins to listen, in milliseconds after the writing has begun. */
  readonly awayMillis?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  /** When SIGTERM comes, in milliseconds after the writing has begun. */
  readonly stopAfterMillis: number;
  /** Reasons for which something of each signal may be lost, and how much has to arrive. */
  readonly lost: readonly LossReason[];
  readonly delivered: "all" | "none" | "some";
  /** How many of each request the receiver says that it has not taken, although it has answered. @default 0 */
  readonly refusedOfEach?: number;
}

/** How long the whole end may take by default, and what a busy machine adds. */
const graceMillis = 25_000 + 3_000;

const seconds = (count: number): number => count * 1000;
const refuse = (http: number, code: status): (() => Reaction) => {
  return () => ({ http: { status: http }, grpc: { code } });
};

const faults: Readonly<Record<string, Fault>> = {
  "away for 60 s": {
    awayMillis: seconds(60),
    stopAfterMillis: seconds(65),
    env: { OTEL_BLRP_MAX_QUEUE_SIZE: "16384", OTEL_BSP_MAX_QUEUE_SIZE: "16384" },
    lost: [],
    delivered: "all",
  },
  "away for good": {
    awayMillis: Infinity,
    stopAfterMillis: seconds(5),
    lost: ["queue_full", "shutdown"],
    delivered: "none",
  },
  "slow, 10 s for each answer": {
    react: () => ({ afterMillis: seconds(10) }),
    env: { OTEL_EXPORTER_OTLP_TIMEOUT: "15000" },
    stopAfterMillis: seconds(15),
    lost: ["queue_full", "shutdown"],
    delivered: "some",
  },
  "busy for 5 s, and says so": {
    react: (_, since) =>
      since > seconds(5)
        ? {}
        : {
            http: { status: 429, headers: { "retry-after": "1" } },
            grpc: { code: status.RESOURCE_EXHAUSTED, metadata: { "grpc-status-details-bin": retryInSeconds(1) } },
          },
    stopAfterMillis: seconds(8),
    lost: [],
    delivered: "all",
  },
  "busy for good, and says so": {
    react: () => ({
      http: { status: 429, headers: { "retry-after": "1" } },
      grpc: { code: status.RESOURCE_EXHAUSTED, metadata: { "grpc-status-details-bin": retryInSeconds(1) } },
    }),
    stopAfterMillis: seconds(4),
    lost: ["queue_full", "shutdown"],
    delivered: "none",
  },
  "takes all but one of each request": {
    react: () => ({ body: partialSuccess(1) }),
    refusedOfEach: 1,
    stopAfterMillis: seconds(4),
    lost: ["rejected"],
    delivered: "some",
  },
  "takes 20 kB at once": {
    react: (bytes) =>
      bytes < 20_000
        ? {}
        : {
            http: { status: 413 },
            grpc: { code: status.RESOURCE_EXHAUSTED, details: "received message larger than max" },
          },
    env: { OTEL_BLRP_SCHEDULE_DELAY: "1000", OTEL_BSP_SCHEDULE_DELAY: "1000" },
    stopAfterMillis: seconds(5),
    lost: [],
    delivered: "all",
  },
  "refuses everything, 400": {
    react: refuse(400, status.INVALID_ARGUMENT),
    stopAfterMillis: seconds(3),
    lost: ["rejected"],
    delivered: "none",
  },
  "fails at everything, 500": {
    react: refuse(500, status.INTERNAL),
    stopAfterMillis: seconds(3),
    lost: ["rejected"],
    delivered: "none",
  },
  "has moved, 301": {
    react: refuse(301, status.UNIMPLEMENTED),
    stopAfterMillis: seconds(3),
    lost: ["rejected"],
    delivered: "none",
  },
  "takes connections and never answers": {
    insteadOfReceiver: silentServer,
    env: { OTEL_EXPORTER_OTLP_TIMEOUT: "2000" },
    stopAfterMillis: seconds(5),
    lost: ["queue_full", "shutdown"],
    delivered: "none",
  },
  "falls silent for 5 s, on connections that it has had": {
    react: (_, since) => (since > seconds(1) && since < seconds(6) ? { afterMillis: seconds(600) } : {}),
    env: { OTEL_EXPORTER_OTLP_TIMEOUT: "2000", OTEL_BLRP_MAX_QUEUE_SIZE: "16384", OTEL_BSP_MAX_QUEUE_SIZE: "16384" },
    stopAfterMillis: seconds(10),
    lost: [],
    delivered: "all",
  },
  "has a name that nobody knows": {
    insteadOfReceiver: () => Promise.resolve({ url: "http://nobody.invalid:4317", close: () => undefined }),
    stopAfterMillis: seconds(5),
    lost: ["queue_full", "shutdown"],
    delivered: "none",
  },
  "is there while the clock jumps": {
    env: { CLOCK_JUMPS: "true" },
    stopAfterMillis: seconds(4),
    lost: [],
    delivered: "all",
  },
  "is there while 100,000 are written at once": {
    // Lines and spans, 50,000 each, at 5,000 a second.
    env: {
      PER_TURN: "50",
      LIMIT: "50000",
      OTEL_BLRP_MAX_QUEUE_SIZE: "100000",
      OTEL_BSP_MAX_QUEUE_SIZE: "100000",
    },
    stopAfterMillis: seconds(12),
    lost: [],
    delivered: "all",
  },
  "is away while lines of 8 kB are written to a process of 100 MiB": {
    awayMillis: Infinity,
    env: { PER_TURN: "20", LIMIT: "16384", LINE_BYTES: "8192", OTEL_BLRP_MAX_QUEUE_SIZE: "16384" },
    nodeOptions: ["--max-old-space-size=100"],
    stopAfterMillis: seconds(15),
    lost: ["queue_full", "shutdown"],
    delivered: "none",
  },
};

/** What a process told at its end, and what the receiver has seen. */
interface Outcome {
  readonly message: Written;
  readonly exitCode: number | null;
  readonly endedAfterMillis: number;
  readonly received: Readonly<Record<"log" | "span", number>>;
  /** Requests that it has taken. */
  readonly accepted: Readonly<Record<Signal, number>>;
  readonly stderr: string;
}

async function suffer(fault: Fault, protocol: Protocol): Promise<Outcome> {
  let start = Infinity;
  const port = await portOfItsOwn();
  const listen = (): Promise<OtlpReceiver> =>
    startOtlpReceiver(({ body }) => fault.react?.(body.byteLength, performance.now() - start) ?? {}, {
      [protocol === "grpc" ? "grpc" : "http"]: port,
    });
  let receiver = await listen();
  const instead = await fault.insteadOfReceiver?.();
  const url = instead?.url ?? (protocol === "grpc" ? receiver.grpcUrl : receiver.httpUrl);
  if (fault.awayMillis !== undefined) receiver.close();

  const child = fork(join(import.meta.dirname, "../fixtures/writes-until-stopped.ts"), {
    execArgv: [...(fault.nodeOptions ?? [])],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_SERVICE_NAME: "fixture",
      OTEL_METRIC_EXPORT_INTERVAL: "500",
      OTEL_BLRP_SCHEDULE_DELAY: "200",
      OTEL_BSP_SCHEDULE_DELAY: "200",
      ...fault.env,
    },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = once(child, "exit");
  // Nothing it should tell comes from a process that has ended.
  const died = exited.then(([code, signal]) => {
    throw new Error(`the process ended too early, with ${code ?? signal}: ${stderr}`);
  });
  died.catch(() => undefined);
  await Promise.race([once(child, "message"), died]);
  start = performance.now();
  child.send("write");
  const ended = once(child, "message");
  if (fault.awayMillis !== undefined && fault.awayMillis !== Infinity) {
    await delay(fault.awayMillis);
    receiver = await listen();
  }
  await delay(start + fault.stopAfterMillis - performance.now());
  const stopped = performance.now();
  child.kill("SIGTERM");
  const [message] = (await Promise.race([ended, died])) as [Written];
  const [exitCode] = (await exited) as [number | null];
  const endedAfterMillis = performance.now() - stopped;
  receiver.close();
  instead?.close();
  const bodies = receiver.accepted.map(({ body }) => body.toString("latin1"));
  const received = (kind: "log" | "span"): number =>
    new Set(bodies.flatMap((body) => body.match(new RegExp(`<${kind} \\d+>`, "g")) ?? [])).size;
  const accepted = (of: Signal): number => receiver.accepted.filter(({ signal }) => signal === of).length;
  return {
    message,
    exitCode,
    endedAfterMillis,
    received: { log: received("log"), span: received("span") },
    accepted: { logs: accepted("logs"), metrics: accepted("metrics"), traces: accepted("traces") },
    stderr,
  };
}

/**
 * A free port that nobody gets who asks for any, below the ranges of Linux (from 32,768) and macOS (from 49,152): while the
 * receiver is away, the one of another row must not take its place.
 */
async function portOfItsOwn(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const holder = createServer().listen(port, "127.0.0.1");
    const taken = await once(holder, "listening").then(
      () => false,
      () => true,
    );
    if (taken) continue;
    holder.close();
    await once(holder, "close");
    return port;
  }
}

async function silentServer(): Promise<{ readonly url: string; readonly close: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** `google.rpc.Status` with a `RetryInfo`. */
function retryInSeconds(count: number): Buffer {
  const { Writer } = protobuf;
  const duration = Writer.create().uint32(8).int64(count).finish();
  const info = Writer.create().uint32(10).bytes(duration).finish();
  const any = Writer.create().uint32(10).string("type.googleapis.com/google.rpc.RetryInfo").uint32(18).bytes(info);
  return Buffer.from(Writer.create().uint32(26).bytes(any.finish()).finish());
}

/** An answer of OTLP, of whichever signal, that says how many items were refused. */
function partialSuccess(refused: number): Buffer {
  const { Writer } = protobuf;
  const partial = Writer.create().uint32(8).int64(refused).uint32(18).string("not that one").finish();
  return Buffer.from(Writer.create().uint32(10).bytes(partial).finish());
}

function sumOf({ delivered, waiting, lost }: DeliveryCounts): number {
  return Object.values(lost).reduce((sum, items) => sum + items, delivered + waiting);
}

/** So many processes at once that they do not take the processor from each other. */
const atOnce = 6;

describe("delivery to a receiver that", () => {
  const running = new Map<string, Promise<Outcome>>();
  const rows = Object.entries(faults).flatMap(([name, fault]) =>
    (["grpc", "http/protobuf"] as const).map((protocol) => ({ title: `${name}, over ${protocol}`, fault, protocol })),
  );
  let started = 0;
  const startMore = (): void => {
    const row = rows[started];
    if (row === undefined) return;
    started += 1;
    const outcome = suffer(row.fault, row.protocol);
    running.set(row.title, outcome);
    const next = (): void => {
      startMore();
    };
    outcome.then(next, next);
  };

  before(() => {
    for (let index = 0; index < atOnce; index += 1) startMore();
  });

  for (const { title, fault } of rows) {
    it(title, async () => {
      while (!running.has(title)) await delay(100);
      const outcome = await running.get(title);
      assert(outcome);
      const { message, exitCode, endedAfterMillis, received, accepted, stderr } = outcome;
      const { counts, written } = message;
      assert(counts);
      assert.equal(exitCode, 0);
      assert.equal(written > 0, true);
      assert.equal(counts.metrics.written > 0, true);
      for (const [signal, itemName, of, all] of [
        ["logs", "log records", counts.logs, written],
        ["traces", "spans", counts.spans, written],
        ["metrics", "metric data points", counts.metrics, counts.metrics.written],
      ] as const) {
        assert.equal(of.written, all, signal);
        assert.equal(of.waiting, 0, signal);
        assert.equal(sumOf(of), all, signal);
        const reasons = Object.entries(of.lost).filter(([reason, items]) => items > 0 && !isIn(reason, fault.lost));
        assert.deepEqual(reasons, [], `${signal}\n${stderr}`);
        if (fault.refusedOfEach !== undefined) {
          assert.equal(of.lost.rejected, fault.refusedOfEach * accepted[signal], signal);
        }
        if (fault.delivered === "all") assert.equal(of.delivered, all, signal);
        else assert.equal(of.delivered > 0, fault.delivered === "some", signal);
        // Nothing is lost without a word, and no word is said of what is not lost.
        assert.equal(stderr.includes(` ${itemName} were not delivered`), of.delivered < all, stderr);
      }
      for (const [kind, of] of [
        ["log", counts.logs],
        ["span", counts.spans],
      ] as const) {
        // What was on its way when the process gave up may have arrived, and so has what a partial success refuses.
        const most = of.delivered + of.lost.shutdown + (fault.refusedOfEach === undefined ? 0 : of.lost.rejected);
        assert.equal(received[kind] >= of.delivered && received[kind] <= most, true, `${kind} ${received[kind]}`);
      }
      assert.equal(endedAfterMillis < graceMillis, true, `ended after ${endedAfterMillis} ms`);
      assert.equal(message.delayP99Millis < 50, true, `event loop delay p99 ${message.delayP99Millis} ms`);
      assert.equal(message.peakRssMib < 250, true, `${message.peakRssMib} MiB`);
      assert.equal(stderr.split("\n").length < 20, true, stderr);
    });
  }
});

function isIn(reason: string, reasons: readonly string[]): boolean {
  return reasons.includes(reason);
}

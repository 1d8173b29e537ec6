/**
 * What telemetry costs a small HTTP service (`packages/telemetry/apps/measured`: Express, one line of pino for each
 * request): without, with OpenTelemetry's own `auto-instrumentations-node`, and with this package, in turn in one run.
 * Both send logs, traces and metrics to a receiver here. `npm run bench:telemetry` (`-- --rounds 3 --seconds 5`).
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { z } from "zod";
import { Applications } from "../packages/telemetry/test/apps/support/applications.ts";
import { startOtlpReceiver, type OtlpReceiver, type Signal } from "../packages/telemetry/test/support/otlp-receiver.ts";
import { median, spread } from "./statistics.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "8" } },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

/** Enough to keep one process busy. */
const connections = 16;
const warmUpSeconds = 3;

/** How Node.js is started in each case; the first is what the others are compared with. */
const cases = {
  "no telemetry": [],
  "auto-instrumentations-node": ["--require", "@opentelemetry/auto-instrumentations-node/register"],
  "this package": ["--import", "@observability/telemetry/register"],
} as const satisfies Readonly<Record<string, readonly string[]>>;
type Case = keyof typeof cases;
const caseNames = Object.keys(cases) as readonly Case[];

const started = z.object({ port: z.number() });
const used = z.object({ cpuMicros: z.number(), memoryBytes: z.number() });

/** One run of the service. */
interface Sample {
  readonly requestsPerSecond: number;
  /** The slowest of a hundred requests, in milliseconds. */
  readonly p99Millis: number;
  readonly cpuMicrosPerRequest: number;
  /** From the start of the process until it listens, in milliseconds. */
  readonly startMillis: number;
  readonly memoryMib: number;
}

async function answer<Message>(child: ChildProcess, schema: z.ZodType<Message>): Promise<Message> {
  const [message] = (await once(child, "message", { signal: AbortSignal.timeout(30_000) })) as [unknown];
  return schema.parse(message);
}

async function usage(child: ChildProcess): Promise<z.infer<typeof used>> {
  const reply = answer(child, used);
  child.send("usage");
  return reply;
}

async function measure(folder: string, name: Case, receiver: OtlpReceiver): Promise<Sample> {
  const before = performance.now();
  const child = fork("server.cjs", {
    cwd: folder,
    execArgv: [...cases[name]],
    env: {
      PATH: process.env["PATH"],
      OTEL_SERVICE_NAME: "measured",
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpUrl,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      // What both start without.
      OTEL_NODE_RESOURCE_DETECTORS: "env,serviceinstance",
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_LOGS_EXPORTER: "otlp",
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  try {
    const { port } = await answer(child, started);
    const startMillis = performance.now() - before;
    const load = { url: `http://127.0.0.1:${port}/orders/4711`, connections };
    await autocannon({ ...load, duration: warmUpSeconds });
    const { cpuMicros: cpuBefore } = await usage(child);
    const { requests, latency, errors, non2xx } = await autocannon({ ...load, duration: seconds });
    if (errors + non2xx > 0)
      throw new Error(`${name}: every request must be answered, got ${errors + non2xx} that were not`);
    const { cpuMicros, memoryBytes } = await usage(child);
    return {
      requestsPerSecond: requests.average,
      p99Millis: latency.p99,
      cpuMicrosPerRequest: (cpuMicros - cpuBefore) / requests.total,
      startMillis,
      memoryMib: memoryBytes / 1024 / 1024,
    };
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

const samples: Record<Case, Sample[]> = { "no telemetry": [], "auto-instrumentations-node": [], "this package": [] };
const applications = await Applications.pack();
try {
  const folder = await applications.install("measured");
  for (let round = 0; round < rounds; round += 1) {
    // Each case is first, second and last equally often.
    for (let at = 0; at < caseNames.length; at += 1) {
      const name = caseNames[(round + at) % caseNames.length] ?? "no telemetry";
      const receiver = await startOtlpReceiver();
      samples[name].push(await measure(folder, name, receiver));
      receiver.close();
      // Metrics come once a minute only.
      const missing = (["logs", "traces"] satisfies Signal[]).filter(
        (signal) => !receiver.accepted.some((request) => request.signal === signal),
      );
      if (name !== "no telemetry" && missing.length > 0) throw new Error(`${name}: must send ${missing.join(", ")}`);
    }
  }
} finally {
  applications.remove();
}

/** How each figure is printed, and how many times that of another case it is. */
const figures = {
  "requests/s": ({ requestsPerSecond }) => requestsPerSecond,
  "p99, ms": ({ p99Millis }) => p99Millis,
  "processor time of a request, µs": ({ cpuMicrosPerRequest }) => cpuMicrosPerRequest,
  "start, ms": ({ startMillis }) => startMillis,
  "memory, MiB": ({ memoryMib }) => memoryMib,
} as const satisfies Readonly<Record<string, (sample: Sample) => number>>;

/** The middle of the ratios of each round, in which both ran one after the other. */
function ratio(figure: (sample: Sample) => number, of: Case, to: Case): string {
  return median(samples[of].map((sample, round) => figure(sample) / figure(samples[to][round] ?? sample))).toFixed(2);
}

process.stdout.write(
  `| ${rounds} rounds of ${seconds} s | ${caseNames.join(" | ")} | this package : auto-instrumentations-node |\n` +
    `|---|${"---|".repeat(caseNames.length + 1)}\n`,
);
for (const [label, figure] of Object.entries(figures)) {
  const cells = caseNames.map((name) => spread(samples[name].map(figure)));
  process.stdout.write(
    `| ${label} | ${cells.join(" | ")} | ${ratio(figure, "this package", "auto-instrumentations-node")} |\n`,
  );
}

/**
 * How long it takes from the moment a client sends a line, a span or a point until the store's own API, which Grafana asks, finds it:
 * a probe of each every second, idle and under load. A point is sent at once; what exports it in a service sends it every few
 * seconds only, which comes on top.
 * Needs Docker and the images: `npm run bench:latency` (`-- --minutes 0.2` for a short look, `--lines`, `--spans` and `--points` for
 * another load a second).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import pWaitFor from "p-wait-for";
import { z } from "zod";
import { previewStack } from "../components/testing.ts";
import { signals, type Signal } from "../config/parts/part.ts";
import { provenance } from "./machine.ts";
import { numberOption } from "./options.ts";
import { ended, hasTrace, statusesOf } from "./delivery.ts";
import { amountsOf, lineBytes, recordNames, streamsOf } from "./rates.ts";
import { logRequests, numberText, pointRequests, spanRequests, traceIdOf, type Requests } from "./requests.ts";
import { sendOnSchedule, type Amounts, type Schedule } from "./schedule.ts";
import { firstValue, sender, StackContainers, unless } from "./stack-containers.ts";
import { median, quantile } from "./statistics.ts";

/**
 * Half of the lines and points that `npm run bench:rate` finds together, and as many spans as Jaeger's default memory is enough for
 * (config/capacity.ts): with half of the spans, which hold for seconds, the queues fill within minutes.
 */
const half: Amounts = { ...amountsOf("mix", 28_000), traces: 300 };

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "3" },
    lines: { type: "string", default: String(half.logs) },
    spans: { type: "string", default: String(half.traces) },
    points: { type: "string", default: String(half.metrics) },
  },
});
const minutes = numberOption("minutes", values.minutes);
const load: Amounts = {
  logs: numberOption("lines", values.lines),
  traces: numberOption("spans", values.spans),
  metrics: numberOption("points", values.points),
};

/** What is wanted of each, at the 99th percentile, in milliseconds. */
const aims: Amounts = { logs: 1000, traces: 2000, metrics: 5000 };

/** How long it is waited between two questions, in milliseconds: little beside the aim, and no load of its own. */
const apart: Amounts = { logs: 20, traces: 20, metrics: 50 };

/** How long something is looked for. */
const timeoutMillis = 30_000;

/** What was sent. */
interface SentProbe {
  readonly body: Buffer;
  readonly number: number;
  /** No later than the time that stands in it. */
  readonly sentMillis: number;
}

/** Finds what was sent of one signal. */
interface Probe {
  readonly requests: Requests;
  readonly isFound: (sent: SentProbe) => Promise<boolean>;
}

const lokiAnswer = z.object({ data: z.object({ result: z.array(z.unknown()) }) });

async function probesOf(containers: StackContainers): Promise<Readonly<Record<Signal, Probe>>> {
  const [loki, jaeger, metrics] = await Promise.all([
    containers.urlOf("loki"),
    containers.urlOf("jaeger"),
    containers.urlOf("victoria-metrics"),
  ]);
  const service = "probe";
  const spans = await spanRequests(service, 1);
  return {
    logs: {
      requests: logRequests(service, 1, lineBytes),
      isFound: async ({ number, sentMillis }) => {
        const query = `{service_name="${service}"} |= "${numberText(number)}"`;
        const parameters = new URLSearchParams({ query, start: `${sentMillis - 60_000}000000`, limit: "1" });
        const answer = await fetch(`${loki}/loki/api/v1/query_range?${parameters.toString()}`);
        return lokiAnswer.parse(await answer.json()).data.result.length > 0;
      },
    },
    traces: {
      requests: spans,
      isFound: async ({ body }) => hasTrace(jaeger, traceIdOf(spans, body)),
    },
    metrics: {
      requests: await pointRequests(service, 1),
      isFound: async ({ sentMillis }) => {
        const newest = await firstValue(
          `${metrics}/api/v1`,
          `timestamp(bench_metric_0_total{service_name="${service}"})`,
        );
        return newest * 1000 >= sentMillis;
      },
    },
  };
}

/** What came of the probes of a signal, in milliseconds. */
interface Outcome {
  readonly acknowledged: number[];
  readonly found: number[];
  /** Between two questions: what is found has been there for up to so long. */
  readonly resolution: number[];
  /** What was refused, or not found in time. */
  missing: number;
}

/** Sends a probe, and asks for it from that moment on until it is found. */
async function follow(
  post: Schedule["post"],
  signal: Signal,
  probe: Probe,
  number: number,
  outcome: Outcome,
): Promise<void> {
  const sentMillis = Date.now();
  const startMillis = performance.now();
  const body = Buffer.from(probe.requests.next(number));
  const answered = unless(post(signal, body)).then((status) => {
    if (status === 200) outcome.acknowledged.push(performance.now() - startMillis);
  });
  let asked = 0;
  const isFound = async (): Promise<boolean> => {
    asked += 1;
    return (await unless(probe.isFound({ body, number, sentMillis }))) === true;
  };
  const wait = { interval: apart[signal], timeout: { milliseconds: timeoutMillis, fallback: () => false } };
  if (await pWaitFor(async () => ((await isFound()) ? pWaitFor.resolveWith(true) : false), wait)) {
    const millis = performance.now() - startMillis;
    outcome.found.push(millis);
    outcome.resolution.push(millis / asked);
  } else outcome.missing += 1;
  await answered;
}

/** A probe of each signal every second, while so much is sent as well. */
async function measure(containers: StackContainers, background: Amounts): Promise<Readonly<Record<Signal, Outcome>>> {
  const collector = await containers.collector();
  const probes = await probesOf(containers);
  const outcome = (): Outcome => ({ acknowledged: [], found: [], resolution: [], missing: 0 });
  const outcomes = { logs: outcome(), traces: outcome(), metrics: outcome() };
  const end = new AbortController();
  const post = sender(collector);
  const sending = sendOnSchedule(await streamsOf(background), { seconds: minutes * 60 + 60, post, end: end.signal });
  const followed: Promise<void>[] = [];
  for (let second = 0; second < minutes * 60; second += 1) {
    for (const [index, signal] of signals.entries()) {
      followed.push(follow(post, signal, probes[signal], second * signals.length + index, outcomes[signal]));
      // One after the other, so that none waits for another's encoding.
      await sleep(1000 / signals.length);
    }
  }
  await Promise.all(followed);
  end.abort();
  const { refused, lateMillis } = await sending;
  if (refused.size > 0) process.stderr.write(`of the load was refused: ${statusesOf(refused)}\n`);
  const gone = await ended(containers);
  if (gone.length > 0) process.stderr.write(`ended: ${gone.join(", ")}\n`);
  if (lateMillis > 1000) process.stderr.write(`the load was up to ${lateMillis.toFixed(0)} ms late\n`);
  return outcomes;
}

const { resources } = await previewStack();
process.stdout.write(
  `${provenance(resources)}\n\n` +
    "| beside it, a second | signal | found after, p50 s | p99 s | max s | acknowledged after, p50 s | asked every, s | not found | aim, p99 s |\n" +
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
);
const nothing: Amounts = { logs: 0, traces: 0, metrics: 0 };
for (const background of [nothing, load]) {
  const name = signals.map((signal) => `${background[signal]} ${recordNames[signal]}`).join(", ");
  const outcomes = await StackContainers.with(resources, {}, (containers) => measure(containers, background));
  for (const signal of signals) {
    const { found, acknowledged, resolution, missing } = outcomes[signal];
    const [p99, aim] = [quantile(found, 0.99), aims[signal]];
    const times = [median(found), p99, Math.max(...found), median(acknowledged), median(resolution)];
    const cells = [name, signal, ...times.map((millis) => (millis / 1000).toFixed(3)), missing, `< ${aim / 1000}`];
    process.stdout.write(`| ${cells.join(" | ")} |\n`);
    if (!(p99 < aim) || missing > 0) process.exitCode = 1;
  }
}

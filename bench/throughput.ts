/**
 * How many log lines Collector and Loki store for a second of processor time, as this stack configures them and as others
 * configure the same binaries: each in turn, for some rounds, at full speed. What was acknowledged is counted in Loki at the end.
 * Needs Docker and the images: `npm run bench:throughput` (`-- --seconds 5 --rounds 1` for a short look, `--lines 1000` for
 * larger requests, `--query` to ask Loki for all lines meanwhile).
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import pWaitFor from "p-wait-for";
import { z } from "zod";
import { previewStack, type PreviewResource } from "../components/testing.ts";
import { docker, hostPort, usedNanos } from "./containers.ts";
import { LogRequests } from "./log-requests.ts";
import { median } from "./statistics.ts";
import { variants, type Variant } from "./variants.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" },
    rounds: { type: "string", default: "3" },
    lines: { type: "string", default: "100" },
    query: { type: "boolean", default: false },
    variant: { type: "string", multiple: true, default: Object.keys(variants) },
  },
});
const [seconds, rounds, linesEach] = [Number(values.seconds), Number(values.rounds), Number(values.lines)];
const lineBytes = 350;
const senders = 4;

/** What the way of a log line needs; Grafana and the canary do not belong to it. */
const workloads = ["loki", "victoria-metrics", "jaeger", "otel-collector"] as const;
const ports: Readonly<Record<string, number>> = { loki: 3100, "otel-collector": 4318 };
const measured = ["otel-collector", "loki"] as const;

const planned = z.object({
  image: z.string(),
  command: z.array(z.string()),
  envs: z.array(z.string()).default([]),
  user: z.string().optional(),
  memory: z.number(),
  uploads: z.array(z.object({ file: z.string(), content: z.unknown() })).default([]),
  volumes: z.array(z.object({ containerPath: z.string() })).default([]),
});

/** What came of one variant in one round. */
interface Outcome {
  readonly acknowledged: number;
  readonly acceptedPerSecond: number;
  /** `undefined` if Loki was not there any more. */
  readonly stored: number | undefined;
  /** Seconds of processor time, of those in {@link measured}. */
  readonly used: readonly number[];
  /** Those that were killed for memory. */
  readonly killed: readonly string[];
}

/** Starts the containers as the stack plans them, but for the variant, on data of their own. */
async function start(
  resources: readonly PreviewResource[],
  variant: Variant,
  name: string,
  folder: string,
): Promise<void> {
  await docker("network", "create", "--label", `bench=${name}`, name);
  for (const workload of workloads) {
    const { image, command, user, uploads, volumes, ...container } = containerOf(resources, workload);
    const { envs, memory } = variant.container?.(workload, container) ?? container;
    const files = uploads.flatMap(({ file, content }) => {
      const path = join(folder, `${workload}${file.replaceAll("/", "_")}`);
      // A secret has no text in a preview.
      const text = typeof content === "string" ? content : randomBytes(16).toString("hex");
      writeFileSync(path, variant.file?.(workload, text) ?? text);
      return ["--volume", `${path}:${file}:ro`];
    });
    const port = ports[workload];
    const id = `${name}-${workload}`;
    const data = volumes.map(({ containerPath }, index) => ({ volume: `${id}-${index}`, containerPath }));
    const owner = user ?? "10001:10001";
    for (const { volume } of data) {
      await docker("volume", "create", "--label", `bench=${name}`, volume);
      const asRoot = ["--rm", "--user", "0", "--entrypoint", "/bin/sh", "--volume", `${volume}:/data`];
      // The image by which the stack itself hands a volume to its user.
      await docker("run", ...asRoot, containerOf(resources, "loki-data-owner").image, "-c", `chown -R ${owner} /data`);
    }
    await docker(
      ...["run", "--detach", "--name", id, "--label", `bench=${name}`, "--network", name, "--network-alias", workload],
      ...["--memory", `${memory}m`, "--memory-swap", `${memory}m`],
      ...(user === undefined ? [] : ["--user", user]),
      ...(port === undefined ? [] : ["--publish", `127.0.0.1::${port}`]),
      ...envs.flatMap((env) => ["--env", env]),
      ...files,
      ...data.flatMap(({ volume, containerPath }) => ["--volume", `${volume}:${containerPath}`]),
      ...[image, ...command],
    );
  }
}

function containerOf(resources: readonly PreviewResource[], workload: string): z.output<typeof planned> {
  const found = resources.find((one) => one.name === `observability-${workload}` && one.type.endsWith(":Container"));
  if (found === undefined) throw new Error(`${workload}: must be a container of the stack, got none`);
  return planned.parse(found.inputs);
}

async function stop(name: string): Promise<void> {
  const labelled = ["--quiet", "--filter", `label=bench=${name}`];
  const found = async (...list: readonly string[]): Promise<readonly string[]> =>
    (await docker(...list, ...labelled)).split("\n").filter((line) => line !== "");
  await docker("rm", "--force", "--volumes", ...(await found("container", "ls", "--all")));
  await docker("volume", "rm", ...(await found("volume", "ls")));
  await docker("network", "rm", ...(await found("network", "ls")));
}

const agent = new Agent({ keepAlive: true });

/** Status of the answer. */
function post(collector: string, body: Buffer): Promise<number> {
  const headers = { "content-type": "application/x-protobuf", "content-length": body.length };
  return new Promise((resolve, reject) => {
    request(`${collector}/v1/logs`, { agent, method: "POST", headers }, (answer) => {
      answer.resume().on("end", () => {
        resolve(answer.statusCode ?? 0);
      });
    })
      .on("error", reject)
      .end(body);
  });
}

const counted = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

async function storedLines(loki: string): Promise<number> {
  const query = new URLSearchParams({ query: 'sum(count_over_time({service_name=~"bench-.*"}[1h]))' });
  const answer = await fetch(`${loki}/loki/api/v1/query?${query.toString()}`);
  return Number(counted.parse(await answer.json()).data.result[0]?.value[1] ?? 0);
}

/** Lines that Loki has been sent since its start, by its own count: asking for it reads no line. */
async function receivedLines(loki: string): Promise<number> {
  const text = await (await fetch(`${loki}/metrics`)).text();
  const counts = [...text.matchAll(/^loki_distributor_lines_received_total\{[^}]*\} (\S+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** What is asked for, or `undefined` where nobody answers. */
function unless<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  return asked.catch(() => undefined);
}

/** Sends for the given time, waits until Loki has it all or gets no more, and counts. */
async function measure(name: string): Promise<Outcome> {
  const address = async (workload: string): Promise<string> =>
    `http://127.0.0.1:${await hostPort(`${name}-${workload}`, ports[workload] ?? 0)}`;
  const [collector, loki] = [await address("otel-collector"), await address("loki")];
  const warmUp = new LogRequests("warm-up", linesEach, lineBytes);
  const accepts = async (): Promise<boolean> => (await unless(post(collector, warmUp.next(0)))) === 200;
  await pWaitFor(accepts, { interval: 500, timeout: 60_000 });
  // What it does at its start is over, and so is the warm-up.
  await sleep(3000);
  const used = (): Promise<readonly number[]> =>
    Promise.all(measured.map((workload) => usedNanos(`${name}-${workload}`)));
  const [before, receivedBefore] = [await used(), (await unless(receivedLines(loki))) ?? 0];
  const startedMillis = performance.now();
  let [acknowledged, next] = [0, 0];
  const send = async (sender: number): Promise<void> => {
    const requests = new LogRequests(`bench-${sender}`, linesEach, lineBytes);
    while (performance.now() - startedMillis < seconds * 1000) {
      const first = next;
      next += linesEach;
      if ((await unless(post(collector, requests.next(first)))) === 200) acknowledged += linesEach;
      else await sleep(200);
    }
  };
  let isOver = false;
  const ask = async (): Promise<void> => {
    while (values.query && !isOver) {
      await unless(storedLines(loki));
      await sleep(1000);
    }
  };
  const asking = ask();
  await Promise.all(Array.from({ length: senders }, (_, sender) => send(sender)));
  const sentSeconds = (performance.now() - startedMillis) / 1000;
  let received = 0;
  for (let same = 0; received < acknowledged && same < 30;) {
    const now = ((await unless(receivedLines(loki))) ?? receivedBefore) - receivedBefore;
    same = now === received ? same + 1 : 0;
    received = now;
    await sleep(500);
  }
  isOver = true;
  await asking;
  const after = await used();
  const stored = await unless(storedLines(loki));
  const isKilled = async (workload: string): Promise<boolean> =>
    (await docker("inspect", "--format", "{{.State.OOMKilled}}", `${name}-${workload}`)) === "true";
  const killed = await Promise.all(measured.map(async (workload) => ((await isKilled(workload)) ? [workload] : [])));
  return {
    ...{ acknowledged, stored, killed: killed.flat(), acceptedPerSecond: acknowledged / sentSeconds },
    used: after.map((nanos, index) => (nanos - (before[index] ?? 0)) / 1e9),
  };
}

async function run(resources: readonly PreviewResource[], variant: Variant): Promise<Outcome> {
  const name = `bench-${randomBytes(4).toString("hex")}`;
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  try {
    await start(resources, variant, name, folder);
    return await measure(name);
  } finally {
    await stop(name);
    rmSync(folder, { recursive: true, force: true });
  }
}

function row(name: string, outcomes: readonly Outcome[]): string {
  const middle = (value: (outcome: Outcome) => number): string =>
    Math.round(median(outcomes.map(value))).toLocaleString("en");
  const killed = [...new Set(outcomes.flatMap((outcome) => outcome.killed))].join(", ");
  const lost = outcomes.map(({ acknowledged, stored }) => (stored === undefined ? "?" : acknowledged - stored));
  const per = (wanted: readonly (typeof measured)[number][]): string => {
    // A killed one has no processor time any more.
    if (outcomes.some((outcome) => outcome.killed.length > 0)) return "–";
    return middle(({ used, stored = 0 }) => {
      return (
        stored / used.reduce((sum, each, index) => sum + (wanted.some((one) => one === measured[index]) ? each : 0), 0)
      );
    });
  };
  const cells = [
    ...[name, middle(({ acceptedPerSecond }) => acceptedPerSecond), lost.join(", "), killed === "" ? "–" : killed],
    ...[per(measured), per(["otel-collector"]), per(["loki"])],
  ];
  return `| ${cells.join(" | ")} |`;
}

const { resources } = await previewStack();
const outcomes = new Map<string, Outcome[]>(values.variant.map((name) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, of] of outcomes) {
    const variant = variants[name];
    if (variant === undefined)
      throw new Error(`--variant: must be one of ${Object.keys(variants).join("; ")}, got ${name}`);
    of.push(await run(resources, variant));
    process.stderr.write(`${round + 1}: ${row(name, of.slice(-1))}\n`);
  }
}
process.stdout.write(
  "| settings | accepted a second | acknowledged and lost | killed for memory | stored a CPU second | of the Collector | of Loki |\n" +
    `| --- | --- | --- | --- | --- | --- | --- |\n${[...outcomes].map(([name, of]) => row(name, of)).join("\n")}\n`,
);

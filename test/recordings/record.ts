/**
 * Records what the SDKs of four languages send when they have nothing but the environment that the stack gives a service:
 * `npm run record:sdks`. It needs Docker, Node.js, Python, Java with Maven, Go, and the registries of their packages.
 * A Collector takes what the programs in `clients/` send, and writes it as OTLP's own JSON.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, release, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pWaitFor from "p-wait-for";
import { filledIn } from "../../config/env-value.ts";
import { otelEnv, sdkPreferences } from "../../config/otel-env.ts";
import { defaultImages } from "../../config/resolve-images.ts";
import { run, succeed } from "../e2e/support/run.ts";
import { freePort } from "../support/free-ports.ts";
import { recordedNamespace, recordedServices, type RecordedService } from "./services.ts";
import type { Exported } from "./otlp-json.ts";
import { signalsMissing, trimmed } from "./trim.ts";

const here = import.meta.dirname;
const container = `observability-record-${process.pid}`;

/** Started beside the others, to see that its line works. It asks the last of them, and is not kept. */
const esm: RecordedService = { name: "orders-esm", language: "nodejs", protocol: "http/protobuf" };

/** Orders that are asked for: slow ones (7), failing ones (13) between any two exports of metrics, and others. */
const orders = ["1", "13", "7", "2", "13", "3", "4", "13", "7", "5", "13", "6"];

const betweenMillis = 2500;

const folder = mkdtempSync(join(tmpdir(), "observability-record-"));
const children: ChildProcess[] = [];
try {
  for (const { language } of recordedServices) {
    const its = join(folder, language);
    cpSync(join(here, "clients", language), its, { recursive: true });
    say(`installing ${language}`);
    await succeed("sh", ["-ec", readFileSync(join(its, "install.sh"), "utf8")], { cwd: its });
  }
  const collector = await startCollector();
  const started = await Promise.all(
    [...recordedServices, esm].map(async (one) => ({ ...one, port: await freePort() })),
  );
  const [first, ...following] = started.map(({ port }) => port);
  for (const [index, service] of started.entries()) {
    const script = service.name === esm.name ? "run-esm.sh" : "run.sh";
    const nextPort = following[service.name === esm.name ? recordedServices.length - 2 : index];
    children.push(start(service, script, { port: service.port, nextPort: nextPort ?? 0 }, collector));
  }
  const ask = (port: number | undefined, path: string): Promise<unknown> =>
    fetch(`http://127.0.0.1:${port ?? 0}${path}`);
  const answers = (port: number): Promise<boolean> =>
    ask(port, "/").then(
      () => true,
      () => false,
    );
  say("starting all");
  await Promise.all(started.map(({ port }) => pWaitFor(() => answers(port), { timeout: 240_000 })));
  await ask(following.at(-1), "/orders/1");
  // Their own first requests, which are slow, are not recorded either.
  await ask(first, "/orders/1");
  await sleep(betweenMillis);
  const sinceMillis = Date.now();
  for (const order of orders) {
    await ask(first, `/orders/${order}`);
    await sleep(betweenMillis);
  }
  // Each has sent its metrics after the last request.
  await sleep(Number(sdkPreferences.OTEL_METRIC_EXPORT_INTERVAL) + 1000);
  const ended = children.map((child) => once(child, "exit"));
  for (const child of children) child.kill("SIGTERM");
  // By SIGTERM the SDK of Node.js sends what waits, and the program then goes on.
  await Promise.race([Promise.all(ended), sleep(5000)]);
  const exported = readFileSync(join(folder, "out", "all.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Exported);
  const missing = started.flatMap(({ name }) => signalsMissing(exported, name));
  if (missing.length > 0)
    throw new Error(`each service must send every signal, but there is none of ${missing.join(", ")}`);
  mkdirSync(join(here, "recorded"), { recursive: true });
  for (const { name, language } of recordedServices) {
    const home = process.env["HOME"] ?? tmpdir();
    const kept = trimmed(exported, name, sinceMillis, {
      [folder]: "/app",
      [home]: "/home/user",
      [hostname()]: "host",
      [release()]: "6.1.0",
    });
    const text = kept.map((line) => `${JSON.stringify(line)}\n`).join("");
    writeFileSync(join(here, "recorded", `${language}.jsonl`), text);
    say(`${language}: ${Math.round(text.length / 1024)} KiB`);
  }
} finally {
  for (const child of children) child.kill("SIGKILL");
  await run("docker", ["rm", "--force", "--volumes", container]);
  rmSync(folder, { recursive: true });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Starts a Collector that writes what comes. @returns its addresses by protocol */
async function startCollector(): Promise<Readonly<Record<RecordedService["protocol"], string>>> {
  const out = join(folder, "out");
  mkdirSync(out);
  const pipeline = { receivers: ["otlp"], exporters: ["file"] };
  const config = {
    receivers: { otlp: { protocols: { grpc: { endpoint: "0.0.0.0:4317" }, http: { endpoint: "0.0.0.0:4318" } } } },
    exporters: { file: { path: "/out/all.jsonl", flush_interval: "100ms" } },
    service: { pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline } },
  };
  writeFileSync(join(out, "config.json"), JSON.stringify(config));
  // The image's user is nobody here.
  chmodSync(folder, 0o755);
  chmodSync(out, 0o777);
  const published = [4317, 4318].flatMap((port) => ["--publish", `127.0.0.1::${port}`]);
  await succeed("docker", [
    ...["run", "--detach", "--name", container, ...published, "--volume", `${out}:/out`],
    ...[defaultImages.otelCollector, "--config=/out/config.json"],
  ]);
  const urlOf = async (port: number): Promise<string> => {
    const address = await succeed("docker", ["port", container, `${port}/tcp`]);
    return `http://${address.trim().split("\n")[0] ?? ""}`;
  };
  return { grpc: await urlOf(4317), "http/protobuf": await urlOf(4318) };
}

/** Starts a service with what the stack gives one on Docker; only the Collector is elsewhere. */
function start(
  { name, language, protocol }: RecordedService,
  script: "run.sh" | "run-esm.sh",
  { port, nextPort }: { readonly port: number; readonly nextPort: number },
  collector: Readonly<Record<RecordedService["protocol"], string>>,
): ChildProcess {
  const identity = {
    ...{ serviceName: name, serviceNamespace: recordedNamespace, serviceVersion: "1.0.0", environment: "development" },
    ...{ serviceInstanceId: `${name}-1`, platformAttributes: {} },
  };
  const injected = Object.entries({ ...sdkPreferences, ...otelEnv(identity, protocol) });
  const cwd = join(folder, language);
  const env = {
    ...{ PATH: process.env["PATH"], HOME: process.env["HOME"] },
    ...Object.fromEntries(injected.map(([key, value]) => [key, filledIn(value, () => "")])),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector[protocol],
    // The programs' own: where each listens, by the variables of Flask and of Spring too, and whom it asks.
    ...{ PORT: String(port), FLASK_RUN_PORT: String(port), SERVER_PORT: String(port), SERVER_ADDRESS: "127.0.0.1" },
    NEXT_URL: `http://127.0.0.1:${nextPort}`,
  };
  const line = readFileSync(join(cwd, script), "utf8").trim();
  return spawn("sh", ["-c", `exec ${line}`], { cwd, env, stdio: ["ignore", "ignore", "inherit"] });
}

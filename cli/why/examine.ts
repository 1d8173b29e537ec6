import type { Signal } from "../../config/parts/part.ts";
import { judgeEnvironment, type Finding } from "./environment.ts";
import { exportNothing, type Connect, type Endpoint, type ExchangeResult } from "./exchange.ts";
import { exportersOf, type Sender } from "./exporters.ts";
import type { Language } from "./sdks.ts";
import { languageOf, type ServiceProcess } from "./service-process.ts";

/** An empty export that was tried from where a process runs, to where its environment sends it. */
export interface Trial {
  /** The signals that go that way. */
  readonly signals: readonly Signal[];
  readonly endpoint: Endpoint;
  readonly result: ExchangeResult;
}

/** A process with what is wrong with it. */
export interface Examined {
  readonly process: ServiceProcess;
  /** That of its SDK; `undefined` if nothing tells. */
  readonly language: Language | undefined;
  readonly trials: readonly Trial[];
  /** Why there are none; `undefined` if some were tried. */
  readonly notTried: string | undefined;
  /** What it has written last, if it does not run. */
  readonly lastLines: string;
  /** What breaks most first; what a trial has refuted is not among them. */
  readonly findings: readonly Finding[];
}

/**
 * Judges a process by its environment, and by whether an empty export from where it runs arrives.
 *
 * @param received asks for the language of what was received of the service, if the process itself does not tell
 */
export async function examine(
  process: ServiceProcess,
  received: () => Promise<Language | undefined>,
): Promise<Examined> {
  const language = languageOf(process) ?? (await process.languageInside()) ?? (await received());
  const sender = { ...process, language };
  const connection = await process.connection();
  const connect = typeof connection === "function" ? connection : undefined;
  const trials = connect === undefined ? [] : await tryExporters(sender, connect);
  const arrived = new Set(trials.flatMap(({ signals, result }) => (result.step === "ok" ? signals : [])));
  const judged = judgeEnvironment(sender).filter(
    ({ isAboutTheWay, signals }) => !isAboutTheWay || !signals.every((signal) => arrived.has(signal)),
  );
  const explained = new Set(
    judged.flatMap(({ weight, isAboutTheWay, signals }) => (weight === "breaks" && isAboutTheWay ? signals : [])),
  );
  const failed = trials.filter(
    ({ signals, result }) => result.step !== "ok" && !signals.every((signal) => explained.has(signal)),
  );
  const seen = connect === undefined ? [] : await Promise.all(failed.map((trial) => whyNot(process, trial, connect)));
  return {
    process,
    language,
    trials,
    notTried: typeof connection === "function" ? undefined : connection.notTried,
    lastLines: process.isRunning ? "" : await process.lastLines(),
    findings: [...seen, ...judged].toSorted((a, b) => Number(b.weight === "breaks") - Number(a.weight === "breaks")),
  };
}

async function tryExporters(process: Sender, connect: Connect): Promise<readonly Trial[]> {
  const ways = new Map<string, { endpoint: Endpoint; signals: Signal[] }>();
  for (const { signal, endpoint } of exportersOf(process)) {
    if (endpoint === undefined) continue;
    const { host, port, isTls, protocol, path } = endpoint;
    const way = JSON.stringify([host, port, isTls, protocol, protocol === "grpc" ? "" : path.replace(signal, "")]);
    const known = ways.get(way);
    if (known === undefined) ways.set(way, { endpoint, signals: [signal] });
    else known.signals.push(signal);
  }
  return Promise.all(
    [...ways.values()].map(async (way) => ({ ...way, result: await exportNothing(way.endpoint, connect) })),
  );
}

/** What the trial of an export shows that has not arrived. */
async function whyNot(
  process: ServiceProcess,
  { signals, endpoint, result }: Trial,
  connect: Connect,
): Promise<Finding> {
  const { collector } = process;
  const isGrpc = endpoint.protocol === "grpc";
  const right = `start it with OTEL_EXPORTER_OTLP_ENDPOINT=${isGrpc ? collector.grpc : collector.http}`;
  const made = (cause: string, next: string): Finding => ({
    weight: "breaks",
    signals,
    isAboutTheWay: true,
    cause,
    next,
  });
  const address = addressText(endpoint);
  switch (result.step) {
    case "connect":
      return made(`${address} is not reached from ${process.name}: ${result.seen}`, right);
    case "tls":
      return made(`${address} is reached from ${process.name} and speaks no TLS: ${result.seen}`, right);
    case "protocol": {
      const other = await speaksOther(connect, endpoint);
      if (other === undefined) return made(`what answers at ${address} is no OTLP: ${result.seen}`, right);
      return made(
        `${address} speaks ${other === "grpc" ? "gRPC" : "HTTP"}, and the process sends ${isGrpc ? "gRPC" : "HTTP"}`,
        `start it with OTEL_EXPORTER_OTLP_PROTOCOL=${other}`,
      );
    }
    case "answer":
    case "ok":
      return made(`${address} answers ${result.seen} to an empty export`, answerAdvice(result, right));
  }
}

function answerAdvice({ status }: ExchangeResult, right: string): string {
  if (status === 401 || status === 403) return "it wants credentials: look at OTEL_EXPORTER_OTLP_HEADERS";
  return right;
}

async function speaksOther(connect: Connect, endpoint: Endpoint): Promise<Endpoint["protocol"] | undefined> {
  const protocol = endpoint.protocol === "grpc" ? "http/protobuf" : "grpc";
  const { step } = await exportNothing({ ...endpoint, protocol, path: `/v1/${endpoint.signal}` }, connect);
  return step === "ok" ? protocol : undefined;
}

/** An endpoint as an address. */
export function addressText({ host, port, isTls, protocol, path }: Endpoint): string {
  const authority = host.includes(":") ? `[${host}]` : host;
  return `http${isTls ? "s" : ""}://${authority}:${port}${protocol === "grpc" ? "" : path}`;
}

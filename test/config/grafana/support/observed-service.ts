import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { otelEnv } from "../../../../config/otel-env.ts";
import { shownEnv } from "../../../support/workload-view.ts";
import { decodeMetrics, type ReceivedMetric } from "./otlp-metrics.ts";

/** What one of the example services really sent, with the environment that the stack gives to a service. */
export interface ObservedService {
  /** Everything it wrote to stdout. */
  readonly lines: readonly string[];
  readonly metrics: readonly ReceivedMetric[];
}

/** After this time what is there has to do; a test says what is missing. */
const patienceMillis = 3_000;

let observed: Promise<ObservedService> | undefined;

/** Runs result-processor once for all tests: one message that it can process, one that it cannot, then SIGTERM. */
export function observedService(): Promise<ObservedService> {
  return (observed ??= observe());
}

async function observe(): Promise<ObservedService> {
  const metrics: ReceivedMetric[] = [];
  // Of the last to come: Node.js measures its event loop every 10 ms and tells nothing before the fifth time.
  const { promise: isComplete, resolve } = Promise.withResolvers<true>();
  // The Collector and every other service at once: takes what comes.
  const others = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (request.url === "/v1/metrics") metrics.push(...decodeMetrics(body));
      if (metrics.some(({ name }) => name.startsWith("nodejs.eventloop.delay."))) resolve(true);
      response.writeHead(request.url?.startsWith("/v1/") === true ? 200 : 202).end();
    });
  });
  others.listen(0, "127.0.0.1");
  await once(others, "listening");
  const address = `http://127.0.0.1:${(others.address() as AddressInfo).port}`;
  try {
    return { lines: await runService(address, isComplete), metrics };
  } finally {
    others.closeAllConnections();
    others.close();
  }
}

async function runService(others: string, isComplete: Promise<true>): Promise<string[]> {
  const identity = {
    serviceName: "shop-result-processor",
    serviceNamespace: "shop",
    serviceVersion: "1.0.0",
    environment: "test",
    serviceInstanceId: "shop-result-processor-1",
    platformAttributes: {},
  };
  const env = {
    ...shownEnv(otelEnv(identity, "http/protobuf")),
    OTEL_EXPORTER_OTLP_ENDPOINT: others,
    OTEL_METRIC_EXPORT_INTERVAL: "100",
    PORT: "0",
    PEERS: `backend=${others},dlq-processor=${others}`,
  };
  const main = join(import.meta.dirname, "../../../../services/main.ts");
  const child = spawn(process.execPath, ["--conditions=@observability/source", main, "result-processor"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      const port = /is ready".*"port":(\d+)/.exec(line)?.[1];
      if (port !== undefined) {
        await sendMessages(`http://127.0.0.1:${port}/messages`);
        await Promise.race([isComplete, sleep(patienceMillis)]);
        child.kill("SIGTERM");
      }
    }
    await ended;
    return lines;
  } finally {
    child.kill("SIGKILL");
  }
}

async function sendMessages(url: string): Promise<void> {
  for (const fault of ["none", { kind: "error", at: "result-processor" }]) {
    const execution = { execution_id: "abc123", language: "python", script: "print(1)", submitted_at: 0, fault };
    const body = JSON.stringify({ message_id: "1", destination: "execution-results", headers: {}, execution });
    const { status } = await fetch(url, { method: "POST", body });
    if (status !== 202) throw new Error(`result-processor: must take a message, answered ${status}`);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

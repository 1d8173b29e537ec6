import { startTelemetry } from "@observability/telemetry";
import { startBackend } from "./backend/backend.ts";
import { startDlqProcessor } from "./dlq-processor/dlq-processor.ts";
import { startEventReplay } from "./event-replay/event-replay.ts";
import { startK8sWorker } from "./k8s-worker/k8s-worker.ts";
import { parseLoadSettings, startLoadGenerator } from "./load-generator/load-generator.ts";
import { startPodMonitor } from "./pod-monitor/pod-monitor.ts";
import { startResultProcessor } from "./result-processor/result-processor.ts";
import { startSagaOrchestrator } from "./saga-orchestrator/saga-orchestrator.ts";
import { isServiceName, serviceNames, type ServiceName } from "./shared/destinations.ts";
import { parsePeers } from "./shared/peers.ts";
import type { StartService } from "./shared/service.ts";

const services: Readonly<Record<ServiceName, StartService>> = {
  backend: startBackend,
  "dlq-processor": startDlqProcessor,
  "event-replay": startEventReplay,
  "k8s-worker": startK8sWorker,
  "pod-monitor": startPodMonitor,
  "result-processor": startResultProcessor,
  "saga-orchestrator": startSagaOrchestrator,
};

async function main(name: string | undefined): Promise<void> {
  const { env } = process;
  if (name === "load-generator") {
    const settings = parseLoadSettings(env);
    startLoadGenerator(startTelemetry(), settings);
    return;
  }
  if (!isServiceName(name)) {
    throw new Error(
      `first argument: must be one of ${[...serviceNames, "load-generator"].join(", ")}, got ${name ?? "nothing"}`,
    );
  }
  const peers = parsePeers(env["PEERS"]);
  const port = parsePort(env["PORT"]);
  await services[name]({ telemetry: startTelemetry(), port, peers });
}

function parsePort(text = "8080"): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new Error(`PORT: must be a port number from 0 to 65535, got "${text}"; leave it out for 8080`);
  }
  return Number(text);
}

try {
  await main(process.argv[2]);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

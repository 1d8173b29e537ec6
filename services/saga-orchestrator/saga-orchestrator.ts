import { metrics, type Meter } from "@opentelemetry/api";
import type { Process } from "../shared/consumer.ts";
import { simulateWork } from "../shared/fault.ts";
import { secondsBuckets } from "../shared/instruments.ts";
import { createProducer } from "../shared/producer.ts";
import { startService, type StartService } from "../shared/service.ts";

/** Runs the saga of an execution: validate the script, reserve room for it, order a pod. Undoes it when a step fails. */
export const startSagaOrchestrator: StartService = (context) => {
  const send = createProducer(context.peers, context.telemetry.logger);
  const instruments = sagaInstruments(metrics.getMeter("saga-orchestrator"));

  const process: Process = async ({ execution }, logger) => {
    const steps = [
      { name: "validate-script", run: () => simulateWork("none", "saga-orchestrator", 4) },
      { name: "reserve-quota", run: () => simulateWork(execution.fault, "saga-orchestrator", 8) },
      { name: "order-pod", run: () => send("pod-commands", { execution }) },
    ];
    const startedAt = performance.now();
    let outcome = "completed";
    instruments.active.add(1);
    try {
      for (const step of steps) {
        logger.info({ step: step.name }, "saga step started");
        await step.run();
        instruments.steps.add(1, { "saga.step": step.name });
      }
    } catch (error) {
      outcome = "compensated";
      logger.warn("saga undone, the quota is free again");
      throw error;
    } finally {
      instruments.active.add(-1);
      instruments.duration.record((performance.now() - startedAt) / 1_000, { "saga.outcome": outcome });
    }
  };

  return startService(context, { destination: "execution-requests", process, send });
};

/** Metrics of saga-orchestrator beside those of HTTP, messaging and the runtime. */
export function sagaInstruments(meter: Meter) {
  return {
    active: meter.createUpDownCounter("saga.active", { unit: "{saga}", description: "Sagas under way" }),
    steps: meter.createCounter("saga.steps", { unit: "{step}", description: "Saga steps that succeeded" }),
    duration: meter.createHistogram("saga.duration", {
      unit: "s",
      description: "Time from the first step of a saga to its last",
      advice: secondsBuckets,
    }),
  };
}

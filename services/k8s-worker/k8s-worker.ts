import { metrics, type Meter } from "@opentelemetry/api";
import type { Process } from "../shared/consumer.ts";
import { simulateWork } from "../shared/fault.ts";
import { secondsBuckets } from "../shared/instruments.ts";
import { createProducer } from "../shared/producer.ts";
import { startService, type StartService } from "../shared/service.ts";

/** Creates a pod for every execution and reports it to pod-monitor. */
export const startK8sWorker: StartService = (context) => {
  const send = createProducer(context.peers, context.telemetry.logger);
  const instruments = podInstruments(metrics.getMeter("k8s-worker"));

  const process: Process = async ({ execution }, logger) => {
    const language = { "execution.language": execution.language };
    const pod = `executor-${execution.execution_id}`;
    const startedAt = performance.now();
    logger.info({ pod, language: execution.language }, "creating a pod");
    instruments.creating.add(1);
    try {
      await simulateWork(execution.fault, "k8s-worker", 25);
    } catch (error) {
      instruments.failed.add(1, language);
      throw error;
    } finally {
      instruments.creating.add(-1);
    }
    instruments.created.add(1, language);
    instruments.duration.record((performance.now() - startedAt) / 1_000, language);
    logger.info({ pod }, "pod created");
    await send("pod-events", { execution });
  };

  return startService(context, { destination: "pod-commands", process, send });
};

/** Metrics of k8s-worker beside those of HTTP, messaging and the runtime. */
export function podInstruments(meter: Meter) {
  return {
    created: meter.createCounter("pod.created", { unit: "{pod}", description: "Pods created" }),
    failed: meter.createCounter("pod.create.failures", {
      unit: "{pod}",
      description: "Pods that could not be created",
    }),
    creating: meter.createUpDownCounter("pod.creating", { unit: "{pod}", description: "Pods that are being created" }),
    duration: meter.createHistogram("pod.create.duration", {
      unit: "s",
      description: "Time to create a pod",
      advice: secondsBuckets,
    }),
  };
}

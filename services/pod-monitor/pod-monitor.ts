import { metrics, type Meter } from "@opentelemetry/api";
import type { Process } from "../shared/consumer.ts";
import { simulateWork } from "../shared/fault.ts";
import { secondsBuckets } from "../shared/instruments.ts";
import { createProducer } from "../shared/producer.ts";
import { startService, type StartService } from "../shared/service.ts";

/** Watches a pod until it ends and hands its output to result-processor. */
export const startPodMonitor: StartService = (context) => {
  const send = createProducer(context.peers, context.telemetry.logger);
  const watched = new Set<string>();
  const instruments = watchInstruments(metrics.getMeter("pod-monitor"), () => watched.size);

  const process: Process = async ({ message_id, execution }, logger) => {
    const startedAt = performance.now();
    let phase = "Failed";
    watched.add(message_id);
    try {
      await enter("Pending", 10);
      await enter("Running", 40);
      await simulateWork(execution.fault, "pod-monitor", 5);
      phase = "Succeeded";
    } finally {
      watched.delete(message_id);
      instruments.transitions.add(1, { "k8s.pod.phase": phase });
      instruments.duration.record((performance.now() - startedAt) / 1_000, { "k8s.pod.phase": phase });
    }
    logger.info({ phase }, "pod ended");
    await send("execution-results", { execution });

    async function enter(next: string, millis: number): Promise<void> {
      instruments.transitions.add(1, { "k8s.pod.phase": next });
      logger.info({ phase: next }, "pod changed its phase");
      await simulateWork("none", "pod-monitor", millis);
    }
  };

  return startService(context, { destination: "pod-events", process, send });
};

/** Metrics of pod-monitor beside those of HTTP, messaging and the runtime. */
export function watchInstruments(meter: Meter, watched: () => number) {
  meter
    .createObservableGauge("pod.watched", { unit: "{pod}", description: "Pods under watch" })
    .addCallback((result) => {
      result.observe(watched());
    });
  return {
    transitions: meter.createCounter("pod.phase.transitions", {
      unit: "{transition}",
      description: "Phases that pods entered",
    }),
    duration: meter.createHistogram("pod.run.duration", {
      unit: "s",
      description: "Time from the creation of a pod to its end",
      advice: secondsBuckets,
    }),
  };
}

import { metrics, type Meter } from "@opentelemetry/api";
import { ATTR_MESSAGING_DESTINATION_NAME } from "@opentelemetry/semantic-conventions/incubating";
import type { Process } from "../shared/consumer.ts";
import { simulateWork } from "../shared/fault.ts";
import { secondsBuckets } from "../shared/instruments.ts";
import { createProducer } from "../shared/producer.ts";
import { startService, type StartService } from "../shared/service.ts";

/** Publishes a failed message a second time, to the queue where it failed; what went wrong has passed by then. */
export const startEventReplay: StartService = (context) => {
  const send = createProducer(context.peers, context.telemetry.logger);
  const instruments = replayInstruments(metrics.getMeter("event-replay"));

  const process: Process = async ({ execution, failure }, logger) => {
    const destination = failure?.destination ?? "execution-requests";
    instruments.active.add(1);
    try {
      await simulateWork(execution.fault, "event-replay", 30);
      await send(destination, { execution: { ...execution, fault: "none", replayed: true } });
    } finally {
      instruments.active.add(-1);
    }
    instruments.published.add(1, { [ATTR_MESSAGING_DESTINATION_NAME]: destination });
    instruments.age.record((Date.now() - execution.submitted_at) / 1_000);
    logger.info({ destination }, "message published again");
  };

  return startService(context, { destination: "replay-requests", process, send });
};

/** Metrics of event-replay beside those of HTTP, messaging and the runtime. */
export function replayInstruments(meter: Meter) {
  return {
    active: meter.createUpDownCounter("replay.active", { unit: "{message}", description: "Replays under way" }),
    published: meter.createCounter("replay.published", { unit: "{message}", description: "Messages published again" }),
    age: meter.createHistogram("replay.age", {
      unit: "s",
      description: "Age of an execution when its message is published again",
      advice: secondsBuckets,
    }),
  };
}

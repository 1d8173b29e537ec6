import { metrics, type Meter } from "@opentelemetry/api";
import { ATTR_ERROR_TYPE } from "@opentelemetry/semantic-conventions";
import { ATTR_MESSAGING_DESTINATION_NAME } from "@opentelemetry/semantic-conventions/incubating";
import type { Logger } from "@observability/telemetry";
import type { Process } from "../shared/consumer.ts";
import type { Execution, Failure } from "../shared/execution.ts";
import { simulateWork } from "../shared/fault.ts";
import { createProducer } from "../shared/producer.ts";
import { startService, type StartService } from "../shared/service.ts";

/** Messages that are kept for somebody to look at; the oldest one makes room for a new one. */
const maxParked = 500;

/** Takes what no consumer could process: has it re-published once, and parks it when it comes back. */
export const startDlqProcessor: StartService = (context) => {
  const send = createProducer(context.peers, context.telemetry.logger);
  const parked: { readonly execution: Execution; readonly parkedAt: number }[] = [];
  const instruments = dlqInstruments(metrics.getMeter("dlq-processor"), parked);

  const process: Process = async ({ execution, failure = unknownFailure }, logger) => {
    await simulateWork(execution.fault, "dlq-processor", 5);
    const { destination, error_type, detail } = failure;
    instruments.received.add(1, { [ATTR_MESSAGING_DESTINATION_NAME]: destination, [ATTR_ERROR_TYPE]: error_type });
    logger.warn({ destination, error_type, detail }, "dead letter received");
    if (execution.replayed || destination === "replay-requests") {
      await park(execution, failure, logger);
      return;
    }
    try {
      await send("replay-requests", { execution, failure });
    } catch (error) {
      logger.error({ err: error }, "replay could not be asked for");
      await park(execution, failure, logger);
    }
  };

  async function park(execution: Execution, { destination }: Failure, logger: Logger): Promise<void> {
    if (parked.length >= maxParked) parked.shift();
    parked.push({ execution, parkedAt: Date.now() });
    instruments.parked.add(1, { [ATTR_MESSAGING_DESTINATION_NAME]: destination });
    logger.error({ destination }, "message parked, nothing will try it again");
    await send("execution-updates", { execution, status: "failed" });
  }

  return startService(context, { destination: "dead-letters", process, send });
};

const unknownFailure: Failure = {
  destination: "dead-letters",
  error_type: "unknown",
  detail: "the sender gave no reason",
};

/** Metrics of dlq-processor beside those of HTTP, messaging and the runtime. */
export function dlqInstruments(meter: Meter, parked: readonly { readonly parkedAt: number }[]) {
  meter
    .createObservableGauge("dlq.depth", { unit: "{message}", description: "Parked messages" })
    .addCallback((result) => {
      result.observe(parked.length);
    });
  meter
    .createObservableGauge("dlq.oldest.age", { unit: "s", description: "Age of the oldest parked message" })
    .addCallback((result) => {
      result.observe((Date.now() - (parked[0]?.parkedAt ?? Date.now())) / 1_000);
    });
  return {
    received: meter.createCounter("dlq.received", { unit: "{message}", description: "Dead letters received" }),
    parked: meter.createCounter("dlq.parked", { unit: "{message}", description: "Messages given up" }),
  };
}

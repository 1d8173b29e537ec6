import { metrics, type Meter } from "@opentelemetry/api";
import type { Process } from "../shared/consumer.ts";
import { simulateWork } from "../shared/fault.ts";
import { bytesBuckets, secondsBuckets } from "../shared/instruments.ts";
import { createProducer } from "../shared/producer.ts";
import { startService, type StartService } from "../shared/service.ts";

/** Results that are kept; the oldest one makes room for a new one. */
const maxResults = 500;

/** Stores the output of an execution and tells the backend that it has ended. */
export const startResultProcessor: StartService = (context) => {
  const send = createProducer(context.peers, context.telemetry.logger);
  const results = new Map<string, string>();
  const instruments = resultInstruments(metrics.getMeter("result-processor"), () => results.size);

  const process: Process = async ({ execution }, logger) => {
    const output = `${execution.language}: ${execution.script.length} characters ran`;
    const startedAt = performance.now();
    await simulateWork(execution.fault, "result-processor", 10);
    const [oldest] = results.keys();
    if (oldest !== undefined && results.size >= maxResults) results.delete(oldest);
    results.set(execution.execution_id, output);

    const language = { "execution.language": execution.language };
    instruments.stored.add(1, language);
    instruments.outputSize.record(Buffer.byteLength(output), language);
    instruments.duration.record((performance.now() - startedAt) / 1_000);
    logger.info({ output_bytes: Buffer.byteLength(output) }, "result stored");
    await send("execution-updates", { execution, status: "completed" });
  };

  return startService(context, { destination: "execution-results", process, send });
};

/** Metrics of result-processor beside those of HTTP, messaging and the runtime. */
export function resultInstruments(meter: Meter, kept: () => number) {
  meter
    .createObservableGauge("result.kept", { unit: "{result}", description: "Results in the store" })
    .addCallback((result) => {
      result.observe(kept());
    });
  return {
    stored: meter.createCounter("result.stored", { unit: "{result}", description: "Results stored" }),
    outputSize: meter.createHistogram("result.output.size", {
      unit: "By",
      description: "Size of the stored outputs",
      advice: bytesBuckets,
    }),
    duration: meter.createHistogram("result.store.duration", {
      unit: "s",
      description: "Time to store a result",
      advice: secondsBuckets,
    }),
  };
}

import { ROOT_CONTEXT, SpanKind, metrics, propagation, trace } from "@opentelemetry/api";
import {
  ATTR_MESSAGING_MESSAGE_ID,
  ATTR_MESSAGING_OPERATION_TYPE,
  MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
} from "@opentelemetry/semantic-conventions/incubating";
import type { Logger } from "@observability/telemetry";
import { BoundedQueue } from "./bounded-queue.ts";
import type { Destination } from "./destinations.ts";
import type { Message } from "./execution.ts";
import { consumerInstruments, failSpan, messagingAttributes, toError } from "./instruments.ts";
import type { Send } from "./producer.ts";

/** Works on one message; the logger writes the `execution_id` on every line. */
export type Process = (message: Message, logger: Logger) => Promise<void>;

/** What a consumer is made from. */
export interface ConsumerOptions {
  readonly destination: Destination;
  readonly process: Process;
  readonly send: Send;
  readonly logger: Logger;
  /** Messages that may wait. @default 256 */
  readonly capacity?: number;
  /** Messages that are processed at the same time. @default 16 */
  readonly concurrency?: number;
}

/**
 * The queue of a service: one span of kind CONSUMER a message, child of the producer's. A message that cannot be
 * processed goes to the dead letter queue.
 */
export function createConsumer(options: ConsumerOptions): BoundedQueue<Message> {
  const { destination, capacity = 256, concurrency = 16 } = options;
  const tracer = trace.getTracer("messaging");
  const instruments = consumerInstruments(metrics.getMeter("messaging"), () => queue.depth);
  const common = messagingAttributes("process", destination);

  async function work(message: Message): Promise<void> {
    const attributes = {
      ...common,
      [ATTR_MESSAGING_OPERATION_TYPE]: MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
      [ATTR_MESSAGING_MESSAGE_ID]: message.message_id,
      execution_id: message.execution.execution_id,
    };
    const parent = propagation.extract(ROOT_CONTEXT, message.headers);
    await tracer.startActiveSpan(
      `process ${destination}`,
      { kind: SpanKind.CONSUMER, attributes },
      parent,
      async (span) => {
        const logger = options.logger.child({ execution_id: message.execution.execution_id });
        const startedAt = performance.now();
        let outcome = common;
        try {
          await options.process(message, logger);
        } catch (error) {
          outcome = { ...common, ...failSpan(span, error) };
          logger.error({ err: error, destination }, "message could not be processed");
          await sendToDeadLetters(message, toError(error), options.send, logger);
        } finally {
          instruments.consumed.add(1, outcome);
          instruments.duration.record((performance.now() - startedAt) / 1_000, outcome);
          span.end();
        }
      },
    );
  }

  const queue = new BoundedQueue<Message>({ capacity, concurrency, work });
  return queue;
}

async function sendToDeadLetters(message: Message, error: Error, send: Send, logger: Logger): Promise<void> {
  const { destination, execution } = message;
  try {
    // A dead letter that cannot be processed would come back for ever.
    if (destination === "dead-letters") throw error;
    await send("dead-letters", { execution, failure: { destination, error_type: error.name, detail: error.message } });
  } catch (reason) {
    logger.error({ err: reason, destination }, "message is lost");
  }
}

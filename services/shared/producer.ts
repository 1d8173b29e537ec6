import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { SpanKind, context, metrics, propagation, trace } from "@opentelemetry/api";
import {
  ATTR_MESSAGING_MESSAGE_ID,
  ATTR_MESSAGING_OPERATION_TYPE,
  MESSAGING_OPERATION_TYPE_VALUE_SEND,
} from "@opentelemetry/semantic-conventions/incubating";
import type { Logger } from "@observability/telemetry";
import { consumers, type Destination } from "./destinations.ts";
import type { Message } from "./execution.ts";
import { failSpan, messagingAttributes, producerInstruments, toError } from "./instruments.ts";
import type { Peers } from "./peers.ts";

/** What a message says, without what the producer adds. */
export type Payload = Pick<Message, "execution" | "failure" | "status">;

/** Hands a message to the service that consumes the queue. Rejects with a HandOverError when it was not taken. */
export type Send = (destination: Destination, payload: Payload) => Promise<void>;

/** A message was not taken, even after the retries. */
class HandOverError extends Error {
  override readonly name = "HandOverError";
}

/** Waits before the second and the third try. */
const retryDelaysMillis = [100, 400];

/** Longest wait for the answer to one try. */
const timeoutMillis = 2_000;

/** A producer for all queues: one span of kind PRODUCER a message, whose context travels in the message. */
export function createProducer(peers: Peers, logger: Logger): Send {
  const tracer = trace.getTracer("messaging");
  const instruments = producerInstruments(metrics.getMeter("messaging"));

  return (destination, payload) => {
    const common = messagingAttributes("send", destination);
    const message_id = randomUUID();
    const attributes = {
      ...common,
      [ATTR_MESSAGING_OPERATION_TYPE]: MESSAGING_OPERATION_TYPE_VALUE_SEND,
      [ATTR_MESSAGING_MESSAGE_ID]: message_id,
      execution_id: payload.execution.execution_id,
    };
    return tracer.startActiveSpan(`send ${destination}`, { kind: SpanKind.PRODUCER, attributes }, async (span) => {
      const headers: Record<string, string> = {};
      propagation.inject(context.active(), headers);
      const startedAt = performance.now();
      let outcome = common;
      try {
        const message: Message = { message_id, destination, headers, ...payload };
        await postWithRetries(`${peers[consumers[destination]]}/messages`, message, logger);
      } catch (error) {
        outcome = { ...common, ...failSpan(span, error) };
        throw error;
      } finally {
        instruments.sent.add(1, outcome);
        instruments.duration.record((performance.now() - startedAt) / 1_000, outcome);
        span.end();
      }
    });
  };
}

async function postWithRetries(url: string, message: Message, logger: Logger): Promise<void> {
  const { destination, execution } = message;
  for (const delayMillis of [...retryDelaysMillis, "last try"] as const) {
    const problem = await post(url, message);
    if (problem === "none") return;
    if (delayMillis === "last try" || !problem.retry) {
      throw new HandOverError(`${destination}: ${consumers[destination]} did not take the message: ${problem.reason}`);
    }
    const { execution_id } = execution;
    logger.warn({ execution_id, destination, reason: problem.reason }, "hand-over failed, trying again");
    await sleep(delayMillis);
  }
}

async function post(url: string, message: Message): Promise<"none" | { reason: string; retry: boolean }> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(timeoutMillis),
    });
    // The connection can only be used again once the body has been read.
    await response.arrayBuffer();
    return response.ok ? "none" : { reason: `status ${response.status}`, retry: response.status >= 500 };
  } catch (error) {
    const { cause, message: text } = toError(error);
    return { reason: cause instanceof Error ? cause.message : text, retry: true };
  }
}

import type { Telemetry } from "@observability/telemetry";
import type { BoundedQueue } from "./bounded-queue.ts";
import { createConsumer, type Process } from "./consumer.ts";
import { consumers, type Destination } from "./destinations.ts";
import { parseMessage, type Message } from "./execution.ts";
import { HttpError } from "./http-error.ts";
import { close, serve, type Handler, type Routes } from "./http-server.ts";
import type { Peers } from "./peers.ts";
import type { Send } from "./producer.ts";

/** What a service is given when it starts. */
export interface ServiceContext {
  readonly telemetry: Telemetry;
  /** Port to listen on; 0 picks a free one. */
  readonly port: number;
  readonly peers: Peers;
}

/** Where a started service listens. */
export interface RunningService {
  readonly port: number;
}

/** What is particular to one service. */
export interface ServiceDefinition {
  /** The queue it consumes. */
  readonly destination: Destination;
  readonly process: Process;
  /** Hands messages on. */
  readonly send: Send;
  /** Routes beside `/healthz` and `/messages`. @default none */
  readonly routes?: Routes;
}

/** Starts a service of the given definition and serves its routes, its queue and `/healthz`. */
export type StartService = (context: ServiceContext) => Promise<RunningService>;

/** How long the queue may take to drain when the process is asked to stop. */
const drainMillis = 5_000;

/**
 * Starts the queue and the HTTP server of a service. When the process is asked to stop, it answers for a little
 * longer, takes nothing more, and the queue drains; only then is the telemetry flushed.
 */
export async function startService(context: ServiceContext, definition: ServiceDefinition): Promise<RunningService> {
  const { telemetry } = context;
  const { logger } = telemetry;
  const { destination, process, send, routes = {} } = definition;
  const queue = createConsumer({ destination, process, send, logger });

  const { server, port } = await serve(
    {
      "/healthz": { GET: () => ({ status: 200, body: { status: "ok" } }) },
      "/messages": { POST: takeMessages(destination, queue) },
      ...routes,
    },
    context.port,
    logger,
  );
  telemetry.onShutdown(async () => {
    logger.info("stopping");
    await close(server);
    const abandoned = await queue.drain(drainMillis);
    if (abandoned > 0) logger.error({ abandoned }, "messages were not processed in time");
  });
  logger.info({ port, destination }, `${consumers[destination]} is ready`);
  return { port };
}

/** `POST /messages`: answers 202 when the queue has taken the message and 503 when it has not. */
export function takeMessages(destination: Destination, queue: Pick<BoundedQueue<Message>, "offer">): Handler {
  return async ({ json }) => {
    const message = parseMessage(await json(), destination);
    if (!queue.offer(message)) {
      throw new HttpError(503, `${destination}: the queue takes no more messages; try again later`);
    }
    return { status: 202, body: { status: "accepted" } };
  };
}

import { isDestination, type Destination } from "./destinations.ts";
import type { Fault } from "./fault.ts";
import { HttpError } from "./http-error.ts";

/** Languages a script may be written in. A closed list, because the language is an attribute of metrics. */
export const languages = ["python", "javascript", "go", "ruby", "bash"] as const;

/** One of {@link languages}. */
export type Language = (typeof languages)[number];

/** A script on its way through the services. Field names are those of the logs. */
export interface Execution {
  readonly execution_id: string;
  readonly language: Language;
  readonly script: string;
  /** Time of submission in milliseconds since 1970. */
  readonly submitted_at: number;
  /** What goes wrong on the way, decided once at submission; `none` for a healthy execution. */
  readonly fault: Fault | "none";
  /** Whether event-replay has published it a second time; there is no third. */
  readonly replayed: boolean;
}

/** Why a message could not be processed. */
export interface Failure {
  /** Queue whose consumer failed. */
  readonly destination: Destination;
  /** `error.type`: the name of the error, of low cardinality. */
  readonly error_type: string;
  readonly detail: string;
}

/** What travels from service to service. */
export interface Message {
  readonly message_id: string;
  readonly destination: Destination;
  /** Trace context of the producer (`traceparent`, `tracestate`). */
  readonly headers: Readonly<Record<string, string>>;
  readonly execution: Execution;
  /** Set on the way through the dead letter queue. */
  readonly failure?: Failure;
  /** How the execution ended, in messages to `execution-updates`. */
  readonly status?: "completed" | "failed";
}

/** Whether a value is an object with fields. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Checks that a request body is a message for one queue. Only what routing needs: the senders are our own services.
 *
 * @throws HttpError 400 that names the field.
 */
export function parseMessage(body: unknown, destination: Destination): Message {
  const execution = isRecord(body) ? body["execution"] : undefined;
  if (!isRecord(body) || !isRecord(execution) || typeof execution["execution_id"] !== "string") {
    throw new HttpError(400, `execution.execution_id: must be a string, got ${JSON.stringify(execution)}`);
  }
  if (body["destination"] !== destination) {
    throw new HttpError(400, `destination: must be "${destination}", got ${JSON.stringify(body["destination"])}`);
  }
  if (!isRecord(body["headers"]))
    throw new HttpError(400, `headers: must be an object, got ${JSON.stringify(body["headers"])}`);
  const failure = body["failure"];
  if (failure !== undefined && !(isRecord(failure) && isDestination(failure["destination"]))) {
    throw new HttpError(400, `failure.destination: must be a queue, got ${JSON.stringify(failure)}`);
  }
  return body as unknown as Message;
}

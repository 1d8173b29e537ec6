import { randomUUID } from "node:crypto";
import { isSpanContextValid, metrics, trace, type Meter } from "@opentelemetry/api";
import type { Process } from "../shared/consumer.ts";
import type { Execution, Language, Message } from "../shared/execution.ts";
import { createFaultDeck, simulateWork } from "../shared/fault.ts";
import { HttpError } from "../shared/http-error.ts";
import type { Handler } from "../shared/http-server.ts";
import { bytesBuckets, secondsBuckets } from "../shared/instruments.ts";
import { createProducer } from "../shared/producer.ts";
import { startService, type StartService } from "../shared/service.ts";
import { parseSubmission } from "./submission.ts";

/** What a client can ask about an execution. */
interface ExecutionState {
  readonly execution_id: string;
  readonly trace_id: string | null;
  readonly language: Language;
  readonly status: "accepted" | "rejected" | NonNullable<Message["status"]>;
  readonly submitted_at: string;
}

/** Executions that are remembered; the oldest one makes room for a new one. */
const maxStates = 1_000;

/** The HTTP API: takes executions, hands them to saga-orchestrator and answers questions about them. */
export const startBackend: StartService = (context) => {
  const { logger } = context.telemetry;
  const send = createProducer(context.peers, logger);
  const drawFault = createFaultDeck();
  const states = new Map<string, ExecutionState>();
  const instruments = backendInstruments(metrics.getMeter("backend"), () => states.size);

  const submit: Handler = async ({ json }) => {
    const { execution_id = randomUUID(), ...submission } = parseSubmission(await json(), drawFault);
    const execution: Execution = { ...submission, execution_id, submitted_at: Date.now(), replayed: false };
    const { language, script, fault } = execution;
    const log = logger.child({ execution_id });
    const trace_id = currentTraceId();
    const state = { execution_id, trace_id, language, submitted_at: new Date(execution.submitted_at).toISOString() };
    // Before it is handed on: the news of its end could be faster than the answer to the hand-over.
    remember({ ...state, status: "accepted" });
    try {
      await simulateWork(fault, "backend", 5);
      await send("execution-requests", { execution });
    } catch (error) {
      remember({ ...state, status: "rejected" });
      log.error({ err: error }, "execution could not be accepted");
      throw new HttpError(503, `execution ${execution_id} could not be accepted; try again later`);
    }
    instruments.submitted.add(1, { "execution.language": language });
    instruments.scriptSize.record(Buffer.byteLength(script), { "execution.language": language });
    log.info({ language }, "execution accepted");
    return { status: 202, body: { execution_id, trace_id, status: "accepted" } };
  };

  const show: Handler = ({ id }) => {
    const state = states.get(id);
    if (state === undefined) throw new HttpError(404, `execution ${id} is not known; only the last ${maxStates} are`);
    return { status: 200, body: state };
  };

  const update: Process = async ({ execution, status = "completed" }, log) => {
    await simulateWork("none", "backend", 2);
    const state = states.get(execution.execution_id);
    if (state !== undefined) states.set(execution.execution_id, { ...state, status });
    instruments.duration.record((Date.now() - execution.submitted_at) / 1_000, { "execution.status": status });
    log.info({ status }, "execution ended");
  };

  function remember(state: ExecutionState): void {
    states.delete(state.execution_id);
    const [oldest] = states.keys();
    if (oldest !== undefined && states.size >= maxStates) states.delete(oldest);
    states.set(state.execution_id, state);
  }

  return startService(context, {
    destination: "execution-updates",
    process: update,
    send,
    routes: { "/api/v1/executions": { POST: submit }, "/api/v1/executions/:id": { GET: show } },
  });
};

function currentTraceId(): string | null {
  const spanContext = trace.getActiveSpan()?.spanContext();
  return spanContext !== undefined && isSpanContextValid(spanContext) ? spanContext.traceId : null;
}

/** Metrics of backend beside those of HTTP, messaging and the runtime. */
export function backendInstruments(meter: Meter, remembered: () => number) {
  meter
    .createObservableGauge("execution.remembered", {
      unit: "{execution}",
      description: "Executions whose state can be asked for",
    })
    .addCallback((result) => {
      result.observe(remembered());
    });
  return {
    submitted: meter.createCounter("execution.submitted", { unit: "{execution}", description: "Executions accepted" }),
    scriptSize: meter.createHistogram("execution.script.size", {
      unit: "By",
      description: "Size of the accepted scripts",
      advice: bytesBuckets,
    }),
    duration: meter.createHistogram("execution.duration", {
      unit: "s",
      description: "Time from submission to the end of an execution",
      advice: secondsBuckets,
    }),
  };
}

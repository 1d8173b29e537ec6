import { randomBytes } from "node:crypto";
import { z } from "zod";
import { keptTrace } from "../../config/collector/tail-sampling.ts";

/** Telemetry that was sent through the stack, and the queries that find it again. */
export interface Probe {
  /** What was done, for the user to read. */
  readonly description: string;
  readonly sentMillis: number;
  readonly traceId: string;
  /** LogQL that finds its log lines and no others. */
  readonly logQuery: string;
  /** PromQL of a counter that it raises. */
  readonly metricQuery: string;
  /** How many services its trace crosses at least. */
  readonly leastServices: number;
}

/** Whatever the stack keeps of traces, it keeps those of its own proofs. */
const tracestate = `${keptTrace.key}=${keptTrace.value}`;

const accepted = z.object({ execution_id: z.string() });

/**
 * PromQL of what {@link probeApi} raises: nothing but a verification asks for the state of an execution. One series
 * only, without those of failed requests, or the sum of an old and a new process could be what it was before.
 */
export const apiMetricQuery = (serviceName: string): string =>
  `sum(http_server_request_duration_seconds_count{service_name="${serviceName}",http_request_method="GET",http_route="/api/v1/executions/:id",http_response_status_code="200"})`;

/**
 * Submits one execution to the example's API under a trace id of its own, and asks for its state: once, or twice if
 * that is what tells the counter from `metricBefore` even when the service was started anew and counts from zero.
 */
export async function probeApi(
  apiUrl: string,
  serviceNamespace: string,
  serviceName: string,
  metricBefore: number,
): Promise<Probe> {
  const traceId = randomBytes(16).toString("hex");
  const executionId = `verify-${traceId.slice(0, 12)}`;
  const traceparent = `00-${traceId}-${randomBytes(8).toString("hex")}-01`;
  const sentMillis = Date.now();
  const execution = { execution_id: executionId, language: "python", script: "print(42)", simulate: "none" };
  accepted.parse(await (await post(`${apiUrl}/api/v1/executions`, execution, { traceparent, tracestate })).json());
  for (let asked = 0; asked < (metricBefore === 1 ? 2 : 1); asked += 1) {
    await send(`${apiUrl}/api/v1/executions/${executionId}`);
  }
  return {
    description: `execution ${executionId} submitted to ${apiUrl}`,
    sentMillis,
    traceId,
    logQuery: `{service_namespace="${serviceNamespace}"} | json | execution_id="${executionId}"`,
    metricQuery: apiMetricQuery(serviceName),
    leastServices: 4,
  };
}

/** Name of the service that {@link probeOtlp} pretends to be. */
const otlpProbeService = "observability-verify";

/** PromQL of what {@link probeOtlp} raises. */
export const otlpMetricQuery = `sum(observability_verifications_total{service_name="${otlpProbeService}"})`;

/** Sends one log record, one span and one counter by OTLP over HTTP, for a stack without the example services. */
export async function probeOtlp(otlpHttpUrl: string, count: number): Promise<Probe> {
  const traceId = randomBytes(16).toString("hex");
  const spanId = randomBytes(8).toString("hex");
  const sentMillis = Date.now();
  const now = `${sentMillis}000000`;
  const resource = {
    attributes: [
      { key: "service.name", value: { stringValue: otlpProbeService } },
      { key: "service.namespace", value: { stringValue: "observability" } },
    ],
  };
  const line = JSON.stringify({
    timestamp: new Date(sentMillis).toISOString(),
    level: "info",
    message: "verification",
    "service.name": otlpProbeService,
    trace_id: traceId,
    span_id: spanId,
  });
  const log = {
    timeUnixNano: now,
    severityNumber: 9,
    severityText: "INFO",
    body: { stringValue: line },
    traceId,
    spanId,
  };
  const times = { startTimeUnixNano: now, endTimeUnixNano: now };
  const span = { traceId, spanId, traceState: tracestate, name: "verification", kind: 1, ...times };
  const sum = {
    dataPoints: [{ asInt: String(count), timeUnixNano: now, startTimeUnixNano: now }],
    aggregationTemporality: 2,
    isMonotonic: true,
  };
  await post(`${otlpHttpUrl}/v1/logs`, { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [log] }] }] });
  await post(`${otlpHttpUrl}/v1/traces`, { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
  await post(`${otlpHttpUrl}/v1/metrics`, {
    resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [{ name: "observability.verifications", sum }] }] }],
  });
  return {
    description: `one log record, one span and one counter sent to ${otlpHttpUrl}`,
    sentMillis,
    traceId,
    logQuery: `{service_name="${otlpProbeService}"} | json | trace_id="${traceId}"`,
    metricQuery: otlpMetricQuery,
    leastServices: 1,
  };
}

/** Sends JSON. @throws Error with the status and the text of the answer, if the status is not 2xx. */
export function post(url: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const json = { "content-type": "application/json", ...headers };
  return send(url, { method: "POST", headers: json, body: JSON.stringify(body) });
}

/** @throws Error with the status and the text of the answer, if the status is not 2xx. */
async function send(url: string, request: RequestInit = {}): Promise<Response> {
  const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(10_000) });
  if (answer.ok) return answer;
  throw new Error(`${request.method ?? "GET"} ${url} answered ${answer.status}: ${await answer.text()}`);
}

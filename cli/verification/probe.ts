import { randomBytes } from "node:crypto";
import { z } from "zod";

/** Something that was sent on its way, and how to recognize it at the other end. */
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
  backendName: string,
  metricBefore: number,
): Promise<Probe> {
  const traceId = randomBytes(16).toString("hex");
  const executionId = `verify-${traceId.slice(0, 12)}`;
  const headers = {
    "content-type": "application/json",
    traceparent: `00-${traceId}-${randomBytes(8).toString("hex")}-01`,
  };
  const sentMillis = Date.now();
  const body = JSON.stringify({ execution_id: executionId, language: "python", script: "print(42)", simulate: "none" });
  const answer = await fetch(`${apiUrl}/api/v1/executions`, {
    method: "POST",
    headers,
    body,
    signal: AbortSignal.timeout(10_000),
  });
  if (answer.status !== 202)
    throw new Error(`POST /api/v1/executions answered ${answer.status}: ${await answer.text()}`);
  accepted.parse(await answer.json());
  for (let asked = 0; asked < (metricBefore === 1 ? 2 : 1); asked += 1) {
    const state = await fetch(`${apiUrl}/api/v1/executions/${executionId}`, { signal: AbortSignal.timeout(10_000) });
    if (!state.ok)
      throw new Error(`GET /api/v1/executions/${executionId} answered ${state.status}: ${await state.text()}`);
  }
  return {
    description: `execution ${executionId} submitted to ${apiUrl}`,
    sentMillis,
    traceId,
    logQuery: `{service_namespace="${serviceNamespace}"} | json | execution_id="${executionId}"`,
    metricQuery: apiMetricQuery(backendName),
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
  const span = { traceId, spanId, name: "verification", kind: 1, startTimeUnixNano: now, endTimeUnixNano: now };
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

async function post(url: string, body: object): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) throw new Error(`POST ${url} answered ${answer.status}: ${await answer.text()}`);
}

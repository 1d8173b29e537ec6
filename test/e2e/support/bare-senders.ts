import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

/** Services that say no more of themselves than their names, each with one signal, as SDKs of other languages send it. */
export const bareSenders = { logs: "bare-logs", spans: "bare-spans", metrics: "bare-metrics" } as const;

/** What `bareSenders.metrics` sends: differences, whose sum is its total. */
export const differences = [5, 7, 11] as const;

/** Sends what each of {@link bareSenders} sends, by OTLP over HTTP. */
export async function sendBare(otlpHttpUrl: string): Promise<void> {
  const startMillis = Date.now() - 60_000;
  const resource = (name: string): object => ({
    attributes: [{ key: "service.name", value: { stringValue: name } }],
  });
  const record = { timeUnixNano: nanoseconds(startMillis), body: { stringValue: "no JSON" } };
  const severe = { ...record, severityNumber: 17, severityText: "SEVERE" };
  const traceId = randomBytes(16).toString("hex");
  await post(otlpHttpUrl, "logs", {
    resourceLogs: [
      {
        resource: resource(bareSenders.logs),
        scopeLogs: [{ logRecords: [{ ...severe, traceId, spanId: "a".repeat(16) }] }],
      },
    ],
  });
  const span = {
    ...{ traceId, spanId: randomBytes(8).toString("hex"), name: "GET /bare", kind: 2, status: { code: 2 } },
    ...{ startTimeUnixNano: nanoseconds(startMillis), endTimeUnixNano: nanoseconds(startMillis + 20) },
  };
  await post(otlpHttpUrl, "traces", {
    resourceSpans: [{ resource: resource(bareSenders.spans), scopeSpans: [{ spans: [span] }] }],
  });
  for (const [index, asInt] of differences.entries()) {
    const point = {
      ...{ asInt, startTimeUnixNano: nanoseconds(startMillis + index * 1000) },
      timeUnixNano: nanoseconds(startMillis + (index + 1) * 1000),
    };
    const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints: [point] };
    await post(otlpHttpUrl, "metrics", {
      resourceMetrics: [
        { resource: resource(bareSenders.metrics), scopeMetrics: [{ metrics: [{ name: "bare.differences", sum }] }] },
      ],
    });
  }
}

function nanoseconds(millis: number): string {
  return `${millis}000000`;
}

async function post(otlpHttpUrl: string, signal: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${otlpHttpUrl}/v1/${signal}`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.text());
}

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../bundle.ts";
import { isRecord } from "../shared/execution.ts";
import { serviceNames, type ServiceName } from "../shared/destinations.ts";
import { startFleet, stopFleet, until, type Fleet } from "./support/fleet.ts";
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from "./support/otlp-traces.ts";

const straightPath: readonly ServiceName[] = [
  "backend",
  "k8s-worker",
  "pod-monitor",
  "result-processor",
  "saga-orchestrator",
];

describe("an execution", () => {
  const cleanUps: (() => Promise<void> | void)[] = [];
  let receiver: OtlpReceiver;
  let fleet: Fleet;

  before(async () => {
    const dist = mkdtempSync(join(tmpdir(), "services-"));
    cleanUps.push(() => {
      rmSync(dist, { recursive: true });
    });
    await bundle(dist);
    receiver = await startOtlpReceiver();
    cleanUps.push(receiver.close);
    fleet = await startFleet(join(dist, "main.mjs"), {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_NODE_RESOURCE_DETECTORS: "env",
      OTEL_BSP_SCHEDULE_DELAY: "20",
    });
    cleanUps.push(() => stopFleet(fleet));
  });

  after(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });

  it("continues the client's trace through five services, each of which logs its id", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const { status, body } = await submit({ script: "print(1)", execution_id: "abc123", simulate: "none" }, headers);
    assert.equal(status, 202);
    assert.deepEqual(body, { execution_id: "abc123", trace_id: traceId, status: "accepted" });
    await ends("abc123", "completed");
    const spans = await spansOf(
      traceId,
      ({ name, service }) => name === "process execution-updates" && service.endsWith("backend"),
    );

    assert.deepEqual(
      [...new Set(spans.map(({ service }) => service))].sort(),
      straightPath.map((name) => `integr8scode-${name}`),
    );
    assertEachConsumerFollowsItsProducer(spans, 5);
    const [server] = spans.filter(({ parentSpanId }) => parentSpanId === "b7ad6b7169203331");
    assert.equal(server?.kind, "server");
    assert.equal(server.attributes.get("http.route"), "/api/v1/executions");
    for (const name of straightPath) assert.ok(linesOf(name, "abc123").length > 0, name);
    assert.deepEqual(linesOf("event-replay", "abc123"), []);
    assert.ok(spans.every(({ failed }) => !failed));
  });

  it("that fails goes through the dead letter queue and is published again, in the same trace", async () => {
    const { body } = await submit({ script: "print(1)", execution_id: "fails", simulate: "error" });
    const traceId = isRecord(body) ? String(body["trace_id"]) : "";
    await ends("fails", "completed");
    const spans = await spansOf(traceId, ({ name }) => name === "process execution-updates");

    assert.deepEqual(
      [...new Set(spans.map(({ service }) => service))].sort(),
      serviceNames.map((name) => `integr8scode-${name}`),
    );
    assertEachConsumerFollowsItsProducer(spans, 8);
    const failed = spans.filter((span) => span.failed);
    assert.deepEqual(
      failed.map(({ service, name, attributes }) => [service, name, attributes.get("error.type")]),
      [["integr8scode-k8s-worker", "process pod-commands", "SimulatedError"]],
    );
    const levels = linesOf("k8s-worker", "fails").map((line) => (JSON.parse(line) as Record<string, unknown>)["level"]);
    assert.deepEqual(levels, ["info", "error", "info", "info"]);
  });

  it("is refused with a problem when the backend fails", async () => {
    const { status, body } = await submit({ script: "x", execution_id: "refused", simulate: "error:backend" });
    assert.equal(status, 503);
    assert.deepEqual(body, {
      type: "about:blank",
      title: "Service Unavailable",
      status: 503,
      detail: "execution refused could not be accepted; try again later",
    });
    await ends("refused", "rejected");
  });

  it("is finished by a service that was asked to stop, and parked when the service stays away", async () => {
    const worker = fleet["k8s-worker"];
    await submit({ script: "x", execution_id: "slow", simulate: "slow" });
    await until("the pod is being created", () => linesOf("k8s-worker", "slow").length === 1);
    worker.process.kill("SIGTERM");
    assert.deepEqual(await once(worker.process, "close"), [null, "SIGTERM"]);
    await submit({ script: "x", execution_id: "parked", simulate: "none" });
    assert.equal(linesOf("k8s-worker", "slow").filter((line) => line.includes("pod created")).length, 1);
    await ends("slow", "completed");
    await ends("parked", "failed");
    assert.equal(linesOf("event-replay", "parked").filter((line) => line.includes("published again")).length, 1);
  });

  async function submit(
    body: object,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: unknown }> {
    const url = `${fleet.backend.url}/api/v1/executions`;
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  }

  async function ends(executionId: string, status: string): Promise<void> {
    await until(`${executionId} is ${status}`, async () => {
      const state: unknown = await (await fetch(`${fleet.backend.url}/api/v1/executions/${executionId}`)).json();
      return isRecord(state) && state["status"] === status;
    });
  }

  async function spansOf(traceId: string, isLast: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan[]> {
    const spans = (): ReceivedSpan[] => receiver.spans.filter((span) => span.traceId === traceId);
    const complete = (): boolean => {
      const ids = new Set(spans().map(({ spanId }) => spanId));
      const roots = spans().filter(({ parentSpanId }) => !ids.has(parentSpanId));
      return roots.length === 1 && spans().some(isLast);
    };
    await until(`the spans of ${traceId} are here`, complete);
    return spans();
  }

  function linesOf(name: ServiceName, executionId: string): string[] {
    return fleet[name].lines.filter((line) => line.includes(`"execution_id":"${executionId}"`));
  }
});

function assertEachConsumerFollowsItsProducer(spans: readonly ReceivedSpan[], count: number): void {
  const consumers = spans.filter(({ kind }) => kind === "consumer");
  assert.equal(consumers.length, count);
  for (const consumer of consumers) {
    const producer = spans.find(({ spanId }) => spanId === consumer.parentSpanId);
    const destination = consumer.attributes.get("messaging.destination.name") ?? "";
    assert.equal(consumer.name, `process ${destination}`);
    assert.equal(consumer.attributes.get("messaging.operation.type"), "process");
    assert.equal(producer?.kind, "producer");
    assert.equal(producer.name, `send ${destination}`);
    assert.equal(producer.attributes.get("messaging.operation.type"), "send");
    assert.notEqual(producer.service, consumer.service);
  }
}

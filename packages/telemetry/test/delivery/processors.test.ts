import assert from "node:assert/strict";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { createDelivery, type Delivery } from "../../src/delivery/delivery.ts";
import { createRedactor } from "../../src/redaction/redactor.ts";
import { createSignalRedaction } from "../../src/redaction/signals.ts";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";

function deliveryTo(url: string): Delivery {
  const exporter = {
    protocol: "http/json",
    url,
    headers: {},
    timeoutMillis: 1000,
    compression: "none",
    tls: {},
  } as const;
  const batch = { maxExportBatchSize: 512, maxQueueSize: 2048, scheduledDelayMillis: 60_000 };
  return createDelivery({
    logs: { exporter, batch },
    spans: { exporter, batch },
    metrics: { exporter, temporality: "cumulative", histograms: "explicit_bucket_histogram" },
    redaction: createSignalRedaction(createRedactor()),
    processMemoryBytes: 2 ** 30,
    report: () => undefined,
  });
}

describe("DeliverySpanProcessor", () => {
  it("counts a span as soon as it has ended, and as lost if the process ends at once", () => {
    const delivery = deliveryTo("http://127.0.0.1:9/v1/traces");
    const provider = new TracerProvider({ spanProcessors: [delivery.spanProcessor] });
    for (let number = 0; number < 3; number += 1) provider.getTracer("test").startSpan("a").end();
    const { written, waiting } = delivery.counts().spans;
    provider.getTracer("test").startSpan("the last one").end();
    delivery.giveUp("the test has ended");
    assert.deepEqual([written, waiting, delivery.counts().spans.lost.shutdown], [3, 3, 4]);
  });

  it("delivers spans in their order, as they were when they ended", async () => {
    const receiver = await startOtlpReceiver();
    try {
      const delivery = deliveryTo(`${receiver.httpUrl}/v1/traces`);
      const resource = resourceFromAttributes({});
      const provider = new TracerProvider({ resource, spanProcessors: [delivery.spanProcessor] });
      const tracer = provider.getTracer("test");
      tracer.startSpan("first", { attributes: { text: "t" } }).end();
      const second = tracer.startSpan("second");
      const state = { is: "as it was" };
      second.setAttribute("state", state);
      second.end();
      state.is = "changed";
      tracer.startSpan("third").end();
      await delivery.shutdown(5000, ["spans"]);
      const body = receiver.accepted.map((request) => request.body.toString()).join("\n");
      assert.deepEqual(
        [...body.matchAll(/"name":"(first|second|third)"/g)].map(([, name]) => name),
        ["first", "second", "third"],
      );
      assert.deepEqual([body.includes("as it was"), body.includes("changed")], [true, false]);
    } finally {
      receiver.close();
    }
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { derivedName } from "../../config/collector/derived-metrics.ts";
import { grouping } from "../../config/collector/grouping.ts";
import { handedOver, untilHandedOver, waiting } from "../../bench/delivery.ts";

/** What a Collector shows of its exporters, after so many questions. */
function shown(question: number): string {
  const sent = (records: string, exporter: string, value: number): string =>
    `otelcol_exporter_sent_${records}_total{exporter="${exporter}",service_name="otel-collector"} ${value}\n`;
  return (
    "# TYPE otelcol_exporter_sent_log_records_total counter\n" +
    sent("log_records", grouping.exporter, 999) +
    sent("log_records", "otlp_http/loki", 100 * question) +
    sent("spans", "otlp_grpc/jaeger", 1.5e6) +
    sent("metric_points", "otlp_http/victoria-metrics", 7) +
    sent("metric_points", derivedName("otlp_http/victoria-metrics"), 999) +
    'otelcol_exporter_queue_size{data_type="logs",exporter="otlp_http/loki",service_name="otel-collector"} 42\n'
  );
}

describe("what the Collector has handed over", () => {
  let server: Server;
  let url = "";

  beforeEach(async () => {
    let questions = 0;
    server = createServer((_, response) => {
      questions += 1;
      response.end(shown(questions));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it("is what its exporters to the stores have sent, and not what it gathers or makes itself", async () => {
    assert.deepEqual(await handedOver(url), { logs: 100, traces: 1.5e6, metrics: 7 });
    assert.deepEqual(await waiting(url), { logs: 42, traces: 0, metrics: 0 });
  });

  it("is waited for until it is all that was acknowledged, or for as long as it may take", async () => {
    const before = { logs: 100, traces: 1.5e6, metrics: 0 };
    const { late } = await untilHandedOver(url, before, { logs: 250, traces: 0, metrics: 7 });
    assert.deepEqual(late, []);
    const none = { logs: 0, traces: 0, metrics: 0 };
    const { late: missing } = await untilHandedOver(url, none, { logs: 1, traces: 2e6, metrics: 8 }, 300);
    assert.deepEqual(missing, ["traces", "metrics"]);
  });
});

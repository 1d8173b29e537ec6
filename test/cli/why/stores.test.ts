import assert from "node:assert/strict";
import { GrafanaClient } from "../../../cli/grafana-client.ts";
import { isNear, nearNames, Stores } from "../../../cli/why/stores.ts";
import { FakeGrafana } from "../../support/fake-grafana.ts";

const proxy = "/api/datasources/proxy/uid";
const now = 1_700_000_000_000;

async function withAnswers(
  answers: Readonly<Record<string, unknown>>,
  ask: (stores: Stores) => Promise<void>,
): Promise<FakeGrafana> {
  const grafana = await FakeGrafana.start(answers);
  try {
    await ask(new Stores(new GrafanaClient(grafana.url, "admin", "secret"), now));
    return grafana;
  } finally {
    await grafana.stop();
  }
}

describe("the stores", () => {
  it("know each service once, whatever it has sent, and leave out the stack itself", async () => {
    const answers = {
      [`${proxy}/loki/loki/api/v1/label/service_name/values`]: { status: "success", data: ["b", "canary", "a"] },
      [`${proxy}/jaeger/api/services`]: { data: null },
      [`${proxy}/victoria-metrics/api/v1/label/service_name/values`]: { data: ["c", "a"] },
    };
    const { seen } = await withAnswers(answers, async (stores) => {
      assert.deepEqual(await stores.serviceNames(), ["a", "b", "c"]);
    });
    const asked = seen.map(({ parameters }) => parameters["match[]"]).filter((selector) => selector !== undefined);
    assert.deepEqual(asked, ['{service_namespace!="stack"}']);
  });

  it("say when the newest record of each signal was made, of the service itself only", async () => {
    const span = (startTime: number, processID: string): object => ({ startTime, duration: 1, processID });
    const processes = { p1: { serviceName: 'a"b' }, p2: { serviceName: "other" } };
    const answers = {
      [`${proxy}/loki/loki/api/v1/query_range`]: {
        data: {
          result: [
            { stream: {}, values: [[`${now - 2000}000000`, "line"]] },
            { stream: {}, values: [[`${now - 1000}000000`, "line"]] },
          ],
        },
      },
      [`${proxy}/jaeger/api/traces`]: {
        data: [{ spans: [span((now - 3000) * 1000, "p1"), span(now * 1000, "p2")], processes }],
      },
      [`${proxy}/victoria-metrics/api/v1/query`]: {
        data: { result: [{ metric: {}, value: [now / 1000, String((now - 4000) / 1000)] }] },
      },
    };
    const grafana = await withAnswers(answers, async (stores) => {
      assert.deepEqual(await stores.newest('a"b'), { logs: now - 1000, traces: now - 3000, metrics: now - 4000 });
    });
    const asked = grafana.seen.map(({ parameters }) => parameters["query"] ?? parameters["service"]);
    assert.deepEqual(asked.sort(), [
      'a"b',
      'max(tlast_change_over_time(traces_span_metrics_calls_total{service_name="a\\"b"}[86400000ms])) and on() otelcol_processor_tail_sampling_sampling_traces_on_memory{service_namespace="stack"}',
      'max(tlast_over_time({service_name="a\\"b",__name__!~"traces_span_metrics_calls_total.*|traces_span_metrics_duration_seconds.*|traces_service_graph_request_total.*|traces_service_graph_request_failed_total.*|log_record_count_total.*"}[86400000ms]))',
      '{service_name="a\\"b"}',
    ]);
  });

  it("say when a span came that was not stored, where only some traces are, and ask nobody else for it", async () => {
    const answers = {
      [`${proxy}/loki/loki/api/v1/query_range`]: { data: { result: [] } },
      [`${proxy}/jaeger/api/traces`]: { data: [] },
      [`${proxy}/victoria-metrics/api/v1/query`]: {
        data: { result: [{ metric: {}, value: [now / 1000, String((now - 5000) / 1000)] }] },
      },
    };
    await withAnswers(answers, async (stores) => {
      assert.equal((await stores.newest("a")).traces, now - 5000);
    });
  });

  it("say the language of the SDK that has sent a service's newest line, or else of its traces", async () => {
    const tags = (value: string): object => ({ tags: [{ key: "telemetry.sdk.language", value }] });
    const answers = (stream: object): Readonly<Record<string, unknown>> => ({
      [`${proxy}/loki/loki/api/v1/query_range`]: { data: { result: [{ stream, values: [] }] } },
      [`${proxy}/jaeger/api/traces`]: {
        data: [
          {
            spans: [],
            processes: { p1: { serviceName: "b", ...tags("java") }, p2: { serviceName: "a", ...tags("go") } },
          },
        ],
      },
    });
    const languages: unknown[] = [];
    for (const stream of [{ telemetry_sdk_language: "python" }, { telemetry_sdk_language: "cobol" }, {}]) {
      await withAnswers(answers(stream), async (stores) => {
        languages.push(await stores.sdkLanguage("a"));
      });
    }
    assert.deepEqual(languages, ["python", "go", "go"]);
  });

  it("say what the Collector took by transport, refused, handed on and keeps, and what they threw away", async () => {
    const series = (labels: object, value: number): object => ({ metric: labels, value: [0, String(value)] });
    const counted = [
      series({ __name__: "otelcol_receiver_accepted_spans_total", transport: "grpc" }, 4),
      series({ __name__: "otelcol_receiver_accepted_spans_total", transport: "http" }, 5),
      series({ __name__: "otelcol_receiver_refused_spans_total", transport: "http" }, 2),
      series({ __name__: "otelcol_exporter_sent_spans_total" }, 9),
      series({ __name__: "otelcol_exporter_send_failed_spans_total" }, 1),
      series({ __name__: "vm_rows_ignored_total", reason: "nan_value", data_type: "traces" }, 7),
    ];
    const metrics =
      'loki_discarded_samples_total{policy="",reason="too_far_behind",tenant="fake"} 3\nloki_other_total{reason="x"} 1\n';
    const answers = {
      [`${proxy}/victoria-metrics/api/v1/query`]: { data: { result: counted } },
      [`${proxy}/loki/metrics`]: metrics,
    };
    await withAnswers(answers, async (stores) => {
      const traces = (await stores.deliveries()).find(({ signal }) => signal === "traces");
      assert.deepEqual(traces, {
        signal: "traces",
        accepted: { grpc: 4, http: 5 },
        refused: 2,
        sent: 9,
        failed: 1,
        queued: 7,
      });
      const rejected = await stores.rejections();
      assert.deepEqual(
        [rejected[0], rejected.at(-1)],
        [
          { store: "Loki", reason: "too_far_behind", count: 3 },
          { store: "VictoriaMetrics", reason: "nan_value", count: 7 },
        ],
      );
    });
  });
});

describe("a name that may be meant", () => {
  it("differs by a few letters, its case, or what stands around it; a service without a name always may be", () => {
    const known = [
      "shop-checkout",
      "Checkout",
      "chekout",
      "payments",
      "checkout",
      "unknown_service:node",
      "checkout-v2",
    ];
    assert.deepEqual(nearNames("checkout", known), [
      "shop-checkout",
      "Checkout",
      "chekout",
      "unknown_service:node",
      "checkout-v2",
    ]);
    assert.ok(isNear("shop.checkout", "checkout"));
    assert.ok(!isNear("check", "shop-checkout-service"));
  });
});

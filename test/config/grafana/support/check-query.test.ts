import assert from "node:assert/strict";
import { checkLogql, checkPromql } from "./check-query.ts";
import { withValues } from "./dashboard.ts";
import { storedName, type StoredSeries } from "./stored-series.ts";

describe("the check of queries", () => {
  const known: StoredSeries = new Map([
    ["calls_total", new Set(["service_name", "code"])],
    ["seconds_bucket", new Set(["service_name", "le"])],
  ]);

  it("knows metrics by the names under which VictoriaMetrics was seen to store them", () => {
    const names = [
      storedName({ name: "http.server.request.duration", unit: "s", kind: "histogram" }),
      storedName({ name: "messaging.client.sent.messages", unit: "{message}", kind: "counter" }),
      storedName({ name: "nodejs.eventloop.utilization", unit: "1", kind: "gauge" }),
      storedName({ name: "messaging.queue.depth", unit: "{message}", kind: "gauge" }),
    ];
    assert.deepEqual(names, [
      "http_server_request_duration_seconds",
      "messaging_client_sent_messages_total",
      "nodejs_eventloop_utilization_ratio",
      "messaging_queue_depth",
    ]);
  });

  const promql: readonly [fault: string, query: string, problems: readonly string[]][] = [
    ["nothing in a query that holds", 'sum by (code) (rate(calls_total{service_name="a"}[1m])) * 0', []],
    [
      "a metric that nobody sends",
      "sum(rate(call_total[1m])) / sum(rate(calls_total[1m]))",
      ["no service sends call_total"],
    ],
    ["a label that the metric has not", 'calls_total{status="5"}', ["calls_total has no label status"]],
    ["a label of another metric", 'calls_total{le="5"}', ["calls_total has no label le"]],
    [
      "a group that is not there",
      "sum by (job) (calls_total)",
      ["sum by (job) (calls_total): nothing in it has a label job"],
    ],
    [
      "a group that an inner one has lost",
      "count by (code) (sum by (service_name) (calls_total))",
      ["count by (code) (sum by (service_name) (calls_total)): nothing in it has a label code"],
    ],
    [
      "buckets without their bounds",
      "histogram_quantile(0.9, sum by (service_name) (rate(seconds_bucket[1m])))",
      ["histogram_quantile(0.9, sum by (service_name) (rate(seconds_bucket[1m]))): its buckets have no label le"],
    ],
    [
      "a label to match by that is not there",
      "calls_total / on (job) calls_total",
      ["calls_total / on (job) calls_total: nothing in it has a label job"],
    ],
    ["a made-up zero", "sum(calls_total) or vector(0)", ["vector(…) makes up a value where there is none"]],
    ["a syntax error", "sum(rate(calls_total[1m])", ["syntax error in `sum(rate(calls_total[1m])` at 25"]],
    ["that a query is empty", "", ["syntax error in `` at 0"]],
  ];
  for (const [fault, query, problems] of promql) {
    it(`finds ${fault}: ${query}`, () => {
      assert.deepEqual(checkPromql(query, known).problems, problems);
    });
  }

  const logql: readonly [fault: string, query: string, problems: readonly string[]][] = [
    ["nothing in a query that holds", '{service_name="a"} | detected_level="error"', []],
    ["a label that no stream has", '{app="a"}', ["no stream has a label app"]],
    ["metadata used as a label", '{trace_id="a"}', ["no stream has a label trace_id"]],
    ["a field that no line has", '{service_name="a"} | level="error"', ["no line has a field level"]],
    ["nothing in a field of a line that is parsed", '{service_name="a"} | json | err_type="E"', []],
    [
      "nothing in a template of what is there",
      '{service_name="a"} | json m="err_type" | drop __error__ | line_format `{{.m}} {{or .msg .detected_level}}`',
      ["no line has a field msg"],
    ],
    [
      "fields that are taken out of no line, or not taken out",
      '{service_name="a"} | json m="x" | line_format `{{if .err_type}}{{.n}}{{end}}`',
      ["no line has a field x", "no line has a field err_type", "no line has a field n"],
    ],
    ["a field that no parsed line has", '{service_name="a"} | json | x="E"', ["no line has a field x"]],
    [
      "a group that is not there",
      'sum by (level) (count_over_time({service_name="a"}[1m]))',
      ["no line has a field level"],
    ],
    [
      "a selector that Loki refuses",
      '{service_name=~".*"}',
      ['{service_name=~".*"}: Loki wants a matcher that refuses the empty value'],
    ],
    [
      "a made-up zero",
      'sum(count_over_time({service_name="a"}[1m])) or vector(0)',
      ["vector(…) makes up a value where there is none"],
    ],
    ["a syntax error", '{service_name="a"', ['syntax error in `{service_name="a"` at 17']],
  ];
  for (const [fault, query, problems] of logql) {
    it(`finds ${fault}: ${query}`, () => {
      assert.deepEqual(checkLogql(query, new Set(["err_type"])).problems, problems);
    });
  }

  it("finds a variable that the dashboard has not", () => {
    assert.throws(() => withValues('calls_total{a="$b"}', { c: "" }), {
      message: 'calls_total{a="$b"}: no variable $b',
    });
  });
});

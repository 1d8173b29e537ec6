import assert from "node:assert/strict";
import { runChecks, type CheckResult } from "../../../cli/verification/checks.ts";
import { GrafanaClient } from "../../../cli/grafana-client.ts";
import type { Probe } from "../../../cli/verification/probe.ts";
import { FakeGrafana } from "../../support/fake-grafana.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const proxy = "/api/datasources/proxy/uid";
const probe: Probe = {
  description: "an execution",
  sentMillis: Date.now(),
  traceId,
  logQuery: '{service_namespace="shop"}',
  metricQuery: "executions_total",
  leastServices: 2,
};

const stream = (service: string): object => ({
  stream: { service_name: service, trace_id: traceId },
  values: [["1", `{"service":"${service}","trace_id":"${traceId}"}`]],
});
const tag = (key: string, value: unknown): object => ({ key, type: "string", value });
const span = { operationName: "GET /", startTime: 1_000_000, duration: 1_000, tags: [tag("service.name", "shop")] };
const field = { name: "TraceID", matcherRegex: '"trace_id":"(\\w+)"', url: "${__value.raw}", datasourceUid: "jaeger" };
const labelField = { ...field, name: "trace_id", matcherType: "label", matcherRegex: "^trace_id$" };
const serviceField = {
  name: "Service",
  matcherRegex: '"service":"(\\w+)"',
  url: "/d/service?var-service=${__value.raw}",
};
const serviceLabelField = {
  ...serviceField,
  name: "service_name",
  matcherType: "label",
  matcherRegex: "^service_name$",
};
const link = { datasourceUid: "loki", customQuery: true, query: '{a=~".+"} | trace_id="${__trace.traceId}"' };
const metricsLink = {
  datasourceUid: "victoria-metrics",
  tags: [{ key: "service.name", value: "service_name" }],
  queries: [
    { name: "Rate", query: "sum(rate(calls{$__tags}[$__rate_interval]))" },
    { name: "p95", query: "p95{$__tags}" },
  ],
};

const answers = {
  [`${proxy}/loki/loki/api/v1/query_range`]: { data: { result: [stream("api"), stream("worker")] } },
  [`${proxy}/jaeger/api/traces/${traceId}`]: {
    data: [
      {
        spans: [
          { ...span, processID: "p1" },
          { ...span, processID: "p2" },
        ],
        processes: { p1: { serviceName: "api" }, p2: { serviceName: "worker" } },
      },
    ],
  },
  [`${proxy}/victoria-metrics/api/v1/query`]: { data: { result: [{ metric: {}, value: [1, "5"] }] } },
  "/api/datasources/uid/loki": { jsonData: { derivedFields: [field, labelField, serviceField, serviceLabelField] } },
  "/api/dashboards/uid/service": { dashboard: { title: "Service", templating: { list: [{ name: "service" }] } } },
  "/api/datasources/uid/jaeger": { jsonData: { tracesToLogsV2: link, tracesToMetrics: metricsLink } },
};

describe("the checks of a verification", () => {
  let grafana: FakeGrafana | undefined;
  /** The next command of each check that failed. */
  let next: readonly string[] = [];
  afterEach(async () => {
    await grafana?.stop();
  });

  async function check(changes: Readonly<Record<string, unknown>> = {}, grafanaVersion = "12.3.1"): Promise<unknown[]> {
    grafana = await FakeGrafana.start({ ...answers, ...changes });
    const client = new GrafanaClient(grafana.url, "admin", "secret");
    const reported: CheckResult[] = [];
    const logCommand = (host: string): string => `docker logs --tail 50 shop-${host}`;
    const context = { grafana: client, grafanaVersion, probe, metricBefore: 4, logCommand };
    const results = await runChecks(context, (result) => {
      reported.push(result);
    });
    assert.deepEqual([...reported].sort(byName), [...results].sort(byName), "each is reported once");
    next = results.flatMap((result) => (result.passed ? [] : [result.next]));
    return results.map((result) =>
      result.passed ? [result.name, result.detail] : [result.name, "FAILED", result.cause],
    );
  }

  const byName = (a: CheckResult, b: CheckResult): number => (a.name < b.name ? -1 : 1);
  const found = [
    ["log in Loki", "2 line(s) of 2 service(s)"],
    ["trace in Jaeger", "crosses 2 service(s)"],
    ["metric in VictoriaMetrics", "counter went from 4 to 5"],
  ];
  const followed = [
    ["log → trace: TraceID, by regex on the line", "opens the trace of 2 service(s)"],
    ["log → trace: trace_id, by metadata label", "opens the trace of 2 service(s)"],
    ["log → dashboard: Service, by regex on the line", "opens the dashboard Service of api"],
    ["log → dashboard: service_name, by metadata label", "opens the dashboard Service of api"],
    ["trace → logs: tracesToLogsV2", "opens 2 line(s)"],
    ["trace → metrics: tracesToMetrics", "opens Rate and p95"],
  ];

  it("find the log, the trace and the metric, and follow every link (S12, S19, S23)", async () => {
    assert.deepEqual(await check(), [...found, ...followed]);
  });

  it("follow only the links that the running Grafana supports, and name them", async () => {
    assert.deepEqual(await check({}, "10.0.0"), [...found, followed[0], followed[2], ...followed.slice(4)]);
  });

  it("fail for a link that gives no id, though its trace is there (D2)", async () => {
    const dead = { ...field, matcherRegex: '"traceId":"(\\w+)"' };
    const results = await check({ "/api/datasources/uid/loki": { jsonData: { derivedFields: [dead] } } });
    assert.deepEqual(results[3], [
      "log → trace: TraceID, by regex on the line",
      "FAILED",
      `Error: the link gives nothing for the line {"service":"api","trace_id":"${traceId}"}`,
    ]);
  });

  it("fail for a link to the dashboard of another service, and for one to a dashboard that cannot choose a service", async () => {
    const wrong = { ...serviceField, url: "/d/service?var-service=other" };
    const wrongAnswer = { "/api/datasources/uid/loki": { jsonData: { derivedFields: [field, wrong] } } };
    const name = "log → dashboard: Service, by regex on the line";
    assert.deepEqual((await check(wrongAnswer))[4], [
      name,
      "FAILED",
      "Error: the link gives /d/service?var-service=other for a line of api",
    ]);
    await grafana?.stop();
    const without = { "/api/dashboards/uid/service": { dashboard: { title: "Service" } } };
    assert.deepEqual((await check(without))[5], [
      name,
      "FAILED",
      "Error: the dashboard Service has no variable service",
    ]);
  });

  it("fail when no link is left that the running Grafana supports", async () => {
    const results = await check(
      { "/api/datasources/uid/loki": { jsonData: { derivedFields: [labelField] } } },
      "10.0.0",
    );
    assert.deepEqual(results[3], ["log → trace", "FAILED", "Grafana has no derived field that its version supports"]);
  });

  it("fail at once, and only for what depends on it, when a store answers with an error", async () => {
    const path = `${proxy}/jaeger/api/traces/${traceId}`;
    const results = await check({ [path]: 502 });
    const cause = `Error: ${path} answered 502: 502`;
    assert.deepEqual(results, [
      found[0],
      ["trace in Jaeger", "FAILED", cause],
      found[2],
      ["log → trace: TraceID, by regex on the line", "FAILED", cause],
      ["log → trace: trace_id, by metadata label", "FAILED", cause],
      ...followed.slice(2, 4),
      ["trace → logs: tracesToLogsV2", "FAILED", "Error: there is no trace to start from"],
      ["trace → metrics: tracesToMetrics", "FAILED", "Error: there is no trace to start from"],
    ]);
    assert.equal(next[0], "docker logs --tail 50 shop-jaeger; docker logs --tail 50 shop-otel-collector");
  });
});

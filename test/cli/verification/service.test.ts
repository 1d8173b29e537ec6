import assert from "node:assert/strict";
import { verifyService } from "../../../cli/verification/service.ts";
import { FakeGrafana } from "../../support/fake-grafana.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const proxy = "/api/datasources/proxy/uid";
const inLine = {
  name: "TraceID",
  matcherRegex: '(?:"trace_id":"| trace_id=)(\\w+)',
  url: "${__value.raw}",
  datasourceUid: "jaeger",
};
const besideLine = { ...inLine, name: "trace_id", matcherType: "label", matcherRegex: "^trace_id$" };

/** What stores have of a service that sends everything, `ageMillis` ago, with lines of this text. */
function answers(ageMillis: number, text: string): Record<string, unknown> {
  const millis = Date.now() - ageMillis;
  const names = { data: ["orders", "shop-orders", "carts"] };
  const trace = {
    traceID: traceId,
    spans: [{ operationName: "GET /", startTime: millis * 1000, duration: 1000, processID: "p1" }],
    processes: { p1: { serviceName: "orders" } },
  };
  const stream = { service_name: "orders", trace_id: traceId };
  return {
    "/api/health": { version: "12.3.1" },
    [`${proxy}/loki/loki/api/v1/label/service_name/values`]: names,
    [`${proxy}/jaeger/api/services`]: names,
    [`${proxy}/victoria-metrics/api/v1/label/service_name/values`]: names,
    [`${proxy}/loki/loki/api/v1/query_range`]: { data: { result: [{ stream, values: [[`${millis}000000`, text]] }] } },
    [`${proxy}/jaeger/api/traces`]: { data: [trace] },
    [`${proxy}/jaeger/api/traces/${traceId}`]: { data: [trace] },
    [`${proxy}/victoria-metrics/api/v1/query`]: {
      data: { result: [{ metric: {}, value: [1, String(millis / 1000)] }] },
    },
    "/api/datasources/uid/loki": { jsonData: { derivedFields: [inLine, besideLine] } },
    "/api/datasources/uid/jaeger": {
      jsonData: {
        tracesToLogsV2: {
          datasourceUid: "loki",
          customQuery: true,
          query: '{a=~".+"} | trace_id="${__trace.traceId}"',
        },
        tracesToMetrics: {
          datasourceUid: "victoria-metrics",
          tags: [{ key: "service.name", value: "service_name" }],
          queries: [{ name: "Rate", query: "calls{$__tags}" }],
        },
      },
    },
  };
}

const why = "npm run why -- orders";

describe("the verification of a service", () => {
  let grafana: FakeGrafana | undefined;
  afterEach(async () => {
    await grafana?.stop();
  });

  async function verified(prepared: Record<string, unknown>, name = "orders"): Promise<unknown[]> {
    grafana = await FakeGrafana.start(prepared);
    const outputs = {
      ...{ urls: { grafana: grafana.url }, grafanaUser: "admin", grafanaPassword: "secret" },
      ...{ serviceNames: [], instances: [] },
    };
    const results = await verifyService(name, outputs, () => undefined, 50);
    return results.map((result) =>
      result.passed ? [result.name, result.detail] : [result.name, "FAILED", result.cause, result.next],
    );
  }

  const links = [
    ["log → trace: trace_id, by metadata label", "opens the trace of 1 service(s)"],
    ["trace → logs: tracesToLogsV2", "opens 1 line(s)"],
    ["trace → metrics: tracesToMetrics", "opens Rate"],
  ];
  const young = [
    ["newest log line", "5 s old"],
    ["newest span", "5 s old"],
    ["newest metric", "5 s old"],
  ];

  it("says how old the newest of each signal is, and follows its links, by whichever way the line has its trace", async () => {
    assert.deepEqual(await verified(answers(5_000, "order read")), [...young, ...links]);
  });

  it("says which signal is missing and which is old, and names the command that says why", async () => {
    const old = answers(40 * 60_000, "order read");
    const none = { ...old, [`${proxy}/victoria-metrics/api/v1/query`]: { data: { result: [] } } };
    assert.deepEqual((await verified(none)).slice(0, 3), [
      ["newest log line", "FAILED", "40 min old, and none in 15 min", why],
      ["newest span", "FAILED", "40 min old, and none in 15 min", why],
      ["newest metric", "FAILED", "none in 24 h", why],
    ]);
  });

  it("follows the links of a Grafana that reads no metadata from a line as the dashboards write it, and says so", async () => {
    const prepared = answers(5_000, "order read");
    const path = `${proxy}/loki/loki/api/v1/query_range`;
    const written = answers(5_000, `INFO  orders  order read trace_id=${traceId}`);
    const asked = (parameters: URLSearchParams): unknown =>
      (parameters.get("query")?.includes("line_format") === true ? written : prepared)[path];
    const [, , , fromLog] = await verified({ ...prepared, [path]: asked, "/api/health": { version: "10.0.0" } });
    assert.deepEqual(fromLog, [
      "log → trace: TraceID, by regex on the line",
      "opens the trace of 1 service(s), from the line as the dashboards write it: Explore of Grafana 10.0.0 has no link on it",
    ]);
  });

  it("says of a Grafana that reads no metadata that it does not find the trace beside a line", async () => {
    const [, , , fromLog, ...others] = await verified({
      ...answers(5_000, "order read"),
      "/api/health": { version: "10.0.0" },
    });
    assert.deepEqual(fromLog, [
      "log → trace: TraceID, by regex on the line",
      "FAILED",
      "Error: the link gives nothing for the line order read; Grafana 10.0.0 looks in the text of a line only",
      `${why}; Grafana 11 looks beside the line as well`,
    ]);
    assert.deepEqual(others, links.slice(1));
  });

  const refused: Readonly<Record<string, readonly [name: string, message: string]>> = {
    "by a few letters": ["oders", '"oders"; near are orders\n  next: npm run why -- oders'],
    "by its last word": ["ORDERS", '"ORDERS"; near are orders, shop-orders\n  next: npm run why -- ORDERS'],
    "by nothing": ["nowhere", '"nowhere"; there are carts, orders, shop-orders\n  next: npm run why -- nowhere'],
    "by being empty": ["", '""; there are carts, orders, shop-orders\n  next: npm run why'],
  };
  for (const [how, [name, said]] of Object.entries(refused)) {
    it(`refuses a name that is none ${how}, with those that may be meant`, async () => {
      const message = `--service: must be the service.name of something that has sent telemetry in the last 24 h, got ${said}`;
      await assert.rejects(verified(answers(0, ""), name), { message, errorCodes: ["OBS1502"] });
    });
  }
});

import assert from "node:assert/strict";
import { GrafanaClient } from "../../cli/grafana-client.ts";
import { FakeGrafana } from "../support/fake-grafana.ts";

const proxy = "/api/datasources/proxy/uid";

describe("Grafana, as the verification asks it", () => {
  let grafana: FakeGrafana | undefined;
  afterEach(async () => {
    await grafana?.stop();
  });

  async function client(answers: Readonly<Record<string, unknown>>): Promise<GrafanaClient> {
    grafana = await FakeGrafana.start(answers);
    return new GrafanaClient(grafana.url, "admin", "pass:word");
  }

  it("gives lines with their labels, asked for in nanoseconds and with the user's login", async () => {
    const answer = {
      data: {
        result: [
          {
            stream: { service_name: "shop" },
            values: [
              ["1", "first"],
              ["2", "second", {}],
            ],
          },
        ],
      },
    };
    const asked = await client({ [`${proxy}/loki/loki/api/v1/query_range`]: answer });
    assert.deepEqual(await asked.logs("loki", '{a="b"}', 1000, 2000, 7), [
      { line: "first", labels: { service_name: "shop" } },
      { line: "second", labels: { service_name: "shop" } },
    ]);
    assert.deepEqual(grafana?.seen, [
      {
        path: `${proxy}/loki/loki/api/v1/query_range`,
        parameters: { query: '{a="b"}', start: "1000000000", end: "2000000000", limit: "7" },
        authorization: `Basic ${Buffer.from("admin:pass:word").toString("base64")}`,
      },
    ]);
  });

  it("gives the sum over series, and nothing when there is no series: that is not 0", async () => {
    const point = (value: string): object => ({ metric: {}, value: [1, value] });
    const path = `${proxy}/victoria-metrics/api/v1/query`;
    const some = await client({ [path]: { data: { result: [point("2"), point("3")] } } });
    assert.equal(await some.metric("victoria-metrics", "up"), 5);
    // With what was stored in the last second as well.
    assert.deepEqual(grafana?.seen[0]?.parameters, { query: "up", nocache: "1" });
    await grafana.stop();
    const none = await client({ [path]: { data: { result: [] } } });
    assert.equal(await none.metric("victoria-metrics", "up"), undefined);
  });

  it("gives a trace as its services, its spans' attributes and its time, in milliseconds", async () => {
    const spans = [
      { startTime: 2_000_000, duration: 500_000, processID: "p1", tags: [{ key: "http.route", value: "/a" }] },
      { startTime: 1_000_000, duration: 4_000_000, processID: "p2" },
      { startTime: 3_000_000, duration: 1_000, processID: "p1", tags: [{ key: "http.status", value: 200 }] },
    ];
    const processes = {
      p1: { serviceName: "worker", tags: [{ key: "service.namespace", value: "shop" }] },
      p2: { serviceName: "api" },
    };
    const asked = await client({ [`${proxy}/jaeger/api/traces/abc`]: { data: [{ spans, processes }] } });
    assert.deepEqual(await asked.trace("jaeger", "abc"), {
      serviceNames: ["api", "worker"],
      spanTags: [
        { "service.namespace": "shop", "http.route": "/a" },
        {},
        { "service.namespace": "shop", "http.status": "200" },
      ],
      startMillis: 1000,
      endMillis: 5000,
    });
  });

  it("knows a trace that is not there yet from a store that does not answer", async () => {
    const asked = await client({
      [`${proxy}/jaeger/api/traces/none`]: { data: null },
      [`${proxy}/jaeger/api/traces/empty`]: { data: [] },
      [`${proxy}/jaeger/api/traces/broken`]: 502,
    });
    assert.equal(await asked.trace("jaeger", "none"), undefined);
    assert.equal(await asked.trace("jaeger", "empty"), undefined);
    assert.equal(await asked.trace("jaeger", "unknown"), undefined);
    await assert.rejects(asked.trace("jaeger", "broken"), {
      message: `${proxy}/jaeger/api/traces/broken answered 502: 502`,
    });
  });

  it("gives its version and a data source's settings", async () => {
    const asked = await client({
      "/api/health": { version: "12.3.1", database: "ok" },
      "/api/datasources/uid/loki": { uid: "loki", jsonData: { maxLines: 1 } },
    });
    assert.equal(await asked.version(), "12.3.1");
    assert.deepEqual(await asked.jsonData("loki"), { maxLines: 1 });
  });
});

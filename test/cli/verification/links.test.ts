import assert from "node:assert/strict";
import { parse } from "yaml";
import { z } from "zod";
import {
  derivedFields,
  resolveField,
  resolveSpanQuery,
  resolveTraceQuery,
  shiftMillis,
  supportsField,
  tracesToLogsLink,
  tracesToMetricsLink,
  type DerivedField,
} from "../../../cli/verification/links.ts";
import { datasources } from "../../../config/grafana/datasources.ts";
import { stackDatasources } from "../../support/settings.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const byRegex: DerivedField = {
  name: "TraceID",
  matcherRegex: '"trace_id":"(\\w+)"',
  url: "${__value.raw}",
  datasourceUid: "jaeger",
};
const byLabel: DerivedField = { ...byRegex, name: "trace_id", matcherType: "label", matcherRegex: "^trace_id$" };

const compact = { line: `{"level":"info","trace_id":"${traceId}","span_id":"b7ad6b7169203331"}`, labels: {} };
const spaced = { line: `{"level": "info", "trace_id": "${traceId}"}`, labels: { trace_id: traceId } };
const plain = { line: "started", labels: { service_name: "shop", trace_id: traceId } };

describe("a link from a log line to its trace", () => {
  it("takes the id from a compact JSON line, as the original's expression does (S19, S20)", () => {
    assert.equal(resolveField(byRegex, compact), traceId);
    assert.equal(resolveField({ ...byRegex, matcherType: "regex" }, compact), traceId);
  });

  it("finds nothing by the original's expression in a line with a space: the test that the original had not (D2)", () => {
    assert.equal(resolveField(byRegex, spaced), undefined);
    assert.equal(resolveField(byRegex, plain), undefined);
  });

  it("takes the id from the metadata, whatever the line looks like (S12, D2)", () => {
    assert.equal(resolveField(byLabel, spaced), traceId);
    assert.equal(resolveField(byLabel, plain), traceId);
    assert.equal(resolveField(byLabel, compact), undefined);
  });

  it("matches the name of a label, not part of another's", () => {
    assert.equal(resolveField(byLabel, { line: "", labels: { parent_trace_id: "x" } }), undefined);
  });

  it("puts the id where the link has its place for it, unchanged", () => {
    const field = { ...byRegex, url: "trace/${__value.raw}?again=${__value.raw}", matcherRegex: "id=(\\S+)" };
    assert.equal(resolveField(field, { line: "id=a1", labels: {} }), "trace/a1?again=a1");
  });

  it("by label needs Grafana 11, the one by expression works everywhere", () => {
    const versions = ["10.0.0", "10.4.19", "11.0.0", "12.3.1"];
    assert.deepEqual(
      versions.map((version) => supportsField(byLabel, version)),
      [false, false, true, true],
    );
    assert.deepEqual(
      versions.map((version) => supportsField(byRegex, version)),
      [true, true, true, true],
    );
  });
});

describe("a link from a trace to its logs", () => {
  const link = {
    datasourceUid: "loki",
    customQuery: true,
    query: '{service_name=~".+"} | trace_id="${__trace.traceId}"',
    spanStartTimeShift: "-5m",
    spanEndTimeShift: "5m",
  } as const;

  it("asks for the trace's id (S23)", () => {
    assert.equal(resolveTraceQuery(link, traceId), `{service_name=~".+"} | trace_id="${traceId}"`);
  });

  it("is read from Jaeger's data source, and refused when it cannot be followed", () => {
    assert.deepEqual(tracesToLogsLink({ tracesToLogsV2: link, other: 1 }), link);
    assert.throws(() => tracesToLogsLink({}), /tracesToLogsV2/);
    assert.throws(() => tracesToLogsLink({ tracesToLogsV2: { ...link, customQuery: false } }), /customQuery/);
  });

  it("is shifted by Grafana's units of time", () => {
    assert.deepEqual(["0", "250", "-3ms", "2s", "-5m", "1h"].map(shiftMillis), [0, 250, -3, 2000, -300_000, 3_600_000]);
    for (const shift of ["5 m", "1d", "", "m"]) {
      assert.throws(() => shiftMillis(shift), {
        message: `time shift: must be a number with ms, s, m or h, got ${shift}`,
      });
    }
  });
});

describe("a link from a span to its metrics", () => {
  const tags = [
    { key: "service.name", value: "service_name" },
    { key: "http.route", value: "http_route" },
  ];
  const link = { datasourceUid: "victoria-metrics", tags, queries: [{ name: "Rate", query: "rate(a[1m])" }] };

  it("asks by the attributes that the span has, over an interval as Grafana makes it, and replaces nothing else", () => {
    const query = 'rate(calls{$__tags}[$__rate_interval]) or vector(1, "${__span.name}")';
    const asked = (spanTags: Readonly<Record<string, string>>): string => resolveSpanQuery(query, { tags }, spanTags);
    assert.equal(
      asked({ "service.name": "$1", other: "x" }),
      'rate(calls{service_name="$1"}[1m]) or vector(1, "${__span.name}")',
    );
    assert.equal(
      asked({ "http.route": "/a", "service.name": "shop" }),
      'rate(calls{service_name="shop", http_route="/a"}[1m]) or vector(1, "${__span.name}")',
    );
  });

  it("is read from Jaeger's data source, and refused when it asks nothing", () => {
    assert.deepEqual(tracesToMetricsLink({ tracesToMetrics: link, other: 1 }), link);
    assert.throws(() => tracesToMetricsLink({}), /tracesToMetrics/);
    assert.throws(() => tracesToMetricsLink({ tracesToMetrics: { ...link, tags: [] } }), /tags/);
    assert.throws(() => tracesToMetricsLink({ tracesToMetrics: { ...link, queries: [] } }), /queries/);
  });
});

describe("the links that the stack provisions", () => {
  const provisioned = z.object({ datasources: z.array(z.object({ uid: z.string(), jsonData: z.unknown() })) });

  /** As Grafana holds it: `$$` in a provisioning file is one `$`. */
  function jsonDataOf(uid: string): unknown {
    const { datasources: all } = provisioned.parse(parse(datasources(stackDatasources)));
    const found = all.find((datasource) => datasource.uid === uid)?.jsonData;
    return JSON.parse(JSON.stringify(found).replaceAll("$$", "$"));
  }

  it("lead from a line to its trace on every Grafana, with and without a space in the line (S19, S20, D2)", () => {
    const fields = derivedFields(jsonDataOf("loki"));
    for (const version of ["10.0.0", "12.3.1"]) {
      const usable = fields.filter((field) => supportsField(field, version));
      for (const log of [compact, spaced]) {
        const found = usable.map((field) => resolveField(field, log));
        assert.ok(found.includes(traceId), `Grafana ${version}: ${log.line}`);
      }
    }
    assert.deepEqual(
      fields.map(({ datasourceUid }) => datasourceUid),
      fields.map(() => "jaeger"),
    );
  });

  it("lead from a trace to the logs with its id (S23)", () => {
    const link = tracesToLogsLink(jsonDataOf("jaeger"));
    assert.equal(link.datasourceUid, "loki");
    assert.ok(resolveTraceQuery(link, traceId).includes(`trace_id="${traceId}"`));
    assert.ok(shiftMillis(link.spanStartTimeShift) < 0 && shiftMillis(link.spanEndTimeShift) > 0);
  });
});

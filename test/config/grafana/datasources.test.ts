import assert from "node:assert/strict";
import { z } from "zod";
import {
  addressFields,
  derivedFields,
  resolveField,
  resolveTraceQuery,
  shiftMillis,
  tracesToLogsLink,
  type AddressField,
  type DerivedField,
} from "../../../cli/verification/links.ts";
import { datasources, generatedDatasources } from "../../../config/grafana/datasources.ts";
import { dashboardUids } from "../../../config/names.ts";
import { datasourceUid } from "../../../config/parts/part.ts";
import { partList, parts } from "../../../config/parts/parts.ts";
import { scrapeSeconds } from "../../../config/collector/own-metrics.ts";
import { checkLogql, lokiMetadata } from "./support/check-query.ts";
import { observedService } from "./support/observed-service.ts";
import { provisioned, provisionedDatasources, type ProvisionedDatasource } from "./support/provisioning.ts";
import { stackDatasources } from "../../support/settings.ts";
import { knownParts } from "../../support/further-parts.ts";

function datasource(uid: string): ProvisionedDatasource {
  const found = provisionedDatasources(datasources(stackDatasources)).find((candidate) => candidate.uid === uid);
  assert.ok(found !== undefined, uid);
  return found;
}

function serviceLink(name: string): AddressField {
  const found = addressFields(datasource(datasourceUid(parts.loki)).jsonData).find((field) => field.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

function logLink(name: string): DerivedField {
  const found = derivedFields(datasource(datasourceUid(parts.loki)).jsonData).find((field) => field.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

/** Lines as a service wrote them, each with its trace id; at least two have one. */
async function realLines(): Promise<{ line: string; traceId: string | undefined }[]> {
  const written = z.looseObject({ trace_id: z.string().optional() });
  const { lines } = await observedService();
  const read = lines.map((line) => ({ line, traceId: written.parse(JSON.parse(line)).trace_id }));
  assert.ok(read.filter(({ traceId }) => traceId !== undefined).length >= 2, "nothing to find");
  return read;
}

/** What a service wrote, as Python's `json.dumps` spells it. */
function spaced(line: string): string {
  return line.replaceAll(/(?<=[{,]"[\w.]+":)|(?<=,)(?="[\w.]+":)/g, " ");
}

describe("Grafana's data sources", () => {
  it("are Loki, Jaeger and VictoriaMetrics under their fixed uids, asked by Grafana itself; the last one is the default", () => {
    assert.deepEqual(
      provisionedDatasources(datasources(generatedDatasources(knownParts))).map(
        ({ jsonData: _links, ...rest }) => rest,
      ),
      [
        { name: "Loki", type: "loki", uid: "loki", access: "proxy", url: "http://loki:3100", editable: true },
        { name: "Jaeger", type: "jaeger", uid: "jaeger", access: "proxy", url: "http://jaeger:16686", editable: true },
        {
          name: "VictoriaMetrics",
          type: "prometheus",
          uid: "victoria-metrics",
          access: "proxy",
          url: "http://victoria-metrics:8428",
          editable: true,
          isDefault: true,
        },
      ],
    );
  });

  it("hold links and limits, and no user, password or header", () => {
    assert.deepEqual(
      provisionedDatasources(datasources(generatedDatasources(knownParts))).map(({ jsonData }) =>
        Object.keys(jsonData),
      ),
      [
        ["maxLines", "derivedFields"],
        ["nodeGraph", "tracesToLogsV2", "tracesToMetrics"],
        ["httpMethod", "timeInterval"],
      ],
    );
  });

  it("are all the parts that Grafana asks, one of them the default, with no user, password or header", () => {
    const asked = partList.filter(({ datasource: own }) => own !== "none");
    const found = provisionedDatasources(datasources(stackDatasources));
    assert.deepEqual(found.map(({ name }) => name).sort(), asked.map(({ title }) => title).sort());
    assert.equal(found.filter(({ isDefault }) => isDefault === true).length, 1);
    for (const { access, url, jsonData } of found) {
      assert.equal(access, "proxy");
      assert.ok(
        asked.some(({ host, ports }) => Object.values(ports).some(({ port }) => url === `http://${host}:${port}`)),
      );
      assert.doesNotMatch(Object.keys(jsonData).join(" "), /user|password|header|secure/i);
    }
  });

  it("are the same text every time", () => {
    assert.equal(datasources(stackDatasources), datasources(stackDatasources));
  });

  it("keep the dollars of their links through Grafana's expansion, whatever is in its environment", () => {
    const dollars: string[] = [];
    const hostile = {
      "__value.raw": "lost",
      "__trace.traceId": "lost",
      __tags: "lost",
      __rate_interval: "lost",
    };
    JSON.stringify(provisioned(datasources(stackDatasources), hostile), (_key, value: unknown) => {
      if (typeof value === "string" && /\$|lost/.test(value)) dollars.push(value);
      return value;
    });
    assert.deepEqual(dollars, [
      "${__value.raw}",
      "^trace_id$",
      "${__value.raw}",
      "/d/service?var-service=${__value.raw}",
      "^service_name$",
      "/d/service?var-service=${__value.raw}",
      '{service_name=~".+"} | trace_id="${__trace.traceId}"',
      "sum by (span_name) (rate(traces_span_metrics_calls_total{$__tags}[$__rate_interval]))",
      "histogram_quantile(0.95, sum by (span_name, le, vmrange) (increase(traces_span_metrics_duration_seconds_bucket{$__tags}[$__rate_interval])))",
    ]);
  });

  it("know how often the parts are asked for their metrics, of which a rate needs two points", () => {
    const { jsonData } = datasource(datasourceUid(parts.victoriaMetrics));
    assert.deepEqual(jsonData, { httpMethod: "POST", timeInterval: "15s" });
    assert.equal(4 * shiftMillis("15s"), 2 * scrapeSeconds * 1000);
  });
});

describe("the link from a line to its trace", () => {
  it("finds the trace id in every line that a service really wrote, and nothing in a line without one (S19)", async () => {
    const lines = await realLines();
    assert.deepEqual(
      lines.map(({ line }) => resolveField(logLink("TraceID"), { line, labels: {} })),
      lines.map(({ traceId }) => traceId),
    );
  });

  it("finds it just as well when the writer puts a space after the colon (D2)", async () => {
    const lines = await realLines();
    assert.deepEqual(
      lines.map(({ line }) => resolveField(logLink("TraceID"), { line: spaced(line), labels: {} })),
      lines.map(({ traceId }) => traceId),
    );
    assert.ok(lines.some(({ line }) => spaced(line).includes('"trace_id": "')));
  });

  it("does not take another field's value for the trace id", () => {
    for (const line of ['{"parent_trace_id":"a"}', '{"trace_id_2":"a"}', '{"message":"\\"trace_id\\":\\"a\\""}']) {
      assert.equal(resolveField(logLink("TraceID"), { line, labels: {} }), undefined, line);
    }
  });

  it("goes by the metadata trace_id as well, and by no other field that Loki or a service adds (S12)", () => {
    const pattern = new RegExp(logLink("trace_id").matcherRegex);
    const others = ["parent_trace_id", "trace_id_extracted", "x_trace_id_y"];
    assert.deepEqual(
      [...lokiMetadata, ...others].filter((name) => pattern.test(name)),
      ["trace_id"],
    );
    const labels = { parent_trace_id: "no", trace_id: "yes" };
    assert.equal(resolveField(logLink("trace_id"), { line: "not JSON", labels }), "yes");
  });

  it("has two ways with two names, since of fields with one name only the first works; both lead to Jaeger", () => {
    assert.deepEqual(
      derivedFields(datasource(datasourceUid(parts.loki)).jsonData).map(({ name, matcherType, datasourceUid }) => {
        return { name, matcherType, datasourceUid };
      }),
      [
        { name: "TraceID", matcherType: "regex", datasourceUid: "jaeger" },
        { name: "trace_id", matcherType: "label", datasourceUid: "jaeger" },
      ],
    );
  });
});

describe("the link from a line to the dashboard of its service", () => {
  const opened = (line: string): string | undefined => resolveField(serviceLink("Service"), { line, labels: {} });
  const address = (service: string): string => `/d/${dashboardUids.service}?var-service=${service}`;

  it("finds who wrote a line in every line that a service really wrote", async () => {
    for (const { line } of await realLines()) {
      assert.equal(opened(line), address("shop-result-processor"), line);
      assert.equal(opened(spaced(line)), address("shop-result-processor"), line);
    }
  });

  it("finds it in the lines that dashboards make readable, however long level and name are", () => {
    for (const level of ["INFO ", "ERROR", "CRITICAL"]) {
      for (const service of ["a", "shop-api", "x".repeat(23), "x".repeat(24), "x".repeat(40)]) {
        assert.equal(opened(`${level} ${service.padEnd(24)} order stored`), address(service), `${level} ${service}`);
      }
    }
  });

  it("takes no other line for one of these", () => {
    for (const line of ["ERROR could not store", "INFO  started", "GET /orders  200", "shop-api  started", ""]) {
      assert.equal(opened(line), undefined, line);
    }
  });

  it("goes by the label service_name as well, and by no other", () => {
    const labels = { peer_service_name: "no", service_name: "yes" };
    assert.equal(resolveField(serviceLink("service_name"), { line: "", labels }), address("yes"));
  });
});

describe("the link from a trace to its logs", () => {
  it("asks Loki by the id alone, in any service, in LogQL that Loki takes (S23)", () => {
    const link = tracesToLogsLink(datasource(datasourceUid(parts.jaeger)).jsonData);
    const query = resolveTraceQuery(link, "0af7651916cd43dd8448eb211c80319c");
    assert.equal(link.datasourceUid, "loki");
    assert.equal(query, '{service_name=~".+"} | trace_id="0af7651916cd43dd8448eb211c80319c"');
    assert.deepEqual(checkLogql(query, new Set()).problems, []);
  });

  it("looks some minutes before and after the trace, and not the other way round", () => {
    const link = tracesToLogsLink(datasource(datasourceUid(parts.jaeger)).jsonData);
    assert.deepEqual([shiftMillis(link.spanStartTimeShift), shiftMillis(link.spanEndTimeShift)], [-300_000, 300_000]);
  });
});

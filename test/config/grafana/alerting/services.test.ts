import assert from "node:assert/strict";
import fc from "fast-check";
import { promisedBy, serviceGroups } from "../../../../config/grafana/alerting/services.ts";
import { objectivesSchema } from "../../../../config/grafana/alerting/settings.ts";
import { rulesOf } from "../../../../config/grafana/alerting/rules.ts";

function exprOf(name: string, objectives: object): string {
  const rules = rulesOf(serviceGroups(objectivesSchema.parse(objectives)));
  return rules.find((rule) => rule.name === name)?.expr ?? "";
}

const by = "service_namespace, service_name, deployment_environment_name";
const increase = (selector: string, window: string): string => `sum by (${by}) (increase(${selector}[${window}]))`;

describe("the rules about services", () => {
  it("compare what failed in two windows with what may fail, by spans or else by HTTP metrics", () => {
    const spans = `traces_span_metrics_calls_total{service_namespace!="stack",span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"`;
    const http = `http_server_request_duration_seconds_count{service_namespace!="stack"`;
    const part = (window: string, least: string): string => {
      const all = (selector: string): string =>
        least === "" ? increase(selector, window) : `(${increase(selector, window)}${least})`;
      const bySpans = `(${increase(`${spans},status_code="STATUS_CODE_ERROR"}`, window)} / ${all(`${spans}}`)})`;
      const byHttp = `(${increase(`${http},http_response_status_code=~"5.."}`, window)} / ${all(`${http}}`)})`;
      return `(${bySpans} or ${byHttp})`;
    };
    assert.equal(
      exprOf("errors-fast", { availabilityPercent: 99.5 }),
      `(${part("1h", " >= 10")} > 0.072 and ${part("5m", "")} > 0.072)\nor (${part("6h", " >= 10")} > 0.03 and ${part("30m", "")} > 0.03)`,
    );
  });

  it("count as slow what is above a bound of the histograms", () => {
    const expr = exprOf("latency-slow", { latencySeconds: 2.5, latencyPercent: 98 });
    assert.deepEqual([...new Set(expr.match(/le="[^"]*"/g))], ['le="2.5"']);
    assert.deepEqual([...new Set(expr.match(/> [\d.]+(?= |\)|$)/g))], ["> 0.06", "> 0.02"]);
    assert.deepEqual([...new Set(expr.match(/\[\w+\]/g))], ["[1d]", "[2h]", "[3d]", "[6h]"]);
  });

  it("find nothing where nobody promises anything", () => {
    const none = { latencySeconds: 0, silenceMinutes: 0 };
    assert.equal(exprOf("latency-fast", none), 'traces_span_metrics_duration_seconds_count{service_name=""}');
    assert.equal(exprOf("silence", none), 'traces_span_metrics_calls_total{service_name=""}');
  });

  it("have one query for those that promise the same, and none for what differs in nothing", () => {
    const objectives = objectivesSchema.parse({
      services: {
        a: { availabilityPercent: 99.9 },
        "b.c": { availabilityPercent: 99.9, latencySeconds: 5 },
        d: { availabilityPercent: 99 },
      },
    });
    assert.deepEqual(
      promisedBy(objectives, ["availabilityPercent"]).map(({ which, objective }) => [
        which,
        objective.availabilityPercent,
      ]),
      [
        [String.raw`service_namespace!="stack",service_name!~"a|b\\.c"`, 99],
        [String.raw`service_namespace!="stack",service_name=~"a|b\\.c"`, 99.9],
      ],
    );
  });

  it("choose a service by its name, whatever letters are in it, and no other", () => {
    const piece = fc.constantFrom(
      "a",
      "b",
      ".",
      "*",
      "+",
      "(",
      ")",
      "[",
      "]",
      "{{",
      "}}",
      "|",
      "^",
      "\\",
      '"',
      "'",
      "`",
      "-",
      "é",
      "\\n",
      "\\Q",
    );
    const name = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 4 }), ([other = "", ...names]) => {
        const services = Object.fromEntries(names.map((each) => [each, { silenceMinutes: 30 }]));
        const [, own] = promisedBy(objectivesSchema.parse({ services }), ["silenceMinutes"]);
        // Go and JavaScript read such a literal, and such an expression, alike.
        const written = /service_name=~(".*")$/s.exec(own?.which ?? "")?.[1] ?? "";
        const expression = new RegExp(`^(?:${JSON.parse(written) as string})$`, "u");
        assert.deepEqual(
          names.map((each) => expression.test(each)),
          names.map(() => true),
        );
        assert.equal(expression.test(other), false);
      }),
    );
  });
});

import assert from "node:assert/strict";
import { connectors, connectorsOf, derivedProcessors } from "../../../config/collector/derived-metrics.ts";
import { stackNamespace } from "../../../config/names.ts";

describe("the metrics that the Collector makes", () => {
  it("come of each connector, which takes one signal", () => {
    assert.deepEqual(Object.values(connectorsOf).flat().sort(), Object.keys(connectors).sort());
  });

  it("keep of a sender what tells services apart, and not the instance that came first", () => {
    const { resource_metrics_key_attributes: keys, aggregation_cardinality_limit: most } = connectors.span_metrics;
    assert.deepEqual(keys, ["service.name", "service.namespace", "deployment.environment.name"]);
    assert.deepEqual(derivedProcessors["transform/derived"].metric_statements, [
      'keep_keys(resource.attributes, ["service.name", "service.namespace", "deployment.environment.name"])',
    ]);
    assert.equal(most, 1000);
  });

  it("have no histograms of the edges, which say what the durations of spans say", () => {
    const [condition] = derivedProcessors["filter/derived"].metric_conditions;
    const [, pattern = ""] = /^IsMatch\(metric\.name, "(.*)"\)$/.exec(condition) ?? [];
    const made = ["", "_failed", "_client", "_server"].map((each) => `traces_service_graph_request${each}`);
    assert.deepEqual(
      made.filter((name) => new RegExp(pattern).test(name)),
      ["traces_service_graph_request_client", "traces_service_graph_request_server"],
    );
  });

  it("are of the users' services only: the canary's are not kept, which is a service of the stack's own", () => {
    const [, ofStack] = derivedProcessors["filter/derived"].metric_conditions;
    assert.equal(ofStack, `resource.attributes["service.namespace"] == "${stackNamespace}"`);
  });

  it("have latencies between bounds that grow", () => {
    const seconds = connectors.span_metrics.histogram.explicit.buckets.map((bound) =>
      bound.endsWith("ms") ? Number(bound.slice(0, -2)) / 1000 : Number(bound.slice(0, -1)),
    );
    assert.deepEqual(seconds, [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]);
  });
});

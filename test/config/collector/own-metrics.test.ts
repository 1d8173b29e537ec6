import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { hostStatements } from "../../../config/collector/host-metrics.ts";
import { ownProcessors, ownReceivers } from "../../../config/collector/own-metrics.ts";
import type { ScrapedPart } from "../../../config/parts/own-metrics.ts";
import { delivery } from "../../support/settings.ts";

const rule = z.strictObject({
  source_labels: z.array(z.string()),
  separator: z.literal(";"),
  regex: z.string(),
  action: z.literal("keep"),
});
const receiver = z.object({
  config: z.object({
    scrape_configs: z.array(
      z.strictObject({
        job_name: z.string(),
        static_configs: z.array(z.object({ targets: z.array(z.string()) })),
        metric_relabel_configs: z.tuple([rule]),
      }),
    ),
  }),
});

const store: ScrapedPart = {
  host: "store",
  address: "store:80",
  memoryMib: 100,
  kept: {
    taken_total: { says: "taken" },
    asked_seconds: { says: "asked", isHistogram: true, only: { route: "/(?:read|write)" } },
    slots: { says: "slots", only: { type: "main" } },
    begun: { says: "begun", storedAs: "process_uptime_seconds" },
    used_total: { says: "used", storedAs: "process_cpu_seconds_total" },
  },
};

type Series = Readonly<Record<string, string>>;

/** Whether a series gets past the rule, which Prometheus anchors at both ends. */
function isKept(part: ScrapedPart, series: Series): boolean {
  const scrape = receiver.parse(ownReceivers([part])["prometheus/stack"]).config.scrape_configs[0] ?? assert.fail();
  const [{ source_labels: labels, separator, regex }] = scrape.metric_relabel_configs;
  return new RegExp(`^(?:${regex})$`).test(labels.map((label) => series[label] ?? "").join(separator));
}

describe("what the parts measure of themselves", () => {
  it("is asked for at each part's own address, under its name", () => {
    const { config } = receiver.parse(ownReceivers(delivery.scraped)["prometheus/stack"]);
    assert.deepEqual(
      config.scrape_configs.map(({ job_name: name, static_configs: statics }) => [name, ...statics]),
      delivery.scraped.map(({ host, address }) => [host, { targets: [address] }]),
    );
    const at = (host: string): string | undefined => delivery.scraped.find((part) => part.host === host)?.address;
    assert.deepEqual(["loki", "victoria-metrics", "jaeger", "otel-collector", "grafana"].map(at), [
      "loki:3100",
      "victoria-metrics:8428",
      "jaeger:8888",
      "127.0.0.1:8888",
      "grafana:3000",
    ]);
  });

  it("is kept by its whole name, of a histogram all three names, and with a label only where that fits", () => {
    const kept: readonly Series[] = [
      { __name__: "taken_total" },
      { __name__: "taken_total", route: "/other", type: "other" },
      ...["bucket", "sum", "count"].map((end) => ({ __name__: `asked_seconds_${end}`, route: "/read" })),
      { __name__: "slots", type: "main" },
    ];
    const dropped: readonly Series[] = [
      { __name__: "taken" },
      { __name__: "taken_total_more" },
      { __name__: "asked_seconds" },
      { __name__: "asked_seconds_count", route: "/reading" },
      { __name__: "asked_seconds_count" },
      { __name__: "slots", type: "small" },
      { __name__: "slots", route: "main" },
      { __name__: "other", type: "main;taken_total" },
    ];
    assert.deepEqual(
      kept.map((series) => isKept(store, series)),
      kept.map(() => true),
    );
    assert.deepEqual(
      dropped.map((series) => isKept(store, series)),
      dropped.map(() => false),
    );
  });

  it("drops every other name of every part", () => {
    fc.assert(
      fc.property(fc.constantFrom(...delivery.scraped), fc.stringMatching(/^[a-z_]{1,40}$/), (part, name) => {
        fc.pre(!Object.keys(part.kept).includes(name.replace(/_(bucket|sum|count)$/, "")));
        assert.equal(isKept(part, { __name__: name }), false);
      }),
    );
  });

  it("has no dollar sign, which the Collector would read as a reference", () => {
    const text = JSON.stringify([ownReceivers(delivery.scraped), ownProcessors(delivery.scraped, hostStatements)]);
    assert.doesNotMatch(text, /\$/);
  });

  it("is named alike for all parts, belongs to the stack, and has each part's memory limit beside it", () => {
    assert.deepEqual(ownProcessors([store], ["first()"]), {
      "filter/stack": { error_mode: "ignore", metric_conditions: ['IsMatch(metric.name, "^scrape_")'] },
      "transform/stack": {
        error_mode: "ignore",
        metric_statements: [
          {
            context: "metric",
            statements: [
              "first()",
              'set(resource.attributes["service.namespace"], "stack")',
              'set(resource.attributes["service.instance.id"], resource.attributes["service.name"])',
              'copy_metric(name="process_memory_limit_bytes") where metric.name == "up"',
            ],
          },
          {
            context: "datapoint",
            statements: [
              'set(datapoint.value_double, 104857600.0) where metric.name == "process_memory_limit_bytes" and resource.attributes["service.name"] == "store"',
              'set(datapoint.value_double, Double(UnixMilli(datapoint.time)) / 1000 - datapoint.value_double) where metric.name == "process_start_time_seconds"',
            ],
          },
          {
            context: "metric",
            statements: [
              'convert_sum_to_gauge() where metric.name == "begun"',
              'set(metric.name, "process_uptime_seconds") where metric.name == "begun"',
              'set(metric.name, "process_cpu_seconds_total") where metric.name == "used_total"',
            ],
          },
        ],
      },
    });
  });
});

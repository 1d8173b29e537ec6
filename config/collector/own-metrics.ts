/*
 * The parts' metrics about themselves: the Collector asks each part, keeps what is needed, and gives all of them the same
 * names for the same things. Source of the keys: prometheus.io/docs/prometheus/latest/configuration, and
 * github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.158.0 (prometheusreceiver, transformprocessor).
 */
import { stackNamespace } from "../names.ts";
import { startTime, type ScrapedPart } from "../parts/own-metrics.ts";
import type { KeptMetric } from "../parts/part.ts";

/** How often the parts are asked, in seconds. What they tell changes slowly, and each answer costs both ends. */
export const scrapeSeconds = 30;

/** Names of what the Collector adds for each part. */
export const addedMetrics = {
  up: "1 while the Collector reaches it, 0 while it does not",
  process_memory_limit_bytes: "memory limit of the container, in bytes",
} as const;

/** Name of the receiver. What is made for the stack itself ends in the stack's namespace, and queries leave it out by that. */
const ownReceiver = `prometheus/${stackNamespace}`;

/** Name of the pipeline of the stack's metrics about itself. */
export const ownPipeline = `metrics/${stackNamespace}`;

/** The receiver that asks each part. */
export function ownReceivers(parts: readonly ScrapedPart[]): Readonly<Record<string, object>> {
  return {
    [ownReceiver]: {
      config: {
        global: {
          scrape_interval: `${scrapeSeconds}s`,
          scrape_timeout: "10s",
          // The one that all of them speak, and the cheapest to write and to read.
          scrape_protocols: ["PrometheusText0.0.4"],
        },
        scrape_configs: parts.map(({ host, address, kept }) => ({
          // Becomes `service.name`.
          job_name: host,
          static_configs: [{ targets: [address] }],
          metric_relabel_configs: [keepOnly(kept)],
        })),
      },
    },
  };
}

/** The rule that lets through what is kept. There is no `$` in it, which the Collector would read as a reference. */
function keepOnly(kept: Readonly<Record<string, KeptMetric>>): object {
  const labels = [...new Set(Object.values(kept).flatMap(({ only = {} }) => Object.keys(only)))];
  const alternatives = Object.entries(kept).map(([name, { isHistogram = false, only = {} }]) => {
    const series = isHistogram ? `${name}_(?:bucket|sum|count)` : name;
    return [series, ...labels.map((label) => (only[label] === undefined ? ".*" : `(?:${only[label]})`))].join(";");
  });
  return { source_labels: ["__name__", ...labels], separator: ";", regex: alternatives.join("|"), action: "keep" };
}

/**
 * Processors of the pipeline, by their names, in their order.
 *
 * @param first statements about metrics that come before the parts' own
 */
export function ownProcessors(
  parts: readonly ScrapedPart[],
  first: readonly string[],
): Readonly<Record<string, object>> {
  const renamed = new Map(
    parts.flatMap(({ kept }) =>
      Object.entries(kept).flatMap(([name, { storedAs }]) => (storedAs === undefined ? [] : [[name, storedAs]])),
    ),
  );
  const limits = parts.map(
    ({ host, memoryMib }) =>
      `set(datapoint.value_double, ${memoryMib * 1024 * 1024}.0) where metric.name == "process_memory_limit_bytes" and resource.attributes["service.name"] == "${host}"`,
  );
  return {
    // How long the asking took, and how much came: of no use to anybody.
    [`filter/${stackNamespace}`]: {
      error_mode: "ignore",
      metric_conditions: ['IsMatch(metric.name, "^scrape_")'],
    },
    [`transform/${stackNamespace}`]: {
      error_mode: "ignore",
      metric_statements: [
        {
          context: "metric",
          statements: [
            ...first,
            `set(resource.attributes["service.namespace"], "${stackNamespace}")`,
            // Its address by default; what a part sends itself has its name.
            'set(resource.attributes["service.instance.id"], resource.attributes["service.name"])',
            // There is one for each part and time, whether the part answers or not.
            'copy_metric(name="process_memory_limit_bytes") where metric.name == "up"',
          ],
        },
        {
          context: "datapoint",
          statements: [
            ...limits,
            `set(datapoint.value_double, Double(UnixMilli(datapoint.time)) / 1000 - datapoint.value_double) where metric.name == "${startTime}"`,
          ],
        },
        {
          context: "metric",
          statements: [...renamed].flatMap(([name, storedAs]) => [
            // A sum would get `_total` behind its name once more.
            ...(storedAs.endsWith("_total") ? [] : [`convert_sum_to_gauge() where metric.name == "${name}"`]),
            `set(metric.name, "${storedAs}") where metric.name == "${name}"`,
          ]),
        },
      ],
    },
  };
}

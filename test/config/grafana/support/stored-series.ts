import { promotedResourceAttributes } from "../../../../config/parts/victoria-metrics.ts";
import type { ReceivedMetric } from "./otlp-metrics.ts";

/** The names under which VictoriaMetrics stores series, and the labels that each has. */
export type StoredSeries = ReadonlyMap<string, ReadonlySet<string>>;

/** Words for units, as far as the stack's metrics have them (opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics). */
const unitWords: Readonly<Record<string, string>> = { s: "seconds", ms: "milliseconds", By: "bytes", "1": "" };

/** What VictoriaMetrics makes of metrics that come by OTLP, with `-opentelemetry.usePrometheusNaming` and the stack's labels. */
export function storedSeries(metrics: readonly ReceivedMetric[]): StoredSeries {
  const promoted = new Set<string>(promotedResourceAttributes);
  const series = new Map<string, Set<string>>();
  for (const metric of metrics) {
    const own = [...metric.resource.filter((key) => promoted.has(key)), ...metric.attributes].map(underscored);
    for (const [suffix, labels] of metric.kind === "histogram" ? histogramParts(own) : [["", own] as const]) {
      const name = `${storedName(metric)}${suffix}`;
      series.set(name, new Set([...(series.get(name) ?? []), ...labels]));
    }
  }
  return series;
}

function histogramParts(labels: readonly string[]): (readonly [suffix: string, labels: readonly string[]])[] {
  return [
    ["_bucket", [...labels, "le"]],
    ["_count", labels],
    ["_sum", labels],
  ];
}

/** The name without a histogram's own suffixes. */
export function storedName({ name, unit, kind }: Pick<ReceivedMetric, "name" | "unit" | "kind">): string {
  const words = name.split(/[/_.\-: ]+/).filter((word) => word !== "");
  const unitWord = unit.includes("{") ? "" : (unitWords[unit] ?? unit);
  const ending = kind === "counter" ? "total" : kind === "gauge" && unit === "1" ? "ratio" : "";
  const withUnit = unitWord === "" || words.includes(unitWord) ? words : [...words, unitWord];
  return (ending === "" ? withUnit : [...withUnit.filter((word) => word !== ending), ending]).join("_");
}

/** An attribute as a label, in VictoriaMetrics and in Loki: `service.name` is `service_name`. */
export function underscored(attribute: string): string {
  return attribute.replaceAll(/[^a-zA-Z0-9_:]/g, "_");
}

import { Canary } from "../../../../canary/canary.mjs";
import { addedMetrics } from "../../../../config/collector/own-metrics.ts";
import { partList } from "../../../../config/parts/parts.ts";
import type { StoredSeries } from "./stored-series.ts";

const resource = ["service_name", "service_namespace", "service_instance_id"];
const exporter = ["exporter"];
const receiver = ["receiver", "transport"];
const kinds = ["log_records", "spans", "metric_points"];

const policy = ["policy", "decision", "sampled"];

/** What a Collector 0.158.0 sends of itself that the dashboards name. */
const collector: Readonly<Record<string, readonly string[]>> = {
  otelcol_exporter_queue_size: [...exporter, "data_type"],
  otelcol_exporter_queue_capacity: [...exporter, "data_type"],
  otelcol_processor_tail_sampling_count_traces_sampled_total: policy,
  otelcol_processor_tail_sampling_sampling_traces_on_memory: [],
  ...Object.fromEntries(
    kinds.flatMap((kind) => [
      [`otelcol_receiver_accepted_${kind}_total`, receiver],
      [`otelcol_receiver_refused_${kind}_total`, receiver],
      [`otelcol_receiver_failed_${kind}_total`, receiver],
      [`otelcol_exporter_sent_${kind}_total`, exporter],
      [`otelcol_exporter_send_failed_${kind}_total`, exporter],
      [`otelcol_exporter_enqueue_failed_${kind}_total`, exporter],
    ]),
  ),
};

/** What the canary reports. */
function canary(): readonly (readonly [string, readonly string[]])[] {
  const addresses = { collector: "", logs: "", traces: "", metrics: "" };
  return new Canary(addresses, () => undefined).numbers().map(({ name }) => [name, ["signal"]]);
}

/** What the parts measure of themselves, with the labels that its description names. */
function parts(): readonly (readonly [string, readonly string[]])[] {
  return partList.flatMap(({ metrics }) => {
    if (metrics === "none") return [];
    return Object.entries(metrics.kept).flatMap(([name, { says, only = {}, isHistogram = false, storedAs = name }]) => {
      const labels = [...Object.keys(only), ...[...says.matchAll(/`(\w+)`/g)].map(([, label = ""]) => label)];
      const names = isHistogram ? [`${storedAs}_count`, `${storedAs}_sum`] : [storedAs];
      return [
        ...names.map((each) => [each, labels] as const),
        ...(isHistogram ? [[`${storedAs}_bucket`, [...labels, "le"]] as const] : []),
      ];
    });
  });
}

/** Every series that the stack has of itself. */
export function ownSeries(): StoredSeries {
  const added = Object.keys(addedMetrics).map((name) => [name, []] as const);
  const all = [...Object.entries(collector), ...canary(), ...parts(), ...added];
  return new Map(all.map(([name, labels]) => [name, new Set([...resource, ...labels])]));
}

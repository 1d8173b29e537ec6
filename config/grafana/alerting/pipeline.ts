import { notDerived } from "../../collector/derived-metrics.ts";
import { fromOthers, toOthers } from "../../collector/grouping.ts";
import { stackNamespace } from "../../names.ts";
import { dashboardPath } from "./links.ts";
import { measured, type AlertRule, type RuleGroup } from "./rule.ts";

/*
 * Whether what services send arrives. Names of the Collector's own metrics: opentelemetry.io/docs/collector/internal-telemetry.
 */

const links = { dashboard: dashboardPath("pipeline") };
const quiet = { noData: "OK", notEvaluated: "OK" } as const;

const items = { logs: "log_records", traces: "spans", metrics: "metric_points" } as const;

/** A counter of each signal, told apart by a label that says which. @param selector behind the metric's name */
function bySignal(metric: (item: string) => string, by: string): string {
  return Object.entries(items)
    .map(([signal, item]) => `label_replace(sum by (${by}) (${metric(item)}), "signal", "${signal}", "", "")`)
    .join("\nor ");
}

/** What the Collector makes itself is thrown away while its store is away: its next point has all of it. */
const delivered = `${toOthers},${notDerived}`;

const fill = `(otelcol_exporter_queue_size{${toOthers}} / otelcol_exporter_queue_capacity)`;
const where = "{{ .Labels.exporter }}";

/** The rule that there is only with a canary. */
export const canaryAway = "canary-away";

const rules: readonly AlertRule[] = [
  {
    name: "collector-away",
    title: "The Collector is away",
    severity: "critical",
    expr: "count(otelcol_process_uptime_seconds_total)",
    threshold: { type: "lt", value: 1 },
    forMinutes: 2,
    // Nothing is exactly what it looks for.
    noData: "Alerting",
    // Then it is the store of metrics that is away, which has a rule of its own.
    notEvaluated: "OK",
    summary: "The Collector is away: no log, trace or metric of any service arrives",
    description:
      "Nothing has been heard of the Collector itself for minutes. Services keep what they can in memory, for a short time. See whether it runs, and its last lines.",
    links,
  },
  {
    name: canaryAway,
    title: "The canary is away",
    severity: "warning",
    // Its numbers go straight to VictoriaMetrics, and are found for five minutes after the last one.
    expr: `count(canary_age_seconds{service_namespace="${stackNamespace}"})`,
    threshold: { type: "lt", value: 1 },
    forMinutes: 5,
    noData: "Alerting",
    notEvaluated: "OK",
    summary: "Nothing is heard of the canary: nobody looks whether what services send can be found again",
    description:
      "What services send may arrive all the same, but no alert would say if it did not. See whether the canary runs, and its last lines.",
    links,
  },
  {
    ...quiet,
    name: "canary-late",
    title: "What is sent cannot be found again",
    severity: "critical",
    expr: `max by (signal) (canary_age_seconds{service_namespace="${stackNamespace}"}) > 300`,
    forMinutes: 2,
    summary: `No {{ .Labels.signal }} of the last ${measured("humanizeDuration")} can be found: they are late or lost`,
    description:
      "The canary sends a log record, a span and a metric each minute and looks for them in the stores. Look at the queues first: what waits there arrives later.",
    links,
  },
  {
    ...quiet,
    name: "canary-lost",
    title: "What was sent is lost",
    severity: "critical",
    expr: `sum by (signal) (increase(canary_lost_total{service_namespace="${stackNamespace}"}[30m])) > 0`,
    forMinutes: 0,
    summary: `${measured("humanize")} {{ .Labels.signal }} of the canary were taken and are not to be found`,
    description:
      "The Collector took them, and the store does not have them after a long time. So it goes with those of the services. See what the Collector and the store refuse.",
    links,
  },
  {
    ...quiet,
    name: "queue-filling",
    title: "A queue of the Collector fills up",
    severity: "warning",
    expr: `(predict_linear(otelcol_exporter_queue_size{${toOthers}}[30m], 14400) / otelcol_exporter_queue_capacity > 1) and ${fill} > 0.05`,
    forMinutes: 10,
    summary: `The queue in front of ${where} is full in less than four hours, as it grows now`,
    description:
      "The store behind it is away, or takes less than arrives. Nothing is lost yet: the queue is on disk. Once it is full the Collector refuses what services send.",
    links,
  },
  {
    ...quiet,
    name: "queue-full",
    title: "A queue of the Collector is full",
    severity: "critical",
    expr: `${fill} > 0.9`,
    forMinutes: 2,
    summary: `The queue in front of ${where} is ${measured("humanizePercentage")} full`,
    description:
      "The Collector holds services back, which soon lose what they cannot send. Bring the store back, or make room: otelCollector.queueMib.",
    links,
  },
  {
    ...quiet,
    name: "refused",
    title: "The Collector refuses data",
    severity: "warning",
    expr: `(${bySignal((item) => `rate(otelcol_receiver_refused_${item}_total{${fromOthers}}[5m])`, "receiver")}) > 0`,
    forMinutes: 5,
    summary: `The Collector refuses {{ .Labels.signal }}: ${measured("humanize")} a second`,
    description:
      "It is near its memory limit, or a queue is full. Services send again for a while, then they lose it. See its memory and its queues.",
    links,
  },
  {
    ...quiet,
    name: "not-delivered",
    title: "Data is lost on its way to a store",
    severity: "critical",
    expr: `(${bySignal((item) => `increase(otelcol_exporter_send_failed_${item}_total{${delivered}}[10m])`, "exporter")}) > 0`,
    forMinutes: 0,
    summary: `${measured("humanize")} {{ .Labels.signal }} were refused by the store behind ${where} and are lost`,
    description:
      "The Collector repeats what may work later without an end; this the store has refused for good: too old, too long, too many labels. The Collector's log has the reason.",
    links,
  },
];

/** The rules about the way from services to the stores. @param hasCanary whether something of it may be missed */
export function pipelineGroup(hasCanary: boolean): RuleGroup {
  const wanted = hasCanary ? rules : rules.filter(({ name }) => name !== canaryAway);
  return { name: "pipeline", intervalSeconds: 60, rules: wanted };
}

import { victoriaMetrics } from "../../parts/victoria-metrics.ts";
import { stackNamespace } from "../../names.ts";
import { derivedMetrics } from "../../collector/derived-metrics.ts";
import { dashboardPath } from "./links.ts";
import { measured, type AlertRule, type RuleGroup } from "./rule.ts";

/*
 * Whether the stores can go on. Names of VictoriaMetrics' own metrics:
 * docs.victoriametrics.com/victoriametrics/single-server-victoriametrics/#monitoring
 */

const ofStack = `service_namespace="${stackNamespace}"`;
const part = "{{ .Labels.service_name }}";

const links = { dashboard: dashboardPath("stores") };
const quiet = { noData: "OK", notEvaluated: "OK" } as const;

/** Free room, looked at every ten minutes of six hours: half of that at least, so that a new stack forecasts nothing from minutes. */
const knownForHours = "count_over_time(vm_free_disk_space_bytes[6h:10m]) > 18";

/**
 * Series that a MiB of VictoriaMetrics' memory holds: it needs about 1 KiB for each that is active
 * (docs.victoriametrics.com/victoriametrics/single-server-victoriametrics/#capacity-planning), and as much for everything
 * else that it does.
 */
const seriesInMib = 500;

/** @param memoryMib memory limit of VictoriaMetrics */
function rules(memoryMib: number): readonly AlertRule[] {
  return [
    {
      name: "metrics-away",
      title: "VictoriaMetrics does not answer",
      severity: "critical",
      expr: "count(vm_free_disk_space_bytes)",
      threshold: { type: "lt", value: 1 },
      forMinutes: 2,
      noData: "Alerting",
      // Of all rules this one alone says so: every other asks the same store.
      notEvaluated: "Alerting",
      summary: "VictoriaMetrics does not answer: no metrics, and no other alert of this stack can fire",
      description: "Grafana cannot ask it. See whether it runs, its last lines, and whether its disk is full.",
      links,
    },
    {
      ...quiet,
      name: "part-away",
      title: "A part of the stack is away",
      severity: "critical",
      expr: `1 - up{${ofStack}} > 0`,
      forMinutes: 2,
      summary: `${part} does not answer the Collector`,
      description:
        "What services send of its signal waits in the Collector's queue as long as that has room; nothing of it can be looked at. See whether it runs, and its last lines.",
      links,
    },
    {
      ...quiet,
      name: "part-restarts",
      title: "A part of the stack restarts again and again",
      severity: "warning",
      expr: `resets(process_uptime_seconds{${ofStack}}[30m]) >= 3`,
      forMinutes: 0,
      summary: `${part} has started ${measured("humanize")} times in half an hour`,
      description:
        "Something ends it: its memory limit most often, a damaged file, a configuration that it does not take. Its last lines before the start say which.",
      links,
    },
    {
      ...quiet,
      name: "memory-near-limit",
      title: "A part of the stack is near its memory limit",
      severity: "warning",
      expr: `process_resident_memory_bytes{${ofStack}} / process_memory_limit_bytes{${ofStack}} > 0.9`,
      forMinutes: 10,
      summary: `${part} uses ${measured("humanizePercentage")} of its memory limit`,
      description:
        "At its limit it is killed and starts anew, and again. Give it more by memoryMib, or see what takes it: a query over everything, many series, many streams.",
      links,
    },
    {
      ...quiet,
      name: "rules-fail",
      title: "Alert rules cannot be evaluated",
      severity: "warning",
      expr: `sum(increase(grafana_alerting_rule_evaluation_failures_total{${ofStack}}[15m])) > 3`,
      forMinutes: 5,
      summary: `Grafana could not evaluate alert rules: ${measured("humanize")} times in a quarter of an hour`,
      description:
        "These rules do not fire, whatever happens. In Grafana, Alerting, Alert rules names those with an error and why.",
      links: { dashboard: "alerting/list" },
    },
    {
      ...quiet,
      name: "not-told",
      title: "Alerts do not reach a contact point",
      severity: "warning",
      expr: `sum by (integration) (increase(grafana_alerting_notifications_failed_total{${ofStack}}[15m])) > 0`,
      forMinutes: 0,
      summary: "Grafana could not send messages by {{ .Labels.integration }}",
      description:
        "Whoever is told that way has not been told. `npm run alert:test` says why; another contact point has got this message.",
      links: { dashboard: "alerting/notifications" },
    },
    {
      ...quiet,
      name: "disk-filling",
      title: "The disk of a store fills up",
      severity: "warning",
      expr: `(vm_free_disk_space_bytes / (-1 * (deriv(vm_free_disk_space_bytes[6h]) < 0)) / 86400 < 3) and ${knownForHours}`,
      forMinutes: 30,
      summary: `The disk of the stores is full in ${measured("humanize")} days, as it goes now`,
      description:
        "See what grows: the retention of all stores is one setting, retentionHours; which service writes most, the guide shows. On Docker the stores share the disk with everything else on the machine.",
      links,
    },
    {
      ...quiet,
      name: "disk-full",
      title: "The disk of a store is nearly full",
      severity: "critical",
      expr: "vm_free_disk_space_bytes / vm_total_disk_space_bytes < 0.1 or vm_storage_is_read_only > 0",
      forMinutes: 2,
      summary: "The disk of the stores is nearly full: less than a tenth of it is free",
      description:
        "Loki takes no more lines now; without any room VictoriaMetrics takes no more metrics, and Jaeger cannot write. Free some now; then shorten retentionHours, or give it a larger disk.",
      links,
    },
    {
      ...quiet,
      name: "points-ignored",
      title: "VictoriaMetrics throws points away",
      severity: "warning",
      // A description of a metric that is too long is no point.
      expr: `sum by (reason) (increase(vm_rows_ignored_total{reason!="too_long_metric_metadata_value"}[10m])) > 0`,
      forMinutes: 0,
      summary: `VictoriaMetrics has thrown away ${measured("humanize")} points: {{ .Labels.reason }}`,
      description:
        "It has told nobody else: whoever sent them takes them for stored. Too many labels, a label that is too long, or a time that is far from now. Its log names some of them.",
      links,
    },
    {
      ...quiet,
      name: "series-many",
      title: "There are too many series",
      severity: "warning",
      expr: `sum(vm_cache_entries{type="storage/hour_metric_ids"}) > ${memoryMib * seriesInMib}`,
      forMinutes: 15,
      summary: `${measured("humanize")} series in the last hour are more than VictoriaMetrics has memory for`,
      description:
        "A label with a value for each user, request or file makes a series each. Find the metric, take the label away where it is made, or give VictoriaMetrics more memory: memoryMib.victoriaMetrics.",
      links,
    },
    {
      ...quiet,
      name: "span-names-many",
      title: "A service has too many names for spans",
      severity: "warning",
      expr: `sum by (service_namespace, service_name) (increase(${derivedMetrics.calls}{otel_metric_overflow="true"}[30m])) > 0`,
      forMinutes: 15,
      summary: "{{ .Labels.service_name }} names its spans by what changes with each request",
      description:
        "The name of a span is to be the route, not the address with its ids. What is beyond a thousand series of one service is counted together: its rates by route are no longer whole.",
      links,
    },
  ];
}

/** The rules about the stores. */
export function storesGroup(memoryLimitsMib: Readonly<Record<string, number>>): RuleGroup {
  const memoryMib = memoryLimitsMib[victoriaMetrics.host];
  if (memoryMib === undefined) throw new Error(`${victoriaMetrics.host}: must have a memory limit, has none`);
  return { name: "stores", intervalSeconds: 60, rules: rules(memoryMib) };
}

import { stackNamespace } from "../../names.ts";
import { dashboardPath } from "./links.ts";
import { measured, type AlertRule, type RuleGroup } from "./rule.ts";

/*
 * Whether logs are deleted before their time, since the disk has no room for all of them: by what the disk guard reports.
 */

const links = { dashboard: dashboardPath("stores") };
const quiet = { noData: "OK", notEvaluated: "OK" } as const;

const own = (name: string): string => `max(disk_guard_${name}{service_namespace="${stackNamespace}"})`;

const rules: readonly AlertRule[] = [
  {
    name: "disk-guard-away",
    title: "The disk guard is away",
    severity: "warning",
    // Its numbers go straight to VictoriaMetrics, and are found for five minutes after the last one.
    expr: `count(disk_guard_retention_hours{service_namespace="${stackNamespace}"})`,
    threshold: { type: "lt", value: 1 },
    forMinutes: 10,
    noData: "Alerting",
    // Then it is the store of metrics that is away, which has a rule of its own.
    notEvaluated: "OK",
    summary: "Nothing is heard of the disk guard: logs may exceed loki.maxDiskGib",
    description:
      "Logs are kept as long as it was set last. It does not run, or cannot ask VictoriaMetrics: its last lines say which.",
    links,
  },
  {
    ...quiet,
    name: "logs-shortened",
    title: "Logs are deleted before their retention",
    severity: "warning",
    expr: `${own("retention_hours")} < ${own("configured_hours")}`,
    forMinutes: 0,
    summary: `Logs are kept for ${measured("humanize")} hours only: more days do not fit into loki.maxDiskGib`,
    description:
      "The disk guard has shortened the retention of logs. See which service writes most; then have it write less, or raise loki.maxDiskGib, or shorten retentionHours.",
    links,
  },
  {
    ...quiet,
    name: "logs-day-large",
    title: "One day of logs is more than their disk may take",
    severity: "critical",
    expr: `${own("newest_day_bytes")} / ${own("limit_bytes")} > 1`,
    forMinutes: 10,
    summary: `The logs of the last 24 hours take ${measured("humanizePercentage")} of loki.maxDiskGib`,
    description:
      "A day of logs is always kept, so the limit does not hold and the disk may fill. See which service writes most and stop it, or raise loki.maxDiskGib if the disk has room.",
    links,
  },
];

/** The rules about the size of logs, which there are with a disk guard only. */
export const diskGuardGroup: RuleGroup = { name: "disk-guard", intervalSeconds: 60, rules };

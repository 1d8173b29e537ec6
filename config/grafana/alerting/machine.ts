import { dashboardPath } from "./links.ts";
import { measured, type AlertRule, type RuleGroup } from "./rule.ts";

/*
 * Whether the machine has memory left. Its metrics are there on Docker and with `otelCollector.hostMetrics` only
 * (collector/host-metrics.ts); without them these rules have nothing to say.
 */

/** Memory that no new process could have, from 0 to 1: what Linux can give back at once is not in it. */
const used = "1 - system_linux_memory_available_bytes / system_memory_limit_bytes";

const common = {
  noData: "OK",
  notEvaluated: "OK",
  summary: `The machine of the stack has ${measured("humanizePercentage")} of its memory in use`,
  links: { dashboard: dashboardPath("stores") },
} as const;

const rules: readonly AlertRule[] = [
  {
    ...common,
    name: "machine-memory-high",
    title: "The machine is short of memory",
    severity: "warning",
    expr: `${used} > 0.85`,
    forMinutes: 5,
    description:
      "Files are read from the disk again and again, and everything gets slower. See what takes the memory, before the kernel ends a process.",
  },
  {
    ...common,
    name: "machine-memory-critical",
    title: "The machine is out of memory",
    severity: "critical",
    expr: `${used} > 0.95`,
    forMinutes: 2,
    description:
      "The kernel ends a process soon, and it may be a store or a service. Stop what is not needed, or give the machine more.",
  },
];

/** The rules about the machine that the stack runs on. */
export const machineGroup: RuleGroup = { name: "machine", intervalSeconds: 60, rules };

import { mostWaitingTraces } from "../collector/tail-sampling.ts";
import { dashboardsOf } from "../validated-settings.ts";
import type { StackSettings } from "../settings-and-defaults.ts";
import { plainProcess, type AnyPart, type PartProcess, type RunContext } from "./part.ts";
import { hostPortsOf, partEntries, partList, parts, type PartName } from "./parts.ts";

/** What a part's process depends on beside the settings: facts of the platform. */
export interface PartSurroundings {
  /** Processors for the Collector, by name, that add what the platform knows of the sender. */
  readonly enrichment: Readonly<Record<string, object>>;
  /** Addresses at which parts are reached from beyond the user's machine, by host name. */
  readonly publicUrls: Readonly<Record<string, string>>;
  /** Whether everything runs on one machine, whose processor, memory and disks each part sees. */
  readonly isOneMachine: boolean;
}

/** Facts of a single machine that knows nothing of what runs on it, as Docker is one, for what looks at settings only. */
export const noSurroundings: PartSurroundings = { enrichment: {}, publicUrls: {}, isOneMachine: true };

/** Memory limit of each part in MiB, by host name. */
export function memoryLimitsOf({ memoryMib }: StackSettings): Readonly<Record<string, number>> {
  return Object.fromEntries(partEntries.map(([name, { host }]) => [host, memoryMib[name]]));
}

/** Whether a part runs by these settings. */
export function partRuns(name: PartName, settings: StackSettings): boolean {
  const part: AnyPart = parts[name];
  return part.runs(Reflect.get(settings, name), runContext(settings));
}

/** Host names of the parts that run by these settings. */
export function runningHostsOf(settings: StackSettings): readonly string[] {
  return partEntries.filter(([name]) => partRuns(name, settings)).map(([, { host }]) => host);
}

function runContext({ loki }: StackSettings): RunContext {
  return { maxLogGib: loki.maxDiskGib };
}

/** The process of a part by these settings: its arguments, variables and files. */
export function partProcess(name: PartName, settings: StackSettings, surroundings: PartSurroundings): PartProcess {
  const part: AnyPart = parts[name];
  const group: unknown = Reflect.get(settings, name);
  const { enrichment, publicUrls, isOneMachine } = surroundings;
  const { retentionHours, serviceNamespace, secrets, objectives, alerts } = settings;
  const described = part.process({
    memoryMib: settings.memoryMib[name],
    retentionHours,
    ...runContext(settings),
    serviceNamespace,
    objectives,
    alerts,
    mostWaitingTraces:
      settings.otelCollector.tailSampling === undefined
        ? undefined
        : mostWaitingTraces(settings.memoryMib.otelCollector),
    memoryLimitsMib: memoryLimitsOf(settings),
    runningHosts: runningHostsOf(settings),
    settings: group,
    hostPorts: hostPortsOf(part, settings.ports),
    publicUrl: publicUrls[part.host],
    enrichment,
    isOneMachine,
    secrets,
    dashboards: dashboardsOf(settings),
    all: partList,
  });
  return { ...plainProcess, ...described };
}

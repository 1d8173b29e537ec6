import { dashboardsOf } from "../complete-settings.ts";
import type { StackSettings } from "../settings.ts";
import { plainProcess, type AnyPart, type PartProcess } from "./part.ts";
import { hostPortsOf, partList, parts, type PartName } from "./parts.ts";

/** What parts are told beside the settings. */
export interface PartSurroundings {
  /** Processors for the Collector, by name, that add what the platform knows of the sender. */
  readonly enrichment: Readonly<Record<string, object>>;
  /** Addresses at which parts are reached from beyond the user's machine, by host name. */
  readonly publicUrls: Readonly<Record<string, string>>;
}

/** Where nothing is known of a platform. */
export const noSurroundings: PartSurroundings = { enrichment: {}, publicUrls: {} };

/** What a part runs with by these settings: its arguments, variables and files. */
export function partProcess(name: PartName, settings: StackSettings, surroundings: PartSurroundings): PartProcess {
  const part: AnyPart = parts[name];
  const group: unknown = Reflect.get(settings, name);
  const { enrichment, publicUrls } = surroundings;
  const { retentionHours, serviceNamespace, secrets } = settings;
  const described = part.process({
    memoryMib: settings.memoryMib[name],
    retentionHours,
    serviceNamespace,
    settings: group,
    hostPorts: hostPortsOf(part, settings.ports),
    publicUrl: publicUrls[part.host],
    enrichment,
    secrets,
    dashboards: dashboardsOf(settings),
    all: partList,
  });
  return { ...plainProcess, ...described };
}

import type { SinkName } from "../expansion.ts";
import { canary } from "./canary.ts";
import { diskGuard } from "./disk-guard.ts";
import { grafana } from "./grafana.ts";
import { jaeger } from "./jaeger.ts";
import { loki } from "./loki.ts";
import { otelCollector } from "./otel-collector.ts";
import { addressOf, type AnyPart, type PartData, type PublishedIn, type PublishedPort, type Target } from "./part.ts";
import { victoriaMetrics } from "./victoria-metrics.ts";

/*
 * The parts of the stack, and what follows from the list. A new part is a file beside this one and a line here.
 */

/** Every part by the name that it has in the settings, in the order in which they start. */
export const parts = { loki, victoriaMetrics, jaeger, otelCollector, grafana, canary, diskGuard };

type Parts = typeof parts;

/** Name of a part in the settings. */
export type PartName = keyof Parts;

/** The parts as a list. */
export const partList: readonly AnyPart[] = Object.values(parts);

/** The parts as a list, each with its name in the settings. */
export const partEntries = Object.entries(parts) as readonly (readonly [PartName, AnyPart])[];

/** Name of a part that keeps something. */
type KeepingPart = { [Name in PartName]: Parts[Name]["data"] extends "none" ? never : Name }[PartName];

/** What the parts keep, each by the part's name in the settings. */
export const keptData = partEntries.flatMap(([name, { data }]) =>
  data === "none" ? [] : [[name as KeepingPart, data] as const],
);

/** Something for each part that keeps something, by its name in the settings. */
export function forEachKept<Value>(make: (data: PartData) => Value): Readonly<Record<KeepingPart, Value>> {
  return Object.fromEntries(keptData.map(([name, data]) => [name, make(data)])) as Record<KeepingPart, Value>;
}

/** Whether a workload is a part of the stack, and no service beside it. */
export function isBackend(workloadName: string): boolean {
  return partList.some(({ host }) => host === workloadName);
}

/** Something for each part, by its name in the settings. */
export function forEachPart<Value>(make: (part: AnyPart, name: PartName) => Value): Readonly<Record<PartName, Value>> {
  return Object.fromEntries(partEntries.map(([name, part]) => [name, make(part, name)])) as Record<PartName, Value>;
}

type SettingsOf<Ports> = [PublishedIn<Ports>] extends [never]
  ? never
  : Ports[PublishedIn<Ports>] extends { readonly published: { readonly setting: infer Setting } }
    ? Setting
    : never;

/** Name of a port in the setting `ports`, and of its address in the outputs. */
export type PortSetting = { [Name in PartName]: SettingsOf<Parts[Name]["ports"]> }[PartName];

/** A port of the user's machine that leads to a part. */
export interface StackPort extends PublishedPort {
  readonly setting: PortSetting;
  /** Host name of the part. */
  readonly host: string;
  /** Port inside the network, and by default on the user's machine. */
  readonly port: number;
}

/** Every published port, in the order of the parts. */
export const stackPortList: readonly StackPort[] = partList.flatMap(({ host, ports }) =>
  Object.values(ports).flatMap(({ port, published }) =>
    published === undefined ? [] : [{ host, port, ...published, setting: published.setting as PortSetting }],
  ),
);

/** Every published port in the order in which people see them: first what is opened in a browser, Grafana before all. */
export const listedPorts: readonly StackPort[] = stackPortList.toSorted((a, b) => rank(a) - rank(b));

function rank({ host, isOpened }: StackPort): number {
  if (host === grafana.host) return 0;
  return isOpened ? 1 : 2;
}

/** Something for each published port, by its name in the setting `ports`. */
export function forEachPort<Value>(make: (port: StackPort) => Value): Readonly<Record<PortSetting, Value>> {
  return Object.fromEntries(stackPortList.map((port) => [port.setting, make(port)])) as Record<PortSetting, Value>;
}

/** A part's published ports on the user's machine, by the part's name for each, from the setting `ports`. */
export function hostPortsOf<Ports>(
  { ports }: Pick<AnyPart, "ports">,
  given: Readonly<Record<PortSetting, number>>,
): Readonly<Record<PublishedIn<Ports>, number>> {
  const entries = Object.entries(ports).flatMap(([name, { published }]) =>
    published === undefined ? [] : [[name, given[published.setting as PortSetting]]],
  );
  return Object.fromEntries(entries) as Record<PublishedIn<Ports>, number>;
}

/** The parts' own groups of settings, by their names. */
type PartSettings = {
  [Name in PartName as Parts[Name]["settings"] extends undefined ? never : Name]: Parts[Name]["settings"];
};

/** The groups of settings that parts have of their own. */
export const partSettings = Object.fromEntries(
  partEntries.flatMap(([name, { settings }]) => (settings === undefined ? [] : [[name, settings]])),
) as PartSettings;

/** Base addresses of OTLP inside the network, the same on every platform. */
export const otlpUrls: OtlpUrls = otlpUrlsAt(otelCollector.host);

/** The Collector's address for each protocol of OTLP. */
export interface OtlpUrls {
  readonly grpc: string;
  readonly http: string;
}

/** The Collector's addresses for whoever knows it by a host name of its own. */
export function otlpUrlsAt(host: string): OtlpUrls {
  const collector = { ...otelCollector, host };
  return {
    grpc: `http://${addressOf(collector, "otlp-grpc")}`,
    http: `http://${addressOf(collector, "otlp-http")}`,
  };
}

/** The ports that services connect to. */
export const portsForServices: readonly Target[] = partList.flatMap(({ host, ports }) =>
  Object.values(ports).flatMap(({ port, isForServices }) => (isForServices === true ? [{ host, port }] : [])),
);

/** What each part, by its host name, and every service read of text that a user may have written (expansion.ts). */
export const workloadSinks: Readonly<Record<string, Readonly<Record<string, readonly SinkName[]>>>> = {
  ...Object.fromEntries(partList.map(({ host, reads }) => [host, reads])),
  services: { args: ["kubernetesText", "dockerText"], env: ["kubernetesText", "dockerText", "resourceAttributes"] },
};

import type { z } from "zod";
import type { Alerts, Objectives } from "../grafana/alerting/settings.ts";
import type { SinkName } from "../expansion.ts";
import type { TextFile } from "../text-file.ts";

/** The signals of telemetry, by the names of the Collector's pipelines, in the order of generated files. */
export const signals = ["logs", "traces", "metrics"] as const;

/** Image of Node.js that the services' image is built from, and parts that are scripts run in. */
export const nodeImage = "node:22.23.2-bookworm-slim";

/** One of {@link signals}. */
export type Signal = (typeof signals)[number];

/** A TCP port of a part, inside the network. */
export interface PartPort {
  readonly port: number;
  /** What it is for, as the tables of the guide say it. */
  readonly purpose: string;
  /** Whether every instrumented service connects to it, beside the parts that say so themselves. @default false */
  readonly isForServices?: boolean;
  /** How it is found on the user's machine, under the same number unless the settings say otherwise. @default not at all */
  readonly published?: PublishedPort;
}

/** A port as the user's machine has it. */
export interface PublishedPort {
  /** Name in the setting `ports`, in the outputs and in `StackUrls`. */
  readonly setting: string;
  /** What stands in front of its address where `npm run up` lists it. */
  readonly title: string;
  /** What the address is good for, in a few words. */
  readonly purpose: string;
  /** Whether a person opens the address in a browser. */
  readonly isOpened: boolean;
}

/** Something that the parts and their services connect to. */
export interface Target {
  /** Host name of the part. */
  readonly host: string;
  readonly port: number;
}

/** How the Collector hands over one signal. What is the same for all of them, the queue on disk, the Collector adds. */
export interface PartExporter<PortName> {
  readonly signal: Signal;
  /** Type of the Collector's exporter; its name has the part's host behind it, `otlp_http/loki`. */
  readonly type: "otlp_http" | "otlp_grpc";
  readonly port: PortName;
  /** The exporter's own keys. @param address `host:port` */
  config(address: string): Readonly<Record<string, string>>;
}

/** How Grafana queries a part. The data source's name is the part's title. */
export interface PartDatasource<PortName> {
  readonly signal: Signal;
  /** Grafana's plugin. */
  readonly type: string;
  /** Fixed for ever: changing a provisioned uid leaves the old one behind (grafana#110740). */
  readonly uid: string;
  readonly port: PortName;
  readonly isDefault: boolean;
  /** Grafana's own keys. @param uidOf the data source of each signal, for links */
  jsonData(uidOf: Readonly<Record<Signal, string>>): object;
}

/** A metric of a part about itself that is kept. Of a histogram, the name without `_bucket`, `_sum` and `_count`. */
export interface KeptMetric {
  /** What it says, as the guide's table has it. */
  readonly says: string;
  /** Whether it is a histogram, which is three names. @default false */
  readonly isHistogram?: boolean;
  /** Label → regular expression (RE2, of the whole value) of the series that are kept. @default all */
  readonly only?: Readonly<Record<string, string>>;
  /** Name under which it is stored. @default its own */
  readonly storedAs?: string;
  /** Whether it is missing until something has happened for the first time. @default false */
  readonly isRare?: boolean;
}

/**
 * A part's metrics about itself, in Prometheus' text format at `/metrics`. Most parts have a thousand, and each costs
 * memory and disk: only those are kept that a dashboard, an alert, a command or a person needs.
 */
export interface PartMetrics<PortName> {
  /** Where they are: a port that the Collector connects to, or one that is on loopback and read by the part itself. */
  readonly port: PortName | { readonly loopback: number };
  /** By the name that the part gives them. */
  readonly kept: Readonly<Record<string, KeptMetric>>;
}

/** A secret that is generated once. */
export interface GeneratedSecret {
  /** Where the part finds it. */
  readonly path: string;
  /** Whether the stored data is useless with another one: it is kept as long as the data. */
  readonly isKept: boolean;
}

/**
 * A run of the image that checks its configuration files and ends. No instance is started or replaced before it has
 * ended with 0; what runs stays as it is.
 */
export interface Check {
  /** Arguments for the image's entry point. */
  readonly args: readonly string[];
  /** The setting that the user has to change if it fails. */
  readonly setting: string;
}

/** How it is found out that a process can do its work. */
export interface PartReadiness<Port> {
  /** For platforms that ask over the network. */
  readonly port: Port;
  /** `"none"` where nothing answers: ready is what runs. */
  readonly httpPath: string;
  /** Command inside the container, for platforms that ask from within; `"none"` where the image has nothing to run. */
  readonly selfCheck: readonly string[] | "none";
  /** Time in which a failed check does not count. */
  readonly startPeriodSeconds: number;
  /**
   * Whether what depends on the process waits until {@link httpPath} answers. A platform that asks over the network
   * always waits.
   */
  readonly gates: boolean;
}

/** A file that one workload reads and another one changes while both run. */
export interface SharedFile {
  /** Stem of the names of what holds it, the same for both. */
  readonly name: string;
  /** In a folder of its own. */
  readonly path: string;
  /** What is in it before anybody has changed it. */
  readonly content: string;
  /** Who reads it has it made. */
  readonly access: "reads" | "changes";
}

/** The process of a part: arguments, environment and files. */
export interface PartProcess {
  /** Arguments for the image's entry point. */
  readonly args: readonly string[];
  /** Beside GOMEMLIMIT, which every part has. */
  readonly env: Readonly<Record<string, string>>;
  readonly configFiles: readonly TextFile[];
  /** Secrets of the user, as the part has to be given them. */
  readonly secretFiles: readonly TextFile[];
  /** How the image checks what the user adds to its files; `"none"` where they add nothing. */
  readonly check: Check | "none";
  readonly sharedFiles: readonly SharedFile[];
  /** Whether it may ask the platform which instance a connection comes from. */
  readonly readsInstances: boolean;
}

/** What a part keeps on a volume. */
export interface PartData {
  /** Volume without the stack's name. Fixed for ever: under another name the data would not be found. */
  readonly volume: string;
  readonly path: string;
  /** Size on Kubernetes by default, in GiB. */
  readonly defaultGib: number;
  /** Whether `npm run backup` has all of it, or why it has nothing of it. */
  readonly backup: "all" | { readonly leftOut: string };
}

/** What the process of a part is made from. */
export interface PartContext<Ports, Settings> {
  readonly memoryMib: number;
  readonly retentionHours: number;
  /** Most that logs may take of a disk, in GiB; `undefined` for any size. */
  readonly maxLogGib: number | undefined;
  readonly serviceNamespace: string;
  /** What services promise, and whom alerts reach. */
  readonly objectives: Objectives;
  readonly alerts: Alerts;
  /** Most traces that wait in the Collector for whether they are stored; `undefined` where all of them are. */
  readonly mostWaitingTraces: number | undefined;
  /** The part's own group of settings. */
  readonly settings: Settings extends z.ZodType ? z.output<Settings> : undefined;
  /** The part's published ports on the user's machine. */
  readonly hostPorts: Readonly<Record<PublishedIn<Ports>, number>>;
  /** Address at which browsers find it elsewhere; `undefined` if only on the user's machine. */
  readonly publicUrl: string | undefined;
  /** Memory limits of all parts in MiB, by their host names. */
  readonly memoryLimitsMib: Readonly<Record<string, number>>;
  /** Host names of the parts that run. */
  readonly runningHosts: readonly string[];
  /** Processors for the Collector, by name, that add what the platform knows of the sender. */
  readonly enrichment: Readonly<Record<string, object>>;
  /** Whether everything runs on one machine, whose processor, memory and disks the part sees. */
  readonly isOneMachine: boolean;
  /** The user's secrets by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The user's dashboards, by their path in the folder that the settings name. */
  readonly dashboards: readonly TextFile[];
  /** Every part of the stack, for what they give each other. */
  readonly all: readonly AnyPart[];
}

/** What decides, beside the settings of its own, whether a part runs. */
export type RunContext = Pick<PartContext<unknown, undefined>, "maxLogGib">;

/** Names of those ports that the user's machine has. */
export type PublishedIn<Ports> = {
  [Name in keyof Ports]: Ports[Name] extends { readonly published: PublishedPort } ? Name : never;
}[keyof Ports];

/**
 * A part of the stack: everything about it, and nothing about where it runs. Settings, names, ports, flows, sizes, tables
 * and tests follow from the list of them (parts.ts).
 */
export interface Part<Ports, Settings, Data extends PartData | "none"> {
  /** Host name: a Docker network alias and a Kubernetes Service name at the same time, and stem of every resource. */
  readonly host: string;
  /** Name as people write it. */
  readonly title: string;
  /** A full version: a shorter tag is another image next month. {@link nodeImage} is the one that the settings say. */
  readonly image: string;
  /** Memory limit in MiB: what it cannot do without, and the default. */
  readonly memoryMib: { readonly minimum: number; readonly default: number };
  /** What runs it, which decides how it is told of its memory limit. */
  readonly runtime: "go" | "nodejs";
  /** `"none"` if it keeps nothing. */
  readonly data: Data;
  readonly ports: Ports;
  /** Where the guide finds its configuration: in its first file, which is YAML, in its arguments, or in its environment. */
  readonly configuredBy: "yaml" | "flags" | "env";
  /** The part's own group of settings, under its name; `undefined` if it has none. */
  readonly settings: Settings;
  /** Numeric user and group that it runs as and that its data belongs to. */
  readonly user: { readonly userId: number; readonly groupId: number };
  /** How long it may take to end after SIGTERM, in seconds. */
  readonly stopGraceSeconds: number;
  /** Directories that it may write to and that go with it. */
  readonly scratchPaths: readonly string[];
  readonly readiness: PartReadiness<keyof Ports>;
  /** Secrets that are generated, by what stands behind the part's name in that of the resource. */
  readonly generatedSecrets: Readonly<Record<string, GeneratedSecret>>;
  /** How the Collector gives it what it stores; `"none"` if it stores nothing. */
  readonly exporter: PartExporter<keyof Ports> | "none";
  /** How Grafana queries it; `"none"` if it does not. */
  readonly datasource: PartDatasource<keyof Ports> | "none";
  /** What it measures of itself; `"none"` if nothing. */
  readonly metrics: PartMetrics<keyof Ports> | "none";
  /**
   * What it reads that a user may have written, by `args`, `env`, or the path of a file or of its folder. All of them are
   * listed, with `noUserText` where everything is generated.
   */
  readonly reads: Readonly<Record<string, readonly SinkName[]>>;
  /** Which of the other parts it opens connections to. */
  connectsTo(all: readonly AnyPart[]): readonly Target[];
  /** Whether these settings have it run. */
  runs(settings: Settings extends z.ZodType ? z.output<Settings> : undefined, stack: RunContext): boolean;
  /** Whether what the user sets makes it open connections to places that only the user knows. */
  opensElsewhere(settings: Settings extends z.ZodType ? z.output<Settings> : undefined, alerts: Alerts): boolean;
  /** Its process, by the settings. */
  process(context: PartContext<Ports, Settings>): Partial<PartProcess>;
}

/** Defaults of a part: a Go program that always runs, with no settings, secrets or connections, and nothing for other parts. */
const absent = {
  runtime: "go",
  settings: undefined,
  scratchPaths: [],
  generatedSecrets: {},
  exporter: "none",
  datasource: "none",
  metrics: "none",
  connectsTo: () => [],
  runs: () => true,
  opensElsewhere: () => false,
} as const;

type Description<Ports, Settings, Data extends PartData | "none"> = Omit<
  Part<Ports, Settings, Data>,
  keyof typeof absent
> &
  Partial<Pick<Part<Ports, Settings, Data>, keyof typeof absent>>;

/** Defaults of a part's process. */
export const plainProcess: PartProcess = {
  args: [],
  env: {},
  configFiles: [],
  secretFiles: [],
  check: "none",
  sharedFiles: [],
  readsInstances: false,
};

type GeneralPart = Part<Readonly<Record<string, PartPort>>, z.ZodType | undefined, PartData | "none">;

/** Any part, for what looks at all of them alike. A type of its own, so that parts are compared with it field by field. */
export type AnyPart = { readonly [Field in keyof GeneralPart]: GeneralPart[Field] };

/** A part with the types of its ports and settings. */
export function part<
  const Ports extends Readonly<Record<string, PartPort>>,
  Data extends PartData | "none",
  Settings extends z.ZodType | undefined = undefined,
>(described: Description<Ports, Settings, Data>): Part<Ports, Settings, Data> {
  return { ...absent, ...described } as Part<Ports, Settings, Data>;
}

/** Number of a part's port by its name. @throws Error if it has none of that name. */
export function portOf({ host, ports }: Pick<AnyPart, "host" | "ports">, name: string): number {
  const found = ports[name];
  if (found === undefined) throw new Error(`${host}: must have a port ${name}, has none`);
  return found.port;
}

/** `host:port` of a part as others reach it, the same on every platform. */
export function addressOf<Name extends string>(
  { host, ports }: { readonly host: string; readonly ports: Readonly<Record<Name, PartPort>> },
  port: NoInfer<Name>,
): string {
  return `${host}:${portOf({ host, ports }, port)}`;
}

/** The parts that have something, each by the port that it takes that at. @param of what a part has; `"none"` for nothing */
export function targetsOf(
  all: readonly AnyPart[],
  of: (part: AnyPart) => { readonly port: string } | "none",
): readonly Target[] {
  return all.flatMap((part) => {
    const had = of(part);
    return had === "none" ? [] : [{ host: part.host, port: portOf(part, had.port) }];
  });
}

/** Uid of a part's data source in Grafana. @throws Error if it has none. */
export function datasourceUid({ host, datasource }: Pick<AnyPart, "host" | "datasource">): string {
  if (datasource === "none") throw new Error(`${host}: must be a data source of Grafana, is none`);
  return datasource.uid;
}

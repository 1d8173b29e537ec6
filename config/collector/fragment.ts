import { stringify } from "yaml";
import { collectorReferences, mixesEscapes, referenceProblems, secretFile, textsIn } from "../expansion.ts";
import {
  collectorPaths,
  collectorPorts,
  otelCollectorConfig,
  otelCollectorDocument,
  type OtelCollectorSettings,
} from "./document.ts";
import { isRecord } from "../parse.ts";
import { hiddenProblem, pathText, problem, type Problem } from "../problem.ts";
import type { TextFile } from "../text-file.ts";
import { componentId, componentType, processorsThatPassOn } from "./components.ts";

/**
 * What a user adds to the Collector's configuration, in the Collector's own language. It becomes a second file that the
 * Collector merges with the first: groups are merged, so a name adds something. A list there would replace the one of
 * the same name, and with it what the stack generated for it; so the lists that both have are joined here.
 *
 * Only what both programs read the same way is taken: a key with `::`, which is a path to the Collector, and a name with
 * blanks around it, which it removes, are refused. So the merge in {@link mergedDocument} is what the Collector runs, and
 * what it would do to the generated configuration can be seen by comparing.
 */
export type CollectorFragment = Readonly<Record<string, unknown>>;

/** A whole configuration of a Collector, before it is text. */
export type CollectorDocument = Readonly<Record<string, unknown>>;

/** The sections of a Collector's configuration. */
export const collectorSections = [
  "receivers",
  "processors",
  "exporters",
  "connectors",
  "extensions",
  "service",
] as const;

/** Sections whose keys are names of components. */
const componentSections: readonly string[] = collectorSections.filter((section) => section !== "service");

/** Sections whose generated entries are the way of the telemetry to its store: not to be changed in any part. */
const fixedSections: readonly string[] = ["processors", "exporters", "connectors", "extensions"];

/**
 * Which keys a user may add to a generated group, by its path: these, or any. No other group may get more: with `tls` on
 * the receiver, for instance, no service would get through.
 */
const additions: Readonly<Record<string, readonly string[] | "any">> = {
  "": "any",
  ...Object.fromEntries(componentSections.map((section) => [section, "any"])),
  "receivers.otlp.protocols.grpc": ["include_metadata"],
  "receivers.otlp.protocols.http": ["cors", "include_metadata", "response_headers"],
  "service.pipelines": "any",
  "service.telemetry": ["traces"],
  // Or the Collector would refuse the stack's own, which are of the newer kind.
  "service.telemetry.resource": ["attributes"],
};

/** What a user may change as well: how much the Collector logs about itself. */
const freePaths: readonly string[] = ["service.telemetry.logs"];

/**
 * The problems of a fragment: what it must not do to the generated configuration. Other mistakes the Collector reports itself.
 *
 * @param fragment plain data (plain.ts)
 * @param generated the configuration of the stack; only the names in it count, not the numbers
 * @param secretNames the secrets that there are; `undefined` if that is not known
 */
export function fragmentProblems(
  fragment: unknown,
  generated: CollectorDocument,
  secretNames: readonly string[] | undefined,
): readonly Problem[] {
  if (!isRecord(fragment)) return [];
  const added = withoutUnset(fragment) as CollectorFragment;
  return [
    ...keyProblems(added, []),
    ...nameProblems(added),
    ...redefined(added, generated),
    ...changes(mergedDocument(generated, added), generated, []),
    ...processorProblems(added, generated),
    ...listenProblems(added, generated),
    ...textsIn(added).flatMap(([path, text]) => textProblems(path, text, secretNames)),
  ];
}

const settingPath = ["otelCollector", "config"];

function at(path: readonly string[]): string {
  return pathText([...settingPath, ...path]);
}

/** The Collector splits a key at `::` wherever it stands, in a list as well once it reads what is in there. */
function keyProblems(value: unknown, path: readonly string[]): readonly Problem[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const inside = [...path, key];
    const rule = "must not contain :: or begin or end with a colon, which the Collector reads as a path";
    const wrong = /^:|::|:$/.test(key) ? [problem(at(inside), rule, key, "write each part as a group of its own")] : [];
    return [...wrong, ...keyProblems(inner, inside)];
  });
}

const nameRule = {
  rule: "must be a component's name as the Collector writes it, `type` or `type/name`, without blanks",
  change: "correct it, for example otlp/mine",
};

/** Names as keys of a section and of the pipelines, and as entries of the lists that refer to them. */
function nameProblems(added: CollectorFragment): readonly Problem[] {
  const pipelines = pipelinesOf(added);
  const keys = [
    ...componentSections.flatMap((section) => entriesOf([section], added[section])),
    ...entriesOf(pipelinesPath, pipelines),
  ].map(([path]) => [path, path.at(-1)] as const);
  const lists = [
    [["service", "extensions"], child(child(added, "service"), "extensions")] as const,
    ...entriesOf(pipelinesPath, pipelines).flatMap(([path, pipeline]) => entriesOf(path, pipeline)),
  ];
  return [...keys, ...lists.flatMap(([path, list]) => listed(path, list))]
    .filter(([, name]) => !isComponentId(name))
    .map(([path, name]) => problem(at(path), nameRule.rule, name, nameRule.change));
}

function isComponentId(name: unknown): name is string {
  return typeof name === "string" && componentId.test(name);
}

function redefined(added: CollectorFragment, generated: CollectorDocument): readonly Problem[] {
  return fixedSections
    .flatMap((section) => entriesOf([section], added[section]))
    .flatMap(([[section = "", name = ""]]) => {
      const taken = keysOf(generated[section]).find((each) => queueFile(each) === queueFile(name));
      if (taken === undefined) return [];
      const change = `give yours another name, for example ${componentType(name)}/mine`;
      if (taken === name) return [hiddenProblem(at([section, name]), "must not be one of the stack's own", change)];
      const rule = `must differ from the stack's ${taken} in more than / and _, or their queues would be one file`;
      return [problem(at([section, name]), rule, name, change)];
    });
}

/** Name of the file in which the Collector's `file_storage` keeps a component's queue. */
function queueFile(name: string): string {
  return name.replace("/", "_");
}

/** The problems of a merged document: differences to the generated one that are no {@link additions}. */
function changes(merged: unknown, generated: unknown, path: readonly string[]): readonly Problem[] {
  const where = path.join(".");
  const [section] = path;
  if (freePaths.includes(where) || (path.length === 2 && fixedSections.includes(section ?? ""))) return [];
  const change = "leave it out, or add a pipeline or component of another name";
  if (isRecord(generated)) {
    if (!isRecord(merged)) return [hiddenProblem(at(path), "must stay as the stack has it", change)];
    const more = additions[where] ?? [];
    return Object.keys(merged).flatMap((key) => {
      if (Object.hasOwn(generated, key)) return changes(child(merged, key), child(generated, key), [...path, key]);
      if (more === "any" || more.includes(key)) return [];
      const rule = `must be one of these to be added here: ${more.join(", ") || "none"}`;
      return [hiddenProblem(at([...path, key]), rule, change)];
    });
  }
  if (Array.isArray(generated)) {
    if (Array.isArray(merged)) return [];
    return [hiddenProblem(at(path), "must be a list, which is added to the stack's own", change)];
  }
  return merged === generated ? [] : [hiddenProblem(at(path), "must stay as the stack has it", change)];
}

/** Which traces are stored the stack can decide itself, behind what is made of all of them. */
const samplingChange =
  "set otelCollector.tailSampling, for example to { keepPercent: 10 }, or put it into a pipeline of your own";

function decidesLater(id: unknown): boolean {
  return isComponentId(id) && componentType(id) === "tail_sampling";
}

function processorProblems(added: CollectorFragment, generated: CollectorDocument): readonly Problem[] {
  const rule =
    "must be a processor of which it is known that it keeps nothing in memory that a client takes for stored";
  return keysOf(pipelinesOf(generated)).flatMap((name) => {
    const others = `put it into a pipeline of your own, for example ${name}/mine, or use one of ${[...processorsThatPassOn].join(", ")}`;
    return listed([...pipelinesPath, name, "processors"], child(child(pipelinesOf(added), name), "processors"))
      .filter(([, id]) => isComponentId(id) && !processorsThatPassOn.has(componentType(id)))
      .map(([path, id]) => problem(at(path), rule, id, decidesLater(id) ? samplingChange : others));
  });
}

/** Sections whose components listen, where their addresses are not those of others. */
const listeningSections: readonly string[] = ["receivers", "extensions"];

/** A port on an address of the container itself. */
const localAddress = /^(?:|0\.0\.0\.0|127(?:\.\d+){3}|localhost|\[::1?\]):(\d+)$/i;

/** Ports of components that name no endpoint, by their type and the group in which it would be. */
const defaultPorts: ReadonlyMap<string, readonly (readonly [group: Path, port: number])[]> = new Map([
  // go.opentelemetry.io/collector/receiver/otlpreceiver, factory.go
  [
    "otlp",
    [
      [["protocols", "grpc"], collectorPorts.otlpGrpc],
      [["protocols", "http"], collectorPorts.otlpHttp],
    ],
  ],
  // opentelemetry-collector-contrib, extension/healthcheckextension, factory.go
  ["health_check", [[[], collectorPorts.health]]],
]);

/** The problems of ports that the stack's Collector has: it would end at its start, and its check opens no port. */
function listenProblems(added: CollectorFragment, generated: CollectorDocument): readonly Problem[] {
  const ports: readonly number[] = Object.values(collectorPorts);
  const rule = `must be on none of the ports that the stack's Collector listens on (${ports.join(", ")})`;
  return listeningSections
    .flatMap((section) => entriesOf([section], added[section]))
    .filter(([[section = "", name = ""]]) => !keysOf(generated[section]).includes(name))
    .flatMap(([path, component]) => [
      ...textsIn(component, path).filter(([inside]) => inside.at(-1) === "endpoint"),
      ...defaultEndpoints(path, component),
    ])
    .filter(([, address]) => ports.includes(Number(localAddress.exec(address)?.[1])))
    .map(([path, address]) => problem(at(path), rule, address, "choose another port"));
}

/** The addresses on which a component listens without being told. */
function defaultEndpoints(path: Path, component: unknown): readonly (readonly [Path, string])[] {
  const isUnnamed = (found: unknown): boolean => found !== undefined && !keysOf(found).includes("endpoint");
  return (defaultPorts.get(componentType(path.at(-1) ?? "")) ?? [])
    .filter(([group]) => isUnnamed(group.reduce(child, component)))
    .map(([group, port]) => [[...path, ...group, "endpoint"], `localhost:${port}`] as const);
}

/** Keys from the top of a document to a place in it. */
type Path = readonly string[];

const pipelinesPath = ["service", "pipelines"];

function pipelinesOf(document: CollectorDocument): unknown {
  return pipelinesPath.reduce(child, document);
}

/** What is in a group, each with its path. */
function entriesOf(path: Path, group: unknown): readonly (readonly [path: Path, value: unknown])[] {
  return keysOf(group).map((key) => [[...path, key], child(group, key)] as const);
}

/** What is in a list, each with its path. */
function listed(path: Path, list: unknown): readonly (readonly [path: Path, value: unknown])[] {
  return Array.isArray(list) ? list.map((entry: unknown, index) => [[...path, String(index)], entry] as const) : [];
}

function keysOf(group: unknown): readonly string[] {
  return isRecord(group) ? Object.keys(group) : [];
}

/** The value of a key; `undefined` for what every object inherits, its `constructor` for instance. */
function child(group: unknown, key: string): unknown {
  return isRecord(group) && Object.hasOwn(group, key) ? group[key] : undefined;
}

function textProblems(
  path: readonly string[],
  text: string,
  secretNames: readonly string[] | undefined,
): readonly Problem[] {
  const references = collectorReferences(text);
  const change = `set a secret NAME and write \${file:${secretFile("NAME")}}, or \$$ for a dollar sign`;
  const wrong = referenceProblems(at(path), references, secretNames, change);
  if (wrong.length > 0 || references.length === 0 || !mixesEscapes(text)) return wrong;
  const rule = "must not have $${ before a reference, behind which the Collector reads no reference any more";
  return [hiddenProblem(at(path), rule, "put all of the text into the secret")];
}

/**
 * The second configuration file. Lists that both have are the stack's with what the user adds behind. Names are sorted:
 * Pulumi's engine sorts them and a preview without it does not. Every text is in quotes: without them the Collector's
 * YAML takes some for numbers, dates or, a key `<<`, for a merge.
 */
export function fragmentConfig(fragment: CollectorFragment, settings: OtelCollectorSettings): string {
  return stringify(joined(withoutUnset(fragment), otelCollectorDocument(settings)), {
    aliasDuplicateObjects: false,
    sortMapEntries: true,
    defaultStringType: "QUOTE_DOUBLE",
    lineWidth: 0,
  });
}

/** A value without what is not set in it. */
function withoutUnset(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnset);
  if (!isRecord(value)) return value;
  const set = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(set.map(([key, inner]) => [key, withoutUnset(inner)]));
}

function joined(added: unknown, generated: unknown): unknown {
  if (Array.isArray(added) && Array.isArray(generated)) {
    const known = generated.map(asWritten);
    const further = added.filter((entry) => !known.includes(asWritten(entry))) as unknown[];
    return [...(generated as unknown[]), ...further];
  }
  if (!isRecord(added) || !isRecord(generated)) return added;
  return Object.fromEntries(Object.entries(added).map(([key, value]) => [key, joined(value, child(generated, key))]));
}

/** The same text for the same value, in whichever order its names are. */
function asWritten(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false, sortMapEntries: true });
}

/**
 * The configuration that the Collector makes of its two files: groups are merged, everything else of the second one is instead of the
 * first's (go.opentelemetry.io/collector/confmap, `Merge`), which for lists are both, see {@link fragmentConfig}.
 */
export function mergedDocument(document: CollectorDocument, fragment: CollectorFragment): CollectorDocument {
  return merged(document, joined(fragment, document)) as CollectorDocument;
}

function merged(generated: unknown, added: unknown): unknown {
  if (!isRecord(generated) || !isRecord(added)) return added;
  const both = Object.entries(added).map(([key, value]) => [key, merged(child(generated, key), value)]);
  return Object.fromEntries([...Object.entries(generated), ...both]);
}

/** A Collector's configuration files, in the order in which it merges them. */
export function collectorFiles(
  settings: OtelCollectorSettings,
  fragment: CollectorFragment | undefined,
): readonly TextFile[] {
  const generatedFile = { path: collectorPaths.config, content: otelCollectorConfig(settings) };
  if (fragment === undefined) return [generatedFile];
  return [generatedFile, { path: collectorPaths.fragment, content: fragmentConfig(fragment, settings) }];
}

/** Arguments that name a Collector's configuration files, in the order in which it merges them. */
export function collectorConfigArgs(fragment: CollectorFragment | undefined): readonly string[] {
  const files = [collectorPaths.config, ...(fragment === undefined ? [] : [collectorPaths.fragment])];
  return files.flatMap((file) => ["--config", file]);
}

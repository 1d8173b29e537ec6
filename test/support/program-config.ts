import fc from "fast-check";
import { z } from "zod";
import { exampleServiceNames } from "../../config/example-services.ts";
import { defaultImages } from "../../config/resolve-images.ts";
import { programSettingsSchema } from "../../config/program-settings.ts";
import { notShown, shown } from "../../config/problem.ts";
import { recordedIdentity } from "./record-resources.ts";
import { anySettingsInput, delivery } from "./settings.ts";

/** Settings of the program at the top of the repository, as a user writes them. */
export type Config = Readonly<Record<string, unknown>>;

/** As Pulumi hands them to a program: text as it stands, everything else as JSON. */
export function asPulumiConfig(config: Config): Readonly<Record<string, string>> {
  const defined = Object.entries(config).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    defined.map(([key, value]) => [
      `${recordedIdentity.project}:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

const anyOverride = fc.record(
  {
    env: fc.dictionary(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/), fc.string({ maxLength: 20 }), { maxKeys: 3 }),
    replicas: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: [] },
);

/** Anything that the rules allow about the example, with any field left out. The API's port is none of the stack's. */
const anyExampleInput = fc.record(
  {
    exampleServices: fc.boolean(),
    apiPort: fc.integer({ min: 1024, max: 65535 }),
    load: fc.record(
      { enabled: fc.boolean(), requestsPerSecond: fc.double({ min: 0.001, max: 1000, noNaN: true }) },
      { requiredKeys: [] },
    ),
    services: fc.record(Object.fromEntries(exampleServiceNames.map((name) => [name, anyOverride])), {
      requiredKeys: [],
    }),
  },
  { requiredKeys: [] },
);

/** Anything that a user may set. */
export const anyConfig: fc.Arbitrary<Config> = fc
  .tuple(anySettingsInput, anyExampleInput)
  .map(([stack, example]) => ({ ...stack, ...example }))
  .filter(({ ports = {}, apiPort = 8080 }) => !Object.values(ports).includes(apiPort))
  // At the top Pulumi hands over texts only: one that is JSON of a group is that group.
  .filter((config) => !Object.values(config).some((value) => typeof value === "string" && /^\s*[[{]/.test(value)));

/** One thing that is wrong: what it puts into the configuration, and where it has to be reported. */
export interface Defect {
  readonly kind: string;
  /** Keys down to the value. */
  readonly path: readonly string[];
  readonly value: unknown;
  /** Other values that have to be there for it to be wrong. */
  readonly beside?: readonly { readonly path: readonly string[]; readonly value: unknown }[];
  /** Places that have to be right for it to be seen. @default none */
  readonly needs?: readonly (readonly string[])[];
  /** Whether the value may be a secret, and is not shown. @default false */
  readonly isHidden?: boolean;
  /** What the line has to say of the rule or of what to change. */
  readonly says: string;
}

/** A configuration with {@link Defect}s in it and nothing else that is wrong. */
export interface BadConfig {
  readonly config: Config;
  readonly defects: readonly Defect[];
}

/** A good configuration in which one to four things are wrong that have nothing to do with each other. */
export function badConfig(): fc.Arbitrary<BadConfig> {
  const defects = fc.uniqueArray(anyDefect, { minLength: 1, maxLength: 4, comparator: isRelated });
  return fc
    .tuple(anyConfig, defects)
    .filter(([{ exampleServices }]) => exampleServices !== false)
    .map(([good, planted]) => ({
      config: completed(planted.reduce(withDefect, withPortsOfItsOwn(good)), root),
      defects: planted,
    }));
}

/** The line that reports a defect, up to what to change. */
export function reported(defect: Defect): RegExp {
  const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const { path, value } = defect;
  const isKind = typeof value === "object";
  const got = defect.isHidden === true || (mayBeSecret(defect) && !isKind) ? notShown : shown(value);
  return new RegExp(`^ {2}${literal(path.join("."))}: .+, got ${literal(got)}; .+$`);
}

/** Places that may hold a secret. */
const secretPlaces: readonly (readonly string[])[] = [
  ["secrets"],
  ["otelCollector", "config"],
  ["grafana", "datasources"],
  ["kubernetes", "ingress", "annotations"],
  ["kubernetes", "loadCommand"],
  ...exampleServiceNames.map((name) => ["services", name, "env"]),
];

/** Whether a message must not show the value: it is under an unknown name, or at, below or above a secret's place. */
function mayBeSecret({ kind, path, value }: Defect): boolean {
  if (["misspelt key", "unknown key", "service"].includes(kind)) return true;
  // What is told of a bad name is the name.
  if (path.at(-1) === value) return false;
  return secretPlaces.some((place) => path.every((key, index) => key === (place[index] ?? key)));
}

/** Ports that no generated defect happens to use. */
function withPortsOfItsOwn(config: Config): Config {
  const ports = Object.fromEntries(portNames.map((name, index) => [name, 20_000 + index]));
  return { ...config, ports, apiPort: 20_100 };
}

function withDefect(config: Config, { path, value, beside = [] }: Defect): Config {
  return [{ path, value }, ...beside].reduce((changed, each) => withValue(changed, each.path, each.value), config);
}

/** The same with the numbers that a group has to have once it is there: a defect may be the first of it. */
function completed(config: Config, { properties = {}, required = [] }: FieldSchema): Config {
  const missing = required.flatMap((key) => {
    const { minimum } = properties[key] ?? {};
    return minimum === undefined ? [] : [[key, minimum] as const];
  });
  const given = Object.entries(config).map(([key, value]) => {
    const isGroup = typeof value === "object" && value !== null && !Array.isArray(value);
    return [key, isGroup ? completed(value as Config, properties[key] ?? {}) : value] as const;
  });
  return Object.fromEntries([...missing, ...given]);
}

function withValue(config: Config, [key = "", ...rest]: readonly string[], value: unknown): Config {
  if (rest.length === 0) return { ...config, [key]: value };
  const inner = Object.hasOwn(config, key) ? (config[key] as Config) : {};
  return { ...config, [key]: withValue(inner, rest, value) };
}

/** Whether one defect is at, above or below a place of the other. */
function isRelated(one: Defect, other: Defect): boolean {
  const places = ({ path, beside = [], needs = [] }: Defect): readonly string[] =>
    [path, ...beside.map((other) => other.path), ...needs].map((keys) => `${keys.join("/")}/`);
  const isOnePort = one.kind === "duplicate port" && other.kind === one.kind && other.value === one.value;
  return isOnePort || places(one).some((a) => places(other).some((b) => a.startsWith(b) || b.startsWith(a)));
}

interface FieldSchema {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
}

interface Field {
  readonly path: readonly string[];
  readonly schema: FieldSchema;
}

/** Every group and every field of the schema, with the keys that lead to it. */
function fieldsOf(schema: FieldSchema, path: readonly string[] = []): readonly Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => [
    { path: [...path, key], schema: inner },
    ...fieldsOf(inner, [...path, key]),
  ]);
}

const root = z.toJSONSchema(programSettingsSchema, { io: "input" }) as FieldSchema;
const fields = fieldsOf(root);
const portNames = Object.keys(root.properties?.["ports"]?.properties ?? {});

function oneOf<Value>(values: readonly Value[]): fc.Arbitrary<Value> {
  return fc.constantFrom(...values);
}

/** Those with a single type, of which it is known what is wrong. */
const typedFields = fields.filter(({ schema }) => schema.type !== undefined);

/** A value of a type that the field does not have. At the top Pulumi makes text of everything, so there it is no line. */
const wrongType: fc.Arbitrary<Defect> = oneOf(typedFields).chain(({ path, schema }) => {
  const wrong = path.length === 1 && schema.type === "string" ? ["two\nlines"] : otherTypes[schema.type ?? ""];
  return oneOf(wrong ?? []).map((value) => ({
    ...{ kind: "type", path, value, says: "must be " },
    // Nobody knows what a single value in the place of a group is.
    isHidden: schema.type === "object" && typeof value !== "object",
  }));
});

const otherTypes: Readonly<Record<string, readonly unknown[]>> = {
  object: [5, true, ["a"]],
  string: [5, true, ["a"], {}],
  boolean: [1, "text", [], {}],
  integer: ["text", true, [], {}],
  number: ["text", true, [], {}],
  array: [5, true, "text", {}],
};

const numbers = fields.filter(({ schema }) => schema.minimum !== undefined && schema.maximum !== undefined);

/** A number below its range, above it, or with a fraction where none may be. */
const outOfRange: fc.Arbitrary<Defect> = oneOf(numbers).chain(
  ({ path, schema: { type, minimum = 0, maximum = 0 } }) => {
    const isPort = path[0] === "ports" || path[0] === "apiPort";
    const below = isPort ? fc.integer({ min: 0, max: 1023 }) : oneOf([minimum - 1, minimum - 1000]);
    const fraction = type === "integer" ? [oneOf([minimum + 0.5, maximum - 0.5])] : [];
    return fc
      .oneof(below, oneOf([maximum + 1, maximum * 2]), ...fraction)
      .map((value) => ({ kind: "range", path, value, says: `from ${minimum} to ${maximum}` }));
  },
);

const knownGroups: readonly Field[] = [
  { path: [], schema: root },
  ...fields.filter(({ schema }) => schema.properties !== undefined),
];

/** A known key with a letter too few, a letter too many, or in capitals. */
const misspelt: fc.Arbitrary<Defect> = oneOf(knownGroups)
  .chain(({ path, schema }) => fc.tuple(fc.constant(path), oneOf(Object.keys(schema.properties ?? {}))))
  .chain(([path, key]) =>
    oneOf([key.slice(1), `${key}x`, key.toUpperCase()])
      .filter(
        (typo) =>
          !knownGroups.some(
            (group) => group.path.join() === path.join() && Object.hasOwn(group.schema.properties ?? {}, typo),
          ),
      )
      .map((typo) => ({
        kind: "misspelt key",
        path: [...path, typo],
        value: 1,
        says: `did you mean ${[...path, key].join(".")}?`,
      })),
  );

/** A key that is like no other. */
const unheardOf: fc.Arbitrary<Defect> = oneOf(knownGroups).map(({ path, schema }) => ({
  kind: "unknown key",
  path: [...path, "zzzzzzzzzz"],
  value: { a: 1 },
  says: `remove it, or use one of ${Object.keys(schema.properties ?? {}).join(", ")}`,
}));

const portPaths: readonly (readonly string[])[] = [...portNames.map((name) => ["ports", name]), ["apiPort"]];

/** Two settings with one port; the later of the two is told. */
const duplicatePort: fc.Arbitrary<Defect> = fc
  .tuple(fc.subarray([...portPaths], { minLength: 2, maxLength: 2 }), fc.integer({ min: 30_000, max: 31_000 }))
  .map(([[first = [], second = []], port]) => ({
    kind: "duplicate port",
    path: second,
    value: port,
    beside: [{ path: first, value: port }],
    says: `must differ from ${first.join(".")}`,
  }));

const unknownTarget: fc.Arbitrary<Defect> = oneOf(["swarm", "nomad", "dokcer"]).map((value) => ({
  kind: "target",
  path: ["target"],
  value,
  says: "must be one of docker, kubernetes",
}));

const images = Object.keys(defaultImages);

const unversionedImage: fc.Arbitrary<Defect> = fc
  .tuple(oneOf(images), oneOf(["grafana/loki", "localhost:5000/a", "a@sha256:0", "a:", ":1", "a b:1", "A/b", "a:1@"]))
  .map(([name, value]) => ({ kind: "image", path: ["images", name], value, says: "must be an image with a tag" }));

const badName: fc.Arbitrary<Defect> = fc
  .tuple(
    oneOf(["name", "serviceNamespace"]),
    oneOf(["Shop", "1shop", "shop-", "-shop", "my shop", "a_b", "a".repeat(41)]),
  )
  .map(([key, value]) => ({ kind: "name", path: [key], value, says: "lower-case letters, digits and inner hyphens" }));

const badService: fc.Arbitrary<Defect> = oneOf(["Backend", "web_server", "saga"]).map((name) => ({
  kind: "service",
  path: ["services", name],
  value: { replicas: 1 },
  says: name === "Backend" ? "did you mean services.backend?" : "or use one of backend, ",
}));

const badVariable: fc.Arbitrary<Defect> = fc
  .tuple(
    oneOf(exampleServiceNames),
    oneOf<readonly [name: string, value: unknown, says: string]>([
      // Of a bad name the name itself is shown.
      ["1ST", "1ST", "must be a name for a variable"],
      ["PORT", 80, "must be text"],
      ["IS_ON", true, "must be text"],
    ]),
  )
  .map(([service, [name, value, says]]) => ({
    kind: "variable",
    path: ["services", service, "env", name],
    value,
    says,
  }));

/** Something added to the configuration that would take the stack's own away, or refers to a secret that there is not. */
const badAddition: fc.Arbitrary<Defect> = oneOf<Omit<Defect, "kind">>([
  {
    path: ["otelCollector", "config", "exporters", "debug"],
    value: "${file:/run/secrets/gone}",
    beside: [{ path: ["secrets"], value: {} }],
    says: "set secrets.gone",
  },
  {
    path: ["otelCollector", "config", "processors", "resource"],
    value: { attributes: [] },
    isHidden: true,
    says: "give yours another name, for example resource/mine",
  },
  {
    path: ["otelCollector", "config", "service", "extensions"],
    value: "zpages",
    isHidden: true,
    says: "must be a list, which is added to the stack's own",
  },
  { path: ["grafana", "dashboards"], value: "no/such/folder", says: "must be a folder" },
]).map((defect) => ({ kind: "addition", ...defect }));

/** Settings of the target `kubernetes` that do not fit each other; judged only where each is right by itself. */
const badCluster: fc.Arbitrary<Defect> = oneOf<Omit<Defect, "kind" | "needs">>([
  {
    path: ["kubernetes", "context"],
    value: "",
    beside: [{ path: ["target"], value: "kubernetes" }],
    says: "name one of `kubectl config get-contexts`",
  },
  {
    path: ["kubernetes", "storageGib", "otelCollector"],
    value: 2,
    beside: [
      { path: ["target"], value: "kubernetes" },
      { path: ["otelCollector", "queueMib"], value: 1024 },
    ],
    says: `must hold the ${delivery.exporters.length} queues of otelCollector.queueMib (1024) and a tenth on top`,
  },
  {
    path: ["kubernetes", "registry"],
    value: "",
    beside: [
      { path: ["target"], value: "kubernetes" },
      { path: ["kubernetes", "context"], value: "prod" },
      { path: ["kubernetes", "loadCommand"], value: "" },
      { path: ["exampleServices"], value: true },
    ],
    says: "name a registry that you may push to, or set exampleServices to false",
  },
  {
    path: ["kubernetes", "resources", "loki", "cpuLimitMillicores"],
    value: 19,
    beside: [
      { path: ["target"], value: "kubernetes" },
      { path: ["kubernetes", "resources", "loki", "cpuRequestMillicores"], value: 20 },
    ],
    says: "must be at least cpuRequestMillicores (20)",
  },
]).map((defect) => ({ kind: "cluster", needs: [["kubernetes"], ["otelCollector"]], ...defect }));

/** Kinds of defects that no schema can see: each value is right by itself. */
export const kindsBeyondSchema: readonly string[] = ["addition", "cluster", "duplicate port"];

const anyDefect: fc.Arbitrary<Defect> = fc.oneof(
  ...[wrongType, outOfRange, misspelt, unheardOf, duplicatePort],
  ...[unknownTarget, unversionedImage, badName, badService, badVariable, badAddition, badCluster],
);

/** Every kind of defect that {@link badConfig} plants. */
export const defectKinds: readonly string[] = [
  ...["addition", "cluster", "duplicate port", "image", "misspelt key", "name", "range"],
  ...["service", "target", "type", "unknown key", "variable"],
];

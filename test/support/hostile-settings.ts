import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { z } from "zod";
import { programSettingsSchema } from "../../config/program-settings.ts";
import type { Config } from "./program-config.ts";

/*
 * Settings as somebody writes them who does not know their rules, or wants to break something: at every place that the
 * schema has, and at others, values that are near what Docker, Kubernetes, YAML and Grafana read.
 */

/** A place in the settings and what its schema says. */
export interface Place {
  readonly path: readonly string[];
  readonly schema: PlaceSchema;
}

interface PlaceSchema {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, PlaceSchema>>;
  readonly additionalProperties?: PlaceSchema | boolean;
  readonly items?: PlaceSchema;
  readonly anyOf?: readonly PlaceSchema[];
}

/** Stands for the keys of a group whose keys are the user's own. */
const ownKey = "own-key";

/** Every place of a schema; of a list the first entry, of a group of own names one. */
function placesOf(schema: PlaceSchema, path: readonly string[] = []): readonly Place[] {
  const { properties = {}, additionalProperties, items } = schema;
  const inner: readonly (readonly [string, PlaceSchema])[] = [
    ...Object.entries(properties),
    ...(typeof additionalProperties === "object" ? [[ownKey, additionalProperties] as const] : []),
    ...(items === undefined ? [] : [["0", items] as const]),
  ];
  return [{ path, schema }, ...inner.flatMap(([key, below]) => placesOf(below, [...path, key]))];
}

/** Every place of the program's settings, the settings as a whole first. */
const places = placesOf(z.toJSONSchema(programSettingsSchema, { io: "input" }) as PlaceSchema);

/** Places below the settings as a whole. */
const settingPlaces = places.slice(1);

/** A configuration with a value at a place: lists and groups on the way are made. */
function withValueAt(config: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (/^\d+$/.test(key)) {
    const list: readonly unknown[] = Array.isArray(config) ? config : [];
    return [withValueAt(list[0], rest, value), ...list.slice(1)];
  }
  const group = typeof config === "object" && config !== null && !Array.isArray(config) ? (config as Config) : {};
  const inner = Object.hasOwn(group, key) ? group[key] : undefined;
  return { ...group, [key]: withValueAt(inner, rest, value) };
}

function fixture<Schema extends z.ZodType>(name: string, schema: Schema): z.output<Schema> {
  return schema.parse(JSON.parse(readFileSync(join(import.meta.dirname, "..", "fixtures", name), "utf8")));
}

const references = fixture(
  "image-verdicts.json",
  z.object({ taken: z.array(z.string()), refused: z.array(z.string()) }),
);
const { verdicts } = fixture(
  "kubernetes-verdicts.json",
  z.object({ verdicts: z.array(z.tuple([z.string(), z.string()])) }),
);

const halfCharacter = String.fromCharCode(0xd800);

/** Characters that mean something to somebody, or cannot be seen. */
const oddPieces = [
  ...[
    "-",
    "_",
    ".",
    "..",
    "/",
    ":",
    "@",
    "$",
    "${HOME}",
    "$(id)",
    "$__file{/etc/passwd}",
    "~",
    "%",
    "\\",
    "'",
    '"',
    "`",
  ],
  ...["#", "&", "*", "!", "|", ">", "?", "{", "[", ",", " ", "\n", "\r", "\t", "\0", "\u001b[2J", "\u007f", "\u0085"],
  ...[
    "\u00a0",
    "\u00ad",
    "\u200b",
    "\u200e",
    "\u2028",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\ufffe",
    "é",
    "日",
    "🙂",
    halfCharacter,
  ],
];

const pieces = ["a", "b1", "0", "x-y", "observability", "A", "example.com", "sha256:", "latest", "localhost", "443"];

/** Scalars of YAML that are something else than they seem. */
const yamlScalars = [
  ...[
    "null",
    "~",
    "true",
    "no",
    "on",
    "0x10",
    "0o7",
    "1_000",
    "1e3",
    ".nan",
    ".inf",
    "NaN",
    "Infinity",
    "2024-01-01",
    "=",
    "<<",
  ],
  ...[
    "- a",
    "a: b",
    "[a]",
    "{a: b}",
    '["prod"]',
    '{"a":1}',
    "!!binary aGk=",
    "&a",
    "*a",
    "%YAML 1.2",
    "---",
    "...",
    "# a",
  ],
];

const addresses = [
  ...[
    "ssh://-oProxyCommand=id",
    "ssh://u@-oX",
    "ssh://u:p@h",
    "tcp://h:99999",
    "unix://x",
    "unix:///x",
    "tcp://h:1",
    "ssh://u@h",
  ],
  ...[
    "https://u:p@h/x",
    "http://10.0.0.1",
    "10.0.0.1",
    "::1",
    "[::1]:1",
    "*.example.com",
    "grafana.example.com",
    "file:///etc",
  ],
];

/** Names of folders, of which only the fixture is one of dashboards. */
const folders = [
  ".",
  "..",
  "/",
  "/etc",
  "/proc",
  "config",
  "test/fixtures/dashboards",
  "node_modules",
  "package.json",
  "a\0b",
];

/** A text near one that somebody reads. */
const nearText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...references.taken) },
  { weight: 1, arbitrary: fc.constantFrom(...references.refused) },
  { weight: 4, arbitrary: fc.constantFrom(...verdicts.map(([text]) => text)) },
  { weight: 3, arbitrary: fc.constantFrom(...yamlScalars, ...addresses, ...folders) },
  {
    weight: 4,
    arbitrary: fc
      .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...pieces) }, fc.constantFrom(...oddPieces)), {
        minLength: 1,
        maxLength: 5,
      })
      .map((parts) => parts.join("")),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom("a", "-", "é"), fc.constantFrom(41, 64, 101, 254, 1001, 70_000))
      .map(([unit, times]) => unit.repeat(times)),
  },
);

/** Any value of JSON, most of them small. */
const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 0.5, 1e9, 1e300, -0, "", [], {}, [[]], { a: {} }, [null]),
  nearText,
  fc.array(nearText, { maxLength: 3 }),
  fc.dictionary(nearText, nearText, { maxKeys: 3 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Values that only a program can hand over. */
const anyObject: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true, maxDepth: 2 }),
  fc.constantFrom<unknown>(Number.NaN, Number.POSITIVE_INFINITY, Symbol("a"), () => 1, 10n ** 400n),
  fc.constantFrom(50, 500, 5000).map((levels) => Array.from({ length: levels }).reduce((inner) => ({ a: inner }), 1)),
  fc.constantFrom("list", "group").map((kind) => {
    const circle: unknown[] | Record<string, unknown> = kind === "list" ? [] : {};
    Object.assign(circle, { 0: { a: circle } });
    return circle;
  }),
);

/** A value that is right or nearly so for a place, or anything of JSON. */
function nearValue({ schema }: Place): fc.Arbitrary<unknown> {
  const { type, minimum = 0, maximum = 100 } = schema;
  if (type === "string") {
    return schema.enum === undefined
      ? fc.oneof({ weight: 5, arbitrary: nearText }, anyJson)
      : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...schema.enum) }, anyJson);
  }
  if (type === "integer" || type === "number") {
    const near = fc.constantFrom(minimum, maximum, minimum - 1, maximum + 1, minimum + 0.5, String(minimum));
    return fc.oneof(
      { weight: 3, arbitrary: near },
      fc.integer({ min: Math.ceil(minimum), max: Math.floor(maximum) }),
      anyJson,
    );
  }
  if (type === "boolean") return fc.oneof(fc.boolean(), fc.constantFrom("true", "no", 0, 1), anyJson);
  return anyJson;
}

/** One value for each of a few places; the names in a group of own names are near ones too. */
export const hostileConfig: fc.Arbitrary<Config> = fc
  .array(
    fc.constantFrom(...settingPlaces).chain((place) => fc.tuple(fc.constant(place), nearValue(place), nearText)),
    { minLength: 1, maxLength: 3 },
  )
  .map((changes) =>
    changes.reduce<unknown>((config, [{ path }, value, name]) => {
      const keys = path.map((key) => (key === ownKey ? name : key));
      return withValueAt(config, keys, value);
    }, {}),
  )
  .filter((config): config is Config => typeof config === "object" && config !== null);

/** What a program may hand over: the same with values of JavaScript, or no settings at all. */
export const hostileInput: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 1, arbitrary: anyObject },
  {
    weight: 4,
    arbitrary: fc
      .tuple(hostileConfig, fc.constantFrom(...settingPlaces), anyObject)
      .map(([config, { path }, value]) => withValueAt(config, path, value)),
  },
);

/** A text that is in no message, whatever is wrong. */
export const canary = "hunter2-canary";

/** Values that hold the {@link canary}, in each shape that a value may have. */
const withCanary: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>([canary], { apiToken: canary }, [[{ password: canary }]], { a: [canary, 1] }),
  fc.tuple(nearText, nearText).map(([before, after]) => ({ a: `${before}${canary}${after}` })),
);

const secretPlaces: readonly (readonly string[])[] = [
  ["secrets"],
  ["secrets", "own"],
  ["otelCollector", "config"],
  ["otelCollector", "config", "exporters"],
  ["otelCollector", "config", "exporters", "debug"],
  ["otelCollector", "config", "exporters", "otlp_http/own", "headers", "authorization"],
  ["otelCollector", "config", "processors", "memory_limiter", "limit_mib"],
  ["otelCollector", "config", "receivers", "otlp", "protocols", "grpc", "endpoint"],
  ["otelCollector", "config", "receivers", "otlp::protocols"],
  ["otelCollector", "config", "service", "extensions"],
  ["otelCollector", "config", "service", "pipelines", "logs", "exporters"],
  ["grafana", "datasources"],
  ["grafana", "datasources", "0"],
  ...["password", "basicAuthPassword", "url", "jsonData", "secureJsonData"].map((field) => [
    "grafana",
    "datasources",
    "0",
    field,
  ]),
  ["grafana", "datasources", "0", "secureJsonData", "password"],
  ["grafana", "datasources", "0", "jsonData", "httpHeaderValue1"],
  ["services"],
  ["services", "backend"],
  ["services", "backend", "env"],
  ["services", "backend", "env", "API_TOKEN"],
  ["kubernetes", "ingress", "annotations"],
  ["kubernetes", "ingress", "annotations", "example.com/token"],
  ["kubernetes", "loadCommand"],
];

/** Whether it may be a list, by itself or as one of several forms. */
function mayBeList({ type, anyOf = [] }: PlaceSchema): boolean {
  return type === "array" || anyOf.some(mayBeList);
}

function isTextByName({ additionalProperties }: PlaceSchema): boolean {
  return typeof additionalProperties === "object" && additionalProperties.type === "string";
}

/** Texts that hold the {@link canary} where a secret may be, in each form that the other program might read. */
const secretText: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    canary,
    `${canary}\0`,
    `Bearer ${canary}`,
    `${canary}\${env:HOME}`,
    `plain-${canary}$__file{/etc/passwd}`,
  ),
  fc.constantFrom(`https://user:${canary}@example.com`, `\${env:${canary}}`, `$${canary}`),
  fc.tuple(nearText, nearText).map(([before, after]) => `${before}${canary}${after}`),
  withCanary,
);

/** Addresses with credentials, for any place. */
const credentials = fc.constantFrom(
  ...["https://user:", "ssh://user:", "tcp://", "user:"].map((before) => `${before}${canary}@registry.example.com`),
);

/** A configuration with the {@link canary} in it, where a secret may be or nobody knows what it is. */
export const configWithSecret: fc.Arbitrary<Config> = fc
  .tuple(
    fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, hostileConfig),
    fc.oneof(
      fc.tuple(fc.constantFrom(...secretPlaces), secretText),
      // Under a name that nobody knows, in any group.
      fc
        .tuple(fc.constantFrom(...places.filter(({ schema }) => schema.properties !== undefined)), nearText, secretText)
        .map(([{ path, schema }, name, value]) => {
          const isKnown = Object.hasOwn(schema.properties ?? {}, name);
          return [[...path, isKnown ? `${name}x` : name], value] as const;
        }),
      // Within another shape than a known place has. Names in a list and labels by name are shown.
      fc.tuple(
        fc
          .constantFrom(...settingPlaces.filter(({ schema }) => !mayBeList(schema) && !isTextByName(schema)))
          .map(({ path }) => path),
        withCanary,
      ),
      fc.tuple(
        fc.constantFrom(...settingPlaces).map(({ path }) => path),
        credentials,
      ),
    ),
  )
  .map(([config, [path, value]]) => withValueAt(config, path, value))
  .filter((config): config is Config => typeof config === "object" && config !== null);

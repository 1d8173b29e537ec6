import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { isRecord } from "../../config/parse.ts";

/*
 * What can be written into a fragment of the Collector's configuration to reach what the stack has generated, and how
 * the Collector reads it: the two halves of a property that config/collector/fragment.ts has to have.
 */

type Document = Readonly<Record<string, unknown>>;

/**
 * Fragments that aim at the places of a generated document: at any of its keys and below, with several keys in one by
 * `::`, with blanks and colons around them, under other names of a type, with values of every kind, and harmless ones.
 */
export function hostileFragment(generated: Document): fc.Arbitrary<Document> {
  const places = placesOf(generated);
  const place = fc.constantFrom(...places).chain(({ path, value }) =>
    fc.record({
      keys: spelledKeys(path),
      value: fc.oneof(fc.constant(value), hostileValue, fc.constantFrom<unknown>([], ["batch"], ["otlp"], ["nop"])),
    }),
  );
  const harmless = fc.record({
    keys: fc.constantFrom(
      ["exporters", "debug"],
      ["processors", "filter/mine", "error_mode"],
      ["service", "telemetry", "logs", "level"],
      ["service", "pipelines", "logs/mine", "receivers"],
      ["receivers", "otlp", "protocols", "http", "cors", "allowed_origins"],
    ),
    value: hostileValue,
  });
  const processors = fc.record({
    keys: fc.constantFrom("logs", "traces", "metrics").map((name) => ["service", "pipelines", name, "processors"]),
    value: fc.array(spelled(fc.constantFrom("filter/mine", "resource", "batch", "log_dedup", "tail_sampling", "nop"))),
  });
  return fc
    .array(fc.oneof(place, harmless, processors), { minLength: 1, maxLength: 3 })
    .map((entries) => entries.reduce<Document>((all, { keys, value }) => put(all, keys, value), {}));
}

const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, {}, [], "", "x", 0, -1, true, false, "null", [null], { enabled: false }),
  fc.constantFrom<unknown>({ "sending_queue::enabled": false }, { __proto__: null }, { "<<": { endpoint: "x" } }),
  fc.constant(JSON.parse('{"__proto__": {"endpoint": "x"}, "constructor": 1}') as unknown),
);

/** The keys to a place and perhaps one below it, some of them joined, one perhaps spelled in another way. */
function spelledKeys(path: readonly string[]): fc.Arbitrary<readonly string[]> {
  return fc
    .record({
      more: fc.constantFrom<readonly string[]>([], [], ["enabled"], ["endpoint"], ["mine"], ["__proto__"]),
      joins: fc.array(fc.boolean(), { minLength: path.length + 1, maxLength: path.length + 1 }),
      plain: fc.boolean(),
      odd: fc.nat(path.length),
    })
    .chain(({ more, joins, plain, odd }) => {
      const keys = [...path, ...more];
      return spelled(fc.constant(keys[odd] ?? "")).map((other) => {
        const respelled = plain ? keys : keys.map((key, index) => (index === odd ? other : key));
        return respelled.reduce<readonly string[]>((done, key, index) => {
          const last = done.at(-1);
          return !plain && last !== undefined && joins[index] === true
            ? [...done.slice(0, -1), `${last}::${key}`]
            : [...done, key];
        }, []);
      });
    });
}

/** A name as somebody may write it who means it, or means another. */
function spelled(name: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const ways: readonly ((text: string) => string)[] = [
    (text) => text,
    (text) => `${text} `,
    (text) => ` ${text}`,
    (text) => `\u0085${text}\u00a0`,
    (text) => text.replace("/", " / "),
    (text) => text.replace("/", "_"),
    (text) => text.replace("_", ""),
    (text) => text.replace("otlp_grpc", "otlp"),
    (text) => text.toUpperCase(),
    (text) => `${text}:`,
    (text) => `:${text}`,
    (text) => `${text}::`,
    (text) => `::${text}`,
  ];
  return fc.record({ name, way: fc.constantFrom(...ways) }).map(({ name: text, way }) => way(text));
}

function placesOf(value: unknown, path: readonly string[] = []): { path: readonly string[]; value: unknown }[] {
  const inner = isRecord(value) ? Object.entries(value).flatMap(([key, each]) => placesOf(each, [...path, key])) : [];
  return path.length === 0 ? inner : [{ path, value }, ...inner];
}

function put(group: Document, [key = "", ...rest]: readonly string[], value: unknown): Document {
  const before = Object.hasOwn(group, key) ? group[key] : undefined;
  const inside = rest.length === 0 ? value : put(isRecord(before) ? before : {}, rest, value);
  return Object.fromEntries([...Object.entries(group), [key, inside]]);
}

/** Fragments that the Collector can read, of everything that the documentation of fragments allows. */
export const sensibleFragment: fc.Arbitrary<Document> = fc
  .subarray<readonly [readonly string[], unknown]>(
    [
      [["exporters", "otlp_http/mine"], { endpoint: "http://x:4318", headers: { a: "$${b} $c", "<<": "0b1" } }],
      [["exporters", "debug"], null],
      [["extensions", "zpages"], {}],
      [["processors", "filter/mine"], { error_mode: "ignore", traces: { span: ['attributes["a"] == "b"'] } }],
      [["processors", "batch"], {}],
      [["receivers", "otlp", "protocols", "grpc", "include_metadata"], true],
      [["receivers", "otlp", "protocols", "http", "cors", "allowed_origins"], ["https://*.example.com"]],
      [["receivers", "otlp", "protocols", "http", "endpoint"], "0.0.0.0:4318"],
      [["service", "extensions"], ["file_storage"]],
      [["service", "pipelines", "logs", "processors"], []],
      [["service", "pipelines", "traces", "exporters"], ["otlp_grpc/jaeger"]],
      [["service", "pipelines", "metrics/mine"], { receivers: ["otlp"], exporters: ["otlp_http/victoria-metrics"] }],
      [["service", "telemetry", "logs", "level"], "info"],
      [["service", "telemetry", "resource", "attributes"], [{ name: "team", value: "shop" }]],
    ],
    { minLength: 1 },
  )
  .map((entries) => entries.reduce<Document>((all, [keys, value]) => put(all, keys, value), {}));

/**
 * What the Collector reads of two files (go.opentelemetry.io/collector/confmap and github.com/knadh/koanf/maps): groups
 * are merged, other values replaced; then every key is a path with `::` in between; and names lose their blanks.
 */
export function asCollectorReads(first: Document, second: Document): Document {
  const values = new Map(flat(merge(first, second)));
  const read = [...values].reduce<Document>((all, [key, value]) => put(all, key.split("::"), value), {});
  return Object.fromEntries(
    Object.entries(read).map(([section, value]) => [
      section,
      section === "service" ? trimmedService(value) : trimmedKeys(value),
    ]),
  );
}

function merge(first: unknown, second: unknown): unknown {
  if (!isRecord(first) || !isRecord(second)) return second;
  const both = Object.entries(second).map(([key, value]) => [
    key,
    Object.hasOwn(first, key) ? merge(first[key], value) : value,
  ]);
  return Object.fromEntries([...Object.entries(first), ...both]);
}

function flat(value: unknown, path = ""): (readonly [string, unknown])[] {
  if (!isRecord(value) || Object.keys(value).length === 0) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, path === "" ? key : `${path}::${key}`));
}

/** Go's `strings.TrimSpace`. */
function trimmed(text: string): string {
  return text.replaceAll(/^[\s\u0085]+|[\s\u0085]+$/g, "");
}

function trimmedId(id: unknown): unknown {
  return typeof id === "string"
    ? id
        .split(/\/(.*)/s, 2)
        .map(trimmed)
        .join("/")
    : id;
}

function trimmedKeys(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [trimmedId(key), inner]));
}

function trimmedService(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const lists = (group: unknown): unknown =>
    isRecord(group) ? Object.fromEntries(Object.entries(group).map(([key, list]) => [key, trimmedList(list)])) : group;
  const pipelines = trimmedKeys(value["pipelines"]);
  return {
    ...value,
    extensions: trimmedList(value["extensions"]),
    pipelines: isRecord(pipelines)
      ? Object.fromEntries(Object.entries(pipelines).map(([name, pipeline]) => [name, lists(pipeline)]))
      : pipelines,
  };
}

function trimmedList(list: unknown): unknown {
  return Array.isArray(list) ? list.map(trimmedId) : list;
}

/** Where a document that the Collector reads is not the generated one any more; in lists more may follow. */
export function lostParts(read: unknown, generated: unknown, path = ""): readonly string[] {
  // How much the Collector says is the user's choice, and what is null in its own print is not set.
  if (path === "/service/telemetry/logs" || generated === null) return [];
  if (isRecord(generated)) {
    if (!isRecord(read)) return [path];
    return Object.entries(generated).flatMap(([key, ours]) =>
      lostParts(Object.hasOwn(read, key) ? read[key] : undefined, ours, `${path}/${key}`),
    );
  }
  const kept = Array.isArray(generated) && Array.isArray(read) ? read.slice(0, generated.length) : read;
  return isDeepStrictEqual(kept, generated) ? [] : [path];
}

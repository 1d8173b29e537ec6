import type { InstrumentationScope } from "@opentelemetry/core";
import { emptyResource, type Resource } from "@opentelemetry/resources";
import protobuf from "protobufjs/minimal.js";
import type { ItemSerializer, OtlpSignal, PartialSuccess } from "./otlp-signals.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

const { Reader, Writer } = protobuf;

/** An item as it waits: its own bytes, and what it shares with others. */
export interface EncodedItem {
  readonly bytes: Uint8Array;
  readonly resource: Resource;
  readonly scope: InstrumentationScope;
  /** How many it is for the counters. */
  readonly count: number;
}

/**
 * Turns items into bytes one by one, and bytes of many into one request.
 *
 * An item that waits is bytes only: its size is known, nothing it refers to stays in memory, whoever changes it later
 * changes nothing, and an item that cannot be serialized is found before it is among others.
 */
export interface OtlpEncoding<Item> {
  /** @throws whatever the item's own getters throw, and what cannot be serialized, as a circle */
  readonly encode: (item: Item, resource: Resource, scope: InstrumentationScope) => EncodedItem;
  /** One request with these items, in their order within a scope. */
  readonly compose: (items: readonly EncodedItem[]) => Uint8Array;
  /** What a receiver did not take of a request that it has accepted. */
  readonly partialSuccess: (answer: Uint8Array) => PartialSuccess;
}

/** A resource and a scope as a request has them, without items. */
interface Envelope<Part> {
  readonly resource: Part;
  readonly resourceSchemaUrl: Part | undefined;
  readonly scope: Part;
  readonly scopeSchemaUrl: Part | undefined;
}

const noResource = emptyResource();
const noScope: InstrumentationScope = { name: "" };

/** OTLP in protobuf. A message is put together from messages that are bytes already; the numbers are OTLP's own. */
export function protobufEncoding<Item>(signal: OtlpSignal<Item>): OtlpEncoding<Item> {
  const serializer = signal.serializers.protobuf;
  const envelopeOf = cachedEnvelopes(signal.blank, serializer, (request): Envelope<Uint8Array> => {
    const inResource = field(request, 1) ?? new Uint8Array();
    const inScope = field(inResource, 2) ?? new Uint8Array();
    return {
      resource: field(inResource, 1) ?? new Uint8Array(),
      resourceSchemaUrl: field(inResource, 3),
      scope: field(inScope, 1) ?? new Uint8Array(),
      scopeSchemaUrl: field(inScope, 3),
    };
  });
  const { write } = signal;
  const bytesOf = write === undefined ? (item: Item) => withinRequest(serializer, item) : encoder(write);
  return {
    encode: (item, resource, scope) => ({ bytes: bytesOf(item), resource, scope, count: signal.countOf(item) }),
    compose: (items) => {
      const writer = Writer.create();
      const lengthDelimited = (number: number, bytes: Uint8Array | undefined): void => {
        if (bytes !== undefined) writer.uint32((number << 3) | 2).bytes(bytes);
      };
      for (const [resource, scopes] of grouped(items)) {
        const envelopes = [...scopes].map(([scope, own]) => ({ ...envelopeOf(resource, scope), own }));
        writer.uint32((1 << 3) | 2).fork();
        lengthDelimited(1, envelopes[0]?.resource);
        for (const { scope, own, scopeSchemaUrl } of envelopes) {
          writer.uint32((2 << 3) | 2).fork();
          lengthDelimited(1, scope);
          for (const { bytes } of own) lengthDelimited(2, bytes);
          lengthDelimited(3, scopeSchemaUrl);
          writer.ldelim();
        }
        lengthDelimited(3, envelopes[0]?.resourceSchemaUrl);
        writer.ldelim();
      }
      return writer.finish();
    },
    partialSuccess: serializer.partialSuccess,
  };
}

/** Writes one item after the other with one writer. @throws whatever `write` throws */
function encoder<Item>(write: (writer: ProtobufWriter, item: Item) => void): (item: Item) => Uint8Array {
  let idle: ProtobufWriter | undefined;
  return (item) => {
    // While one is written, a getter of it may have another one written.
    const writer = idle ?? new ProtobufWriter();
    idle = undefined;
    writer.reset();
    write(writer, item);
    idle = writer;
    return writer.finish();
  };
}

/** The bytes of an item, out of a request of it that OpenTelemetry's serializer has written. */
function withinRequest<Item>(serializer: ItemSerializer<Item>, item: Item): Uint8Array {
  const inResource = field(serializer.request(item, noResource, noScope), 1);
  const inScope = inResource && field(inResource, 2);
  const own = inScope && field(inScope, 2);
  return compact(own ?? new Uint8Array());
}

/** OTLP in JSON. */
export function jsonEncoding<Item>(signal: OtlpSignal<Item>): OtlpEncoding<Item> {
  const serializer = signal.serializers.json;
  const [resourcesKey, scopesKey, itemsKey] = signal.jsonKeys;
  const partsOf = (request: Uint8Array): { inResource: Json; inScope: Json; own: unknown } => {
    const inResource = first((JSON.parse(Buffer.from(request).toString()) as Json)[resourcesKey]);
    const inScope = first(inResource[scopesKey]);
    return { inResource, inScope, own: first(inScope[itemsKey]) };
  };
  const envelopeOf = cachedEnvelopes(signal.blank, serializer, (request): Envelope<unknown> => {
    const { inResource, inScope } = partsOf(request);
    return {
      resource: inResource["resource"],
      resourceSchemaUrl: inResource["schemaUrl"],
      scope: inScope["scope"],
      scopeSchemaUrl: inScope["schemaUrl"],
    };
  });
  return {
    encode: (item, resource, scope) => {
      const { own } = partsOf(serializer.request(item, noResource, noScope));
      return { bytes: Buffer.from(JSON.stringify(own)), resource, scope, count: signal.countOf(item) };
    },
    compose: (items) => {
      const resources = [...grouped(items)].map(([resource, scopes]) => {
        const inScopes = [...scopes].map(([scope, own]) => {
          const { scope: written, scopeSchemaUrl: schemaUrl } = envelopeOf(resource, scope);
          const texts = own.map(({ bytes }) => Buffer.from(bytes).toString());
          return withArray({ scope: written, schemaUrl }, itemsKey, texts);
        });
        const [scope = noScope] = scopes.keys();
        const { resource: written, resourceSchemaUrl: schemaUrl } = envelopeOf(resource, scope);
        return withArray({ resource: written, schemaUrl }, scopesKey, inScopes);
      });
      return Buffer.from(withArray({}, resourcesKey, resources));
    },
    partialSuccess: serializer.partialSuccess,
  };
}

/**
 * Bytes that keep nothing else in memory. They come as a view of the whole request's buffer, which has little else in it
 * if they are many; a few are copied, to where Node.js keeps many small buffers together.
 */
function compact(bytes: Uint8Array): Uint8Array {
  const isMostOfIt = bytes.byteLength > 4096 && bytes.byteLength > 0.95 * bytes.buffer.byteLength;
  return isMostOfIt ? bytes : Buffer.from(bytes);
}

type Json = Readonly<Record<string, unknown>>;

function first(value: unknown): Json {
  return (Array.isArray(value) ? (value[0] as Json | undefined) : undefined) ?? {};
}

/** An object as JSON, with an array in it whose elements are JSON already. */
function withArray(fields: Json, key: string, elements: readonly string[]): string {
  const others = JSON.stringify(fields).slice(1, -1);
  return `{${others}${others === "" ? "" : ","}${JSON.stringify(key)}:[${elements.join(",")}]}`;
}

/** The last field of this number in a message, if it is a message itself, a text, or bytes. */
function field(message: Uint8Array, number: number): Uint8Array | undefined {
  const reader = Reader.create(message);
  let found: Uint8Array | undefined;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === ((number << 3) | 2)) found = reader.bytes();
    else reader.skipType(tag & 7);
  }
  return found;
}

function grouped(items: readonly EncodedItem[]): Map<Resource, Map<InstrumentationScope, EncodedItem[]>> {
  const resources = new Map<Resource, Map<InstrumentationScope, EncodedItem[]>>();
  for (const item of items) {
    const scopes = resources.get(item.resource) ?? new Map<InstrumentationScope, EncodedItem[]>();
    resources.set(item.resource, scopes);
    const own = scopes.get(item.scope);
    if (own === undefined) scopes.set(item.scope, [item]);
    else own.push(item);
  }
  return resources;
}

/** A process has one resource and some dozen scopes, so each pair is written once. */
function cachedEnvelopes<Item, Part>(
  blank: Item,
  { request }: ItemSerializer<Item>,
  envelopeOf: (request: Uint8Array) => Envelope<Part>,
): (resource: Resource, scope: InstrumentationScope) => Envelope<Part> {
  const cache = new WeakMap<Resource, WeakMap<InstrumentationScope, Envelope<Part>>>();
  return (resource, scope) => {
    const scopes = cache.get(resource) ?? new WeakMap<InstrumentationScope, Envelope<Part>>();
    cache.set(resource, scopes);
    const known = scopes.get(scope) ?? envelopeOf(request(blank, resource, scope));
    scopes.set(scope, known);
    return known;
  };
}

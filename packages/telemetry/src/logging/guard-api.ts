import { createNoopMeter, INVALID_SPAN_CONTEXT, logs, metrics, trace, type Span } from "@opentelemetry/api";
import type { SpanProcessor } from "@opentelemetry/sdk-trace";

/** Methods of a span that take anything from the application and may throw on it. */
const spanMethods = [
  "setAttribute",
  "setAttributes",
  "addEvent",
  "addLink",
  "addLinks",
  "setStatus",
  "updateName",
  "recordException",
  "end",
] as const;

/** Methods of a meter that make an instrument, and those of the instrument that record. */
const instruments = {
  createCounter: "add",
  createUpDownCounter: "add",
  createHistogram: "record",
  createGauge: "record",
} as const;

const guardedPrototypes = new WeakSet();

type Method = (this: object, ...given: unknown[]) => unknown;

/** Replaces a method of a class of the SDK's by one that does not throw. */
function guard(prototype: object, name: string, instead: (self: object) => unknown): void {
  const original: unknown = Reflect.get(prototype, name);
  if (typeof original !== "function") return;
  const guarded: Method = function (...given) {
    try {
      return Reflect.apply(original as Method, this, given);
    } catch {
      return instead(this);
    }
  };
  Reflect.set(prototype, name, guarded);
}

/** Whether the class of an object is seen for the first time; the caller guards its methods then. */
function isNew(instance: object): object | undefined {
  const prototype: unknown = Object.getPrototypeOf(instance);
  if (typeof prototype !== "object" || prototype === null || guardedPrototypes.has(prototype)) return undefined;
  guardedPrototypes.add(prototype);
  return prototype;
}

/**
 * Has spans ignore what they cannot take: a link without a context, a status of null, attributes whose getters throw.
 * Has to be the first of the processors, since it learns of the SDK's class of spans by the first span of all.
 */
export function guardingSpanProcessor(): SpanProcessor {
  let last: unknown;
  return {
    onStart: (span) => {
      const seen: unknown = Object.getPrototypeOf(span);
      if (seen === last) return;
      last = seen;
      const prototype = isNew(span);
      if (prototype === undefined) return;
      for (const name of spanMethods) guard(prototype, name, (self) => self);
    },
    onEnd: () => undefined,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

/**
 * Has the SDK's tracers, meters and loggers ignore what they cannot take, as the specification wants it
 * (opentelemetry.io/docs/specs/otel/error-handling), instead of throwing it into the application. What a callback of the
 * application throws is the application's, and passes. Call it when the SDK has started.
 */
export function guardApi(): void {
  const tracer = delegateOf(trace.getTracerProvider()).getTracer("@observability/telemetry");
  const tracers = isNew(tracer);
  if (tracers !== undefined) guard(tracers, "startSpan", (): Span => trace.wrapSpanContext(INVALID_SPAN_CONTEXT));

  const meters = isNew(delegateOf(metrics.getMeterProvider()).getMeter("@observability/telemetry"));
  if (meters !== undefined) {
    const noop = createNoopMeter();
    for (const [create, record] of Object.entries(instruments) as [keyof typeof instruments, string][]) {
      guard(meters, create, () => noop[create]("noop"));
      const made: unknown = Reflect.get(meters, create);
      const guarding: Method = function (...given) {
        const instrument = Reflect.apply(made as Method, this, given);
        const prototype = typeof instrument === "object" && instrument !== null ? isNew(instrument) : undefined;
        if (prototype !== undefined) guard(prototype, record, () => undefined);
        return instrument;
      };
      Reflect.set(meters, create, guarding);
    }
  }

  const loggers = isNew(delegateOf(logs.getLoggerProvider()).getLogger("@observability/telemetry"));
  if (loggers !== undefined) guard(loggers, "emit", () => undefined);
}

/** The SDK's provider behind the API's, which only passes calls on. */
function delegateOf<Provider extends object>(provider: Provider): Provider {
  const delegate: unknown = Reflect.get(provider, "getDelegate") ?? Reflect.get(provider, "_getDelegate");
  return typeof delegate === "function" ? (Reflect.apply(delegate, provider, []) as Provider) : provider;
}

import type { Attributes, Link } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { MetricData, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Redactor } from "./redactor.ts";

/**
 * Copies of what leaves the process, without secrets. None of these throws, and none changes what it is given: the
 * application may still hold it. Resources and scopes are copied once each, so that the exporters, which group by their
 * identity, still find them equal.
 */
export interface SignalRedaction {
  /** A span: name, status, attributes of itself, its events, links, scope and resource. */
  readonly span: (span: ReadableSpan) => ReadableSpan;
  /** A log record: body, event name, attributes of itself, its scope and resource. */
  readonly logRecord: (record: ReadableLogRecord) => ReadableLogRecord;
  /** Metrics: descriptions, attributes of data points, scopes and the resource. */
  readonly resourceMetrics: (metrics: ResourceMetrics) => ResourceMetrics;
}

/** Makes the three functions for a redactor. */
export function createSignalRedaction(redactor: Redactor): SignalRedaction {
  const resources = new WeakMap<Resource, Resource>();
  const scopes = new WeakMap<object, InstrumentationScope>();
  const attributes = (given: Attributes): Attributes =>
    isEmpty(given) ? noAttributes : asAttributes(redactor.value(given));
  const text = (given: unknown): string => redactor.text(typeof given === "string" ? given : "");

  const resource = (given: Resource): Resource => {
    const found = resources.get(given) ?? new RedactedResource(given, attributes);
    resources.set(given, found);
    return found;
  };
  const scope = <Scope extends InstrumentationScope & { attributes?: Attributes }>(given: Scope): Scope => {
    if (given.attributes === undefined || Object.keys(given.attributes).length === 0) return given;
    const found = scopes.get(given) ?? { ...given, attributes: attributes(given.attributes) };
    scopes.set(given, found);
    return found as Scope;
  };
  const link = (given: Link): Link => ({
    ...given,
    ...(given.attributes !== undefined && { attributes: attributes(given.attributes) }),
  });

  const spanCopy = (span: ReadableSpan): ReadableSpan => {
    const spanContext = span.spanContext();
    const links = span.links.filter(hasContext);
    const copy = {
      name: text(span.name),
      kind: span.kind,
      spanContext: () => spanContext,
      parentSpanContext: span.parentSpanContext,
      startTime: span.startTime,
      endTime: span.endTime,
      status:
        span.status.message === undefined
          ? span.status
          : { code: span.status.code, message: text(span.status.message) },
      attributes: attributes(span.attributes),
      links: links.map(link),
      events: span.events.map((event) => ({
        ...event,
        name: text(event.name),
        ...(event.attributes !== undefined && { attributes: attributes(event.attributes) }),
      })),
      duration: span.duration,
      ended: span.ended,
      resource: resource(span.resource),
      instrumentationScope: scope(span.instrumentationScope),
      droppedAttributesCount: span.droppedAttributesCount,
      droppedEventsCount: span.droppedEventsCount,
      droppedLinksCount: span.droppedLinksCount + span.links.length - links.length,
    } satisfies Record<keyof ReadableSpan, unknown>;
    return copy;
  };
  const recordCopy = (record: ReadableLogRecord): ReadableLogRecord => {
    const copy = {
      hrTime: record.hrTime,
      hrTimeObserved: record.hrTimeObserved,
      spanContext: record.spanContext,
      severityText: record.severityText === undefined ? undefined : text(record.severityText),
      severityNumber: record.severityNumber,
      // A copy of a JSON value, or bytes, is what a body may be.
      body: redactor.isKnown(record.body) ? record.body : redactor.value(record.body),
      eventName: record.eventName === undefined ? undefined : text(record.eventName),
      resource: resource(record.resource),
      instrumentationScope: scope(record.instrumentationScope),
      attributes: attributes(record.attributes),
      droppedAttributesCount: record.droppedAttributesCount,
    } satisfies Record<keyof ReadableLogRecord, unknown>;
    return copy;
  };
  return {
    // What cannot be copied leaves without its content: it is counted as it was made, and nobody's secret is in it.
    span: (span) => {
      try {
        return spanCopy(span);
      } catch {
        const status = { code: span.status.code };
        return spanCopy(overlaid(span, { name: unreadable, attributes: {}, links: [], events: [], status }));
      }
    },
    logRecord: (record) => {
      try {
        return recordCopy(record);
      } catch {
        return recordCopy(overlaid(record, { body: unreadable, attributes: {} }));
      }
    },
    resourceMetrics: (metrics) => ({
      resource: resource(metrics.resource),
      scopeMetrics: metrics.scopeMetrics.map((inScope) => ({
        scope: scope(inScope.scope),
        metrics: inScope.metrics.map((metric) => redactedMetric(metric, attributes, text)),
      })),
    }),
  };
}

function redactedMetric<Metric extends MetricData>(
  metric: Metric,
  attributes: (given: Attributes) => Attributes,
  text: (given: unknown) => string,
): Metric {
  return {
    ...metric,
    descriptor: { ...metric.descriptor, description: text(metric.descriptor.description) },
    dataPoints: metric.dataPoints.map((point) => ({ ...point, attributes: attributes(point.attributes) })),
  };
}

const noAttributes: Attributes = {};

/** Most log records have none. */
function isEmpty(given: Attributes): boolean {
  for (const _ in given) return false;
  return true;
}

/** What stands in place of what could not be read. */
const unreadable = "[unreadable]";

/** An item with some fields replaced; the others are read through to it, getters included. */
function overlaid<Item extends object>(item: Item, fields: Partial<Item>): Item {
  const overlay = Object.create(item) as Item;
  for (const [key, value] of Object.entries(fields)) Object.defineProperty(overlay, key, { value });
  return overlay;
}

/** A link without a context cannot be encoded, and would take the whole batch with it. */
function hasContext(link: Partial<Link> | undefined): boolean {
  const context = link?.context;
  return typeof context?.traceId === "string" && typeof context.spanId === "string";
}

/** The copy of an object is one, whatever was in it. */
function asAttributes(copy: unknown): Attributes {
  return typeof copy === "object" && copy !== null && !Array.isArray(copy) ? (copy as Attributes) : {};
}

/** A resource whose attributes are redacted when they are read, since detectors may add some later. */
class RedactedResource implements Resource {
  private readonly inner: Resource;
  private readonly redacted: (given: Attributes) => Attributes;
  private settled: Attributes | undefined;

  constructor(inner: Resource, redacted: (given: Attributes) => Attributes) {
    this.inner = inner;
    this.redacted = redacted;
  }

  get asyncAttributesPending(): boolean {
    return this.inner.asyncAttributesPending === true;
  }

  get attributes(): Attributes {
    if (this.settled !== undefined) return this.settled;
    const attributes = this.redacted(this.inner.attributes);
    if (!this.asyncAttributesPending) this.settled = attributes;
    return attributes;
  }

  get schemaUrl(): string | undefined {
    return this.inner.schemaUrl;
  }

  async waitForAsyncAttributes(): Promise<void> {
    await this.inner.waitForAsyncAttributes?.();
  }

  merge(other: Resource | null): Resource {
    return new RedactedResource(this.inner.merge(other), this.redacted);
  }

  getRawAttributes(): ReturnType<Resource["getRawAttributes"]> {
    return Object.entries(this.attributes);
  }
}

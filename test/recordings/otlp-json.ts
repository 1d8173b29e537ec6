/** What an OTLP exporter has sent at once, as OTLP's JSON has it: one of the three (opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). */
export interface Exported {
  readonly resourceLogs?: readonly ResourceLogs[];
  readonly resourceSpans?: readonly ResourceSpans[];
  readonly resourceMetrics?: readonly ResourceMetrics[];
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface OfResource {
  readonly resource: { readonly attributes?: readonly Attribute[] };
}

interface ResourceLogs extends OfResource {
  readonly scopeLogs: readonly { readonly logRecords: readonly LogRecord[] }[];
}

interface ResourceSpans extends OfResource {
  readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
}

interface ResourceMetrics extends OfResource {
  readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
}

/** A record of a log; a time is in nanoseconds since 1970. */
export interface LogRecord {
  readonly timeUnixNano?: string;
  readonly observedTimeUnixNano?: string;
  readonly severityNumber?: number;
  readonly traceId?: string;
}

/** A span. */
export interface Span {
  readonly traceId: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

/** A metric, with the one kind of points that it has. */
export interface Metric {
  readonly name: string;
  readonly unit?: string;
  readonly sum?: Points & { readonly isMonotonic?: boolean };
  readonly gauge?: Points;
  readonly histogram?: Points;
}

interface Points {
  readonly dataPoints: readonly { readonly timeUnixNano: string; readonly attributes?: readonly Attribute[] }[];
}

/** The `service.name` that something was sent by. */
export function serviceNameOf({ resource }: OfResource): string {
  return resource.attributes?.find(({ key }) => key === "service.name")?.value.stringValue ?? "";
}

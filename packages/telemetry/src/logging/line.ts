import { context, logs, SeverityNumber, trace, type Context } from "@opentelemetry/api";
import type { Redactor } from "../redaction/redactor.ts";

/** Severity of each level (opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber). */
const severities = {
  trace: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
} as const;

/** Name of a log level, in lower case. */
export type Level = keyof typeof severities;

/** The levels from the least to the most important. */
export const levels = Object.keys(severities) as readonly Level[];

/** The level that a number of pino or bunyan belongs to: 30 is `info`, and so is 35. */
export function levelOfNumber(number: number): Level {
  return levels[Math.min(levels.length, Math.max(1, Math.floor(number / 10))) - 1] ?? "info";
}

/** One line of the log. */
export interface Line {
  /** Compact JSON without a line break. */
  readonly text: string;
  readonly level: Level;
  readonly time: Date;
  /** The context it was written in. */
  readonly context: Context;
}

/** Where lines go. */
export type LineSink = (line: Line) => void;

/** What a line is made of. */
export interface LineParts {
  readonly level: Level;
  readonly message: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly time: Date;
}

/** Longest line in characters; Loki cuts lines of more than 256 KB, which would leave half a JSON text. */
export const longestLine = 64 * 1024;

/** Makes lines of a service: compact JSON with the trace they belong to, secrets redacted. */
export type LineComposer = (parts: LineParts) => Line;

/**
 * Makes a composer. A field with the name of one of the line's own is kept under `field.<name>`.
 *
 * @param serviceName `service.name` of each line
 */
export function lineComposer(serviceName: string, redactor: Redactor): LineComposer {
  return ({ level, message, fields, time }) => {
    const active = context.active();
    const own = {
      timestamp: time.toISOString(),
      level,
      ...(message === undefined ? {} : { message: redactor.value(message) }),
      "service.name": serviceName,
      ...traceFields(active),
    };
    const others = fieldsBeside(own, redactor.value(fields));
    const text = JSON.stringify({ ...own, ...others });
    return {
      text: text.length <= longestLine ? text : cutLine(own, others, text.length),
      level,
      time,
      context: active,
    };
  };
}

/** Emits each line as one OpenTelemetry log record whose body is the line. */
export const otlpSink: LineSink = ({ text, level, time, context: written }) => {
  logs.getLogger("@observability/telemetry").emit({
    body: text,
    severityNumber: severities[level],
    severityText: level,
    timestamp: time,
    context: written,
  });
};

type Fields = Readonly<Record<string, unknown>>;

function fieldsBeside(own: Fields, redacted: unknown): Fields {
  const others: Record<string, unknown> = {};
  if (typeof redacted !== "object" || redacted === null) return others;
  for (const [key, value] of Object.entries(redacted)) {
    others[Object.hasOwn(own, key) ? `field.${key}` : key] = value;
  }
  return others;
}

/** Ids of the active span, if it is recorded: an id that leads to no trace is worse than none. */
function traceFields(active: Context): Fields {
  const span = trace.getSpan(active);
  if (span?.isRecording() !== true) return {};
  const { traceId, spanId } = span.spanContext();
  return { trace_id: traceId, span_id: spanId };
}

/** What is left of a line that is too long: its own fields, the start of the message, short fields, and a mark. */
function cutLine(own: Fields & { readonly message?: unknown }, others: Fields, length: number): string {
  const { message, ...ids } = own;
  const whole = typeof message === "string" ? message : JSON.stringify(message ?? "");
  const head = {
    ...ids,
    ...(message === undefined ? {} : { message: whole.slice(0, longestLine / 4) }),
    truncated_from: length,
  };
  const short = Object.fromEntries(
    Object.entries(others)
      .slice(0, 100)
      .filter(([key, value]) => key.length < 100 && JSON.stringify(value ?? null).length <= 200),
  );
  return JSON.stringify({ ...head, ...short });
}

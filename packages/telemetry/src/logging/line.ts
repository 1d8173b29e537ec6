import {
  context,
  logs,
  SeverityNumber,
  trace,
  type Context,
  type Logger,
  type LoggerProvider,
} from "@opentelemetry/api";
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

/** Where a line was written: what is known of it only at that moment. */
export interface LineOrigin {
  readonly context: Context;
  /** Ids of the active span, if it is recorded: an id that leads to no trace is worse than none. */
  readonly ids: { readonly trace_id: string; readonly span_id: string } | undefined;
}

/** What a line is made of. */
export interface LineParts {
  readonly level: Level;
  readonly message: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly time: Date;
  /** @default {@link currentOrigin} */
  readonly origin?: LineOrigin;
}

/** Longest line in characters; Loki cuts lines of more than 256 KB, which would leave half a JSON text. */
const longestLine = 64 * 1024;

/** Makes lines of a service: compact JSON with the trace they belong to, secrets redacted. */
export type LineComposer = (parts: LineParts) => Line;

/**
 * Makes a composer. A field with the name of one of the line's own is kept under `field.<name>`.
 *
 * @param serviceName `service.name` of each line
 */
export function lineComposer(serviceName: string, redactor: Redactor): LineComposer {
  const service = JSON.stringify(serviceName);
  return ({ level, message, fields, time, origin: { context: written, ids } = currentOrigin() }) => {
    const hasMessage = message !== undefined;
    const redacted = hasMessage ? redactor.value(message) : undefined;
    const others = fieldsBeside(redactor.value(fields), hasMessage, ids !== undefined);
    // Put together as text: as an object with everything in it, each field would be copied once more.
    const messageJson: unknown = JSON.stringify(redacted);
    const own =
      `"timestamp":"${time.toISOString()}","level":"${level}"` +
      `${typeof messageJson === "string" ? `,"message":${messageJson}` : ""},"service.name":${service}` +
      (ids === undefined ? "" : `,${JSON.stringify(ids).slice(1, -1)}`);
    const othersJson = JSON.stringify(others);
    const text = othersJson === "{}" ? `{${own}}` : `{${own},${othersJson.slice(1)}`;
    return {
      text: text.length <= longestLine ? text : cutLine(JSON.parse(`{${own}}`) as Fields, others, text.length),
      level,
      time,
      context: written,
    };
  };
}

/** The last provider of loggers, and this library's logger of it: to ask for it with each line takes as long as the line. */
let emitter: { readonly provider: LoggerProvider; readonly logger: Logger } | undefined;

/** Emits each line as one OpenTelemetry log record whose body is the line. */
export const otlpSink: LineSink = ({ text, level, time, context: written }) => {
  const provider = logs.getLoggerProvider();
  if (emitter?.provider !== provider) emitter = { provider, logger: provider.getLogger("@observability/telemetry") };
  emitter.logger.emit({
    body: text,
    severityNumber: severities[level],
    severityText: level,
    timestamp: time,
    context: written,
  });
};

type Fields = Readonly<Record<string, unknown>>;

/** The names that the line itself always has, those of its trace, and that of its message. */
const ownNames: ReadonlySet<string> = new Set(["timestamp", "level", "service.name"]);
const traceNames: ReadonlySet<string> = new Set(["trace_id", "span_id"]);

function fieldsBeside(redacted: unknown, hasMessage: boolean, hasIds: boolean): Fields {
  if (typeof redacted !== "object" || redacted === null) return {};
  const isOwn = (key: string): boolean =>
    ownNames.has(key) || (hasMessage && key === "message") || (hasIds && traceNames.has(key));
  const keys = Object.keys(redacted);
  if (!Array.isArray(redacted) && !keys.some(isOwn)) return redacted as Fields;
  return Object.fromEntries(
    Object.entries(redacted).map(([key, value]): [string, unknown] => [isOwn(key) ? `field.${key}` : key, value]),
  );
}

/** Where the line of the current call is written. */
export function currentOrigin(): LineOrigin {
  const active = context.active();
  const span = trace.getSpan(active);
  if (span?.isRecording() !== true) return { context: active, ids: undefined };
  const { traceId, spanId } = span.spanContext();
  return { context: active, ids: { trace_id: traceId, span_id: spanId } };
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

import { context, logs, SeverityNumber, trace, type Context } from "@opentelemetry/api";
import { pino, type Logger } from "pino";
import { redact } from "../redaction/redact.ts";

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

/** Longest line in characters; Loki cuts lines of more than 256 KB, which would leave half a JSON text. */
const maxLineLength = 64 * 1024;

/** Field under which pino hands over the level; no caller's field has this name. */
const levelKey = "\u0000level";

/**
 * The process's logger: one compact JSON object a line, with the trace it belongs to, secrets redacted.
 *
 * Every line is put together and redacted in one place, after pino has serialized it, so that bindings of child
 * loggers, fields, errors and messages all go through it. A field with the name of one of the logger's own is kept
 * under `field.<name>`.
 */
export function createLogger(serviceName: string, sinks: readonly LineSink[]): Logger {
  return pino(
    {
      level: "trace",
      messageKey: "message",
      base: null,
      timestamp: false,
      formatters: { level: (level) => ({ [levelKey]: level }) },
    },
    {
      write(json: string) {
        const line = compose(JSON.parse(json) as Fields, serviceName, new Date());
        for (const sink of sinks) sink(line);
      },
    },
  );
}

type Fields = Readonly<Record<string, unknown>>;

/** Writes lines to stdout. */
export const stdoutSink: LineSink = ({ text }) => {
  // As bytes: for a long text Node.js makes room for three times its length, and only a garbage collection takes it back.
  process.stdout.write(Buffer.from(`${text}\n`));
};

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

function compose({ [levelKey]: label, message, ...fields }: Fields, serviceName: string, time: Date): Line {
  const level = isLevel(label) ? label : "info";
  const active = context.active();
  const own = {
    timestamp: time.toISOString(),
    level,
    ...(message === undefined ? {} : { message: redact(message) }),
    "service.name": serviceName,
    ...traceFields(active),
  };
  const others = Object.entries(redact(fields) as Fields).map(([key, value]) => [
    Object.hasOwn(own, key) ? `field.${key}` : key,
    value,
  ]);
  const text = JSON.stringify({ ...own, ...(Object.fromEntries(others) as Fields) });
  const bounded = text.length <= maxLineLength ? text : JSON.stringify({ ...own, ...cut(own, text.length) });
  return { text: bounded, level, time, context: active };
}

function isLevel(label: unknown): label is Level {
  return typeof label === "string" && Object.hasOwn(severities, label);
}

/** Ids of the active span, if it is recorded: an id that leads to no trace is worse than none. */
function traceFields(active: Context): Fields {
  const span = trace.getSpan(active);
  if (span?.isRecording() !== true) return {};
  const { traceId, spanId } = span.spanContext();
  return { trace_id: traceId, span_id: spanId };
}

/** What is left of a line that is too long: the logger's own fields, the start of the message, and a mark. */
function cut({ message }: { readonly message?: unknown }, length: number): Fields {
  const kept = typeof message === "string" ? message : JSON.stringify(message);
  return { message: kept.slice(0, maxLineLength / 4), truncated_from: length };
}

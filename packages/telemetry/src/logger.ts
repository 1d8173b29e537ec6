import { context, logs, SeverityNumber, trace, type Context } from "@opentelemetry/api";
import { pino, type Logger } from "pino";
import { redact, redactText } from "./redact.ts";

/** Longest line in characters; Loki takes 256 KB. What is longer is cut and marked. */
const maxStringLength = 64 * 1024;

/** Keys that the logger itself writes. A caller's field of that name gets `field.` in front: no key appears twice. */
const ownKeys = new Set(["timestamp", "level", "message", "service.name", "trace_id", "span_id"]);

const severities: Readonly<Record<string, SeverityNumber>> = {
  trace: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
};

/** Where lines go. */
export interface LineSink {
  /** Takes one line without its line break. */
  write(line: string, level: string, context: Context): void;
}

/**
 * The process's logger: one compact JSON object a line, with the trace it belongs to, secrets redacted.
 *
 * @param serviceName `service.name` on each line; left out if unknown
 */
export function createLogger(serviceName: string | undefined, level: string, sinks: readonly LineSink[]): Logger {
  let currentLevel = "info";
  return pino(
    {
      level,
      messageKey: "message",
      base: serviceName === undefined ? null : { "service.name": serviceName },
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      mixin: traceFields,
      // The trace of the line wins over a field of the call.
      mixinMergeStrategy: (fields, ids) => ({ ...(safeFields(fields) as object), ...ids }),
      formatters: {
        level: (label) => {
          currentLevel = label;
          return { level: label };
        },
        bindings: (bindings) => safeFields(bindings) as Record<string, unknown>,
      },
      hooks: {
        logMethod(args, method) {
          method.apply(this, args.map((argument: unknown) => (typeof argument === "string" ? cut(redactText(argument)) : argument)) as Parameters<typeof method>);
        },
      },
      serializers: {},
    },
    {
      write(text: string) {
        const line = text.endsWith("\n") ? text.slice(0, -1) : text;
        for (const sink of sinks) sink.write(line, currentLevel, context.active());
      },
    },
  );
}

/** Writes lines to stdout. */
export const stdoutSink: LineSink = {
  write(line) {
    process.stdout.write(`${line}\n`);
  },
};

/** Emits each line as one OpenTelemetry log record whose body is the line. */
export const otlpSink: LineSink = {
  write(line, level, active) {
    logs.getLogger("@observability/telemetry").emit({
      body: line,
      severityNumber: severities[level] ?? SeverityNumber.UNSPECIFIED,
      severityText: level.toUpperCase(),
      timestamp: Date.now(),
      context: active,
    });
  },
};

/** Ids of the active span, if it is recorded: an id that leads to no trace is worse than none. */
function traceFields(): Record<string, string> {
  const span = trace.getActiveSpan();
  if (span?.isRecording() !== true) return {};
  const { traceId, spanId } = span.spanContext();
  return { trace_id: traceId, span_id: spanId };
}

function safeFields(fields: unknown): unknown {
  const redacted = redact(fields) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(redacted).map(([key, value]) => [
      key !== "service.name" && ownKeys.has(key) ? `field.${key}` : key,
      typeof value === "string" ? cut(value) : value,
    ]),
  );
}

function cut(text: string): string {
  return text.length <= maxStringLength ? text : `${text.slice(0, maxStringLength)}…[${text.length - maxStringLength} more]`;
}

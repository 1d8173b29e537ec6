import { pino, type Logger } from "pino";
import { boundedCopy, cutText, type Redactor } from "../redaction/redactor.ts";
import { longestText } from "../redaction/characters.ts";
import { levelOfNumber, levels, lineComposer, type Level, type Line, type LineSink } from "./line.ts";
import { unwritable, type LostLines } from "./lost-lines.ts";

/** What a logger is made of. */
export interface LoggerOptions {
  /** `service.name` of each line. */
  readonly serviceName: string;
  readonly sinks: readonly LineSink[];
  readonly redactor: Redactor;
  readonly level: Level | "silent";
  readonly lost: LostLines;
  /** Gets one line about each use of the logger that it cannot follow, such as an unknown level. */
  readonly report: (problem: string) => void;
}

/** Field under which pino hands over the level; no caller's field has this name. */
const levelKey = "\u0000level";

/** Whether a text names a level that the logger can be set to. */
export function isLogLevel(text: string): text is Level | "silent" {
  return text === "silent" || levels.some((level) => level === text);
}

/**
 * The process's logger: one compact JSON object a line, with the trace it belongs to, secrets redacted.
 *
 * Nothing that a caller hands over makes a call throw, or take long: arguments are copied first, up to the limits of
 * {@link boundedCopy}, and every line is put together and redacted in one place, after pino has serialized it, so that
 * bindings of child loggers, fields, errors and messages all go through it.
 */
export function createLogger({ serviceName, sinks, redactor, level, lost, report }: LoggerOptions): Logger {
  const compose = lineComposer(serviceName, redactor);
  const send = (line: Line): void => {
    for (const sink of sinks) {
      try {
        sink(line);
      } catch {
        lost.count("not_writable");
      }
    }
  };
  const sendUnwritable = (): void => {
    lost.count("not_writable");
    send(compose({ level: "error", message: unwritable, fields: {}, time: new Date() }));
  };
  const logger = pino(
    {
      level,
      messageKey: "message",
      base: null,
      timestamp: false,
      formatters: { level: (_, number) => ({ [levelKey]: number }) },
      // An error is a copy already when it gets there.
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod(given, method) {
          try {
            method.apply(this, safeArguments(given, serializersOf(this)) as Parameters<typeof method>);
          } catch {
            sendUnwritable();
          }
        },
      },
    },
    {
      write(json: string) {
        const { [levelKey]: number, message, ...fields } = JSON.parse(json) as Record<string, unknown>;
        send(compose({ level: levelOfNumber(Number(number)), message, fields, time: new Date() }));
      },
    },
  );
  Object.defineProperty(logger, ownLogger, { value: true });
  return guarded(logger, report);
}

/** Marks this library's logger and its children, whose lines are sent already. */
const ownLogger = Symbol("@observability/telemetry logger");

/** Whether an instance of pino is this library's logger or a child of it. */
export function isOwnLogger(instance: object): boolean {
  return Reflect.get(instance, ownLogger) === true;
}

/** The arguments of a log call as copies that pino can serialize, whatever they are. */
function safeArguments(given: readonly unknown[], serializers: object): unknown[] {
  const [first, ...rest] = given;
  const others = rest.map((argument) => safeText(argument) ?? boundedCopy(argument));
  if (first instanceof Error) {
    const err = boundedCopy(first);
    return [{ err }, ...(others.length > 0 ? others : [safeText(first.message)])];
  }
  if (typeof first === "object" && first !== null) return [safeFields(first, serializers), ...others];
  return [first === null || first === undefined ? first : safeText(first), ...others];
}

/** A message or a value for one; undefined for what is no text, number or the like. */
function safeText(value: unknown): unknown {
  switch (typeof value) {
    case "string":
      return cutText(value, longestText);
    case "number":
    case "boolean":
      return value;
    case "bigint":
    case "symbol":
      return value.toString();
    case "function":
      return "[function]";
    default:
      return undefined;
  }
}

/** Fields; those with a serializer of a child logger's own are left to that one, which knows the real value. */
function safeFields(fields: object, serializers: object): unknown {
  const copy = boundedCopy(fields);
  if (typeof copy !== "object" || copy === null || Array.isArray(copy)) return { value: copy };
  for (const key of Object.keys(serializers)) {
    if (key !== "err" && Object.hasOwn(fields, key)) Reflect.set(copy, key, Reflect.get(fields, key));
  }
  return copy;
}

function serializersOf(logger: object): object {
  const serializers: unknown = Reflect.get(logger, pino.symbols.serializersSym);
  return typeof serializers === "object" && serializers !== null ? serializers : {};
}

/** What pino's methods take; its own types of them depend on custom levels, which this logger has none of. */
interface PinoMethods {
  readonly child: (this: Logger, bindings: Record<string, unknown>, options?: object) => Logger;
  readonly bindings: (this: Logger) => unknown;
  readonly setBindings: (this: Logger, bindings: Record<string, unknown>) => void;
  readonly flush: (this: Logger, done?: (error?: Error) => void) => void;
}

/**
 * The logger with every other method of it guarded as well. Child loggers have this one as their prototype, so what is
 * set here holds for them.
 */
function guarded(logger: Logger, report: (problem: string) => void): Logger {
  const { child, bindings, setBindings, flush } = logger as unknown as PinoMethods;
  const refuse = (call: string, error: unknown): void => {
    report(`logger.${call}: is ignored: ${error instanceof Error ? error.message : "it failed"}`);
  };
  Object.assign(logger, {
    child(this: Logger, given: object, options?: { readonly serializers?: object }): Logger {
      try {
        const serializers = { ...serializersOf(this), ...options?.serializers };
        return child.call(this, safeFields(given, serializers) as Record<string, unknown>, options);
      } catch (error) {
        refuse("child()", error);
        return this;
      }
    },
    bindings(this: Logger): unknown {
      try {
        return bindings.call(this);
      } catch (error) {
        refuse("bindings()", error);
        return {};
      }
    },
    setBindings(this: Logger, given: object): void {
      try {
        setBindings.call(this, safeFields(given, serializersOf(this)) as Record<string, unknown>);
      } catch (error) {
        refuse("setBindings()", error);
      }
    },
    flush(this: Logger, done?: (error?: Error) => void): void {
      try {
        flush.call(this, done);
      } catch (error) {
        refuse("flush()", error);
      }
    },
  });
  Object.defineProperty(logger, "level", {
    configurable: true,
    get(this: Record<symbol, () => string>) {
      return this[pino.symbols.getLevelSym]?.();
    },
    set(this: Record<symbol, (level: unknown) => void>, wanted: unknown) {
      try {
        this[pino.symbols.setLevelSym]?.(wanted);
      } catch (error) {
        refuse("level", error);
      }
    },
  });
  return logger;
}

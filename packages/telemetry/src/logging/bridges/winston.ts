import { context, type Context } from "@opentelemetry/api";
import {
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from "@opentelemetry/instrumentation";
import type { Level } from "../line.ts";
import { asFields, type BridgeWriter } from "./bridge.ts";

/** The levels of winston's sets for npm, syslog and command lines. */
const levelNames: Readonly<Record<string, Level>> = {
  emerg: "fatal",
  alert: "fatal",
  crit: "fatal",
  fatal: "fatal",
  error: "error",
  warning: "warn",
  warn: "warn",
  notice: "info",
  help: "info",
  data: "info",
  info: "info",
  http: "debug",
  verbose: "debug",
  prompt: "debug",
  debug: "debug",
  silly: "trace",
  input: "trace",
  trace: "trace",
};

const levelKey = Symbol.for("level");
const contextKey = Symbol("@observability/telemetry context");

/** What the bridge needs of winston's `Logger`, which is a stream that formats what is written to it. */
interface WinstonLogger {
  readonly level?: string;
  readonly levels?: Readonly<Record<string, number>>;
  write(info: unknown, ...rest: unknown[]): boolean;
  push(info: unknown, ...rest: unknown[]): boolean;
}

/** Sends what the application's loggers of winston 3 write, formatted, as their transports get it. */
export function bridgeWinston(writer: BridgeWriter): void {
  new WinstonBridge(writer);
}

class WinstonBridge extends InstrumentationBase {
  private readonly writer: BridgeWriter;

  constructor(writer: BridgeWriter) {
    super("@observability/telemetry/winston", "1", {});
    this.writer = writer;
  }

  protected init(): InstrumentationNodeModuleDefinition {
    const versions = [">=3 <4"];
    const patched = (exports: { readonly prototype: WinstonLogger }): typeof exports => {
      this._wrap(exports.prototype, "write", (original) => keepingContext(original));
      this._wrap(exports.prototype, "push", (original) => this.sending(original));
      return exports;
    };
    return new InstrumentationNodeModuleDefinition("winston", versions, undefined, undefined, [
      new InstrumentationNodeModuleFile("winston/lib/winston/logger.js", versions, patched, () => undefined),
    ]);
  }

  private sending(original: WinstonLogger["push"]): WinstonLogger["push"] {
    const { writer } = this;
    return function (this: WinstonLogger, info, ...rest) {
      if (typeof info === "object" && info !== null && isEnabled(this, info)) send(writer, info);
      return writer.alreadySent(() => original.call(this, info, ...rest));
    };
  }
}

/** A logger that is busy formats later, in another context. */
function keepingContext(original: WinstonLogger["write"]): WinstonLogger["write"] {
  return function (this: WinstonLogger, info, ...rest) {
    if (typeof info === "object" && info !== null) Reflect.set(info, contextKey, context.active());
    return original.call(this, info, ...rest);
  };
}

/** Transports compare levels themselves; one without a level of its own takes the logger's. */
function isEnabled(logger: WinstonLogger, info: object): boolean {
  const { level = "", levels = {} } = logger;
  const own = levels[String(Reflect.get(info, levelKey))];
  const most = levels[level];
  return own === undefined || most === undefined || own <= most;
}

function send(writer: BridgeWriter, info: object): void {
  const { level: _level, message, timestamp: _timestamp, ...fields } = asFields(info);
  const written = Reflect.get(info, contextKey) as Context | undefined;
  context.with(written ?? context.active(), () => {
    writer.write({
      level: levelNames[String(Reflect.get(info, levelKey))] ?? "info",
      message,
      fields,
      time: new Date(),
    });
  });
}

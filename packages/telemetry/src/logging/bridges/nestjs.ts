import { InstrumentationBase, InstrumentationNodeModuleDefinition } from "@opentelemetry/instrumentation";
import type { Level } from "../line.ts";
import { asFields, type BridgeWriter } from "./bridge.ts";

/** The levels of Nest's `LoggerService`. */
const levelNames: Readonly<Record<string, Level>> = {
  fatal: "fatal",
  error: "error",
  warn: "warn",
  log: "info",
  debug: "debug",
  verbose: "trace",
};

/** What the bridge needs of Nest's `ConsoleLogger`. */
interface NestLogger {
  printMessages(messages: unknown[], context?: string, level?: string, stream?: string, stack?: unknown): void;
}

/** Sends what Nest's own logger writes, its own lines and those of the application alike. */
export function bridgeNest(writer: BridgeWriter): void {
  new NestBridge(writer);
}

class NestBridge extends InstrumentationBase {
  private readonly writer: BridgeWriter;

  constructor(writer: BridgeWriter) {
    super("@observability/telemetry/nestjs-common", "1", {});
    this.writer = writer;
  }

  protected init(): InstrumentationNodeModuleDefinition {
    return new InstrumentationNodeModuleDefinition(
      "@nestjs/common",
      [">=8 <13"],
      (module: { readonly ConsoleLogger: { readonly prototype: NestLogger } }) => {
        this._wrap(module.ConsoleLogger.prototype, "printMessages", (original) => this.sending(original));
        return module;
      },
    );
  }

  private sending(original: NestLogger["printMessages"]): NestLogger["printMessages"] {
    const { writer } = this;
    return function (this: NestLogger, messages, ...rest) {
      const [nestContext, level = "log", , stack] = rest;
      for (const message of messages) send(writer, message, level, nestContext, stack);
      writer.alreadySent(() => {
        original.call(this, messages, ...rest);
      });
    };
  }
}

function send(writer: BridgeWriter, given: unknown, level: string, nestContext: unknown, stack: unknown): void {
  const message = typeof given === "function" ? (given as () => unknown)() : given;
  const isText = typeof message !== "object" || message === null;
  writer.write({
    level: levelNames[level] ?? "info",
    message: isText ? message : message instanceof Error ? message.message : undefined,
    fields: {
      ...(nestContext === undefined || nestContext === "" ? {} : { context: nestContext }),
      ...(isText ? {} : message instanceof Error ? { err: message } : asFields(message)),
      ...(stack === undefined ? {} : { stack }),
    },
    time: new Date(),
  });
}

import { InstrumentationBase, InstrumentationNodeModuleDefinition } from "@opentelemetry/instrumentation";
import { levelOfNumber } from "../line.ts";
import { asFields, type BridgeWriter } from "./bridge.ts";

/** What the bridge needs of bunyan's `Logger`. */
interface BunyanLogger {
  /** Writes a record to all streams; without them, only makes its text. */
  _emit(record: unknown, textOnly?: boolean): unknown;
}

/** Sends what the application's loggers of bunyan write. */
export function bridgeBunyan(writer: BridgeWriter): void {
  new BunyanBridge(writer);
}

class BunyanBridge extends InstrumentationBase {
  private readonly writer: BridgeWriter;

  constructor(writer: BridgeWriter) {
    super("@observability/telemetry/bunyan", "1", {});
    this.writer = writer;
  }

  protected init(): InstrumentationNodeModuleDefinition {
    return new InstrumentationNodeModuleDefinition("bunyan", [">=1 <3"], (module: BunyanModule) => {
      const { prototype } = "default" in module ? module.default : module;
      this._wrap(prototype, "_emit", (original) => this.sending(original));
      return module;
    });
  }

  private sending(original: BunyanLogger["_emit"]): BunyanLogger["_emit"] {
    const { writer } = this;
    return function (this: BunyanLogger, record, textOnly) {
      if (textOnly !== true) {
        const { level, msg, v: _v, time: _time, pid: _pid, hostname: _hostname, ...fields } = asFields(record);
        writer.write({ level: levelOfNumber(Number(level)), message: msg, fields, time: new Date() });
      }
      return writer.alreadySent(() => original.call(this, record, textOnly));
    };
  }
}

interface BunyanClass {
  readonly prototype: BunyanLogger;
}

/** The class itself, or an ES module's view of it. */
type BunyanModule = BunyanClass | { readonly default: BunyanClass };

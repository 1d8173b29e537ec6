import { subscribe } from "node:diagnostics_channel";
import {
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from "@opentelemetry/instrumentation";
import { levelOfNumber, type LineParts } from "../line.ts";
import { isOwnLogger } from "../logger.ts";
import { asFields, type BridgeWriter } from "./bridge.ts";

/** Where pino publishes each line that it has made, since 9.10 (`lib/tools.js`, `tracingChannel("pino_asJson")`). */
const channel = "tracing:pino_asJson:end";

/** Makes the JSON of a line; `this` is the logger. */
type AsJson = (this: unknown, ...given: unknown[]) => unknown;

/**
 * Sends what the application's own loggers of pino write: from 9.10 on by a channel of pino's, which works for ES modules,
 * for bundles, and for copies that were loaded before; of older ones from 7 on by what the channel is for.
 */
export function bridgePino(writer: BridgeWriter): void {
  subscribe(channel, (event) => {
    const { instance, arguments: given, result } = asFields(event);
    send(writer, instance, given as ArrayLike<unknown>, result);
  });
  new OlderPinoBridge(writer);
}

class OlderPinoBridge extends InstrumentationBase {
  private readonly writer: BridgeWriter;

  constructor(writer: BridgeWriter) {
    super("@observability/telemetry/pino", "1", {});
    this.writer = writer;
  }

  protected init(): InstrumentationNodeModuleDefinition {
    const versions = [">=7 <9.10"];
    const patched = (exports: { asJson: AsJson }): typeof exports => {
      this._wrap(exports, "asJson", (original) => this.sending(original));
      return exports;
    };
    return new InstrumentationNodeModuleDefinition("pino", versions, undefined, undefined, [
      new InstrumentationNodeModuleFile("pino/lib/tools.js", versions, patched, () => undefined),
    ]);
  }

  private sending(original: AsJson): AsJson {
    const { writer } = this;
    return function (this: unknown, ...given) {
      const result = original.apply(this, given);
      send(writer, this, given, result);
      return result;
    };
  }
}

/** @param given what pino was asked to make a line of: the object, the message, the number of the level */
function send({ writeText }: BridgeWriter, instance: unknown, given: ArrayLike<unknown>, result: unknown): void {
  if (typeof instance !== "object" || instance === null || isOwnLogger(instance) || typeof result !== "string") return;
  const { 1: message, 2: number } = given;
  const time = new Date();
  writeText(result.length, () => ({ ...partsOf(result, message), level: levelOfNumber(Number(number)), time }));
}

function partsOf(json: string, written: unknown): Pick<LineParts, "fields" | "message"> {
  const line = Object.entries(parsed(json));
  // Whatever the message is called; it is the last field if a serializer has changed it.
  const message = written === undefined ? undefined : (line.findLast(([, value]) => value === written) ?? line.at(-1));
  const fields = Object.fromEntries(line.filter((field) => field !== message && !lineKeys.has(field[0])));
  return { message: message?.[1], fields };
}

/** What pino writes into each line, beside what it is told. */
const lineKeys: ReadonlySet<string> = new Set(["level", "time", "pid", "hostname"]);

function parsed(json: string): Readonly<Record<string, unknown>> {
  try {
    return asFields(JSON.parse(json));
  } catch {
    // A serializer of the application's own wrote something else.
    return { line: json };
  }
}

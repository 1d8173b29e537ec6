import { format } from "node:util";
import { boundedCopy } from "../../redaction/redactor.ts";
import { levels, type Level } from "../line.ts";
import { asFields, type BridgeWriter } from "./bridge.ts";

/** The level of each method that is bridged. */
const methods = {
  debug: "debug",
  error: "error",
  info: "info",
  log: "info",
  trace: "trace",
  warn: "warn",
} as const satisfies Partial<Record<keyof Console, Level>>;

/** Sends what goes to the console, by the application or by a logger that writes there. */
export function bridgeConsole(writer: BridgeWriter): void {
  for (const [name, level] of Object.entries(methods) as [keyof typeof methods, Level][]) {
    const original = console[name].bind(console);
    console[name] = (...given: unknown[]): void => {
      // `console.trace` writes through `console.error`, which must not send it again.
      if (!writer.isSent()) writer.write(partsOf(given, level));
      writer.alreadySent(() => {
        original(...given);
      });
    };
  }
}

/** A line of JSON, as many loggers write it, keeps its fields and its level. */
function partsOf(given: readonly unknown[], byDefault: Level): Parameters<BridgeWriter["write"]>[0] {
  const [first] = given;
  const time = new Date();
  const record =
    given.length === 1 && typeof first === "string" && first.startsWith("{") ? jsonObject(first) : undefined;
  if (record === undefined) {
    const copies = given.map((argument) => (typeof argument === "symbol" ? String(argument) : boundedCopy(argument)));
    return { level: byDefault, message: format(...copies), fields: {}, time };
  }
  const { level: name, message, msg, ...fields } = record;
  const level = levels.find((known) => known === String(name).toLowerCase());
  return {
    level: level ?? byDefault,
    message: message ?? msg,
    fields: level === undefined && name !== undefined ? { level: name, ...fields } : fields,
    time,
  };
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asFields(JSON.parse(text));
  } catch {
    return undefined;
  }
}

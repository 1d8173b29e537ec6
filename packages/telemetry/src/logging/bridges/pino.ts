import { subscribe } from "node:diagnostics_channel";
import { levelOfNumber } from "../line.ts";
import { isOwnLogger } from "../logger.ts";
import { asFields, type BridgeWriter } from "./bridge.ts";

/** Where pino publishes each line that it has made, since 9.10 (`lib/tools.js`, `tracingChannel("pino_asJson")`). */
const channel = "tracing:pino_asJson:end";

/**
 * Sends what the application's own loggers of pino write. By a channel of pino's and not by changing the module, so it
 * works for ES modules, for bundles, and for copies that were loaded before.
 */
export function bridgePino({ write }: BridgeWriter): void {
  subscribe(channel, (event) => {
    const { instance, arguments: given, result } = asFields(event);
    if (typeof instance !== "object" || instance === null || isOwnLogger(instance) || typeof result !== "string")
      return;
    const [, message, number] = Array.from(given as ArrayLike<unknown>);
    const record = { ...asFields(parsed(result)) };
    // The message is the last field, whatever it is called.
    const messageKey = message === undefined ? undefined : Object.keys(record).at(-1);
    const text = messageKey === undefined ? undefined : record[messageKey];
    const { level: _level, time: _time, pid: _pid, hostname: _hostname, ...fields } = record;
    if (messageKey !== undefined) Reflect.deleteProperty(fields, messageKey);
    write({ level: levelOfNumber(Number(number)), message: text, fields, time: new Date() });
  });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // A serializer of the application's own wrote something else.
    return { line: json };
  }
}

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
    const { 1: message, 2: number } = given as ArrayLike<unknown>;
    const line = Object.entries(parsed(result));
    // Whatever it is called, and it is the last field if a serializer has changed it.
    const messageField =
      message === undefined ? undefined : (line.findLast(([, value]) => value === message) ?? line.at(-1));
    const fields = Object.fromEntries(line.filter((field) => field !== messageField && !lineKeys.has(field[0])));
    write({ level: levelOfNumber(Number(number)), message: messageField?.[1], fields, time: new Date() });
  });
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

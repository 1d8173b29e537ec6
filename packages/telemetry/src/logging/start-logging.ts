import type { Logger } from "pino";
import type { Redactor } from "../redaction/redactor.ts";
import { bridgeWriter } from "./bridges/bridge.ts";
import { logBridges, type LogBridgeName } from "./bridges/index.ts";
import { lineWriter, type LogDestination } from "./destination.ts";
import { levels, lineComposer, otlpSink, type Level, type LineSink } from "./line.ts";
import { createLogger, isLogLevel } from "./logger.ts";
import { lostLines, type LostLines } from "./lost-lines.ts";

/** What a service can say about its logger. */
export interface LoggerSettings {
  /** The least important level that is written. `logger.level` changes it at run time. @default "info" */
  readonly level?: Level | "silent";
  /** Where lines are written, beside being sent; `none` only sends them. @default "stdout" */
  readonly destination?: LogDestination;
}

/** What the logging of a process is made of. */
export interface LoggingParts {
  /** `service.name` of each line. */
  readonly serviceName: string;
  readonly redactor: Redactor;
  readonly settings: LoggerSettings;
  /** Whether lines are sent; if not, nothing of the application's own loggers is changed. */
  readonly sending: boolean;
  /** Which loggers of the application are sent as well. */
  readonly bridges: readonly LogBridgeName[];
  readonly report: (problem: string) => void;
}

/** The logging of a process. */
export interface Logging {
  readonly logger: Logger;
  /** How many lines could not be written to the destination, by reason. */
  readonly lost: LostLines["total"];
  /** Sends what waits to be sent with others. */
  readonly drain: () => void;
  /** Waits until the destination has taken what was written, for at most so many milliseconds. */
  readonly flush: (millis: number) => Promise<void>;
}

/** The bridges there are, by the names that OTEL_NODE_ENABLED_INSTRUMENTATIONS and its opposite know. */
export const logBridgeNames = Object.keys(logBridges) as readonly LogBridgeName[];

/** Starts the logger, and the bridges from the loggers that the application has itself. */
export function startLogging({ serviceName, redactor, settings, sending, bridges, report }: LoggingParts): Logging {
  const lost = lostLines(report);
  const send: LineSink = (line) => {
    redactor.knowing(line.text, () => {
      otlpSink(line);
    });
  };
  const writer = lineWriter(settings.destination ?? "stdout", lost);
  const bridge = bridgeWriter(lineComposer(serviceName, redactor), send, lost);
  const sendInOrder: LineSink = (line) => {
    bridge.drain();
    send(line);
  };
  const logger = createLogger({
    serviceName,
    sinks: sending ? [writer.sink, sendInOrder] : [writer.sink],
    redactor,
    level: levelOf(settings, report),
    lost,
    report,
  });
  if (sending) for (const name of bridges) logBridges[name](bridge);
  return { logger, lost: lost.total, drain: bridge.drain, flush: writer.flush };
}

/** Options come from plain JavaScript and from configuration too; a level that is none does not stop a service. */
function levelOf({ level = "info" }: LoggerSettings, report: (problem: string) => void): Level | "silent" {
  if (isLogLevel(level)) return level;
  report(
    `logger.level: must be one of ${[...levels, "silent"].join(", ")}, got ${JSON.stringify(level)}; info is used instead`,
  );
  return "info";
}

import { context } from "@opentelemetry/api";
import { isTracingSuppressed } from "@opentelemetry/core";
import type { LineComposer, LineParts, LineSink } from "../line.ts";
import type { LostLines } from "../lost-lines.ts";

/** Sends what another logger has written. Never throws. */
export interface BridgeWriter {
  readonly write: (parts: LineParts) => void;
  /** Runs what writes a line that is sent already, so that it is not sent again if it goes through the console. */
  readonly alreadySent: <Result>(run: () => Result) => Result;
  /** Whether the current call is one whose line is sent already. */
  readonly isSent: () => boolean;
}

/** Makes the writer that all bridges share: the same line as the library's own logger makes, and nothing on stdout. */
export function bridgeWriter(compose: LineComposer, send: LineSink, lost: LostLines): BridgeWriter {
  let depth = 0;
  return {
    write: (parts) => {
      // What the exporters themselves log must not cause another export.
      if (depth > 0 || isTracingSuppressed(context.active())) return;
      depth += 1;
      try {
        send(compose(parts));
      } catch {
        lost.count("not_writable");
      } finally {
        depth -= 1;
      }
    },
    alreadySent: (run) => {
      depth += 1;
      try {
        return run();
      } finally {
        depth -= 1;
      }
    },
    isSent: () => depth > 0,
  };
}

/** The fields of a record as a plain object, whatever it is. */
export function asFields(record: unknown): Readonly<Record<string, unknown>> {
  return typeof record === "object" && record !== null ? (record as Record<string, unknown>) : {};
}

import { context } from "@opentelemetry/api";
import { isTracingSuppressed } from "@opentelemetry/core";
import { SmallBatches } from "../../delivery/small-batches.ts";
import { currentOrigin, type LineComposer, type LineParts, type LineSink } from "../line.ts";
import type { LostLines } from "../lost-lines.ts";

/** Sends what another logger has written. Never throws. */
export interface BridgeWriter {
  readonly write: (parts: LineParts) => void;
  /**
   * The same for what nobody can change any more, with others like it, a moment later.
   *
   * @param characters how long the text is that the parts are in
   * @param partsOf reads the parts
   */
  readonly writeText: (characters: number, partsOf: () => Omit<LineParts, "origin">) => void;
  /** Sends what waits to be sent with others. */
  readonly drain: () => void;
  /** Runs what writes a line that is sent already, so that it is not sent again if it goes through the console. */
  readonly alreadySent: <Result>(run: () => Result) => Result;
  /** Whether the current call is one whose line is sent already. */
  readonly isSent: () => boolean;
}

/** Makes the writer that all bridges share: the same line as the library's own logger makes, and nothing on stdout. */
export function bridgeWriter(compose: LineComposer, send: LineSink, lost: LostLines): BridgeWriter {
  let depth = 0;
  // What the exporters themselves log must not cause another export.
  const isOwn = (): boolean => depth > 0 || isTracingSuppressed(context.active());
  const sendParts = (partsOf: () => LineParts): void => {
    depth += 1;
    try {
      send(compose(partsOf()));
    } catch {
      lost.count("not_writable");
    } finally {
      depth -= 1;
    }
  };
  const texts = new SmallBatches(sendParts);
  const drain = (): void => {
    texts.drain();
  };
  return {
    write: (parts) => {
      if (isOwn()) return;
      // Those that came before are sent before.
      drain();
      sendParts(() => parts);
    },
    writeText: (characters, partsOf) => {
      if (isOwn()) return;
      const origin = currentOrigin();
      texts.add(() => ({ ...partsOf(), origin }), characters);
    },
    drain,
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

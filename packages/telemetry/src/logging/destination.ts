import type { Writable } from "node:stream";
import type { LineSink } from "./line.ts";
import type { LostLines } from "./lost-lines.ts";

/** Where the logger writes lines, beside sending them: `none` sends them only. */
export type LogDestination = "stdout" | "stderr" | "none" | Writable;

/** Most bytes that wait for a destination that does not read, 4 MiB. */
const mostWaitingBytes = 4 * 1024 * 1024;

/** Writes lines without ever waiting for who reads them. */
export interface LineWriter {
  readonly sink: LineSink;
  /** Waits until the destination has taken everything, for at most so many milliseconds. */
  readonly flush: (millis: number) => Promise<void>;
}

/**
 * Makes a writer. A pipe that nobody reads takes 64 KiB; what comes on top waits in memory, at most 4 MiB, and what does
 * not fit is dropped and counted. So is what is written after the reader is gone, which otherwise ends the process.
 */
export function lineWriter(destination: LogDestination, lost: LostLines): LineWriter {
  if (destination === "none") return { sink: () => undefined, flush: () => Promise.resolve() };
  const stream = destination === "stdout" ? process.stdout : destination === "stderr" ? process.stderr : destination;
  let closed = false;
  // Without a listener, the error of a closed pipe is thrown. The lines are counted where they are written.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    closed ||= error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED";
  });
  const written = (error: Error | null | undefined): void => {
    if (error !== null && error !== undefined) lost.count("destination_closed");
  };
  return {
    sink: ({ text }) => {
      if (closed || stream.destroyed || stream.writableEnded) lost.count("destination_closed");
      else if (stream.writableLength > mostWaitingBytes) lost.count("destination_full");
      // As bytes: for a long text Node.js makes room for three times its length, and only a garbage collection takes it back.
      else stream.write(Buffer.from(`${text}\n`), written);
    },
    flush: async (millis) => {
      if (closed || stream.destroyed || stream.writableEnded || stream.writableLength === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, millis);
        stream.write("", () => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}

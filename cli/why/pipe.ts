import { Duplex, type Readable, type Writable } from "node:stream";
import { oneLine } from "../text.ts";
import { NotConnected } from "./exchange.ts";

/** A tool that hands on what it is given to a TCP connection, and gives back what comes. */
export interface Pipe {
  readonly input: Writable;
  readonly output: Readable;
  readonly errors: Readable;
  /** Ends it. */
  readonly stop: () => void;
}

/**
 * A connection through a tool such as `nc`, which says only by its end that there is none: then the stream ends with
 * {@link NotConnected} and the tool's words.
 *
 * @param ended resolves when the tool has ended and all of its output has come, with whether it has ended well
 */
export function connectionThrough(pipe: Pipe, ended: Promise<boolean>): Duplex {
  const { input, output, errors, stop } = pipe;
  let said = "";
  let hasAnswered = false;
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      input.write(chunk, () => {
        done();
      });
    },
    final: (done) => {
      done();
    },
    destroy: (error, done) => {
      stop();
      done(error);
    },
  });
  // That it has ended is told by its end.
  input.on("error", () => undefined);
  errors.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  output.on("data", (chunk: Buffer) => {
    hasAnswered = true;
    stream.push(chunk);
  });
  void ended.then((isWell) => {
    if (isWell || hasAnswered) stream.push(null);
    else stream.destroy(new NotConnected(oneLine(said.replace(/^nc: /, ""))));
  });
  return stream;
}

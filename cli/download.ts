import { createWriteStream, renameSync, rmSync, statSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Progress } from "./progress.ts";
import { sha256Of } from "./sha256.ts";

/** A file that is to be had from a server. */
export interface Download {
  readonly url: string;
  /** Where it is put, in a folder that is there, once all of it is there and is what it should be. */
  readonly file: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** How a file that is not whole yet is called; the next download of the same file goes on with it. */
export const partOf = (file: string): string => `${file}.part`;

/**
 * Downloads a file, and says before how big it is and meanwhile how far it is. One that was cut off goes on where it was,
 * if the server can do that, and begins again if not.
 *
 * @throws Error if the server cannot be reached or has no such file, if the connection is cut off, if the disk is full, or
 * if the file is not what it should be: then it is removed.
 */
export async function download({ url, file, sha256 }: Download, progress: Progress): Promise<void> {
  const part = partOf(file);
  const size = await sizeOf(url);
  const before = bytesIn(part);
  // More than there is cannot be its beginning.
  const start = size !== undefined && before > size ? 0 : before;
  const of = size === undefined ? "of a size that the server does not tell" : mib(size);
  progress.phase(`downloading ${url}, ${of}${start === 0 ? "" : `; ${mib(start)} of it are here already`}`);
  if (start === 0 || start !== size) await fetchInto(part, { url, start, size, progress });
  const found = await sha256Of(part);
  if (found !== sha256) {
    rmSync(part);
    throw new Error(`it must have the SHA-256 ${sha256}, got ${found}, and was removed`);
  }
  renameSync(part, file);
}

/** Bytes of a file on a server; `undefined` if it does not tell. */
async function sizeOf(url: string): Promise<number | undefined> {
  const { ok, headers } = await fetch(url, { method: "HEAD" });
  const length = headers.get("content-length");
  // Why it is not there, the download itself says.
  return ok && length !== null ? Number(length) : undefined;
}

interface Transfer {
  readonly url: string;
  /** How many bytes of it are there already. */
  readonly start: number;
  readonly size: number | undefined;
  readonly progress: Progress;
}

async function fetchInto(part: string, { url, start, size, progress }: Transfer): Promise<void> {
  const answer = await fetch(url, start === 0 ? {} : { headers: { range: `bytes=${start}-` } });
  if (!answer.ok || answer.body === null) throw new Error(`the server answered ${answer.status}`);
  // A server that knows no ranges answers 200, with all of the file.
  const goesOn = answer.status === 206;
  let bytes = goesOn ? start : 0;
  const body = Readable.fromWeb(answer.body);
  body.on("data", ({ length }: Buffer) => {
    bytes += length;
    progress.waitingFor(`downloading: ${mib(bytes)}${size === undefined ? "" : ` of ${mib(size)}`}`);
  });
  try {
    await pipeline(body, createWriteStream(part, { flags: goesOn ? "a" : "w" }));
  } catch (error) {
    // The body of an answer fails with this, the disk with an error of the system.
    if (!(error instanceof TypeError)) throw error;
    throw new Error(`the connection was cut off after ${mib(bytes)}`, { cause: error });
  }
}

function bytesIn(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** A size for a person to read: `12.3 MiB`. */
export function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

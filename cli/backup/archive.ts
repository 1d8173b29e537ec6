import { createReadStream, createWriteStream } from "node:fs";
import { createHash } from "node:crypto";
import { Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip, createGzip } from "node:zlib";
import { codeOf, messageOf } from "../errors.ts";
import type { Target } from "../target.ts";
import { UserError } from "../user-error.ts";
import type { Store } from "./store.ts";

/*
 * The data of a store as a compressed tar archive. What packs and unpacks it is busybox, in the folder of the data and as
 * the user of the store: so everything that is unpacked belongs to that user, whichever numbers it had elsewhere.
 */

/** Folder in that of the data into which a backup is unpacked, until all of it is there. */
const incoming = ".restoring";

/** What of the folder is no data: what a restore has left that was killed, and what file systems have. */
const noData = [incoming, "lost+found"];

const isData = `case "$name" in ${noData.join("|")}) continue;; esac; [ -e "$name" ] || [ -L "$name" ] || continue`;

/** Shell code for each entry of a folder, names that begin with a dot among them. */
const forEachIn = (folder: string, code: string): string =>
  `for name in ${folder}* ${folder}.[!.]* ${folder}..?*; do ${isData}; ${code}; done`;

const pack = `set -e; set --; ${forEachIn("", 'set -- "$@" "./$name"')}; exec busybox tar -cf - "$@"`;

const abandon = `rm -rf ${incoming}`;

const unpack = `set -e; ${abandon}; mkdir ${incoming}; exec busybox tar -xof - -C ${incoming}`;

/** Only now the old data goes: what is unpacked has come to its end, and is as it was packed. */
const swap = `set -e; ${forEachIn("", 'rm -rf "$name"')}; ${forEachIn(`${incoming}/`, 'mv "$name" .')}; ${abandon}`;

/** A tar archive ends with two empty blocks of this size. */
const endBytes = 2 * 512;

/** Counts what goes through, and sees whether it is a tar archive with its end. */
class ArchiveEnd extends Transform {
  bytes = 0;
  private last = Buffer.alloc(0);
  private readonly onBytes: (bytes: number) => void;

  constructor(onBytes: (bytes: number) => void) {
    super();
    this.onBytes = onBytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    this.last = Buffer.concat([this.last, chunk.subarray(-endBytes)]).subarray(-endBytes);
    this.onBytes(this.bytes);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    const isWhole = this.last.length === endBytes && this.last.every((byte) => byte === 0);
    done(isWhole ? null : new Error(`the archive was cut off after ${this.bytes} bytes`));
  }
}

/** Counts and hashes what goes through. */
class Checksum extends Transform {
  bytes = 0;
  readonly hash = createHash("sha256");

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    this.hash.update(chunk);
    done(null, chunk);
  }
}

/** What is needed to reach the data of a store that is stopped. */
export interface DataAccess {
  readonly target: Pick<Target, "inData">;
  readonly store: Store;
  readonly signal: AbortSignal;
  /** Is told how many bytes of the archive there are so far, before it is compressed. */
  readonly onBytes: (bytes: number) => void;
}

/** A file with the data of a store. */
export interface ArchiveFile {
  readonly bytes: number;
  readonly sha256: string;
  readonly archiveBytes: number;
}

/** Writes the data of a store that is stopped to a file, which is on the disk then. @throws Error if it is not whole */
export async function packInto(file: string, { target, store, signal, onBytes }: DataAccess): Promise<ArchiveFile> {
  const end = new ArchiveEnd(onBytes);
  const checksum = new Checksum();
  // The stores compress what they write: more work would make the pause longer and the file hardly smaller.
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  const output = createWriteStream(file, { flags: "wx", mode: 0o600, flush: true });
  const written = pipeline(end, gzip, checksum, output, { signal });
  await bothEnds(end, target.inData(store, pack, { output: end, signal }), written, signal);
  return { bytes: checksum.bytes, sha256: checksum.hash.digest("hex"), archiveBytes: end.bytes };
}

/** Codes of the error of one end of a stream of which the other has failed. */
const followsFromOther: readonly unknown[] = ["ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED", "EPIPE"];

/** Waits for both ends of a stream, and ends both when one has failed. @throws the error that the other one follows from */
async function bothEnds(
  stream: Transform,
  script: Promise<void>,
  file: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const scriptEnded = script.catch((error: unknown) => {
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  });
  const [there, here] = await Promise.allSettled([scriptEnded, file]);
  signal.throwIfAborted();
  if (here.status === "rejected" && !followsFromOther.includes(codeOf(here.reason))) throw here.reason;
  if (there.status === "rejected") throw there.reason;
  if (here.status === "rejected") throw here.reason;
}

/**
 * Puts the data of a file into the place of what a store that is stopped has. It is unpacked beside the old data, which is
 * removed once all of it is there: until then a failure leaves everything as it was.
 *
 * @param adapt is run when the new data is there and the old one not yet gone, in the same folder
 */
export async function unpackFrom(
  file: string,
  access: DataAccess,
  adapt: (folder: string) => Promise<void>,
): Promise<void> {
  const { target, store, signal, onBytes } = access;
  const end = new ArchiveEnd(onBytes);
  try {
    const read = pipeline(createReadStream(file), createGunzip(), end, { signal });
    await bothEnds(end, target.inData(store, unpack, { input: end, signal }), read, signal);
    await adapt(incoming);
  } catch (error) {
    await target.inData(store, abandon, {});
    throw error;
  }
  try {
    // From here to its end it is not interrupted.
    await target.inData(store, swap, {});
  } catch (error) {
    throw new UserError(
      "OBS1704",
      `${store.part.title}: must give up its old data for the new, got: ${messageOf(error)}\nit may have a part of each\n` +
        "  next: solve that, then npm run restore -- DIR again",
      { cause: error },
    );
  }
}

import { createHash } from "node:crypto";
import { Readable, Transform, Writable, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { abortOf } from "../async.ts";
import type { DataStreams } from "../target.ts";
import { oneLine } from "../text.ts";
import type { Cluster } from "./cluster.ts";
import { startInPod, type PodContainer } from "./pod-command.ts";

/*
 * A script of busybox in a pod, with streams of any length. A command in a pod is not told the end of its input, so that comes
 * in blocks behind their lengths; and nothing but the end of a connection says that all of it has come, so both ends compare
 * checksums of what has gone each way.
 */

/** Size from which on a block of the input is sent, in bytes: one process there takes each. */
const blockBytes = 256 * 1024;

/** How much of what a script says is kept. */
const mostSaid = 4096;

/** The shell's first argument is the script. It says on standard error how that has ended, then the checksums of both ways. */
const framed = `folder=$(busybox mktemp -d) && busybox mkfifo "$folder/in" "$folder/out" || exit 1
busybox sha256sum <"$folder/in" >"$folder/in.sum" &
busybox sha256sum <"$folder/out" >"$folder/out.sum" &
while read -r bytes && [ "$bytes" -gt 0 ]; do busybox dd bs="$bytes" count=1 iflag=fullblock 2>/dev/null; done |
  busybox tee "$folder/in" | { busybox sh -c "$1"; echo "script ended $?" >&2; } | busybox tee "$folder/out"
wait
echo "checksums $(busybox cat "$folder/in.sum") $(busybox cat "$folder/out.sum")" >&2
busybox rm -r "$folder"`;

const endedText = /^script ended (\d+)$/m;
const checksumsText = /^checksums ([0-9a-f]{64}) +- ([0-9a-f]{64}) +-$/m;

/** Hashes what goes through, and does something before it tells that this was all. */
class Hashed extends Transform {
  private readonly hash = createHash("sha256");
  private readonly beforeEnd: () => Promise<void>;

  constructor(beforeEnd: () => Promise<void> = () => Promise.resolve()) {
    super();
    this.beforeEnd = beforeEnd;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.hash.update(chunk);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    this.beforeEnd().then(() => {
      done();
    }, done);
  }

  sum(): string {
    return this.hash.digest("hex");
  }
}

/** Blocks of a stream, each behind a line with its length, and 0 at its end. */
async function* inBlocks(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let bytes = 0;
  const block = (): Buffer => {
    const whole = Buffer.concat([Buffer.from(`${bytes}\n`), ...chunks]);
    [chunks, bytes] = [[], 0];
    return whole;
  };
  for await (const chunk of source) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= blockBytes) yield block();
  }
  if (bytes > 0) yield block();
  yield block();
}

/**
 * Runs a script in a container that has busybox, and a folder `/tmp` that it may write to.
 *
 * @throws Error with what it has written, or if anything was lost on either way, or the reason of the signal. Then it may go
 * on until its container ends.
 */
export async function runScript(
  cluster: Cluster,
  at: PodContainer,
  script: string,
  { input, output, signal }: DataStreams,
): Promise<void> {
  const { pipe, ended } = await startInPod(cluster, at, ["busybox", "sh", "-c", framed, "sh", script]);
  const failed = Promise.withResolvers<never>();
  let said = "";
  pipe.errors.on("data", (bytes: Buffer) => {
    said = `${said}${bytes.toString()}`.slice(-mostSaid);
    // It is not given the rest of its input first.
    const [, code = "0"] = endedText.exec(said) ?? [];
    if (code !== "0") failed.reject(problem(said, `it has ended with ${code}`));
  });
  void ended.then(({ status, message }) => {
    if (status !== "Success") failed.reject(problem(said, message ?? "it has failed"));
  });
  const sent = new Hashed();
  const fed = pipeline(input ?? Readable.from([]), sent, inBlocks, pipe.input);
  const received = new Hashed(async () => {
    await Promise.all([fed, ended]);
    const [, there, back] = checksumsText.exec(said) ?? [];
    if (there !== sent.sum() || back !== received.sum())
      throw problem(said, "what has arrived is not what was sent, by its checksum");
  });
  const taken = pipeline(pipe.output, received, output ?? nowhere());
  try {
    await Promise.race([Promise.all([fed, taken]), failed.promise, abortOf(signal)]);
  } finally {
    pipe.stop();
    // Nothing goes on that waits for the other end.
    pipe.input.destroy();
    pipe.output.destroy();
  }
}

function nowhere(): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
}

/** What a script has said, without what is for us, or why it has failed if it has said nothing. */
function problem(said: string, why: string): Error {
  const own = said.replace(endedText, "").replace(checksumsText, "").trim();
  return new Error(oneLine(own === "" ? why : own));
}

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { PassThrough, Readable, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { WebSocket } from "ws";
import { runScript } from "../../../cli/kubernetes/pod-script.ts";
import type { DataStreams } from "../../../cli/target.ts";
import { FakeApiServer, type Stream } from "../../support/fake-api-server.ts";
import { fakeCommand } from "../../support/fake-command.ts";
import { localCommand, type Way } from "../../support/pod-streams.ts";

/** This machine's own commands by the name of what images have. */
const busybox = fakeCommand("busybox", 'exec "$@"');

const mib = 1024 * 1024;

describe("a script in a pod", () => {
  const at = { namespace: "shop", pod: "loki-data-1", container: "loki-data" };

  async function run(stream: Stream, script: string, streams: DataStreams): Promise<void> {
    const server = await FakeApiServer.start({}, { "/api/v1/namespaces/shop/pods/loki-data-1/exec": stream });
    try {
      await runScript(server.cluster(), at, script, streams);
    } finally {
      await server.stop();
    }
  }
  const here = (way?: Way): Stream => localCommand(tmpdir, busybox.env, way);

  it("is given its input to the end, and hands out all that it writes, of any length", async () => {
    const all = randomBytes(3 * mib + 1);
    const chunks = [all.subarray(0, 10), all.subarray(10, 2 * mib), all.subarray(2 * mib)];
    const output = new PassThrough();
    const taken = buffer(output);
    await run(here(), "cat", { input: Readable.from(chunks), output });
    assert.ok((await taken).equals(all));
    await run(here(), '[ -z "$(cat)" ]', {});
  });

  it("fails with what it has written, without the rest of its input", async () => {
    async function* forEver(): AsyncGenerator<Buffer> {
      for (;;) yield Promise.resolve(Buffer.alloc(65_536));
    }
    const script = 'echo "tar: No space left" >&2; exit 1';
    await assert.rejects(run(here(), script, { input: Readable.from(forEver()) }), { message: "tar: No space left" });
    await assert.rejects(run(here(), "exit 3", {}), { message: "it has ended with 3" });
  });

  const changed = "what has arrived is not what was sent, by its checksum";

  it("fails if its input does not arrive as it was sent", async () => {
    const flipped: Way = (channel, content) => {
      if (channel === 0 && content.length > 1000) content[500] = (content[500] ?? 0) ^ 1;
      return content;
    };
    await assert.rejects(run(here(flipped), "cat >/dev/null", { input: Readable.from([randomBytes(2000)]) }), {
      message: changed,
    });
  });

  it("fails if some of its output is lost, which is not ended then", async () => {
    let messages = 0;
    const lossy: Way = (channel, content) => (channel === 1 && (messages += 1) === 2 ? undefined : content);
    const output = new PassThrough();
    let hasEnded = false;
    output.resume().on("end", () => (hasEnded = true));
    output.on("error", () => undefined);
    await assert.rejects(run(here(lossy), "head -c 1000000 /dev/zero", { output }), { message: changed });
    assert.ok(!hasEnded);
  });

  it("fails if the connection ends before it", async () => {
    const broken: Stream = (socket) => {
      socket.close();
    };
    await assert.rejects(run(broken, "cat", {}), { message: "the connection has ended before it" });
  });

  it("is given up at a signal", async () => {
    const interruption = new AbortController();
    const begun: Way = (_channel, content) => {
      interruption.abort();
      return content;
    };
    await assert.rejects(run(here(begun), "echo begun; sleep 10", { signal: interruption.signal }), {
      name: "AbortError",
    });
  });

  it("is read no faster than what it writes is taken", async () => {
    let hasReadAll = false;
    const fast: Stream = (socket) => {
      const block = Buffer.alloc(mib, 1);
      for (let sent = 0; sent < 32; sent += 1) socket.send(block);
      // Answered when all that stands before it was read.
      socket.ping();
      socket.on("pong", () => (hasReadAll = true));
    };
    const interruption = new AbortController();
    // Takes its first piece for ever.
    const output = new Writable({ write: () => undefined });
    const running = run(fast, "", { output, signal: interruption.signal });
    await sleep(1000);
    assert.ok(!hasReadAll);
    interruption.abort();
    await assert.rejects(running, { name: "AbortError" });
  });

  it("is sent no faster than it reads", async () => {
    const most = 64;
    let given = 0;
    function* input(): Generator<Buffer> {
      for (; given < most; given += 1) yield Buffer.alloc(mib);
    }
    let connection: WebSocket | undefined;
    const slow: Stream = (socket) => {
      connection = socket;
      socket.pause();
    };
    const interruption = new AbortController();
    const running = run(slow, "cat", { input: Readable.from(input()), signal: interruption.signal });
    await sleep(300);
    assert.ok(given < most, `${given} MiB were sent`);
    interruption.abort();
    connection?.terminate();
    await assert.rejects(running, { name: "AbortError" });
  });
});

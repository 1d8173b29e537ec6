import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import pWaitFor from "p-wait-for";
import { Docker } from "../../../cli/docker/docker.ts";
import { runInVolume } from "../../../cli/docker/volume-script.ts";
import { fakeCommand } from "../../support/fake-command.ts";
import { FakeStores } from "../../support/fake-stores.ts";

const owner = { stackName: "shop", owner: "observability/dev", image: "victoria-metrics:1" };

describe("a script in a volume", () => {
  const stores = new FakeStores();
  const store = stores.store("loki");
  let folder: string;

  /** A daemon whose containers do what a script says. */
  const daemon = (script: string): Docker => {
    const fake = fakeCommand("docker", `echo "$*" >>${folder}/called\n[ "$1" = run ] || exit 0\n${script}`);
    return new Docker(undefined, fake.env);
  };
  const called = (): readonly string[] => readFileSync(join(folder, "called"), "utf8").trim().split("\n");

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "volume-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  after(() => {
    stores.remove();
  });

  it("runs as the user of the store, with no right beyond that, no network, and an image that is there", async () => {
    const output = new PassThrough();
    const taken = text(output);
    const input = Readable.from(["what goes in"]);
    await runInVolume(daemon("cat"), owner, store, "the script", { input, output });
    assert.equal(await taken, "what goes in");
    const [line = ""] = called();
    assert.equal(
      line.replace(/data-[0-9a-f]+/, "data-ID"),
      "run --rm --interactive --pull never --name shop-loki-data-ID --network none --label observability.stack=observability/dev --label observability.name=shop" +
        " --user 10001:10001 --cap-drop ALL --security-opt no-new-privileges --read-only --memory 64m --volume shop_loki_data:/loki --workdir /loki" +
        " --entrypoint busybox victoria-metrics:1 sh -c the script",
    );
  });

  it("fails with what it has written, even if it has not read all of its input", async () => {
    const input = Readable.from([Buffer.alloc(1024 * 1024)]);
    const run = runInVolume(daemon('echo "tar: No space left" >&2; exit 1'), owner, store, "", { input });
    await assert.rejects(run, { message: "tar: No space left" });
  });

  it("is removed with its container by a signal, and by an output that takes no more", async () => {
    const forEver = `: >${folder}/begun; echo out; for second in 1 2 3 4 5 6 7 8 9 10; do [ -e ${folder}/removed ] && exit 137; sleep 0.1; done`;
    const removing = daemon(`trap : TERM; ${forEver}`);
    const interruption = new AbortController();
    const run = runInVolume(removing, owner, store, "", { signal: interruption.signal });
    await pWaitFor(() => existsSync(join(folder, "begun")));
    interruption.abort();
    await assert.rejects(run, { name: "AbortError" });
    const output = new PassThrough();
    const broken = runInVolume(removing, owner, store, "", { output });
    output.destroy(Object.assign(new Error("disk full"), { code: "ENOSPC" }));
    await assert.rejects(broken);
    const removed = called().filter((line) => /^rm --force shop-loki-data-[0-9a-f]+$/.test(line));
    assert.equal(new Set(removed).size, 2);
  });
});

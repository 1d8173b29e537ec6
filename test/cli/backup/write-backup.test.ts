import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { list } from "tar";
import type { PartName } from "../../../config/parts/parts.ts";
import { checkFiles, readManifest } from "../../../cli/backup/read-backup.ts";
import { writeBackup } from "../../../cli/backup/write-backup.ts";
import { UserError } from "../../../cli/user-error.ts";
import { backupContent, FakeStores } from "../../support/fake-stores.ts";

describe("a backup", () => {
  let stores: FakeStores;
  let folder: string;

  beforeEach(() => {
    stores = new FakeStores();
    folder = join(stores.folder, "out", "backup");
    stores.write("loki", { "chunks/one": "a line", ".volume": "", "wal/00000001": "x".repeat(3000) });
    stores.write("jaeger", { "keys/1": "a span" });
  });
  afterEach(() => {
    stores.remove();
  });

  const write = (...names: readonly PartName[]): ReturnType<typeof writeBackup> => {
    const all = names.map((name) => ({ ...stores.store(name), secrets: {} }));
    return writeBackup(folder, { ...backupContent, stores: all }, stores.context);
  };
  /** What is left where backups are written. */
  const left = (): readonly string[] => (existsSync(join(folder, "..")) ? readdirSync(join(folder, "..")) : []);

  it("has a file of each store and a manifest, of its owner alone, which are found whole", async () => {
    const manifest = await write("loki", "jaeger");
    assert.deepEqual(readdirSync(folder).sort(), ["jaeger.tar.gz", "loki.tar.gz", "manifest.json"]);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.deepEqual(readManifest(folder), manifest);
    await checkFiles(folder, manifest, new AbortController().signal);
    const names: string[] = [];
    await list({ file: join(folder, "loki.tar.gz"), onReadEntry: ({ path }) => names.push(path) });
    assert.deepEqual(names.sort(), ["./.volume", "./chunks/", "./chunks/one", "./wal/", "./wal/00000001"]);
  });

  it("stops one store after the other, starts each before the next, and says how long it was away", async () => {
    await write("loki", "jaeger");
    const done = ["loki", "jaeger"].flatMap((name) => [`stop ${name}`, `script ${name}`, `start ${name}`]);
    assert.deepEqual(stores.done, done);
    const away = stores.said.filter((line) => line.includes("away")).map((line) => line.replace(/\d+\.\d/, "N"));
    assert.deepEqual(away, ["Loki was away for N s", "Jaeger was away for N s"]);
  });

  it("has nothing of what a restore that was killed has left beside the data", async () => {
    stores.write("jaeger", { ".restoring/keys/1": "half", "lost+found/x": "" });
    await write("jaeger");
    const names: string[] = [];
    await list({ file: join(folder, "jaeger.tar.gz"), onReadEntry: ({ path }) => names.push(path) });
    assert.deepEqual(names, ["./keys/", "./keys/1"]);
  });

  it("leaves nothing and starts the store at Ctrl-C, and goes to no other", async () => {
    stores.beforeScript = () => {
      stores.interruption.abort();
    };
    await assert.rejects(write("loki", "jaeger"), { name: "AbortError" });
    assert.deepEqual(stores.done, ["stop loki", "script loki", "start loki"]);
    assert.deepEqual([left(), [...stores.context.away]], [[], []]);
  });

  it("leaves nothing and starts the store if its data cannot be read, and says why (OBS1704)", async () => {
    stores.beforeScript = () => {
      throw new Error("tar: chunks/one: I/O error");
    };
    await assert.rejects(write("loki"), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(error.errorCodes, ["OBS1704"]);
      assert.match(error.message, /got: tar: chunks\/one: I\/O error\nnothing is left of it, and every store runs\n/);
      return true;
    });
    assert.deepEqual(stores.done, ["stop loki", "script loki", "start loki"]);
    assert.deepEqual(left(), []);
  });

  it("is none if the archive of a store has no end, though what wrote it has not failed", async () => {
    const { target } = stores.context;
    const cut: typeof target.inData = (_store, _script, { output }) => {
      output?.end(Buffer.alloc(2048, 1));
      return Promise.resolve();
    };
    Object.assign(target, { inData: cut });
    await assert.rejects(write("loki"), /got: the archive was cut off after 2048 bytes\n/);
    assert.deepEqual(left(), []);
  });

  it("says that a store does not come up again, and leaves nothing (OBS1408)", async () => {
    stores.upState = "exited";
    await assert.rejects(write("loki"), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(error.errorCodes, ["OBS1408"]);
      assert.match(error.message, /^shop-loki: must be up after it was stopped and started, got exited\n/);
      return true;
    });
    assert.deepEqual(left(), []);
  });

  it("has no manifest before everything else is there", async () => {
    const seen: boolean[] = [];
    stores.beforeScript = () => {
      const [staging = ""] = left();
      seen.push(existsSync(join(folder, "..", staging, "manifest.json")) || existsSync(folder));
    };
    await write("loki", "jaeger");
    assert.deepEqual(seen, [false, false]);
    assert.match(readFileSync(join(folder, "manifest.json"), "utf8"), /"format": 1/);
  });
});

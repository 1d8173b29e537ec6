import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { PartName } from "../../../config/parts/parts.ts";
import { formatVersion, type BackupManifest } from "../../../cli/backup/format.ts";
import { checkFiles, matched, readManifest } from "../../../cli/backup/read-backup.ts";
import { restoreBackup } from "../../../cli/backup/restore-backup.ts";
import { writeBackup } from "../../../cli/backup/write-backup.ts";
import type { ErrorCode } from "../../../config/error-codes.ts";
import { UserError } from "../../../cli/user-error.ts";
import { backupContent, FakeStores } from "../../support/fake-stores.ts";

const signal = new AbortController().signal;

const fails = (code: ErrorCode, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UserError, String(error));
  assert.deepEqual(error.errorCodes, [code]);
  assert.match(error.message, message);
  return true;
};

describe("a restore", () => {
  let parent: string;
  let folder: string;
  let manifest: BackupManifest;
  let stores: FakeStores;
  let restored: string[];

  /** Writes the backup that is restored. @param secrets of Grafana */
  const backUp = async (names: readonly PartName[], secrets: Record<string, string> = {}): Promise<void> => {
    const source = new FakeStores();
    source.write("loki", { "chunks/one": "a line", ".hidden/file": "x" });
    source.write("jaeger", { "keys/1": "a span" });
    source.write("grafana", { "grafana.db": databaseFile() });
    const all = names.map((name) => ({ ...source.store(name), secrets }));
    manifest = await writeBackup(folder, { ...backupContent, stores: all }, source.context);
    source.remove();
  };
  const databaseFile = (): Buffer => {
    const file = join(parent, "made.db");
    const database = new DatabaseSync(file);
    database.exec("CREATE TABLE signing_key (key TEXT); CREATE TABLE user (login TEXT)");
    database.exec("INSERT INTO signing_key VALUES ('k'); INSERT INTO user VALUES ('ann')");
    database.close();
    return readFileSync(file);
  };
  const restore = (secrets: Record<string, string> = {}): Promise<void> => {
    const all = matched(
      manifest,
      manifest.stores.map(({ part }) => stores.store(part as PartName)),
    );
    const withSecrets = all.map((one) => ({ ...one, secrets }));
    return restoreBackup(folder, withSecrets, stores.context, (title) => restored.push(title));
  };
  const filesOf = (name: PartName): readonly string[] =>
    readdirSync(stores.dataOf(name), { recursive: true, encoding: "utf8" }).sort();

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "restore-"));
    folder = join(parent, "backup");
    stores = new FakeStores();
    stores.write("loki", { "chunks/old": "an old line", "wal/1": "old" });
    restored = [];
  });
  afterEach(() => {
    stores.remove();
    rmSync(parent, { recursive: true });
  });

  it("gives each store the data of the backup and nothing else, one after the other", async () => {
    await backUp(["loki", "jaeger"]);
    await restore();
    assert.deepEqual(filesOf("loki"), [".hidden", ".hidden/file", "chunks", "chunks/one"]);
    assert.equal(readFileSync(join(stores.dataOf("loki"), "chunks/one"), "utf8"), "a line");
    assert.deepEqual(filesOf("jaeger"), ["keys", "keys/1"]);
    const done = ["loki", "jaeger"].flatMap((name) => [
      ...[`stop ${name}`, `script ${name}`, `script ${name}`, `start ${name}`],
    ]);
    assert.deepEqual([stores.done, restored], [done, ["Loki", "Jaeger"]]);
  });

  it("keeps the old data of a store if the new one does not all get there, and starts it (OBS1704)", async () => {
    await backUp(["loki"]);
    stores.beforeScript = (_store, script) => {
      if (script.includes("tar -x")) throw new Error("tar: write error: No space left on device");
    };
    const message =
      /^Loki: must take the data of loki\.tar\.gz, got: tar: .* No space left on device\nits own data is kept, and every store runs\n/;
    await assert.rejects(restore(), fails("OBS1704", message));
    assert.deepEqual(filesOf("loki"), ["chunks", "chunks/old", "wal", "wal/1"]);
    assert.deepEqual([stores.done.at(-1), restored], ["start loki", []]);
  });

  it("keeps the old data and starts the store at Ctrl-C", async () => {
    await backUp(["loki"]);
    stores.beforeScript = (_store, script) => {
      if (script.includes("tar -x")) stores.interruption.abort();
    };
    await assert.rejects(restore(), { name: "AbortError" });
    assert.deepEqual(filesOf("loki"), ["chunks", "chunks/old", "wal", "wal/1"]);
    assert.deepEqual([stores.done.at(-1), restored], ["start loki", []]);
  });

  it("says that a store has a part of each if its old data cannot be removed (OBS1704)", async () => {
    await backUp(["loki"]);
    stores.beforeScript = (_store, script) => {
      if (script.includes("mv ")) throw new Error("rm: can't remove 'x': Operation not permitted");
    };
    const message = /^Loki: must give up its old data for the new, got: rm: .*\nit may have a part of each\n/;
    await assert.rejects(restore(), fails("OBS1704", message));
    assert.equal(stores.done.at(-1), "start loki");
  });

  const keysOf = (): readonly unknown[] => {
    const database = new DatabaseSync(join(stores.dataOf("grafana"), "grafana.db"));
    const rows = [..."signing_key user".split(" ")].map(
      (table) => database.prepare(`SELECT * FROM ${table}`).all().length,
    );
    database.close();
    return rows;
  };

  it("has Grafana forget the keys that another stack's secret has encrypted, and says which passwords are lost", async () => {
    await backUp(["grafana"], { "secret-key": "a".repeat(64) });
    await restore({ "secret-key": "b".repeat(64) });
    assert.deepEqual(keysOf(), [0, 1]);
    assert.ok(stores.said.some((line) => line.includes("those made by hand need them anew")));
  });

  it("leaves Grafana's keys as they are in the stack that has encrypted them", async () => {
    await backUp(["grafana"], { "secret-key": "a".repeat(64) });
    await restore({ "secret-key": "a".repeat(64) });
    assert.deepEqual(keysOf(), [1, 1]);
    assert.ok(!stores.said.some((line) => line.includes("anew")));
  });

  describe("looks before it changes anything, and refuses", () => {
    const manifestFile = (): string => join(folder, "manifest.json");
    const changeManifest = (change: Record<string, unknown>): void => {
      const found = JSON.parse(readFileSync(manifestFile(), "utf8")) as Record<string, unknown>;
      writeFileSync(manifestFile(), JSON.stringify({ ...found, ...change }));
    };

    beforeEach(() => backUp(["loki"]));

    it("a folder that is none, and one without a manifest", () => {
      assert.throws(() => readManifest(join(parent, "none")), fails("OBS1701", /got: no manifest\.json in it\n/));
      rmSync(manifestFile());
      assert.ok(existsSync(join(folder, "loki.tar.gz")));
      assert.throws(() => readManifest(folder), fails("OBS1701", /got: no manifest\.json in it\n/));
    });

    it("a manifest of a newer format, by the version that has written it", () => {
      changeManifest({ format: formatVersion + 1, version: "9.1.0", further: true });
      const message = /must be of format 1 at most, got 2, which version 9\.1\.0 has written\n/;
      assert.throws(() => readManifest(folder), fails("OBS1701", message));
    });

    it("a manifest with the name of a file elsewhere", () => {
      changeManifest({ stores: [{ ...manifest.stores[0], file: "../loki.tar.gz" }] });
      assert.throws(() => readManifest(folder), fails("OBS1701", /must be the folder of a backup, got: /));
    });

    it("a changed byte, a byte more, and a missing file", async () => {
      const file = join(folder, "loki.tar.gz");
      const bytes = readFileSync(file);
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      writeFileSync(file, bytes);
      await assert.rejects(
        checkFiles(folder, manifest, signal),
        fails("OBS1701", /loki\.tar\.gz must have the SHA-256/),
      );
      appendFileSync(file, "x");
      await assert.rejects(checkFiles(folder, manifest, signal), fails("OBS1701", /must have \d+ bytes, got \d+\n/));
      rmSync(file);
      await assert.rejects(checkFiles(folder, manifest, signal), fails("OBS1701", /bytes, got no such file\n/));
    });

    it("an older store, another major version, a tag without a version, and a store that the stack does not run (OBS1702)", () => {
      const into = (image: string) => () => matched(manifest, [stores.store("loki", image)]);
      for (const image of ["grafana/loki:3.7.7", "grafana/loki:3.6.9", "grafana/loki:4.0.0", "grafana/loki:latest"]) {
        const message = new RegExp(
          `^images\\.loki: must be grafana/loki:3\\.7\\.8, or a newer one .*, got ${image}\nnothing`,
        );
        assert.throws(into(image), fails("OBS1702", message));
      }
      for (const image of [
        "grafana/loki:3.7.8",
        "mirror.example.com:5000/loki:3.7.10",
        "grafana/loki:3.8.0-amd64@sha256:1",
      ]) {
        assert.equal(into(image)().length, 1, image);
      }
      assert.throws(
        () => matched(manifest, [stores.store("jaeger")]),
        fails("OBS1702", /^loki: must be a store of the stack, which runs jaeger\n/),
      );
    });
  });
});

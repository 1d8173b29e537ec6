import { createReadStream, createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { DataAccess } from "./archive.ts";

/** Name of Grafana's database in its folder, and of the table with the keys that it signs tokens with. */
const database = "grafana.db";
const keyTable = "signing_key";

/**
 * Has Grafana make new keys to sign its tokens with, where it cannot read those in its database, since they were encrypted with
 * another stack's secret: it makes one where there is none, and fails where there is one that it cannot read
 * (pkg/services/signingkeys/signingkeysimpl). Grafana 10.0 has none yet.
 *
 * @param folder with the database, relative to that of the data
 */
export async function forgetSigningKeys(folder: string, { target, store, signal }: DataAccess): Promise<void> {
  const copy = mkdtempSync(join(tmpdir(), "grafana-"));
  const file = join(copy, database);
  try {
    const output = createWriteStream(file, { mode: 0o600 });
    await target.inData(store, `exec cat ${folder}/${database}`, { output, signal });
    if (!withoutKeys(file)) return;
    const input = createReadStream(file);
    await target.inData(store, `exec cat >${folder}/${database}`, { input, signal });
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** @returns whether the file was changed */
function withoutKeys(file: string): boolean {
  const opened = new DatabaseSync(file);
  try {
    const found = opened.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?").get(keyTable);
    return found !== undefined && opened.prepare(`DELETE FROM ${keyTable}`).run().changes > 0;
  } finally {
    opened.close();
  }
}

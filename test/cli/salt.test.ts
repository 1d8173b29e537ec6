import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onlySaltAdded, withoutNewSalt } from "../../cli/salt.ts";

const before = "config:\n  observability:serviceNamespace: integr8scode\n";
const salt = "encryptionsalt: v1:abc=:v1:def\n";

describe("the stack's settings file", () => {
  it("is put back when a salt is all that was added, wherever it stands and however the rest is written", () => {
    assert.equal(onlySaltAdded(before, `${before}${salt}`), true);
    assert.equal(onlySaltAdded(before, `${salt}${before}`), true);
    const quoted = 'config:\n  "observability:serviceNamespace": "integr8scode"\n';
    assert.equal(onlySaltAdded(before, `${salt}${quoted}`), true);
    const unsorted = "config:\n  observability:b: 1\n  observability:a: {y: 1, x: 2}\n";
    const sorted = "config:\n  observability:a: {x: 2, y: 1}\n  observability:b: 1\n";
    assert.equal(onlySaltAdded(unsorted, `${salt}${sorted}`), true);
    const number = "config:\n  observability:apiPort: 8081\n";
    assert.equal(onlySaltAdded(number, `${salt}config:\n  observability:apiPort: "8081"\n`), true);
    assert.equal(onlySaltAdded("", salt), true);
  });

  it("loses a salt that was left behind, and is not written at all where there is none", async () => {
    const folder = mkdtempSync(join(tmpdir(), "salt-"));
    const file = join(folder, "Pulumi.dev.yaml");
    try {
      writeFileSync(file, `${salt}${before}`);
      await withoutNewSalt(file, () => Promise.resolve());
      assert.equal(readFileSync(file, "utf8"), before);
      utimesSync(file, 1, 1);
      await withoutNewSalt(file, () => Promise.resolve());
      assert.equal(statSync(file).mtimeMs, 1000);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is left alone when anything else changed with it: that is the user's", () => {
    assert.equal(onlySaltAdded(before, `${salt}${before}  observability:retentionHours: "24"\n`), false);
    assert.equal(onlySaltAdded(before, salt), false);
  });

  it("is left alone when it holds secrets, which nobody could read without the salt", () => {
    const secret = `${before}  observability:token:\n    secure: v1:xyz\n`;
    assert.equal(onlySaltAdded(secret, `${salt}${secret}`), false);
  });

  it("is left alone when there was a salt before, or there is none", () => {
    assert.equal(onlySaltAdded(`${salt}${before}`, `${salt}${before}`), false);
    assert.equal(onlySaltAdded(`${salt}${before}`, `${before}encryptionsalt: v1:new\n`), false);
    assert.equal(onlySaltAdded(before, before), false);
  });
});

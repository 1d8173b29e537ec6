import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forgetLeft, lastLeft, rememberLeft } from "../../cli/last-deployment.ts";

describe("what the last deployment has left", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "observed-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const a = { observed: "a", basis: "of a" };
  const b = { observed: "b", basis: "of b" };

  it("is remembered for each stack by itself, for the user alone to read, until it is forgotten", () => {
    rememberLeft("dev", a, folder);
    rememberLeft("prod", b, folder);
    assert.equal(statSync(join(folder, "dev.observed")).mode & 0o777, 0o600);
    assert.deepEqual([lastLeft("dev", folder), lastLeft("prod", folder)], [a, b]);
    forgetLeft("dev", folder);
    assert.deepEqual([lastLeft("dev", folder), lastLeft("prod", folder)], [undefined, b]);
  });

  it("is not known before a deployment", () => {
    forgetLeft("dev", folder);
    assert.equal(lastLeft("dev", folder), undefined);
  });

  it("is known by half where an older version has written it: something may have to be deployed", () => {
    writeFileSync(join(folder, "dev.observed"), "a");
    assert.deepEqual(lastLeft("dev", folder), { observed: "a", basis: "" });
  });
});

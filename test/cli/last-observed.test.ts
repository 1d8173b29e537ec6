import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forgetObserved, lastObserved, rememberObserved } from "../../cli/last-observed.ts";

describe("what the last deployment has left", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "observed-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is remembered for each stack by itself, for the user alone to read, until it is forgotten", () => {
    rememberObserved("dev", "a", folder);
    rememberObserved("prod", "b", folder);
    assert.equal(statSync(join(folder, "dev.observed")).mode & 0o777, 0o600);
    assert.deepEqual([lastObserved("dev", folder), lastObserved("prod", folder)], ["a", "b"]);
    forgetObserved("dev", folder);
    assert.deepEqual([lastObserved("dev", folder), lastObserved("prod", folder)], [undefined, "b"]);
  });

  it("is not known before a deployment, nor after one whose target cannot tell", () => {
    forgetObserved("dev", folder);
    rememberObserved("dev", undefined, folder);
    assert.equal(lastObserved("dev", folder), undefined);
  });
});

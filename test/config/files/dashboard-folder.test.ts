import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDashboardFolder } from "../../../config/files/dashboard-folder.ts";

describe("a folder of dashboards", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dashboards-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is every JSON file in it and below, in order, and nothing else", () => {
    mkdirSync(join(folder, "Team"));
    mkdirSync(join(folder, "x.json"));
    for (const path of ["b.json", "Team/a.json", "README.md"]) writeFileSync(join(folder, path), path);
    assert.deepEqual(readDashboardFolder(folder), [
      { path: "Team/a.json", content: "Team/a.json" },
      { path: "b.json", content: "b.json" },
    ]);
  });

  it("is told from one that is not there, and from a file", () => {
    writeFileSync(join(folder, "file"), "");
    assert.deepEqual(
      ["", "gone", "file"].map((name) => readDashboardFolder(join(folder, name))),
      [[], undefined, undefined],
    );
  });
});

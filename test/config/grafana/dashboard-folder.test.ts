import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readDashboardFolder } from "../../../config/grafana/dashboard-folder.ts";
import { problemLines } from "../../../config/problem.ts";

describe("a folder of dashboards", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dashboards-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** What is wrong, with the folder's name cut off. */
  function linesOf(path = folder): readonly string[] {
    return problemLines(readDashboardFolder(path, "grafana.dashboards").problems).map((line) =>
      line.replace(`${folder}/`, ""),
    );
  }

  it("is every JSON file in it and below, in order, and nothing else", () => {
    mkdirSync(join(folder, "Team"));
    mkdirSync(join(folder, "x.json"));
    mkdirSync(join(folder, ".git"));
    for (const path of ["b.json", "Team/a.json", "README.md", ".git/c.json", ".#b.json"]) {
      writeFileSync(join(folder, path), path);
    }
    assert.deepEqual(readDashboardFolder(folder, "grafana.dashboards"), {
      files: [
        { path: "Team/a.json", content: "Team/a.json" },
        { path: "b.json", content: "b.json" },
      ],
      problems: [],
    });
  });

  it("has the files that links in it lead to, as a mounted ConfigMap has", () => {
    mkdirSync(join(folder, "..2026"));
    writeFileSync(join(folder, "..2026", "a.json"), "{}");
    symlinkSync("..2026", join(folder, "..data"));
    symlinkSync(join("..data", "a.json"), join(folder, "a.json"));
    assert.deepEqual(readDashboardFolder(folder, "grafana.dashboards"), {
      files: [{ path: "a.json", content: "{}" }],
      problems: [],
    });
  });

  it("is told from one that is not there, from a file, and from a name that can be none", () => {
    writeFileSync(join(folder, "file"), "");
    const change = "name one that there is, relative to the folder of Pulumi.yaml";
    for (const name of ["gone", "file", "file/below", "a\0b", "a".repeat(300)]) {
      const { files, problems } = readDashboardFolder(join(folder, name), "grafana.dashboards");
      assert.deepEqual(files, []);
      assert.deepEqual(
        problems.map((each) => [each.path, each.rule, each.change]),
        [["grafana.dashboards", "must be a folder", change]],
        name,
      );
    }
  });

  it("is not the one of Pulumi.yaml or one above it, which is not looked through", () => {
    for (const path of [".", "", "/", process.cwd(), dirname(process.cwd()), "config/.."]) {
      assert.deepEqual(linesOf(path), [
        `grafana.dashboards: must be a folder of its own below the one of Pulumi.yaml, or elsewhere, got ${JSON.stringify(path)}; name one for dashboards`,
      ]);
    }
  });

  it("is told once if it holds more than anybody's dashboards, and not read", () => {
    for (const index of Array(1001).keys()) writeFileSync(join(folder, `${index}.json`), "no JSON");
    assert.deepEqual(linesOf(), [
      `grafana.dashboards: must hold at most 1000 files and folders, got ${JSON.stringify(folder)}; name a folder that holds dashboards only`,
    ]);
    assert.deepEqual(readDashboardFolder(folder, "grafana.dashboards").files, []);
  });

  it("has no links to folders, no links to nothing, no pipes and no other bytes than UTF-8", () => {
    const circle = join(folder, "circle.json");
    symlinkSync(folder, join(folder, "around"));
    symlinkSync("gone", join(folder, "gone.json"));
    symlinkSync(circle, circle);
    execFileSync("mkfifo", [join(folder, "pipe.json")]);
    writeFileSync(join(folder, "latin.json"), Buffer.from([0x22, 0xe9, 0x22]));
    assert.deepEqual(linesOf(), [
      "around: must be a folder itself, got a link to one; link its files, or copy it",
      "circle.json: must be readable, got ELOOP; correct it, or leave it out",
      "gone.json: must be readable, got ENOENT; correct it, or leave it out",
      "pipe.json: must be a file, got something else; leave it out",
      "latin.json: must be text in UTF-8, got other bytes; save it as UTF-8",
    ]);
  });

  it("is told of a dashboard that is too large by itself, and of too many, without reading them", () => {
    const most = 512 * 1024;
    for (const [name, size] of [
      ["a.json", most + 1],
      ["b.json", most],
    ] as const) {
      writeFileSync(join(folder, name), "");
      truncateSync(join(folder, name), size);
    }
    const large = "a.json: must be at most 512 KiB, got 513 KiB; make it smaller, or leave it out";
    assert.deepEqual(linesOf(), [large]);
    writeFileSync(join(folder, "c.json"), " ");
    assert.deepEqual(linesOf(), [
      large,
      "grafana.dashboards: must be at most 512 KiB, got 513 KiB; make it smaller, or leave it out",
    ]);
    assert.deepEqual(readDashboardFolder(folder, "grafana.dashboards").files, []);
  });
});

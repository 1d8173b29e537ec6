import assert from "node:assert/strict";
import {
  addedDashboards,
  dashboardProblems,
  noFolders,
  type DashboardFolder,
} from "../../../config/grafana/added-dashboards.ts";
import { problem, problemLines, shown, visible } from "../../../config/problem.ts";
import type { TextFile } from "../../../config/text-file.ts";

function dashboard(path: string, content: object): TextFile {
  return { path, content: JSON.stringify(content) };
}

const orders = { uid: "orders", title: "Orders" };

function linesOf(files: readonly TextFile[]): readonly string[] {
  return problemLines(dashboardProblems("own", () => ({ files, problems: [] })));
}

describe("dashboards of the user", () => {
  it("are files named by their uid, in the folder that they have in Grafana", () => {
    const files = [dashboard("b.json", orders), dashboard("Team A/x.json", { uid: "x", title: "Orders" })];
    assert.deepEqual(linesOf(files), []);
    assert.deepEqual(
      addedDashboards(files).map(({ path, content }, index) => [path, content === files[index]?.content]),
      [
        ["/etc/grafana/own-dashboards/Own/orders.json", true],
        ["/etc/grafana/own-dashboards/Team A/x.json", true],
      ],
    );
  });

  it("are not looked for when no folder is named", () => {
    assert.deepEqual(dashboardProblems(undefined, noFolders), []);
    assert.deepEqual(dashboardProblems(5, noFolders), []);
  });

  it("are refused by who cannot read them, instead of being left out", () => {
    assert.throws(() => dashboardProblems("own", noFolders), {
      message: "grafana.dashboards: must be read by the caller, got own; hand over a function that reads it",
    });
  });

  it("are refused with what is wrong with their folder", () => {
    const problems = [problem("own/a.json", "must be a file", "other", "leave it out")];
    assert.deepEqual(problemLines(dashboardProblems("own", () => ({ files: [], problems }))), [
      'own/a.json: must be a file, got "other"; leave it out',
    ]);
  });

  it("are refused in a folder that has none", () => {
    assert.deepEqual(linesOf([]), [
      'grafana.dashboards: must hold a dashboard as a *.json file, got "own"; put one there, or leave it out',
    ]);
  });

  it("are refused when they are more than Kubernetes takes", () => {
    const content = { ...orders, panels: "x".repeat(256 * 1024) };
    assert.deepEqual(linesOf([dashboard("a.json", content)]), []);
    assert.deepEqual(
      linesOf([dashboard("a.json", content), dashboard("b.json", { ...content, uid: "b", title: "B" })]),
      ["grafana.dashboards: must be at most 512 KiB, got 513 KiB; make it smaller, or leave it out"],
    );
  });

  it("may be in several folders, each of which is told of at its own place in the list", () => {
    const content = { files: [], problems: [] };
    const empty = "must hold a dashboard as a *.json file";
    const change = "put one there, or leave it out";
    assert.deepEqual(problemLines(dashboardProblems(["own", "shop", "own"], () => content)), [
      `grafana.dashboards.0: ${empty}, got "own"; ${change}`,
      `grafana.dashboards.1: ${empty}, got "shop"; ${change}`,
    ]);
  });

  it("of several folders are refused where two have one uid, one title, one file on Kubernetes, or too much together", () => {
    const large = "x".repeat(300 * 1024);
    const folders: Readonly<Record<string, readonly TextFile[]>> = {
      own: [dashboard("a.json", { ...orders, large }), dashboard("a/x.json", { uid: "b_c", title: "A" })],
      shop: [dashboard("a.json", { ...orders, title: "B" }), dashboard("b.json", { ...orders, uid: "b", large })],
      team: [dashboard("a_b/x.json", { uid: "c", title: "C" })],
    };
    const read = (folder: string): DashboardFolder => ({ files: folders[folder] ?? [], problems: [] });
    assert.deepEqual(problemLines(dashboardProblems(Object.keys(folders), read)), [
      "grafana.dashboards: must be at most 512 KiB, got 601 KiB; make it smaller, or leave it out",
      'shop/a.json: uid: must differ from own/a.json: uid, got "orders"; give it another uid',
      'shop/b.json: title: must differ from own/a.json: title, got "Own/Orders"; give it another title, or put it into another folder',
      'team/a_b/x.json: must differ from own/a/x.json, got "etc_grafana_own-dashboards_a_b_c.json"; give it another uid, or rename one of the two folders: on Kubernetes the two are one file',
    ]);
  });

  const json = "export it from Grafana as JSON, or leave the file out";
  const refusals: readonly (readonly [readonly TextFile[], string])[] = [
    [
      [{ path: "a.json", content: "{" }],
      `own/a.json: must be a dashboard as JSON, got a value that is not shown; ${json}`,
    ],
    [
      [{ path: "a.json", content: "[]" }],
      `own/a.json: must be a dashboard as JSON, got a value that is not shown; ${json}`,
    ],
    [
      [dashboard("a.json", { ...orders, title: " " })],
      'own/a.json: title: must be a text, got " "; give the dashboard a title',
    ],
    [
      [dashboard("a.json", { title: "A" })],
      "own/a.json: uid: must be 1 to 40 letters, digits, hyphens and underscores, got nothing; set one: it is part of the dashboard's address",
    ],
    [
      [dashboard("a.json", { ...orders, uid: "../x" })],
      `own/a.json: uid: must be 1 to 40 letters, digits, hyphens and underscores, got "../x"; set one: it is part of the dashboard's address`,
    ],
    [
      [dashboard("a.json", { ...orders, uid: "services" })],
      `own/a.json: uid: must differ from the stack's dashboard services, got "services"; give it another uid`,
    ],
    [
      [dashboard("a.json", orders), dashboard("b.json", { ...orders, title: "B" })],
      'own/b.json: uid: must differ from own/a.json: uid, got "orders"; give it another uid',
    ],
    [
      [dashboard("a.json", orders), dashboard("b.json", { ...orders, uid: "b" })],
      'own/b.json: title: must differ from own/a.json: title, got "Own/Orders"; give it another title, or put it into another folder',
    ],
    [
      [dashboard("a/b/c.json", orders)],
      'own/a/b/c.json: must be at most one folder deep, got "a/b/c.json"; move it up: Grafana shows one level',
    ],
    [
      [dashboard("General/a.json", orders)],
      'own/General/a.json: must be in a folder that Grafana does not have itself, got "General"; rename the folder',
    ],
    ...["a:b", "a\\b", " a", "a ", "a\u202eb", "a".repeat(101)].map(
      (folder): readonly [readonly TextFile[], string] => [
        [dashboard(`${folder}/a.json`, orders)],
        `own/${visible(folder, 300)}/a.json: must be in a folder whose name is one line of at most 100 characters, no : and no \\ among them, no blanks around them, got ${shown(folder)}; rename the folder`,
      ],
    ),
    [
      [dashboard("a/x.json", { uid: "b_c", title: "A" }), dashboard("a_b/x.json", { uid: "c", title: "B" })],
      'own/a_b/x.json: must differ from own/a/x.json, got "etc_grafana_own-dashboards_a_b_c.json"; give it another uid, or rename one of the two folders: on Kubernetes the two are one file',
    ],
    [
      [dashboard("a.json", { ...orders, __inputs: [] })],
      "own/a.json: __inputs: must name its data sources itself, got an empty list; export it without the option to share it externally",
    ],
  ];
  for (const [files, line] of refusals) {
    it(`are refused: ${line.slice(0, 80)}`, () => {
      assert.deepEqual(linesOf(files), [line]);
    });
  }
});

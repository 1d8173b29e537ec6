import assert from "node:assert/strict";
import {
  dashboardProblems,
  noFolders,
  ownDashboards,
  type FolderFile,
} from "../../../config/grafana/own-dashboards.ts";
import { problemLines } from "../../../config/problem.ts";

function dashboard(path: string, content: object): FolderFile {
  return { path, content: JSON.stringify(content) };
}

const orders = { uid: "orders", title: "Orders" };

function linesOf(files: readonly FolderFile[] | undefined): readonly string[] {
  return problemLines(dashboardProblems("own", () => files));
}

describe("dashboards of the user", () => {
  it("are files named by their uid, in the folder that they have in Grafana", () => {
    const files = [dashboard("b.json", orders), dashboard("Team A/x.json", { uid: "x", title: "Orders" })];
    assert.deepEqual(linesOf(files), []);
    assert.deepEqual(
      ownDashboards(files).map(({ path, content }, index) => [path, content === files[index]?.content]),
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

  it("are refused in a folder that is not there, or has none", () => {
    assert.deepEqual(linesOf(undefined), [
      'grafana.dashboards: must be a folder, got "own"; name one that there is, relative to the folder of Pulumi.yaml',
    ]);
    assert.deepEqual(linesOf([]), [
      'grafana.dashboards: must hold a dashboard as a *.json file, got "own"; put one there, or leave it out',
    ]);
  });

  it("are refused when they are more than Kubernetes takes", () => {
    const content = { ...orders, panels: "x".repeat(450 * 1024) };
    assert.deepEqual(linesOf([dashboard("a.json", content)]), []);
    assert.deepEqual(
      linesOf([dashboard("a.json", content), dashboard("b.json", { ...content, uid: "b", title: "B" })]),
      [
        'grafana.dashboards: must hold at most 900 KiB, which is what Kubernetes takes, got "901 KiB"; remove dashboards',
      ],
    );
  });

  const json = "export it from Grafana as JSON, or leave the file out";
  const refusals: readonly (readonly [readonly FolderFile[], string])[] = [
    [[{ path: "a.json", content: "{" }], `own/a.json: must be a dashboard as JSON, got "{"; ${json}`],
    [[{ path: "a.json", content: "[]" }], `own/a.json: must be a dashboard as JSON, got "[]"; ${json}`],
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

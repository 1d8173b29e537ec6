import assert from "node:assert/strict";
import { mostDashboardKib } from "../../../../config/grafana/added-dashboards.ts";
import { dashboardFiles, dashboardPath, dashboards } from "../../../../config/grafana/dashboards/dashboards.ts";
import { runbooksFile } from "../../../../config/grafana/dashboards/runbooks.ts";
import { stackTag, type DashboardId } from "../../../../config/grafana/dashboards/links.ts";
import { datasources } from "../../../../config/grafana/datasources.ts";
import { dashboardUids } from "../../../../config/names.ts";
import { datasourceKib } from "../../../../config/parts/grafana.ts";
import { stackDatasources } from "../../../support/settings.ts";
import { checkedTargets } from "../support/check-target.ts";
import { everythingShown, linksOf, panelsOf, queriedVariables, readDashboard } from "../support/dashboard.ts";
import { provisionedDatasources } from "../support/provisioning.ts";

const ids = Object.keys(dashboards) as DashboardId[];

describe("the stack's dashboards", () => {
  it("are files that Grafana's provider finds, named by their uid, and the same text every time", () => {
    assert.deepEqual(
      dashboardFiles().map(({ path }) => path),
      Object.values(dashboardUids).map((uid) => `/etc/grafana/dashboards/${uid}.json`),
    );
    assert.deepEqual(dashboardFiles(), dashboardFiles());
    for (const id of ids) assert.equal(readDashboard(id).uid, dashboardUids[id]);
  });

  it("have a title each that no other has", () => {
    const titles = ids.map((id) => readDashboard(id).title);
    assert.equal(new Set(titles).size, ids.length, titles.join(", "));
  });

  it("leave room in a ConfigMap of 1 MiB for all that a user may add", () => {
    const generated = [...dashboardFiles(everythingShown), runbooksFile(), { content: datasources(stackDatasources) }];
    const bytes = generated.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
    const added = (mostDashboardKib + datasourceKib) * 1024;
    // Names of files, and the provider.
    const room = 16 * 1024;
    assert.ok(bytes + added + room <= 1024 * 1024, `${bytes} bytes of our own, ${added} of users`);
  });

  it("list each other in their title bar, with what is chosen and the time", () => {
    for (const id of ids) {
      const { links, tags } = readDashboard(id);
      const [list, ...others] = links;
      assert.deepEqual(others, [], id);
      assert.deepEqual([list?.type, list?.tags, list?.includeVars, list?.keepTime], ["dashboards", tags, true, true]);
      assert.deepEqual(tags, [stackTag]);
    }
  });
});

for (const id of ids) {
  describe(`the dashboard ${id}`, () => {
    it("fills Grafana's 24 columns down to its end, and no panel lies on another", () => {
      const places = readDashboard(id).panels.map(({ gridPos }) => gridPos);
      const cells = places.flatMap(({ x, y, w, h }) =>
        Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
      );
      const height = Math.max(...places.map(({ y, h }) => y + h));
      const grid = Array.from({ length: 24 * height }, (_, cell) => `${cell % 24},${Math.floor(cell / 24)}`);
      assert.deepEqual(cells.sort(), grid.sort());
    });

    it("has a number of its own, a title and a description on every panel", () => {
      const { panels } = readDashboard(id);
      assert.deepEqual(
        panels.map((panel) => panel.id),
        panels.map((_, index) => index + 1),
      );
      const unexplained = panelsOf(id).filter(({ title, description }) => title === "" || !/.\.$/.test(description));
      assert.deepEqual(
        unexplained.map(({ title }) => title),
        [],
      );
    });

    it("names every data source by a provisioned uid and its type, in panels, queries and variables", () => {
      const provisioned = provisionedDatasources(datasources(stackDatasources)).map(({ type, uid }) =>
        JSON.stringify({ type, uid }),
      );
      const named: string[] = [];
      const { annotations: _ofGrafanaItself, ...others } = dashboards[id](everythingShown);
      JSON.parse(JSON.stringify(others), (key, value: unknown) => {
        if (key.toLowerCase().startsWith("datasource")) named.push(JSON.stringify(value));
        return value;
      });
      assert.deepEqual(
        named.filter((reference) => !provisioned.includes(reference)),
        [],
      );
      const queries = panelsOf(id).flatMap(({ targets }) => targets);
      assert.equal(named.length, panelsOf(id).length + queries.length + queriedVariables(id).length);
    });

    it("never makes up a zero for what does not exist", () => {
      assert.doesNotMatch(JSON.stringify(dashboards[id](everythingShown)), /\bvector\s*\(/);
    });

    it("asks for metrics, labels and fields that there really are, and for no others (D5, D6, R22)", async () => {
      const problems = (await checkedTargets(id)).flatMap(({ panel, target, result }) =>
        result.problems.map((problem) => `${panel.title}, ${target.refId}: ${problem}`),
      );
      assert.deepEqual(problems, []);
    });

    it("has every label that a legend shows", async () => {
      const missing = (await checkedTargets(id)).flatMap(({ panel, target, result }) =>
        [...(target.legendFormat ?? "").matchAll(/\{\{\s*(.*?)\s*\}\}/g)]
          .map(([, label = ""]) => label)
          .filter((label) => !result.labels.has(label))
          .map((label) => `${panel.title}: ${label}`),
      );
      assert.deepEqual(missing, []);
    });

    it("links to Explore and to dashboards of the stack only, with variables and panels that these have", () => {
      const wrong = panelsOf(id).flatMap((panel) =>
        linksOf(panel).flatMap(({ title, url }) =>
          wrongIn(new URL(url, "http://grafana")).map((what) => `${panel.title}, ${title}: ${what}`),
        ),
      );
      assert.deepEqual(wrong, []);
    });
  });
}

/** What of a link no dashboard has. */
function wrongIn({ pathname, search, searchParams }: URL): string[] {
  if (pathname === "/explore") return [];
  const target = ids.find((id) => pathname === `/d/${dashboardUids[id]}`);
  if (target === undefined) return [`leads to ${pathname}`];
  const { panels, templating } = readDashboard(target);
  const variables = templating.list.map(({ name }) => `var-${name}`);
  const set = [...searchParams.keys()].filter((key) => key.startsWith("var-"));
  const view = searchParams.get("viewPanel");
  return [
    ...set.filter((key) => !variables.includes(key)).map((key) => `sets ${key}`),
    ...(view === null || panels.some((panel) => String(panel.id) === view) ? [] : [`shows panel ${view}`]),
    ...(search.includes("${__url_time_range}") ? [] : ["loses the time on the screen"]),
  ];
}

describe("the file of a dashboard", () => {
  it("is named by its uid", () => {
    assert.equal(dashboardPath("services"), "/etc/grafana/dashboards/services.json");
  });
});

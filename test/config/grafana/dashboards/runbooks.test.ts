import assert from "node:assert/strict";
import { z } from "zod";
import { runbookPanel, runbookPath } from "../../../../config/grafana/alerting/links.ts";
import { runbookPages } from "../../../../config/grafana/alerting/runbook-pages.ts";
import { runbooksFile } from "../../../../config/grafana/dashboards/runbooks.ts";
import { documentedStack } from "../../../../generators/documented-stack.ts";

const page = z.looseObject({
  id: z.int(),
  type: z.literal("text"),
  title: z.string(),
  options: z.looseObject({ mode: z.literal("markdown"), content: z.string() }),
});
const row = z.looseObject({
  id: z.int(),
  type: z.literal("row"),
  title: z.string(),
  collapsed: z.literal(true),
  panels: z.tuple([page]),
});
const dashboard = z.looseObject({ uid: z.literal("runbooks"), panels: z.array(row) });

const file = runbooksFile();
const { panels: rows } = dashboard.parse(JSON.parse(file.content));
const pages = rows.map(({ panels: [only] }) => only);

describe("the dashboard of the runbooks", () => {
  it("has a page for each rule under its title, in a row of the same title, and a number of its own on each", () => {
    assert.equal(file.path, "/etc/grafana/dashboards/runbooks.json");
    const expected = documentedStack().rules.map(({ name, title }) => [runbookPanel(name), title, title]);
    const found = rows.map(({ title, panels: [only] }) => [only.id, only.title, title]);
    assert.deepEqual(found.sort(), expected.sort());
    const numbers = [...rows, ...pages].map(({ id }) => id);
    assert.equal(new Set(numbers).size, numbers.length);
  });

  it("keeps the number of a page, which stands in messages that were sent", () => {
    assert.equal(runbookPath("test"), "d/runbooks?viewPanel=234996");
  });

  it("leads from page to page, and from each query to its answer, and has no link to a file", () => {
    const known = runbookPages().map(({ name }) => `/${runbookPath(name)}`);
    for (const { title, options } of pages) {
      const { content } = options;
      assert.doesNotMatch(content, /\]\(|\.md/, title);
      const queries = [...content.matchAll(/```(?:prom|log)ql\n([\s\S]*?)\n```/g)].map(([, query]) => query);
      const asked: string[] = [];
      for (const [, href = ""] of content.matchAll(/<a href="([^"]*)" target="_blank">/g)) {
        const { pathname, search, searchParams } = new URL(href.replaceAll("&amp;", "&"), "http://grafana");
        if (pathname !== "/explore") assert.ok(known.includes(`${pathname}${search}`), `${title}: ${href}`);
        else asked.push(exploreLeft.parse(JSON.parse(searchParams.get("left") ?? "")).queries[0].expr);
      }
      assert.deepEqual(asked, queries, title);
    }
  });
});

const exploreLeft = z.looseObject({ queries: z.tuple([z.looseObject({ expr: z.string() })]) });

import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { ruleUid } from "../../config/grafana/alerting/rule.ts";
import { dashboardUids } from "../../config/names.ts";
import { datasourceUid } from "../../config/parts/part.ts";
import { parts } from "../../config/parts/parts.ts";
import { exploreUrl, withGrafana } from "../../generators/browser.ts";
import { PageErrors, problemsOfDashboard } from "./support/browser.ts";
import { sharedWorkspace } from "./support/workspace.ts";

/** The windows that a dashboard has to be readable in, in pixels. */
const windows = [
  { width: 1280, height: 900 },
  { width: 1920, height: 1080 },
];

/** The pictures of the last run, to be looked at. */
const pictures = join(tmpdir(), "observability-pictures");

/** How long a step of a click path may take, in milliseconds. */
const stepMillis = 60_000;

async function boxOf(locator: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  await locator.waitFor();
  const box = await locator.boundingBox();
  assert.ok(box !== null, "must be drawn");
  return box;
}

describe("Grafana in a browser", () => {
  let url: string;

  before(async () => {
    rmSync(pictures, { recursive: true, force: true });
    mkdirSync(pictures);
    url = (await (await sharedWorkspace()).outputs()).urls.grafana ?? "";
  });
  after(() => {
    process.stdout.write(`      pictures are in ${pictures}\n`);
  });

  /** Does something in a page of Chromium, which must find nothing wrong with it. */
  async function inBrowser(action: (page: Page, context: BrowserContext) => Promise<void>): Promise<void> {
    const { grafanaUser: user, grafanaPassword: password } = await (await sharedWorkspace()).outputs();
    await withGrafana({ url, user, password }, async (context) => {
      const page = await context.newPage();
      page.setDefaultTimeout(stepMillis);
      const errors = new PageErrors(page);
      await action(page, context);
      assert.deepEqual(errors.take(), []);
    });
  }

  for (const uid of Object.values(dashboardUids)) {
    it(`shows data in every panel of ${uid}, and no heading is cut off, in a small window and in a large one`, async () => {
      await inBrowser(async (page) => {
        const problems: string[] = [];
        for (const [index, size] of windows.entries()) {
          await page.setViewportSize(size);
          // The first service by its name sends log lines only, and has no requests to show.
          if (index === 0) await page.goto(`${url}/d/${uid}?var-service=integr8scode-backend`);
          let count = 0;
          const found = await problemsOfDashboard(page, async () => {
            count += 1;
            await page.screenshot({ path: join(pictures, `${uid}-${size.width}-${count}.png`) });
          });
          problems.push(...found.map((problem) => `${size.width}: ${problem}`));
        }
        assert.deepEqual(problems, []);
      });
    });
  }

  it("leads from an alert to its page by the link in its messages, from there to another page, and to what a query finds", async () => {
    await inBrowser(async (page, context) => {
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.goto(`${url}/alerting/grafana/${ruleUid("canary-late")}/view`);
      const inNewTab = async (from: Page, words: string): Promise<Page> => {
        const [opened] = await Promise.all([
          context.waitForEvent("page"),
          from.getByRole("link", { name: words }).first().click(),
        ]);
        opened.setDefaultTimeout(stepMillis);
        return opened;
      };
      const runbook = await inNewTab(page, "View runbook");
      await runbook.getByText("Of one signal nothing of the last five minutes can be found").waitFor();
      await runbook.screenshot({ path: join(pictures, "runbook.png") });
      const other = await inNewTab(runbook, "The Collector refuses data");
      await other.getByText("Usual causes").waitFor();
      assert.equal(await other.getByText("Of one signal nothing of the last five minutes").count(), 0);
      const found = await inNewTab(runbook, "Run this query");
      await found.locator(".u-over").last().waitFor();
      assert.equal(await found.getByText("No data").count(), 0);
    });
  });

  it("leads from a point of a curve to the slowest traces of that route of that service, by clicking", async () => {
    await inBrowser(async (page) => {
      await page.setViewportSize({ width: 1920, height: 1080 });
      await page.goto(`${url}/d/${dashboardUids.service}?var-service=integr8scode-backend&from=now-5m&to=now`);
      const heading = page.getByRole("heading", { name: "Latency p95", exact: true });
      // The first is the number over all routes.
      const panel = page.locator(".react-grid-item").filter({ has: heading }).last();
      await panel.scrollIntoViewIfNeeded();
      const area = await boxOf(panel.locator(".u-over"));
      await page.mouse.move(area.x + area.width * 0.95, area.y + area.height / 2, { steps: 5 });
      // Where the pointer is, each curve that has a value then has a dot. Only a click on one has the links of its curve.
      const dot = await boxOf(panel.locator(".u-cursor-pt:visible").first());
      await page.mouse.move(dot.x + dot.width / 2, dot.y + dot.height / 2, { steps: 3 });
      await page.mouse.click(dot.x + dot.width / 2, dot.y + dot.height / 2);
      await page.getByText("The slowest traces").click();
      await page
        .getByText(/^integr8scode-backend: (GET|POST) \//)
        .first()
        .waitFor();
      await page.screenshot({ path: join(pictures, "traces-of-a-curve.png") });
      const { searchParams } = new URL(page.url());
      assert.deepEqual(
        ["var-service", "from", "to"].map((name) => searchParams.get(name)),
        ["integr8scode-backend", "now-5m", "now"],
      );
      // Which curve is the first is not said; each is a route of the service.
      assert.match(
        searchParams.get("var-route") ?? "",
        /^(GET \/api\/v1\/executions\/:id|POST \/api\/v1\/executions|POST \/messages)$/,
      );
    });
  });

  it("leads from a line to its trace, from there to its lines, and from there to the metrics of its spans, by clicking", async () => {
    await inBrowser(async (page) => {
      await page.setViewportSize({ width: 1920, height: 1080 });
      const query = { expr: '{service_name="integr8scode-event-replay"} |= "message published again"' };
      await page.goto(exploreUrl(url, datasourceUid(parts.loki), query));
      const row = '[data-testid="log-row-message"], [class*="logs-row"]';
      await page.locator(row).first().click();
      await page.getByText("Open the trace").first().click();
      const links = page.getByTestId("SpanLinksMenu").getByRole("button");
      await links.first().click();
      await page.getByText("Logs for this span").click();
      // The pane at the right is the second one with lines as soon as it has those of the trace; the first has what was searched for.
      await links.first().waitFor({ state: "detached" });
      const found = page.getByTestId("logRows").nth(1);
      await found.locator(row).first().click();
      await found.getByText("Open the trace").first().click();
      await links.first().click();
      await page.getByText("Latency p95").click();
      await page.getByText("traces_span_metrics").first().waitFor();
      await page.locator(".u-over").last().waitFor();
      await page.screenshot({ path: join(pictures, "metrics-of-a-span.png") });
      assert.equal(await page.getByText("No data").count(), 0);
    });
  });
});

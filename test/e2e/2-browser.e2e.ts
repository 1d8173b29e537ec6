import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pWaitFor from "p-wait-for";
import type { BrowserContext, Page } from "playwright-core";
import { ruleUid } from "../../config/grafana/alerting/rule.ts";
import { dashboardUids } from "../../config/names.ts";
import { datasourceUid } from "../../config/parts/part.ts";
import { parts } from "../../config/parts/parts.ts";
import { exploreUrl, withGrafana } from "../../generators/browser.ts";
import { appears, dotsOfCurves, PageErrors, problemsOfDashboard } from "./support/browser.ts";
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

/** How long a click may take until what it opens is there, in milliseconds. Then it has opened something else. */
const clickMillis = 5000;

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
      const link = page.getByText("The slowest traces");
      // The page is drawn anew every ten seconds, between a look and a click as well: a click may open nothing, or a menu without links.
      await pWaitFor(
        async () => {
          await page.keyboard.press("Escape");
          const area = await panel.locator(".u-over").boundingBox();
          if (area === null) return false;
          await page.mouse.move(area.x + area.width * 0.95, area.y + area.height / 2, { steps: 5 });
          // Only a click on a dot has the links of its curve.
          const [dot] = await dotsOfCurves(panel);
          if (dot === undefined) return false;
          await page.mouse.move(dot.x, dot.y, { steps: 3 });
          await page.mouse.click(dot.x, dot.y);
          return appears(link, clickMillis);
        },
        { interval: 250, timeout: stepMillis },
      );
      await link.click();
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

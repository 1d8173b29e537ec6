/**
 * Takes the README's pictures of a deployed stack with the machine's own Chromium: `npm run up`, then
 * `npm run docs:screenshots` (CHROMIUM=/path/to/chromium if it is elsewhere).
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { dashboardUids } from "../config/names.ts";
import { datasourceUid } from "../config/parts/part.ts";
import { parts } from "../config/parts/parts.ts";
import { deployedOutputs, urlOf } from "../cli/outputs.ts";
import { exploreUrl, withGrafana } from "./browser.ts";
import { withStack } from "../cli/pulumi-stack.ts";

const { values } = parseArgs({ options: { stack: { type: "string", default: "dev" } } });
const outputs = deployedOutputs(await withStack(values.stack, (stack) => stack.outputs()));
const { grafanaUser, grafanaPassword } = outputs;
const grafana = urlOf(outputs, "grafana");

/** A service of the example by its name in telemetry. */
function serviceName(name: string): string {
  const found = outputs.serviceNames.find((each) => each.endsWith(`-${name}`));
  if (found === undefined) throw new Error(`${name}: must be a service of the stack, as exampleServices: true has it`);
  return found;
}

/** Grafana draws panels as they come into view, and then asks for their data. */
async function settle(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
  await sleep(3000);
}

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(import.meta.dirname, "..", "docs", "images", `${name}.png`) });
}

await withGrafana({ url: grafana, user: grafanaUser, password: grafanaPassword }, async (context) => {
  const page = await context.newPage();
  await page.setViewportSize({ width: 1500, height: 1100 });

  await page.goto(`${grafana}/`);
  await settle(page);
  await picture(page, "services");

  await page.goto(`${grafana}/d/${dashboardUids.service}?var-service=${serviceName("backend")}`);
  await settle(page);
  await picture(page, "service");

  // An execution that failed and was published once more: its trace crosses most of the services.
  await page.setViewportSize({ width: 1800, height: 1000 });
  await page.goto(
    exploreUrl(grafana, datasourceUid(parts.loki), {
      expr: `{service_name="${serviceName("event-replay")}"} |= "message published again"`,
    }),
  );
  await settle(page);
  await page.locator('[data-testid="log-row-message"], [class*="logs-row"]').first().click();
  await sleep(1000);
  await page.getByText("Open the trace").first().click();
  await settle(page);
  await picture(page, "log-to-trace");
});

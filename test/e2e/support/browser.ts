import pWaitFor, { TimeoutError } from "p-wait-for";
import { errors, type Locator, type Page } from "playwright-core";

/** What the browser itself finds wrong with a page: errors of its scripts, of its console, and answers that are errors. */
export class PageErrors {
  private readonly seen: string[] = [];

  constructor(page: Page) {
    page.on("console", (message) => {
      if (message.type() === "error") this.seen.push(`console: ${message.text()}`);
    });
    page.on("pageerror", ({ message }) => this.seen.push(`script: ${message}`));
    page.on("response", (response) => {
      if (response.status() >= 400) this.seen.push(`${response.url()}: answered ${response.status()}`);
    });
  }

  /** What was found since the last time. */
  take(): readonly string[] {
    return this.seen.splice(0);
  }
}

/** How long a panel may take until it has drawn what it asked for, in milliseconds. */
const panelMillis = 20_000;

/**
 * Scrolls a dashboard through as a reader does, and says what is wrong with what is seen: a panel without data or with an
 * error, a heading that is cut off.
 *
 * @param picture is called for each screenful
 */
export async function problemsOfDashboard(page: Page, picture: () => Promise<void>): Promise<readonly string[]> {
  const panels = page.locator(".react-grid-item");
  await panels.first().waitFor({ timeout: 60_000 });
  const height = page.viewportSize()?.height ?? 0;
  const problems: string[] = [];
  for (let index = 0; index < (await panels.count()); index += 1) {
    const panel = panels.nth(index);
    const { y, height: ofPanel } = (await panel.boundingBox()) ?? { y: 0, height: 0 };
    const isBelow = y + ofPanel > height;
    if (isBelow) await picture();
    // Panels ask for their data as they come into view.
    if (isBelow) await panel.scrollIntoViewIfNeeded();
    problems.push(...(await settled(() => problemsOfPanel(panel))));
  }
  await picture();
  return problems;
}

/** What is still wrong after the time that a panel may take. */
async function settled(problemsNow: () => Promise<readonly string[]>): Promise<readonly string[]> {
  let last: readonly string[] = [];
  try {
    await pWaitFor(
      async () => {
        last = await problemsNow();
        return last.length === 0;
      },
      { interval: 250, timeout: panelMillis },
    );
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
  return last;
}

/** Whether something is seen within a time, in milliseconds. */
export async function appears(locator: Locator, timeout: number): Promise<boolean> {
  try {
    await locator.waitFor({ timeout });
    return true;
  } catch (error) {
    if (error instanceof errors.TimeoutError) return false;
    throw error;
  }
}

/** A place in a page, in pixels. */
interface Place {
  readonly x: number;
  readonly y: number;
}

/** What is drawn, and what it is drawn in. */
interface Drawn {
  getBoundingClientRect(): Place & { readonly width: number; readonly height: number };
  readonly parentElement: Drawn | null;
}

/**
 * The middle of the dot of each curve of a panel that has a value where the pointer is. What lies beside the plot is none:
 * uPlot parks the dots there that it has no place for, as all of a plot that is drawn anew.
 */
export async function dotsOfCurves(panel: Locator): Promise<readonly Place[]> {
  return panel.locator(".u-cursor-pt:visible").evaluateAll((dots: readonly Drawn[]) =>
    dots.flatMap((dot) => {
      const { x, y, width, height } = dot.getBoundingClientRect();
      const middle = { x: x + width / 2, y: y + height / 2 };
      const plot = dot.parentElement?.getBoundingClientRect();
      const isWithin =
        plot !== undefined &&
        middle.x >= plot.x &&
        middle.x <= plot.x + plot.width &&
        middle.y >= plot.y &&
        middle.y <= plot.y + plot.height;
      return isWithin ? [middle] : [];
    }),
  );
}

/** Text that the browser draws with three dots at its end. */
interface Heading {
  readonly textContent: string | null;
  readonly scrollWidth: number;
  readonly clientWidth: number;
}

async function problemsOfPanel(panel: Locator): Promise<readonly string[]> {
  const text = await panel.innerText();
  const title = text.split("\n", 1)[0] ?? "";
  const has = async (selector: string): Promise<boolean> => (await panel.locator(selector).count()) > 0;
  // The heading over a row of panels has nothing to load.
  const isPanel = await has('[data-testid*="Panel header"]');
  const isLoading = isPanel && ((await has('[aria-label="Panel loading bar"]')) || text.trim() === title);
  const cut = await panel
    .locator('h2, h6, [role="columnheader"] button > div')
    .evaluateAll((headings: readonly Heading[]) =>
      headings
        .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
        .map(({ textContent }) => textContent ?? ""),
    );
  return [
    ...((await has('[data-testid*="Panel status error"], [aria-label="Panel status"]')) ? [`${title}: error`] : []),
    ...(isLoading ? [`${title}: still loading`] : []),
    ...(/\bNo data\b|Data is missing/.test(text) ? [`${title}: no data`] : []),
    ...cut.map((heading) => `${title}: ${heading} is cut off`),
  ];
}

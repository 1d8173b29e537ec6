import { chromium, type BrowserContext } from "playwright-core";

/** Where Grafana is, and who signs in. */
export interface GrafanaLogin {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/**
 * Runs the machine's own Chromium, signed in to Grafana, and ends it.
 *
 * `CHROMIUM` names it if it is elsewhere than Debian has it.
 */
export async function withGrafana<Result>(
  { url, user, password }: GrafanaLogin,
  action: (context: BrowserContext) => Promise<Result>,
): Promise<Result> {
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
  try {
    const context = await browser.newContext({ colorScheme: "dark" });
    // Signs in once; the context keeps the session's cookie.
    const signedIn = await context.request.post(`${url}/login`, { data: { user, password } });
    if (!signedIn.ok()) throw new Error(`Grafana must take the password, answered ${signedIn.status()}`);
    return await action(context);
  } finally {
    await browser.close();
  }
}

/** An address of Explore with one query of a data source. */
export function exploreUrl(grafana: string, datasource: string, query: object): string {
  const left = { datasource, queries: [{ refId: "A", ...query }], range: { from: "now-15m", to: "now" } };
  return `${grafana}/explore?orgId=1&left=${encodeURIComponent(JSON.stringify(left))}`;
}

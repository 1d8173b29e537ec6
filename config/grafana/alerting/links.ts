import { crc32 } from "node:zlib";
import { dashboardUids, runbooksUid } from "../../names.ts";

/*
 * Paths of Grafana for the messages of alerts, which have templates in them: what is in braces stays as it is. The time is
 * the last hours before the message is read; a message does not know when it began in a way that a link takes.
 */

const range = { from: "now-3h", to: "now" } as const;

/** A dashboard with values for its variables. @param variables text for an address, escaped already */
export function dashboardPath(
  dashboard: keyof typeof dashboardUids,
  variables: Readonly<Record<string, string>> = {},
): string {
  const chosen = Object.entries({ ...range, ...prefixed(variables) }).map(([name, value]) => `${name}=${value}`);
  return `d/${dashboardUids[dashboard]}?${chosen.join("&")}`;
}

function prefixed(variables: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [`var-${name}`, value]));
}

/** Explore with one query. @param value what stands where the query has an `@`, escaped already */
export function explorePath(datasource: string, query: object, value: string): string {
  const left = { datasource, queries: [{ refId: "A", ...query }], range };
  return `explore?orgId=1&left=${encodeURIComponent(JSON.stringify(left)).replaceAll("%40", value)}`;
}

/** Folder of the pages about alerts, in the repository. */
export const runbookFolder = "docs/runbooks";

/**
 * Number of a page's panel in the dashboard of the pages. It follows from the name alone, so that the link in an old message
 * finds the same page, whatever rules came and went since. No two are equal as long as a test says so.
 */
export function runbookPanel(name: string): number {
  return 1000 + (crc32(name) % 1_000_000);
}

/** Path in Grafana that shows a page. */
export function runbookPath(name: string): string {
  return `d/${runbooksUid}?viewPanel=${runbookPanel(name)}`;
}

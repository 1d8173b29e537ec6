import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pWaitFor from "p-wait-for";
import { z } from "zod";
import { HttpError, type GrafanaClient } from "../../../cli/grafana-client.ts";
import { succeed } from "./run.ts";
import type { Workspace } from "./workspace.ts";

const held = z.object({ dashboard: z.object({ id: z.int(), title: z.string() }) });

/** Uids of the dashboards that are changed, removed, and made by hand. */
const uids = { changed: "service", removed: "logs", byHand: "made-by-hand" };
const title = "Changed in code";

/**
 * Makes a dashboard by hand, and changes one and removes one in the workspace's code, to be deployed.
 *
 * @returns what checks a Grafana after that deployment, and puts the code back
 */
export async function changeDashboards(
  { folder }: Workspace,
  grafana: GrafanaClient,
): Promise<(after: GrafanaClient) => Promise<void>> {
  const byHand = { uid: uids.byHand, title: "Made by hand", tags: ["stack"], schemaVersion: 38, panels: [] };
  await grafana.post("/api/dashboards/db", { dashboard: byHand, overwrite: true });
  const { id } = (await dashboard(grafana, uids.changed)) ?? {};
  assert.ok(id !== undefined && (await dashboard(grafana, uids.removed)) !== undefined);
  replaceOnce(folder, "service.ts", 'title: "Service",', `title: "${title}",`);
  replaceOnce(folder, "dashboards.ts", "  logs: logsDashboard,\n", "");
  return async (after) => {
    let found: unknown;
    const expected = [{ id, title }, undefined, "Made by hand"];
    // Grafana reads its files at its start, and every 30 s.
    await pWaitFor(
      async () => {
        const made = await dashboard(after, uids.byHand);
        found = [await dashboard(after, uids.changed), await dashboard(after, uids.removed), made?.title];
        return JSON.stringify(found) === JSON.stringify(expected);
      },
      { interval: 1000, timeout: 60_000 },
    ).catch(() => undefined);
    assert.deepEqual(found, expected);
    await succeed("git", ["checkout", "--", "config"], { cwd: folder });
  };
}

/** A dashboard that Grafana has, with the number that it keeps as long as it is the same one; `undefined` if there is none. */
async function dashboard(grafana: GrafanaClient, uid: string): Promise<{ id: number; title: string } | undefined> {
  try {
    return held.parse(await grafana.get(`/api/dashboards/uid/${uid}`)).dashboard;
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return undefined;
    throw error;
  }
}

function replaceOnce(folder: string, file: string, from: string, to: string): void {
  const path = join(folder, "config", "grafana", "dashboards", file);
  const text = readFileSync(path, "utf8");
  assert.equal(text.split(from).length, 2, `${file} has to have ${from} once`);
  writeFileSync(path, text.replace(from, to));
}

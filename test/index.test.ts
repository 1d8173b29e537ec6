import assert from "node:assert/strict";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { z } from "zod";
import { previewProgram } from "../components/preview/preview-program.ts";
import { programSettingsSchema } from "../config/program-settings.ts";
import { stackSettingsSchema } from "../config/settings-and-defaults.ts";
import { asPulumiConfig } from "./support/program-config.ts";
import { recordedIdentity } from "./support/record-resources.ts";
import { noDocker } from "./support/settings.ts";

const dashboards = "test/fixtures/dashboards";

/** What is opened below the folder of dashboards while an action runs, each path as often as that. */
async function openedDashboards(action: () => Promise<unknown>): Promise<readonly string[]> {
  const { opendirSync, readFileSync } = fs;
  const opened: string[] = [];
  const note = (path: unknown): void => {
    const full = typeof path === "string" ? resolve(path) : "";
    if (full.startsWith(resolve(dashboards))) opened.push(full.slice(resolve(dashboards).length));
  };
  fs.opendirSync = (...args: Parameters<typeof opendirSync>) => {
    note(args[0]);
    return opendirSync(...args);
  };
  fs.readFileSync = ((...args: Parameters<typeof readFileSync>) => {
    note(args[0]);
    return readFileSync(...args);
  }) as typeof readFileSync;
  syncBuiltinESMExports();
  try {
    await action();
  } finally {
    Object.assign(fs, { opendirSync, readFileSync });
    syncBuiltinESMExports();
  }
  return opened.sort();
}

/** How often whole settings are judged by a schema while an action runs. */
async function judged(schemas: readonly z.ZodType[], action: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const originals = schemas.map((schema) => ({ schema, safeParse: schema.safeParse.bind(schema) }));
  for (const { schema, safeParse } of originals) {
    schema.safeParse = (...args) => {
      count += 1;
      return safeParse(...args);
    };
  }
  try {
    await action();
  } finally {
    for (const { schema, safeParse } of originals) schema.safeParse = safeParse;
  }
  return count;
}

describe("the program", () => {
  const program = pathToFileURL(join(import.meta.dirname, "..", "index.ts")).href;
  const config = asPulumiConfig({ docker: { host: noDocker }, grafana: { dashboards } });
  const run = (id: string) => (): Promise<unknown> =>
    previewProgram(() => import(`${program}?${id}`), { ...recordedIdentity, config });

  it("judges its settings once on the way to a deployment", async () => {
    assert.equal(await judged([programSettingsSchema, stackSettingsSchema], run("judged")), 1);
  });

  it("reads the folder of dashboards once on the way to a deployment", async () => {
    assert.deepEqual(await openedDashboards(run("read")), ["", "/Team", "/Team/orders.json"]);
  });
});

import assert from "node:assert/strict";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import waitFor from "p-wait-for";
import { lokiOverrides } from "../../config/loki-overrides.ts";
import { FakeLogs } from "../support/fake-logs.ts";
import { freePort } from "../support/free-ports.ts";

const script = join(import.meta.dirname, "..", "..", "disk-guard", "main.mjs");

function start(env: Readonly<Record<string, string>>): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [script], { env, stdio: ["ignore", "pipe", "pipe"] });
}

describe("the process of the disk guard", () => {
  it("looks at once, answers what it reports, and ends with 0 when it is told to", async () => {
    const logs = await FakeLogs.start();
    const folder = mkdtempSync(join(tmpdir(), "disk-guard-"));
    const file = join(folder, "overrides.yaml");
    writeFileSync(file, lokiOverrides.content);
    const port = `${await freePort()}`;
    const addresses = { METRICS_URL: logs.url, OVERRIDES_FILE: file, HEALTH_PORT: port };
    const running = start({ ...addresses, LIMIT_BYTES: "1000", RETENTION_HOURS: "48" });
    try {
      await waitFor(() => logs.imported.length > 0);
      const answer = await (await fetch(`http://127.0.0.1:${port}/`)).json();
      assert.deepEqual(answer, [
        { name: "disk_guard_logs_bytes", value: 0 },
        { name: "disk_guard_newest_day_bytes", value: 0 },
        { name: "disk_guard_limit_bytes", value: 1000 },
        { name: "disk_guard_retention_hours", value: 48 },
        { name: "disk_guard_configured_hours", value: 48 },
      ]);
    } finally {
      running.kill("SIGTERM");
      const ended = await once(running, "exit");
      await logs.stop();
      rmSync(folder, { recursive: true });
      assert.deepEqual(ended, [0, null]);
    }
  });

  it("names the variable that it lacks, and ends", async () => {
    const running = start({ OVERRIDES_FILE: "/nowhere", METRICS_URL: "" });
    const [ended, said] = await Promise.all([once(running, "exit"), text(running.stderr)]);
    assert.deepEqual(ended, [1, null]);
    assert.match(said, /METRICS_URL: must be set, got none/);
  });
});

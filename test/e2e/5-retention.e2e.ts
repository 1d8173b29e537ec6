import assert from "node:assert/strict";
import pWaitFor from "p-wait-for";
import { z } from "zod";
import { defaultImages } from "../../config/resolve-images.ts";
import { portOf } from "../../config/parts/part.ts";
import { parts } from "../../config/parts/parts.ts";
import { succeed } from "./support/run.ts";
import { sharedWorkspace, type Workspace } from "./support/workspace.ts";

const hourMillis = 3_600_000;

// 3-lifecycle has set the retention to its minimum of 24 h, with a compaction every 10 s.
describe("a retention of 24 h", () => {
  let workspace: Workspace;

  before(async () => {
    workspace = await sharedWorkspace();
  });

  it("deletes the files of older lines, not only their answers (S16, R3)", async function () {
    this.timeout(300_000);
    const { urls } = await workspace.outputs();
    for (const hoursOld of [26, 28, 30]) await pushOldLine(urls.loki ?? "", hoursOld);
    // What Loki holds in memory reaches the disk when it stops.
    await succeed("docker", ["restart", "--time", "60", `${workspace.name}-loki`]);
    const expired = await expiredChunks(workspace);
    assert.equal(expired.length, 3, "each old line is a chunk on the disk");
    await pWaitFor(async () => (await expiredChunks(workspace)).length === 0, {
      interval: 2000,
      timeout: { milliseconds: 240_000, message: "the chunks of the old lines are still on the disk" },
    });
    assert.ok((await chunks(workspace)).length > 0, "younger chunks are kept");
  });

  it("is what VictoriaMetrics' own flags say (S16)", async () => {
    const { urls } = await workspace.outputs();
    const flags = await (await fetch(`${urls.victoriaMetrics ?? ""}/flags`)).text();
    assert.match(flags, /^-retentionPeriod="24h"$/m);
  });

  it("is what Jaeger's own configuration says (S16, D11)", async () => {
    const url = `http://127.0.0.1:${portOf(parts.jaeger, "health")}/config`;
    const answer = await succeed("docker", ["exec", `${workspace.name}-jaeger`, "wget", "-q", "-O", "-", url]);
    const { badger } = jaegerConfiguration.parse(JSON.parse(answer)).extensions.jaeger_storage.backends.badger_store;
    assert.equal(badger.ttl.spans, 24 * hourMillis * 1e6, "nanoseconds");
    assert.equal(badger.ephemeral, false);
  });
});

const jaegerConfiguration = z.object({
  extensions: z.object({
    jaeger_storage: z.object({
      backends: z.object({
        badger_store: z.object({ badger: z.object({ ephemeral: z.boolean(), ttl: z.object({ spans: z.number() }) }) }),
      }),
    }),
  }),
});

async function pushOldLine(lokiUrl: string, hoursOld: number): Promise<void> {
  const timeUnixNano = `${Date.now() - hoursOld * hourMillis}000000`;
  const resource = { attributes: [{ key: "service.name", value: { stringValue: `expired-${hoursOld}` } }] };
  const logRecords = [{ timeUnixNano, body: { stringValue: `a line of ${hoursOld} hours ago` } }];
  const answer = await fetch(`${lokiUrl}/otlp/v1/logs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }),
  });
  assert.equal(answer.status, 204, await answer.text());
}

/** Last point in time, in milliseconds, of each chunk file on Loki's volume. A file's name is base64 of `from:through:checksum`. */
async function chunks(workspace: Workspace): Promise<readonly number[]> {
  const volume = `${workspace.name}_loki_data:${parts.loki.data.path}:ro`;
  const helper = ["--entrypoint", "/bin/find", defaultImages.victoriaMetrics];
  const files = await succeed("docker", [
    "run",
    "--rm",
    "--network",
    "none",
    "--volume",
    volume,
    ...helper,
    `${parts.loki.data.path}/chunks/fake`,
    "-type",
    "f",
  ]);
  const names = files
    .split("\n")
    .filter((file) => file !== "")
    .map((file) => file.slice(file.lastIndexOf("/") + 1));
  return names.map((name) => Number.parseInt(Buffer.from(name, "base64").toString("utf8").split(":")[1] ?? "", 16));
}

async function expiredChunks(workspace: Workspace): Promise<readonly number[]> {
  return (await chunks(workspace)).filter((through) => through < Date.now() - 24 * hourMillis);
}

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pWaitFor from "p-wait-for";
import { z } from "zod";
import { plannedContainer, runArguments } from "../../bench/planned-container.ts";
import { previewStack, type PreviewResource } from "../../components/testing.ts";
import { diskGuardGroup } from "../../config/grafana/alerting/disk-guard.ts";
import { lokiOverrides } from "../../config/loki-overrides.ts";
import { parts, type PartName } from "../../config/parts/parts.ts";
import { freePorts } from "../support/free-ports.ts";
import { testedImages } from "./support/images.ts";
import { succeed } from "./support/run.ts";
import { writtenLogs } from "./support/written-logs.ts";

const dayMillis = 24 * 3_600_000;

/** What the guard needs around it. */
const ran = ["victoriaMetrics", "loki"] as const satisfies readonly PartName[];

/** Bytes of each day's lines, which hardly compress: enough for Loki to write some at once. */
const [linesADay, lineBytes] = [60, 150_000];

/** Two days fit, with a fifth left free, and three do not. */
const limitBytes = 3 * linesADay * lineBytes;

describe("a limit of the disk for logs", function () {
  this.timeout(240_000);
  const name = `o11y-guard-${randomBytes(4).toString("hex")}`;
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  let resources: readonly PreviewResource[];
  let loki: string;
  let victoriaMetrics: string;

  before(async () => {
    const compactor = { compactionIntervalSeconds: 5, retentionDeleteDelaySeconds: 1 };
    ({ resources } = await previewStack({ images: testedImages, loki: { ...compactor, maxDiskGib: 1 } }));
    const [lokiPort = 0, metricsPort = 0] = await freePorts(2);
    loki = `http://127.0.0.1:${lokiPort}`;
    victoriaMetrics = `http://127.0.0.1:${metricsPort}`;
    await succeed("docker", ["network", "create", name]);
    await putFirst();
    const published = { loki: lokiPort, victoriaMetrics: metricsPort };
    for (const part of ran) await start(part, published[part]);
    await pWaitFor(async () => (await fetch(`${loki}/ready`).catch(() => undefined))?.ok === true, patience(60_000));
  });

  after(async () => {
    const all = [...ran, "diskGuard" as const];
    await succeed("docker", ["rm", "--force", "--volumes", ...all.map(containerOf)]);
    await succeed("docker", ["volume", "rm", "--force", ...ran.map(containerOf), shared]);
    await succeed("docker", ["network", "rm", name]);
    rmSync(folder, { recursive: true });
  });

  it("has the files of the oldest days deleted and those of the others kept, and says so in metrics", async () => {
    for (let day = 4; day >= 0; day -= 1) await pushLines(day);
    // What Loki holds in memory reaches the disk when it stops, and the index is there for the compactor.
    await succeed("docker", ["restart", "--time", "60", containerOf("loki")]);
    const before = await chunkDays();
    assert.deepEqual(before, [0, 1, 2, 3, 4]);
    await writtenEachDay((await chunkBytes()) / 5);
    await start("diskGuard");
    await pWaitFor(async () => (await metric("disk_guard_retention_hours")) === 48, patience(60_000));
    await pWaitFor(async () => (await chunkDays()).length === 2, patience(150_000));
    assert.deepEqual(await chunkDays(), [0, 1]);
    const said = await succeed("docker", ["logs", containerOf("diskGuard")]);
    assert.match(said, /logs are kept for 48 h instead of 720 h: /);
    assert.equal(await metric("disk_guard_limit_bytes"), limitBytes);
    const found = await Promise.all(diskGuardGroup.rules.map(async ({ name, expr }) => [name, await metric(expr)]));
    assert.deepEqual(Object.fromEntries(found), {
      "disk-guard-away": 1,
      "logs-shortened": 48,
      "logs-day-large": undefined,
    });
  });

  const shared = `${name}-overrides`;

  function containerOf(part: PartName): string {
    return `${name}-${parts[part].host}`;
  }

  function patience(timeout: number): { readonly interval: number; readonly timeout: number } {
    return { interval: 1000, timeout };
  }

  /** What the stack runs before Loki, as it plans it: Loki's file has to be there. */
  async function putFirst(): Promise<void> {
    const planned = resources.find((one) => one.name === "observability-loki-overrides-first");
    const { image, entrypoints, command, user } = z
      .object({
        image: z.string(),
        entrypoints: z.tuple([z.string(), z.string()]),
        command: z.tuple([z.string()]),
        user: z.string(),
      })
      .parse(planned?.inputs);
    const mounted = ["--volume", `${shared}:/etc/loki/overrides`, "--network", "none"];
    const as = ["--user", user, "--cap-drop", "ALL", "--entrypoint", entrypoints[0]];
    for (let twice = 0; twice < 2; twice += 1) {
      await succeed("docker", ["run", "--rm", ...mounted, ...as, image, entrypoints[1], ...command]);
    }
  }

  async function start(part: PartName, port?: number): Promise<void> {
    const planned = plannedContainer(resources, parts[part].host);
    const envs = planned.envs.map((env) => (env.startsWith("LIMIT_BYTES=") ? `LIMIT_BYTES=${limitBytes}` : env));
    const isShared = (index: number): boolean =>
      lokiOverrides.path.startsWith(`${planned.volumes[index]?.containerPath ?? "?"}/`);
    const data = planned.volumes.findIndex((_, index) => !isShared(index));
    if (data >= 0) {
      await succeed("docker", ["volume", "create", containerOf(part)]);
      const owner = ["--user", "0", "--entrypoint", "/bin/sh", "--volume", `${containerOf(part)}:/data`];
      const { image } = plannedContainer(resources, parts.victoriaMetrics.host);
      await succeed("docker", [
        "run",
        "--rm",
        ...owner,
        image,
        "-c",
        `: > /data/.volume; chown -R ${planned.user ?? ""} /data`,
      ]);
    }
    await succeed("docker", [
      ...["run", "--detach", "--name", containerOf(part), "--network", name, "--network-alias", parts[part].host],
      ...(port === undefined
        ? []
        : ["--publish", `127.0.0.1:${port}:${parts[part === "loki" ? "loki" : "victoriaMetrics"].ports.http.port}`]),
      ...runArguments({ ...planned, envs }, folder, (index) => (isShared(index) ? shared : containerOf(part))),
    ]);
  }

  /** Lines of so many days ago, an hour younger than that: none of them is about to expire by itself. */
  async function pushLines(daysAgo: number): Promise<void> {
    const at = Date.now() - daysAgo * dayMillis - dayMillis / 2;
    const logRecords = Array.from({ length: linesADay }, (_, index) => ({
      timeUnixNano: `${at + index}000000`,
      body: { stringValue: randomBytes(lineBytes).toString("base64").slice(0, lineBytes) },
    }));
    const resource = { attributes: [{ key: "service.name", value: { stringValue: `day-${daysAgo}` } }] };
    const answer = await fetch(`${loki}/otlp/v1/logs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }),
    });
    assert.equal(answer.status, 204, await answer.text());
  }

  /**
   * What Loki would have counted if it had written these lines on their days. It counts nothing of what it writes when it
   * stops; that its counter is what its files have is for `docs/measured.md`.
   */
  async function writtenEachDay(bytes: number): Promise<void> {
    const answer = await fetch(`${victoriaMetrics}/api/v1/import/prometheus`, {
      method: "POST",
      body: writtenLogs(bytes, 5),
    });
    assert.equal(answer.status, 204);
    // A point can be asked for a moment after it is taken.
    await pWaitFor(
      async () => (await metric("loki_ingester_chunk_stored_bytes_total")) !== undefined,
      patience(30_000),
    );
  }

  async function metric(query: string): Promise<number | undefined> {
    const answer = await fetch(`${victoriaMetrics}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
    const found = z
      .object({ data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }) })
      .parse(await answer.json()).data.result[0];
    return found === undefined ? undefined : Number(found.value[1]);
  }

  /** Loki's chunk files. Their names are base64 of `from:through:checksum`. */
  function inChunks(...find: readonly string[]): Promise<string> {
    const { image } = plannedContainer(resources, parts.victoriaMetrics.host);
    const mounted = ["--volume", `${containerOf("loki")}:${parts.loki.data.path}:ro`, "--network", "none"];
    return succeed("docker", ["run", "--rm", ...mounted, "--entrypoint", "/bin/sh", image, "-c", find.join(" ")]);
  }

  async function chunkDays(): Promise<readonly number[]> {
    const files = await inChunks(`find ${parts.loki.data.path}/chunks/fake -type f`);
    const days = files
      .split("\n")
      .filter((file) => file !== "")
      .map(
        (file) =>
          Buffer.from(file.slice(file.lastIndexOf("/") + 1), "base64")
            .toString("utf8")
            .split(":")[1] ?? "",
      )
      .map((through) => Math.floor((Date.now() - Number.parseInt(through, 16)) / dayMillis));
    return [...new Set(days)].sort((a, b) => a - b);
  }

  async function chunkBytes(): Promise<number> {
    const [kib = ""] = (await inChunks(`du -sk ${parts.loki.data.path}/chunks/fake`)).split(/\s/);
    return Number(kib) * 1024;
  }
});

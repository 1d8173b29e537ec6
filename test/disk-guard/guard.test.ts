import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiskGuard } from "../../disk-guard/guard.mjs";
import { fileAt, fileInConfigMap } from "../../disk-guard/overrides.mjs";
import { parts } from "../../config/parts/parts.ts";
import { lokiOverrides } from "../../config/loki-overrides.ts";
import { FakeLogs } from "../support/fake-logs.ts";

const gib = 1024 ** 3;
const configuredHours = 120;

describe("the disk guard", () => {
  let logs: FakeLogs;
  let folder: string;
  let file: string;
  let written: string[];
  let guard: DiskGuard;
  const nowMillis = 1_764_000_000_000;

  beforeEach(async () => {
    logs = await FakeLogs.start();
    folder = mkdtempSync(join(tmpdir(), "disk-guard-"));
    file = join(folder, "overrides.yaml");
    writeFileSync(file, lokiOverrides.content);
    written = [];
    guard = guardOf();
  });

  afterEach(async () => {
    await logs.stop();
    rmSync(folder, { recursive: true });
  });

  function guardOf(overrides = fileAt(file), limitBytes = 10 * gib): DiskGuard {
    const surroundings = { metrics: logs.url, overrides };
    return new DiskGuard(
      surroundings,
      { limitBytes, configuredHours },
      (line) => written.push(line),
      () => nowMillis,
    );
  }

  const overrides = (): unknown => JSON.parse(readFileSync(file, "utf8"));
  const shortened = (hours: number): object => ({ overrides: { fake: { retention_period: `${hours}h` } } });
  const reported = (): Readonly<Record<string, number>> =>
    Object.fromEntries(guard.numbers.map(({ name, value }) => [name, value]));

  it("asks for each day by itself as far as the retention goes, by a metric of Loki that is kept", async () => {
    await guard.look();
    const query = "sum(increase(loki_ingester_chunk_stored_bytes_total[24h]))";
    assert.deepEqual(logs.asked, [`${query} ${nowMillis / 1000 - 4 * 86_400} ${nowMillis / 1000} 86400`]);
    const { metrics } = parts.loki;
    assert.ok(metrics !== "none" && Object.hasOwn(metrics.kept, "loki_ingester_chunk_stored_bytes_total"));
  });

  it("leaves everything as it is while the logs fit, and reports what there is", async () => {
    logs.bytesByDay = [0.5, 1, 1.5, 2, 2.5].map((value) => value * gib);
    await guard.look();
    assert.deepEqual([overrides(), written], [{ overrides: {} }, []]);
    const labels = '{service_name="disk-guard",service_namespace="stack"}';
    assert.deepEqual(logs.imported, [
      [
        `disk_guard_logs_bytes${labels} ${7.5 * gib}\n`,
        `disk_guard_newest_day_bytes${labels} ${0.5 * gib}\n`,
        `disk_guard_limit_bytes${labels} ${10 * gib}\n`,
        `disk_guard_retention_hours${labels} 120\n`,
        `disk_guard_configured_hours${labels} 120\n`,
      ].join(""),
    ]);
  });

  it("has Loki keep as many days as fit, says so once, and takes it back when there is room again", async () => {
    logs.bytesByDay = [2, 2, 2, 2, 2].map((value) => value * gib);
    await guard.look();
    await guard.look();
    assert.deepEqual(overrides(), shortened(96));
    assert.equal(reported()["disk_guard_retention_hours"], 96);
    logs.bytesByDay = [0.5, 0.5, 0.5, 0, 0].map((value) => value * gib);
    await guard.look();
    assert.deepEqual(overrides(), { overrides: {} });
    assert.deepEqual(written, [
      "logs are kept for 96 h instead of 120 h: 10.00 GiB of 10.00",
      "logs are kept for 120 h instead of 96 h: 1.50 GiB of 10.00",
    ]);
    assert.deepEqual(readdirSync(folder), ["overrides.yaml"]);
  });

  it("keeps one day however large it is, and says once that the limit does not hold", async () => {
    logs.bytesByDay = [15, 0.5, 0.5, 0.5, 0.5].map((value) => value * gib);
    await guard.look();
    await guard.look();
    assert.deepEqual(overrides(), shortened(24));
    assert.deepEqual(written, [
      "logs are kept for 24 h instead of 120 h: 17.00 GiB of 10.00",
      "one day of logs is more than the limit, and a day is always kept: 15.00 GiB of 10.00",
    ]);
  });

  it("keeps a shorter retention that is configured since", async () => {
    writeFileSync(file, JSON.stringify(shortened(240)));
    await guard.look();
    assert.deepEqual([overrides(), reported()["disk_guard_retention_hours"]], [shortened(240), 120]);
  });

  it("decides nothing before Loki has written anything, and reports the retention all the same", async () => {
    writeFileSync(file, JSON.stringify(shortened(48)));
    logs.bytesByDay = [];
    await guard.look();
    assert.deepEqual([overrides(), written], [shortened(48), []]);
    assert.deepEqual(reported(), {
      disk_guard_logs_bytes: 0,
      disk_guard_newest_day_bytes: 0,
      disk_guard_limit_bytes: 10 * gib,
      disk_guard_retention_hours: 48,
      disk_guard_configured_hours: 120,
    });
  });

  it("takes a day of which nothing is known for one without logs", async () => {
    logs.bytesByDay = [4, 4].map((value) => value * gib);
    await guard.look();
    assert.deepEqual([overrides(), reported()["disk_guard_logs_bytes"]], [{ overrides: {} }, 8 * gib]);
  });

  const values = (...all: readonly (readonly [number, string])[]): string =>
    JSON.stringify({ data: { result: [{ values: all }] } });
  for (const [what, status, body, said] of [
    ["VictoriaMetrics does not answer", 503, "starting", /answered 503: starting$/],
    ["its answer is no JSON", 200, "<html>", /Unexpected token/],
    ["its answer has no result", 200, '{"data":{}}', /metrics: must answer a result, got \{"data":\{\}\}$/],
    ["its bytes are no number", 200, values([nowMillis / 1000, "much"]), /metrics: must answer bytes of days, got /],
    ["its bytes are less than none", 200, values([nowMillis / 1000, "-1"]), /metrics: must answer bytes of days, got /],
    ["it answers for other days", 200, values([1, "5"]), /metrics: must answer bytes of days, got /],
  ] as const) {
    it(`changes and reports nothing if ${what}, and says so once`, async () => {
      writeFileSync(file, JSON.stringify(shortened(72)));
      logs.bytesByDay = [100, 100, 100, 100, 100].map((value) => value * gib);
      logs.answers.set("/api/v1/query_range", { status, body });
      await guard.look();
      await guard.look();
      assert.deepEqual([overrides(), logs.imported, guard.numbers], [shortened(72), [], []]);
      assert.equal(written.length, 1);
      assert.match(written[0] ?? "", /^look after the disk: does not work: /);
      assert.match(written[0] ?? "", said);
      logs.answers.clear();
      await guard.look();
      assert.deepEqual(overrides(), shortened(24));
      assert.equal(written.at(-1), "look after the disk: works again");
    });
  }

  for (const [what, content, said] of [
    ["is not there", undefined, /ENOENT/],
    ["is cut off", '{"overrides":', /JSON/],
    [
      "is somebody else's",
      JSON.stringify({ overrides: { fake: { retention_period: "3d" } } }),
      /must have a retention in hours/,
    ],
  ] as const) {
    it(`changes nothing if Loki's file ${what}`, async () => {
      rmSync(file);
      if (content !== undefined) writeFileSync(file, content);
      logs.bytesByDay = [100, 100, 100, 100, 100].map((value) => value * gib);
      await guard.look();
      assert.deepEqual(readdirSync(folder), content === undefined ? [] : ["overrides.yaml"]);
      if (content !== undefined) assert.equal(readFileSync(file, "utf8"), content);
      assert.match(written.join(), said);
    });
  }

  describe("in a cluster", () => {
    const inCluster = (): ReturnType<typeof fileInConfigMap> =>
      fileInConfigMap(
        "loki-overrides",
        "overrides.yaml",
        logs.url,
        () => AbortSignal.timeout(5000),
        join(folder, "me"),
      );

    beforeEach(() => {
      mkdirSync(join(folder, "me"));
      writeFileSync(join(folder, "me", "token"), "t");
      writeFileSync(join(folder, "me", "namespace"), "shop");
      logs.bytesByDay = [2, 2, 2, 2, 2].map((value) => value * gib);
    });

    it("reads and patches the ConfigMap, and nothing else of it", async () => {
      logs.data = { "overrides.yaml": lokiOverrides.content, other: "stays" };
      guard = guardOf(inCluster());
      await guard.look();
      assert.deepEqual(logs.data, { "overrides.yaml": `${JSON.stringify(shortened(96))}\n`, other: "stays" });
      const asked = "/api/v1/namespaces/shop/configmaps/loki-overrides Bearer t application/merge-patch+json";
      assert.deepEqual(
        logs.asked.filter((each) => each.includes("configmaps")),
        [`GET ${asked}`, `PATCH ${asked}`],
      );
    });

    it("changes nothing if it may not, or if the file is not in it", async () => {
      guard = guardOf(inCluster());
      await guard.look();
      assert.deepEqual(written, ["look after the disk: does not work: loki-overrides: must have overrides.yaml, has "]);
      logs.answers.set("/api/v1/namespaces/", { status: 403, body: "forbidden" });
      written.length = 0;
      guard = guardOf(inCluster());
      await guard.look();
      assert.deepEqual(written, [
        `look after the disk: does not work: ${new URL(logs.url).host} answered 403: forbidden`,
      ]);
      assert.deepEqual([logs.data, guard.numbers], [{}, []]);
    });
  });
});

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import pWaitFor from "p-wait-for";
import { urlOf } from "../../cli/outputs.ts";
import { eventuallyStored, sendNumbered, trickle, type Trickle } from "./support/numbered-telemetry.ts";
import { PlannedContainers } from "./support/planned-containers.ts";

const stores = ["loki", "jaeger", "victoriaMetrics"] as const;

/** How long something is away, in milliseconds, and how long all works in between. */
const [awayMillis, betweenMillis] = [3000, 2000];

describe("with ten lines, spans and points a second, on small disks", function () {
  this.timeout(180_000);
  let containers: PlannedContainers;

  before(async () => {
    // VictoriaMetrics wants 100 MB free.
    containers = await PlannedContainers.start({ loki: 48, victoriaMetrics: 160, jaeger: 64, otelCollector: 24 });
    await sendNumbered(containers.addresses, "started", 1);
  });

  after(async () => {
    await containers.remove();
  });

  async function underLoad(service: string, fault: () => Promise<void>, options?: Trickle): Promise<void> {
    const stop = trickle(containers.addresses, service, options);
    await sleep(betweenMillis);
    await fault();
    await sleep(betweenMillis);
    const sent = await stop();
    const found = await eventuallyStored(containers.addresses, service, sent);
    assert.deepEqual(found, { lines: sent, spans: sent, points: sent });
  }

  it("a network that is cut from the stores, and stores that do not answer, cost nothing, and double nothing", async () => {
    await underLoad("unanswered", async () => {
      await containers.disconnect(...stores);
      await sleep(awayMillis);
      await containers.connect(...stores);
      await containers.docker("pause", ...stores);
      await sleep(awayMillis);
      await containers.docker("unpause", ...stores);
    });
  });

  it("containers that are replaced, one after the other, cost nothing, and double nothing", async () => {
    await underLoad("replaced", async () => {
      for (const part of [...stores, "otelCollector"] as const) await containers.replace(part);
    });
  });

  it("clocks that are an hour ahead and behind cost nothing", async () => {
    const aheadMillis = (value: number): number => ((value % 3) - 1) * 3_600_000;
    await underLoad("clocks", () => Promise.resolve(), { aheadMillis });
  });

  it("texts that are too long for a key of Jaeger's hold nothing up", async () => {
    await underLoad("long", () => Promise.resolve(), { paddingBytes: 100_000 });
  });

  it("full disks of the stores and then of the queue cost nothing, double nothing, and the sender is told", async () => {
    const refusals = new Set<string>();
    const onRefused = (status: number, text: string): void => {
      refusals.add(`${status} ${/no space left on device/.exec(text)?.[0] ?? text}`);
    };
    const full = async (): Promise<void> => {
      // Loki refuses from 90 % on, and VictoriaMetrics with less than 100 MB free.
      await Promise.all([containers.fill("loki", 3), containers.fill("victoriaMetrics", 60)]);
      const isRefusing = async (): Promise<boolean> =>
        (await measured("loki", "loki_ingester_wal_disk_usage_percent")) >= 0.9 &&
        (await measured("victoriaMetrics", "vm_storage_is_read_only")) === 1;
      await pWaitFor(isRefusing, { interval: 500, timeout: 60_000 });
      // Jaeger ends without room, and Docker waits twice as long before each further start.
      await containers.fill("jaeger");
      const hasEnded = async (): Promise<boolean> => (await containers.restarts("jaeger")) > 0;
      await pWaitFor(hasEnded, { interval: 200, timeout: 60_000 });
      // Now every store has been sent as much at once as the Collector sends.
      await sleep(awayMillis);
      await containers.fill("otelCollector");
      await pWaitFor(() => refusals.size > 0, { interval: 100, timeout: 60_000 });
      await containers.free("otelCollector");
      await sleep(betweenMillis);
      await Promise.all(stores.map((store) => containers.free(store)));
    };
    await underLoad("full", full, { onRefused });
    assert.deepEqual([...refusals], ["503 no space left on device"]);
  });

  it("a damaged queue keeps the Collector away until it is moved aside, and costs what waited in it", async () => {
    const { addresses } = containers;
    await containers.docker("stop", ...stores);
    await sendNumbered(addresses, "damaged", 5);
    await containers.docker("stop", "otelCollector");
    const file = "/data/exporter_otlp_http_loki_logs";
    await containers.inData("otelCollector", `head -c 100 ${file} > /data/x && cat /data/x > ${file} && rm /data/x`);
    await containers.docker("start", "otelCollector", ...stores);
    const isRestarted = async (): Promise<boolean> => (await containers.restarts("otelCollector")) > 0;
    await pWaitFor(isRestarted, { interval: 200, timeout: 60_000 });
    assert.match(await containers.log("otelCollector"), /failed to start "otlp_http\/loki" exporter: invalid database/);
    await containers.docker("stop", "otelCollector");
    await containers.inData("otelCollector", `mv ${file} ${file}.damaged`);
    await containers.docker("start", "otelCollector");
    await sendNumbered(addresses, "repaired", 5);
    assert.deepEqual(await eventuallyStored(addresses, "repaired", 5), { lines: 5, spans: 5, points: 5 });
    assert.deepEqual(await eventuallyStored(addresses, "damaged", 5, ["spans", "points"]), {
      ...{ lines: 0, spans: 5, points: 5 },
    });
  });

  // At the end: it leaves room in the file of the queue, which is never full then.
  it("lists, maps and names that are too long for it hold nothing up either, and Loki throws nothing away for them", async () => {
    const list = { arrayValue: { values: Array.from({ length: 700 }, () => ({ stringValue: "x".repeat(100) })) } };
    const map = { kvlistValue: { values: [{ key: "list", value: list }] } };
    const deep = { arrayValue: { values: [{ kvlistValue: { values: [{ key: "map", value: map }] } }] } };
    const attributes = [
      ...Object.entries({ list, map, deep }).map(([key, value]) => ({ key, value })),
      ...Array.from({ length: 200 }, (_, index) => ({ key: `attribute-${index}`, value: { intValue: `${index}` } })),
      { key: "name".repeat(20_000), value: { boolValue: true } },
    ];
    await underLoad(`nested-${"x".repeat(3000)}`, () => Promise.resolve(), { attributes });
  });

  /** The value of one of a store's own metrics, or NaN. */
  async function measured(store: "loki" | "victoriaMetrics", metric: string): Promise<number> {
    const text = await (await fetch(`${urlOf(containers.addresses, store)}/metrics`)).text();
    return Number(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, "m").exec(text)?.[1]);
  }
});

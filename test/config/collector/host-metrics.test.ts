import assert from "node:assert/strict";
import { z } from "zod";
import { hostReceivers } from "../../../config/collector/host-metrics.ts";
import { otelCollectorDocument } from "../../../config/collector/document.ts";
import { parts } from "../../../config/parts/parts.ts";
import { noSurroundings, partProcess } from "../../../config/parts/processes.ts";
import { delivery, settings } from "../../support/settings.ts";

const name = "host_metrics/stack";
const receiver = z.object({
  scrapers: z.object({
    disk: z.object({ include: z.object({ match_type: z.literal("regexp"), devices: z.tuple([z.string()]) }) }),
    filesystem: z.object({ include_mount_points: z.object({ mount_points: z.array(z.string()) }) }),
  }),
});

describe("the machine's metrics", () => {
  it("are of whole disks, and of no partition, loop, memory disk or mapped one", () => {
    const { disk } = receiver.parse(hostReceivers(30, "/data")[name]).scrapers;
    const [devices] = disk.include.devices;
    const is = (device: string): boolean => new RegExp(devices.replaceAll("$$", () => "$")).test(device);
    const whole = ["sda", "sdaa", "vda", "xvdb", "hda", "nvme0n1", "nvme10n2", "mmcblk0"];
    const others = ["sda1", "nvme0n1p1", "mmcblk0p2", "mmcblk0boot0", "loop0", "ram1", "zram0", "dm-0", "sr0", "vda15"];
    assert.deepEqual(
      whole.filter((device) => !is(device)),
      [],
    );
    assert.deepEqual(others.filter(is), []);
  });

  it("are of the file system in which the Collector has a volume, and of no other", () => {
    const { filesystem } = receiver.parse(hostReceivers(30, parts.otelCollector.data.path)[name]).scrapers;
    assert.deepEqual(filesystem.include_mount_points.mount_points, ["/var/lib/otelcol"]);
  });

  it("go the way of the stack's own metrics, as those of one more of its parts", () => {
    const base = { memoryMib: 256, queueMib: 512, enrichment: {}, ...delivery };
    const { service } = otelCollectorDocument({ ...base, readsHost: true }) as {
      readonly service: { readonly pipelines: Readonly<Record<string, { readonly receivers: readonly string[] }>> };
    };
    const using = Object.entries(service.pipelines).filter(([, { receivers }]) => receivers.includes(name));
    assert.deepEqual(
      using.map(([pipeline]) => pipeline),
      ["metrics/stack"],
    );
    assert.doesNotMatch(JSON.stringify(otelCollectorDocument({ ...base, readsHost: false })), /host_metrics/);
  });

  it("are there unless they are switched off, where everything runs on one machine", () => {
    const reads = (hostMetrics: boolean, isOneMachine: boolean): boolean => {
      const given = settings({ otelCollector: { hostMetrics } });
      const { configFiles } = partProcess("otelCollector", given, { ...noSurroundings, isOneMachine });
      return configFiles.some(({ content }) => content.includes(`${name}:`));
    };
    assert.equal(settings().otelCollector.hostMetrics, true);
    assert.deepEqual([reads(true, true), reads(false, true), reads(true, false)], [true, false, false]);
  });
});

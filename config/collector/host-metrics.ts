/*
 * Metrics of the machine that the containers run on. A container sees the machine's memory, processor, load and disks in
 * its own /proc, and the room of the file system of Docker's volumes in any of them: nothing of the host is mounted, and
 * rootless Docker and Docker Desktop (where the machine is its virtual one) are no different. Networks are the one thing
 * that it would need the host's /proc for, with each process' command line in it, so they are left out.
 * Source of the keys: github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.158.0/receiver/hostmetricsreceiver.
 */
import { stackNamespace } from "../names.ts";

/** `service.name` of these metrics. */
export const machineName = "host";

/** Their names as VictoriaMetrics has them, and what each says. */
export const hostMetrics: Readonly<Record<string, string>> = {
  system_memory_usage_bytes: "memory, by `state`",
  system_memory_limit_bytes: "all of it",
  system_linux_memory_available_bytes: "what of it a new process could have",
  system_cpu_time_seconds_total: "processor time of all cores, by `state`",
  system_cpu_logical_count: "cores",
  system_cpu_load_average_1m: "processes that run or wait to, over a minute",
  system_cpu_load_average_5m: "the same over five minutes",
  system_cpu_load_average_15m: "the same over a quarter of an hour",
  system_disk_io_bytes_total: "bytes read and written, by `device` and `direction`",
  system_disk_operations_total: "how often, by `device` and `direction`",
  system_disk_io_time_seconds_total: "for how long a disk was busy, by `device`",
  system_filesystem_usage_bytes: "room where Docker keeps its volumes, by `state`",
  system_filesystem_inodes_usage: "files that there may be, by `state`",
};

/** Whole disks by their names, and no partitions, memory disks or loops: a few series each. The Collector reads `$$` as `$`. */
const wholeDisks = "^(?:(?:sd|hd|vd|xvd)[a-z]+|nvme[0-9]+n[0-9]+|mmcblk[0-9]+)$$";

const on = { enabled: true } as const;
const off = { enabled: false } as const;

/** The receiver. @param volumePath where the Collector has a volume of Docker's */
export function hostReceivers(everySeconds: number, volumePath: string): Readonly<Record<string, object>> {
  return {
    [`host_metrics/${stackNamespace}`]: {
      collection_interval: `${everySeconds}s`,
      // The container's own: without a word about it the Collector warns at each start.
      root_path: "/",
      scrapers: {
        cpu: { metrics: { "system.cpu.logical.count": on } },
        memory: { metrics: { "system.memory.limit": on, "system.linux.memory.available": on } },
        load: {},
        disk: {
          include: { match_type: "regexp", devices: [wholeDisks] },
          metrics: {
            "system.disk.merged": off,
            "system.disk.operation_time": off,
            "system.disk.pending_operations": off,
            "system.disk.weighted_io_time": off,
          },
        },
        filesystem: {
          // A volume is one to the Collector: a folder of the host's that is mounted.
          include_virtual_filesystems: true,
          include_mount_points: { match_type: "strict", mount_points: [volumePath] },
        },
      },
    },
  };
}

/** Statements about metrics: the machine's name, and one series for all cores, of which there may be hundreds. */
export const hostStatements: readonly string[] = [
  `set(resource.attributes["service.name"], "${machineName}") where resource.attributes["service.name"] == nil`,
  'aggregate_on_attributes("sum", ["state"]) where metric.name == "system.cpu.time"',
];

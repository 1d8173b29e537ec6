import * as pulumi from "@pulumi/pulumi";
import { lokiConfig, type LokiSettings } from "../config/loki.ts";
import { hosts, paths, ports, volumes } from "../config/names.ts";
import { goMemoryLimitMib, mebibytes } from "../config/units.ts";
import type { Platform, RunningWorkload } from "./platform/platform.ts";
import type { Workload } from "./platform/workload.ts";

/** What Loki is made from. */
export interface LokiArgs extends LokiSettings {
  readonly platform: Platform;
  readonly image: string;
  /** Port on the user's machine. */
  readonly hostPort: number;
  readonly replicas: number;
}

/** Stores the logs: one instance, on its own disk, for the retention period. */
export class Loki extends pulumi.ComponentResource {
  readonly running: RunningWorkload;

  constructor(name: string, args: LokiArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:index:Loki", name, {}, opts);
    this.running = args.platform.run(lokiWorkload(args), { parent: this, dependsOn: [] });
    this.registerOutputs({});
  }
}

/** Loki as a workload. */
export function lokiWorkload(args: Omit<LokiArgs, "platform">): Workload {
  return {
    name: hosts.loki,
    image: { kind: "reference", reference: args.image },
    args: [`-config.file=${paths.lokiConfig}`],
    env: {
      GOMEMLIMIT: mebibytes(goMemoryLimitMib(args.memoryMib)),
      // The compactor writes temporary files; without a place for them it deletes nothing, and says so only in a metric.
      TMPDIR: paths.lokiData,
    },
    configFiles: [{ path: paths.lokiConfig, content: lokiConfig(args) }],
    secretFiles: [],
    check: "none",
    ports: [{ name: "http", port: ports.lokiHttp, hostPort: args.hostPort }],
    dataVolumes: [{ name: volumes.loki, path: paths.lokiData }],
    imageMounts: [],
    scratchPaths: [],
    readiness: {
      port: ports.lokiHttp,
      httpPath: "/ready",
      // The image has no shell.
      selfCheck: ["/usr/bin/loki", "-health"],
      intervalSeconds: 2,
      startPeriodSeconds: 30,
      gates: true,
    },
    memoryMib: args.memoryMib,
    userId: 10001,
    groupId: 10001,
    // Chunks in memory are flushed on the way out.
    stopGraceSeconds: 60,
    replicas: args.replicas,
    readsInstances: false,
  };
}

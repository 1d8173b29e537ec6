import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { hosts, paths, ports, volumes } from "../config/names.ts";
import { goMemoryLimitMib, mebibytes } from "../config/units.ts";
import {
  victoriaMetricsFlags,
  victoriaMetricsKeyFile,
  type VictoriaMetricsSettings,
} from "../config/victoria-metrics.ts";
import type { Platform, RunningWorkload } from "./platform/platform.ts";
import type { SecretFile, Workload } from "./platform/workload.ts";

/** What VictoriaMetrics is made from. */
export interface VictoriaMetricsArgs extends VictoriaMetricsSettings {
  readonly platform: Platform;
  readonly image: string;
  /** Port on the user's machine. */
  readonly hostPort: number;
  readonly replicas: number;
}

/** Stores the metrics: one instance, for the retention period. */
export class VictoriaMetrics extends pulumi.ComponentResource {
  readonly running: RunningWorkload;

  constructor(name: string, args: VictoriaMetricsArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:index:VictoriaMetrics", name, {}, opts);
    // Nobody has to know it, so a lost one is made anew.
    const key = new random.RandomPassword(`${name}-admin-key`, { length: 32, special: false }, { parent: this });
    const secretFiles = [{ path: victoriaMetricsKeyFile, content: key.result }];
    this.running = args.platform.run(victoriaMetricsWorkload(args, secretFiles), { parent: this, dependsOn: [] });
    this.registerOutputs({});
  }
}

/** VictoriaMetrics as a workload. */
export function victoriaMetricsWorkload(
  args: Omit<VictoriaMetricsArgs, "platform">,
  secretFiles: readonly SecretFile[],
): Workload {
  return {
    name: hosts.victoriaMetrics,
    image: { kind: "reference", reference: args.image },
    args: victoriaMetricsFlags(args),
    env: { GOMEMLIMIT: mebibytes(goMemoryLimitMib(args.memoryMib)) },
    configFiles: [],
    secretFiles,
    check: "none",
    ports: [{ name: "http", port: ports.victoriaMetricsHttp, hostPort: args.hostPort }],
    dataVolumes: [{ name: volumes.victoriaMetrics, path: paths.victoriaMetricsData }],
    imageMounts: [],
    scratchPaths: [],
    readiness: {
      port: ports.victoriaMetricsHttp,
      httpPath: "/health",
      selfCheck: ["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${ports.victoriaMetricsHttp}/health`],
      intervalSeconds: 2,
      startPeriodSeconds: 30,
      gates: false,
    },
    memoryMib: args.memoryMib,
    userId: 10001,
    groupId: 10001,
    // There is no write-ahead log: what is in memory is written on the way out.
    stopGraceSeconds: 60,
    replicas: args.replicas,
    readsInstances: false,
  };
}

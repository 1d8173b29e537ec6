import * as pulumi from "@pulumi/pulumi";
import { collectorConfigArgs, collectorFiles, type CollectorFragment } from "../config/collector-fragment.ts";
import { hosts, paths, ports, volumes } from "../config/names.ts";
import type { OtelCollectorSettings } from "../config/otel-collector.ts";
import { goMemoryLimitMib, mebibytes } from "../config/units.ts";
import type { Platform, RunningWorkload } from "./platform/platform.ts";
import type { SecretFile, Workload } from "./platform/workload.ts";

/** What the Collector is made from. */
export interface OtelCollectorArgs extends Omit<OtelCollectorSettings, "enrichment"> {
  readonly platform: Platform;
  readonly image: string;
  /** Ports on the user's machine. */
  readonly hostPorts: { readonly otlpGrpc: number; readonly otlpHttp: number };
  /** What the user adds to the configuration. @default nothing */
  readonly config?: CollectorFragment;
  /** The secrets that {@link config} refers to. */
  readonly secretFiles: readonly SecretFile[];
  readonly replicas: number;
  /** Resources that have to be ready before the Collector starts. */
  readonly startsAfter: readonly pulumi.Input<pulumi.Resource>[];
}

/** Takes logs, traces and metrics by OTLP, keeps them on disk until they are delivered, and hands each to its store. */
export class OtelCollector extends pulumi.ComponentResource {
  readonly running: RunningWorkload;

  constructor(name: string, args: OtelCollectorArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:index:OtelCollector", name, {}, opts);
    const workload = otelCollectorWorkload({ ...args, enrichment: args.platform.enrichment });
    this.running = args.platform.run(workload, { parent: this, dependsOn: args.startsAfter });
    this.registerOutputs({});
  }
}

/** The Collector as a workload. */
export function otelCollectorWorkload(
  args: Omit<OtelCollectorArgs, "platform" | "startsAfter"> & OtelCollectorSettings,
): Workload {
  const { config } = args;
  const configArgs = collectorConfigArgs(config);
  return {
    name: hosts.otelCollector,
    image: { kind: "reference", reference: args.image },
    args: configArgs,
    env: { GOMEMLIMIT: mebibytes(goMemoryLimitMib(args.memoryMib)) },
    configFiles: collectorFiles(args, config),
    secretFiles: args.secretFiles,
    // What the stack generates is checked by its tests; what the user adds, by the Collector.
    check: config === undefined ? "none" : { args: ["validate", ...configArgs], setting: "otelCollector.config" },
    ports: [
      { name: "otlp-grpc", port: ports.otlpGrpc, hostPort: args.hostPorts.otlpGrpc },
      { name: "otlp-http", port: ports.otlpHttp, hostPort: args.hostPorts.otlpHttp },
      { name: "health", port: ports.collectorHealth, hostPort: "internal" },
    ],
    dataVolumes: [{ name: volumes.otelCollector, path: paths.collectorQueue }],
    imageMounts: [],
    scratchPaths: [],
    readiness: {
      port: ports.collectorHealth,
      httpPath: "/",
      // The image has no shell and the binary no check of its own.
      selfCheck: "none",
      intervalSeconds: 2,
      startPeriodSeconds: 10,
      gates: false,
    },
    memoryMib: args.memoryMib,
    userId: 10001,
    groupId: 10001,
    stopGraceSeconds: 30,
    replicas: args.replicas,
    readsInstances: Object.keys(args.enrichment).length > 0,
  };
}

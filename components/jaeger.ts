import * as pulumi from "@pulumi/pulumi";
import { jaegerConfig, type JaegerSettings } from "../config/jaeger.ts";
import { hosts, paths, ports, volumes } from "../config/names.ts";
import { goMemoryLimitMib, mebibytes } from "../config/units.ts";
import type { Platform, RunningWorkload } from "./platform/platform.ts";
import type { Workload } from "./platform/workload.ts";

/** What Jaeger is made from. */
export interface JaegerArgs extends JaegerSettings {
  readonly platform: Platform;
  readonly image: string;
  readonly memoryMib: number;
  /** Port of the user interface on the user's machine. */
  readonly hostPort: number;
  readonly replicas: number;
}

/** Stores the traces: one instance on badger, for the retention period. */
export class Jaeger extends pulumi.ComponentResource {
  readonly running: RunningWorkload;

  constructor(name: string, args: JaegerArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:index:Jaeger", name, {}, opts);
    this.running = args.platform.run(jaegerWorkload(args), { parent: this, dependsOn: [] });
    this.registerOutputs({});
  }
}

/** Jaeger as a workload. */
export function jaegerWorkload(args: Omit<JaegerArgs, "platform">): Workload {
  return {
    name: hosts.jaeger,
    image: { kind: "reference", reference: args.image },
    args: [`--config=${paths.jaegerConfig}`],
    env: { GOMEMLIMIT: mebibytes(goMemoryLimitMib(args.memoryMib)) },
    configFiles: [{ path: paths.jaegerConfig, content: jaegerConfig(args) }],
    secretFiles: [],
    check: "none",
    ports: [
      { name: "query", port: ports.jaegerQuery, hostPort: args.hostPort },
      { name: "otlp-grpc", port: ports.jaegerOtlpGrpc, hostPort: "internal" },
      { name: "health", port: ports.jaegerHealth, hostPort: "internal" },
    ],
    dataVolumes: [{ name: volumes.jaeger, path: paths.jaegerData }],
    // The image declares it as a volume, for which Docker would otherwise make one without a name.
    imageMounts: [],
    scratchPaths: ["/tmp"],
    readiness: {
      port: ports.jaegerHealth,
      httpPath: "/status",
      selfCheck: ["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${ports.jaegerHealth}/status`],
      intervalSeconds: 2,
      startPeriodSeconds: 30,
      gates: false,
    },
    memoryMib: args.memoryMib,
    userId: 10001,
    groupId: 10001,
    stopGraceSeconds: 30,
    replicas: args.replicas,
    readsInstances: false,
  };
}

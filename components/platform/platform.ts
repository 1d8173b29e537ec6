import type * as pulumi from "@pulumi/pulumi";
import type { Workload } from "./workload.ts";

/** Where workloads run. Callers never ask which platform it is; what differs is asked for as data. */
export interface Platform {
  /**
   * Creates the resources of a workload.
   *
   * @throws Error if the workload is invalid or its name is taken.
   */
  run(workload: Workload, options: RunOptions): RunningWorkload;
}

/** Place of a workload in the resource graph. */
export interface RunOptions {
  readonly parent: pulumi.Resource;
  /** Resources that have to be ready first. */
  readonly dependsOn: readonly pulumi.Resource[];
}

/** One running copy of a workload. */
export interface Instance {
  /** As the platform's own tools show it. */
  readonly name: string;
  /** Of the resource that has to be replaced to start it afresh. */
  readonly urn: pulumi.Output<string>;
}

/** What the rest of the program may know of a workload once it is declared. */
export interface RunningWorkload {
  /** `host:port` on the user's machine for each published port, by port name. */
  readonly published: Readonly<Record<string, string>>;
  readonly instances: readonly Instance[];
}

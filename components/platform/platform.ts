import type * as pulumi from "@pulumi/pulumi";
import type { Problem } from "../../config/problem.ts";
import type { Workload } from "./workload.ts";

/** Where workloads run. Callers never ask which platform it is; what differs is asked for as data. */
export interface Platform {
  /**
   * What keeps a workload from running beside those that run already, a name or a port that is taken for instance; the
   * paths begin with the name of a field. Creates nothing.
   */
  conflicts(workload: Workload): readonly Problem[];
  /**
   * Creates the resources of a workload.
   *
   * @throws Error with every problem of the workload and every conflict, one a line, before anything is created.
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

/** Data that is kept when its workload goes. */
export interface KeptVolume {
  /** As the platform's own tools show it. */
  readonly name: string;
  /** Where the workload finds it. */
  readonly path: string;
}

/** What the rest of the program may know of a workload once it is declared. */
export interface RunningWorkload {
  /** `host:port` on the user's machine for each published port, by port name. */
  readonly published: Readonly<Record<string, string>>;
  readonly instances: readonly Instance[];
  readonly volumes: readonly KeptVolume[];
}

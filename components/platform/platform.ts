import type * as pulumi from "@pulumi/pulumi";
import type { EnvValue, InstanceFact } from "../../config/env-value.ts";
import type { OtlpUrls } from "../../config/parts/parts.ts";
import type { Problem } from "../../config/problem.ts";
import { portsOnMachine, type Workload } from "./workload.ts";

/** Only this address: nothing of the stack listens on a network of the user's machine. */
export const loopback = "127.0.0.1";

/** Memory in MiB of a container that copies files of another image. */
export const copyMemoryMib = 64;

/** What a platform of either kind is made from. */
export interface PlatformArgs {
  /** Stem of every Pulumi resource's name: part of its identity, never to change. */
  readonly resourcePrefix: string;
  /** Name of the stack, which tells its objects from others': the prefix of their names, or a label of them. */
  readonly name: string;
  /** Owner of all objects: the Pulumi project and stack. */
  readonly owner: string;
  /** Whether what all workloads share is there already, made by the program that has the stack. */
  readonly isJoined: boolean;
  /** Platform of every image that is built, for instance `linux/arm64`. @default that of the daemon */
  readonly buildPlatform?: string | undefined;
}

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
  run(workload: Workload, options: WorkloadOptions): RunningWorkload;
  /**
   * OpenTelemetry resource attributes of the place where an instance of a workload runs. The facts are some that the
   * platform fills in in {@link Workload.env}.
   */
  instanceAttributes(workloadName: string): Readonly<Record<string, string | InstanceFact>>;
  /**
   * Processors for the Collector, by name, that add to telemetry what the platform knows of its sender. A workload that
   * runs them needs {@link Workload.readsInstances}.
   */
  readonly enrichment: Readonly<Record<string, object>>;
  /** Whether everything runs on one machine, whose processor, memory and disks each workload sees. */
  readonly isOneMachine: boolean;
  /**
   * The arguments of a resource of the user's own, with variables for its process and a way to the Collector.
   *
   * @param args of a resource whose type is in {@link Platform.injectedTypes}; whatever of them is an output stays one
   * @throws Error if they are of something else, or of what cannot reach the Collector.
   */
  inject(args: object, injection: Injection): object;
  /** Types of the resources that {@link Platform.inject} knows, as Pulumi calls them. */
  readonly injectedTypes: ReadonlySet<string>;
  /** The problems of settings for workloads that the program has not declared; complete when the program has ended. */
  leftOverSettings(): readonly Problem[];
  /** Addresses at which workloads are reached from beyond the user's machine, by name; only those that the user asked for. */
  readonly publicUrls: Readonly<Record<string, string>>;
}

/** Where a process runs that is none of the stack's workloads, as far as its platform knows. */
export interface Surroundings {
  /** Where it reaches the Collector. */
  readonly otlpUrls: OtlpUrls;
  /** What differs between its instances; `undefined` if that is not known. */
  readonly instance: string | InstanceFact | undefined;
  /** OpenTelemetry resource attributes of the place. */
  readonly attributes: Readonly<Record<string, string | InstanceFact>>;
}

/** What the arguments of a resource that is not the stack's are given. */
export interface Injection {
  /** Variables. One that the process has already is left as it is. */
  readonly env: (surroundings: Surroundings) => Readonly<Record<string, EnvValue>>;
  /** Names of the containers of a pod that are given them. @default the first one */
  readonly containers?: readonly string[] | undefined;
}

/** How a workload's resources stand in Pulumi's graph. */
export interface WorkloadOptions {
  readonly parent: pulumi.Resource;
  /** Resources that have to be ready first. */
  readonly dependsOn: readonly pulumi.Input<pulumi.Resource>[];
}

/** Running copies of a workload under one name. */
export interface Instance {
  /** As the platform's own tools show it. */
  readonly name: string;
  /** How many there are. */
  readonly replicas: number | pulumi.Output<number>;
  /** URN of the resource that has to be replaced to restart it. */
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
  /** `host:port` on the user's machine for each published port, by port name; of several instances that of the first. */
  readonly published: Readonly<Record<string, string>>;
  readonly instances: readonly Instance[];
  /** Whether the platform can wait until it answers: it has to be asked in a way that the platform has from outside. */
  readonly isAwaitable: boolean;
  /**
   * What workloads that start later have to wait for, beside the resources of this one. It may be created only when it is
   * asked for.
   *
   * @throws Error if the name of what waits is taken.
   */
  ready(): readonly pulumi.Output<pulumi.Resource>[];
  readonly volumes: readonly KeptVolume[];
}

/** `host:port` of each port that is published on the user's machine, by port name; of several instances that of the first. */
export function publishedAddresses(ports: Workload["ports"]): Record<string, string> {
  return Object.fromEntries(
    ports.flatMap((port) =>
      portsOnMachine(port)
        .slice(0, 1)
        .map(([, hostPort]) => [port.name, `${loopback}:${hostPort}`]),
    ),
  );
}

import type * as pulumi from "@pulumi/pulumi";
import type { EnvValue } from "../../config/env-value.ts";
import type { Check, SharedFile } from "../../config/parts/part.ts";
import type { DockerOptions, KubernetesOptions } from "../../config/service-platform-args.ts";
import type { TextFile } from "../../config/text-file.ts";
import type { Probes } from "./probes.ts";

/**
 * One process of the stack, described independently of the platform. Each platform renders it.
 *
 * No field is optional, so that nothing is left to a platform's own default; what is absent is written as such
 * (`[]`, `"none"`). A platform that cannot honour a field throws, it never leaves it out.
 */
export interface Workload {
  /** Host name inside the stack and stem of every resource name. */
  readonly name: string;
  readonly image: WorkloadImage;
  /** Arguments for the image's entry point. */
  readonly args: readonly (string | pulumi.Output<string>)[];
  /** Plain environment; never a secret. A platform that does not know a fact in a value throws. */
  readonly env: Readonly<Record<string, EnvValue | pulumi.Output<string>>>;
  /** Files that the process reads, root-owned and read-only. */
  readonly configFiles: readonly TextFile[];
  readonly secretFiles: readonly SecretFile[];
  /** How the image checks these files; `"none"` where that is not needed. */
  readonly check: Check | "none";
  readonly ports: readonly WorkloadPort[];
  /** Data that outlives the process. */
  readonly dataVolumes: readonly DataVolume[];
  /** Files that it shares with another workload. Whoever reads one is declared before whoever changes it. */
  readonly sharedFiles: readonly SharedFile[];
  /** Files of other images that the process needs. */
  readonly imageMounts: readonly ImageMount[];
  /**
   * What runs before the process, one after the other, each to its end: with the process's user, files, volumes and memory.
   * Where several instances are separate they run for each.
   */
  readonly initSteps: readonly InitStep[];
  /** Directories that it may write to and that go with it. What they hold counts as its memory on some platforms. */
  readonly scratchPaths: readonly ScratchPath[];
  readonly probes: Probes;
  /** Hard limit in MiB. */
  readonly memoryMib: number;
  /** Memory in MiB that it is promised, at most {@link memoryMib}; `"all"` for the whole of that. */
  readonly memoryRequestMib: number | "all";
  /** Share of a core that it is promised, in thousandths; `"default"` for the platform's own. */
  readonly cpuRequestMillicores: number | "default";
  /** Hard limit in thousandths of a core. */
  readonly cpuLimitMillicores: number | "none";
  /** Numeric user and group the process runs as and its data belongs to. */
  readonly userId: number;
  readonly groupId: number;
  /** How long the process may take to end after SIGTERM before it is killed. */
  readonly stopGraceSeconds: number;
  /**
   * Number of instances, at most where the platform decides on it; 0 keeps the data and the generated secrets and runs nothing. A platform that has to know it before
   * a deployment refuses an output.
   */
  readonly replicas: number | pulumi.Output<number>;
  /** What it has on Kubernetes only. Another platform refuses each field that is there. */
  readonly kubernetes: KubernetesOptions;
  /** What it has on Docker only, likewise. */
  readonly docker: DockerOptions;
  /** Whether it may ask the platform which instance a connection comes from. */
  readonly readsInstances: boolean;
}

/** A workload that is known before the deployment: a part of the stack is one. */
export interface KnownWorkload extends Workload {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly replicas: number;
}

/** An image by reference, by one that another resource gives, or one that is built from a folder. */
export type WorkloadImage =
  | { readonly kind: "reference"; readonly reference: string }
  | {
      readonly kind: "later";
      /** Name of the workload whose image it is: of its reference nothing is known. */
      readonly name: string;
      readonly reference: pulumi.Output<string>;
    }
  | {
      readonly kind: "build";
      /** Stem of the image's name. Workloads with the same name share one image. */
      readonly name: string;
      /** Folder sent to the builder. */
      readonly contextPath: string;
      /** Relative to the folder. */
      readonly dockerfile: string;
      readonly buildArgs: Readonly<Record<string, string>>;
    };

/** A file whose content is a secret: encrypted in the state, in no environment listing and in no preview. */
export interface SecretFile {
  readonly path: string;
  readonly content: pulumi.Output<string>;
}

/** A TCP port of the process. */
export interface WorkloadPort {
  readonly name: string;
  readonly port: number;
  /**
   * Port on the user's machine, on loopback only; `"internal"` for none. With several instances it leads to the first. A list
   * has one for each instance, which only a platform can give that knows them one by one.
   */
  readonly hostPort: number | "internal" | readonly number[];
}

/** The ports on the user's machine that lead to a port, that of the first instance first, and where in it each stands. */
export function portsOnMachine({ hostPort }: WorkloadPort): readonly (readonly [path: string, port: number])[] {
  if (hostPort === "internal") return [];
  return typeof hostPort === "number"
    ? [["hostPort", hostPort]]
    : hostPort.map((port, index) => [`hostPort.${index}`, port] as const);
}

/** A directory that is kept when the process goes. */
export interface DataVolume {
  readonly name: string;
  readonly path: string;
  /** Room in MiB that it has at least, where room is given out; elsewhere it has what the disk has. */
  readonly sizeMib: number;
}

/** A directory that is empty at each start. */
export interface ScratchPath {
  readonly path: string;
  /** Most in MiB that it may hold; `"none"` for no limit of its own. */
  readonly sizeMib: number | "none";
}

/** Something that runs to its end, which has to be 0, before a process. */
export interface InitStep {
  /** Behind the workload's name, the stem of every resource name. */
  readonly name: string;
  readonly image: WorkloadImage;
  /** Arguments for the image's entry point. */
  readonly args: Workload["args"];
  /** All of its environment. */
  readonly env: Workload["env"];
}

/**
 * A directory with files of another image, there before the process starts, read-only to it. It is filled by a run of
 * that image, which has to have a `cp`.
 */
export interface ImageMount {
  /** Behind the workload's name, the stem of every resource name. */
  readonly name: string;
  readonly image: WorkloadImage;
  /** File, or directory with `/.` behind it for what is in it. */
  readonly from: string;
  readonly path: string;
}

/** Every image that a workload needs, and where in it that stands. */
export function imagesOf({
  image,
  imageMounts,
  initSteps,
}: Pick<Workload, "image" | "imageMounts" | "initSteps">): readonly (readonly [path: string, WorkloadImage])[] {
  return [
    ["image", image],
    ...Object.entries({ imageMounts, initSteps }).flatMap(([field, all]) =>
      all.map((each, index) => [`${field}.${index}.image`, each.image] as const),
    ),
  ];
}

/**
 * Ends a renderer's destructuring: compiles only if nothing is left but the fields that the platform reads elsewhere, so
 * one that is added to {@link Workload} cannot be overlooked.
 */
export function assertAllFieldsRead<Elsewhere extends keyof Workload>(
  _rest: Pick<Workload, Elsewhere> & { readonly [Field in Exclude<keyof Workload, Elsewhere>]?: never },
): void {
  return;
}

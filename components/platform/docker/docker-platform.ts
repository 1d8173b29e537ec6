import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { InstanceFact } from "../../../config/env-value.ts";
import { dashed, dataVolumeName, instanceName } from "../../../config/names.ts";
import { problem, type Problem } from "../../../config/problem.ts";
import { workloadLimits } from "../../../config/rules.ts";
import { Claims } from "../claims.ts";
import {
  publishedAddresses,
  type Instance,
  type Platform,
  type RunningWorkload,
  type RunOptions,
} from "../platform.ts";
import { refuse, workloadProblems } from "../workload-problems.ts";
import type { DataVolume, Workload } from "../workload.ts";
import { checkResult } from "./check-result.ts";
import { checkArgs, containerArgs, hardening, stackLabels, type ContainerPlace } from "./container-args.ts";
import { DockerImages } from "./docker-images.ts";

/** What the Docker platform is made from. */
export interface DockerPlatformArgs {
  /** Stem of every Pulumi resource's name: part of its identity, never to change. */
  readonly resourcePrefix: string;
  /** Prefix of every container, volume and network. */
  readonly name: string;
  /** Address of the daemon. */
  readonly host: pulumi.Input<string>;
  /** Platform of every image that is built, for instance `linux/arm64`. @default that of the daemon */
  readonly buildPlatform?: string | undefined;
  /** Image with a `chown`, for the step that hands a new volume to the user of its workload. */
  readonly helperImage: string;
}

/** Runs workloads as containers on one private network of one Docker daemon. */
export class DockerPlatform implements Platform {
  private readonly args: DockerPlatformArgs;
  private readonly provider: docker.Provider;
  private readonly network: docker.Network;
  private readonly images: DockerImages;
  private readonly claims = new Claims();
  /** The daemon has no words about itself that telemetry could carry. */
  readonly enrichment = {};
  /** Nothing of it listens beyond this machine. */
  readonly publicUrls = {};

  constructor(args: DockerPlatformArgs, opts: { readonly parent: pulumi.Resource }) {
    this.args = args;
    this.provider = new docker.Provider(`${args.resourcePrefix}-docker`, { host: args.host }, opts);
    this.images = new DockerImages({
      resourcePrefix: args.resourcePrefix,
      builtPrefix: `${args.name}-`,
      buildPlatform: args.buildPlatform,
      parent: opts.parent,
      provider: () => this.provider,
    });
    this.network = new docker.Network(
      `${args.resourcePrefix}-network`,
      { name: args.name, driver: "bridge", labels: stackLabels(args.name, "network") },
      { ...opts, provider: this.provider, deleteBeforeReplace: true },
    );
  }

  conflicts(workload: Workload): readonly Problem[] {
    return [
      ...this.claims.conflicts(workload, this.instanceNames(workload)),
      ...this.images.conflicts(workload.image),
      ...(workload.readsInstances
        ? [problem("readsInstances", "must be false on Docker, which tells nobody", true, "leave the enrichment out")]
        : []),
    ];
  }

  instanceAttributes(): Readonly<Record<string, InstanceFact>> {
    return {};
  }

  run(workload: Workload, options: RunOptions): RunningWorkload {
    refuse(workload.name, [...workloadProblems(workload), ...this.conflicts(workload)]);
    this.claims.take(workload, this.instanceNames(workload));
    const volumes = workload.dataVolumes.map((dataVolume) => this.volume(dataVolume, workload, options.parent));
    return {
      published: publishedAddresses(workload.ports),
      instances: workload.replicas === 0 ? [] : this.containers(workload, volumes, options),
      volumes: workload.dataVolumes.map(({ name, path }) => ({ name: dataVolumeName(this.args.name, name), path })),
    };
  }

  private containers(workload: Workload, volumes: readonly NamedVolume[], options: RunOptions): Instance[] {
    const owners = volumes.map(({ volume, dataVolume }) => this.owner(volume, dataVolume, workload, options.parent));
    const unchecked = {
      stackName: this.args.name,
      networkName: this.network.name,
      image: this.images.get(workload.image).name,
      volumeNames: Object.fromEntries(volumes.map(({ volume, dataVolume }) => [dataVolume.name, volume.name])),
    };
    const place = { ...unchecked, checked: this.checked(workload, unchecked, options.parent) };
    return Array.from({ length: workload.replicas }, (_, index) => {
      const instance = index + 1;
      const container = new docker.Container(
        instanceName(this.args.resourcePrefix, workload.name, instance),
        containerArgs(workload, instance, place),
        {
          parent: options.parent,
          provider: this.provider,
          dependsOn: [...options.dependsOn, ...owners],
          deleteBeforeReplace: true,
          // Without these an edit of the health check changes nothing, and a start that failed counts as a success
          // the next time.
          replaceOnChanges: ["networkDatas", "healthcheck"],
          customTimeouts: { delete: `${workload.stopGraceSeconds + 60}s` },
        },
      );
      return { name: instanceName(this.args.name, workload.name, instance), urn: container.urn, replicas: 1 };
    });
  }

  /** "passed", once the check of a workload's configuration has ended well; `undefined` if there is none. */
  private checked(
    workload: Workload,
    place: Omit<ContainerPlace, "checked">,
    parent: pulumi.Resource,
  ): pulumi.Output<string> | undefined {
    const { check, secretFiles, name } = workload;
    if (check === "none") return undefined;
    const container = new docker.Container(
      `${this.args.resourcePrefix}-${name}-check`,
      checkArgs(workload, check, { ...place, checked: undefined }),
      {
        parent,
        provider: this.provider,
        deleteBeforeReplace: true,
        // It may repeat what it does not like, be it a secret.
        additionalSecretOutputs: secretFiles.length === 0 ? [] : ["containerLogs"],
      },
    );
    return checkResult(container, check, secretFiles);
  }

  /** A workload that is switched off keeps the name of its first instance. */
  private instanceNames({ name, replicas }: Workload): readonly string[] {
    const instances = Math.min(Math.max(replicas, 1), workloadLimits.replicas.most);
    return Array.from({ length: instances }, (_, index) => instanceName(this.args.name, name, index + 1));
  }

  /** Data is kept: the volume has a fixed name, and deleting it is refused until it is unprotected. */
  private volume(dataVolume: DataVolume, workload: Workload, parent: pulumi.Resource): NamedVolume {
    const volume = new docker.Volume(
      `${this.args.resourcePrefix}-${dashed(dataVolume.name)}`,
      {
        name: dataVolumeName(this.args.name, dataVolume.name),
        labels: stackLabels(this.args.name, workload.name),
      },
      {
        parent,
        provider: this.provider,
        protect: true,
        // Each of them would replace the volume, data and all.
        ignoreChanges: ["labels", "driver", "driverOpts"],
      },
    );
    return { volume, dataVolume };
  }

  /**
   * A new volume belongs to root; this runs once, with the one capability it needs, and hands it to the workload's
   * user. With that capability alone it could not look into what is handed over already, and leaves it as it is. The file it leaves keeps Docker from filling the empty volume from the workload's image afterwards, which
   * would give it that image's owner and mode.
   */
  private owner(
    volume: docker.Volume,
    dataVolume: DataVolume,
    workload: Workload,
    parent: pulumi.Resource,
  ): docker.Container {
    const name = `${dashed(dataVolume.name)}-owner`;
    const owner = `${workload.userId}:${workload.groupId}`;
    const mark = `${dataVolume.path}/.volume`;
    // Not by `stat`, which not every image has that has a shell.
    const found = `find ${dataVolume.path} -maxdepth 0 -user ${workload.userId} -group ${workload.groupId}`;
    const isHandedOver = `test -n "$(${found})"`;
    const script = `${isHandedOver} || { : > ${mark} && chown -R ${owner} ${dataVolume.path}; }`;
    return new docker.Container(
      `${this.args.resourcePrefix}-${name}`,
      {
        name: `${this.args.name}-${name}`,
        image: this.images.get({ kind: "reference", reference: this.args.helperImage }).name,
        entrypoints: ["/bin/sh", "-c"],
        command: [script],
        user: "0",
        volumes: [{ volumeName: volume.name, containerPath: dataVolume.path }],
        networkMode: "none",
        mustRun: false,
        attach: true,
        restart: "no",
        memory: 32,
        memorySwap: 32,
        labels: stackLabels(this.args.name, workload.name),
        ...hardening,
        capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN"] },
      },
      { parent, provider: this.provider, deleteBeforeReplace: true },
    );
  }
}

interface NamedVolume {
  readonly volume: docker.Volume;
  readonly dataVolume: DataVolume;
}

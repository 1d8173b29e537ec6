import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { dataVolumeName, instanceName } from "../../../config/names.ts";
import { problem, type Problem } from "../../../config/problem.ts";
import type { Instance, Platform, RunningWorkload, RunOptions } from "../platform.ts";
import { mostReplicas, refuse, workloadProblems } from "../workload-problems.ts";
import type { DataVolume, Workload, WorkloadImage } from "../workload.ts";
import { checkArgs, containerArgs, hardening, publishedAddresses, stackLabels } from "./container-args.ts";
import type { ContainerPlace } from "./container-args.ts";
import { checkResult } from "./check-result.ts";
import { contentHash } from "./content-hash.ts";
import { resolveDockerHost } from "./docker-host.ts";

/** What the Docker platform is made from. */
export interface DockerPlatformArgs {
  /** Stem of every Pulumi resource's name: part of its identity, never to change. */
  readonly resourcePrefix: string;
  /** Prefix of every container, volume and network. */
  readonly name: string;
  /** Address of the daemon; `undefined` for the one the `docker` command uses. */
  readonly host: pulumi.Input<string> | undefined;
  /** Image with a `chown`, for the step that hands a new volume to the user of its workload. */
  readonly helperImage: string;
}

/** Runs workloads as containers on one private network of one Docker daemon. */
export class DockerPlatform implements Platform {
  private readonly args: DockerPlatformArgs;
  private readonly parent: pulumi.Resource;
  private readonly provider: docker.Provider;
  private readonly network: docker.Network;
  private readonly images = new Map<string, { readonly image: WorkloadImage; readonly resource: docker.RemoteImage }>();
  private readonly names = new Set<string>();
  private readonly hostPorts = new Map<number, string>();

  constructor(args: DockerPlatformArgs, opts: { readonly parent: pulumi.Resource }) {
    this.args = args;
    this.parent = opts.parent;
    this.provider = new docker.Provider(
      `${args.resourcePrefix}-docker`,
      { host: args.host ?? resolveDockerHost(process.env) },
      opts,
    );
    this.network = new docker.Network(
      `${args.resourcePrefix}-network`,
      { name: args.name, driver: "bridge", labels: stackLabels(args.name, "network") },
      { ...opts, provider: this.provider, deleteBeforeReplace: true },
    );
  }

  conflicts(workload: Workload): readonly Problem[] {
    const taken = this.instanceNames(workload).find((name) => this.names.has(name));
    const ports = workload.ports.flatMap(({ hostPort }, index) => {
      const other = hostPort === "internal" ? undefined : this.hostPorts.get(hostPort);
      if (other === undefined) return [];
      return [
        problem(`ports.${index}.hostPort`, `must differ from the ports of ${other}`, hostPort, "change one of the two"),
      ];
    });
    return [
      ...(taken === undefined ? [] : [problem("name", "must be unique in the stack", taken, "rename one of the two")]),
      ...ports,
      ...this.otherBuilds(workload.image),
    ];
  }

  run(workload: Workload, options: RunOptions): RunningWorkload {
    refuse(workload.name, [...workloadProblems(workload), ...this.conflicts(workload)]);
    this.claim(workload);
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
      image: this.image(workload.image).name,
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
      return { name: instanceName(this.args.name, workload.name, instance), urn: container.urn };
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

  private claim(workload: Workload): void {
    for (const name of this.instanceNames(workload)) this.names.add(name);
    for (const { hostPort } of workload.ports) if (hostPort !== "internal") this.hostPorts.set(hostPort, workload.name);
  }

  /** A workload that is switched off keeps the name of its first instance. */
  private instanceNames({ name, replicas }: Workload): readonly string[] {
    const instances = Math.min(Math.max(replicas, 1), mostReplicas);
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
        image: this.image({ kind: "reference", reference: this.args.helperImage }).name,
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

  private imagesNamed(stem: string): readonly WorkloadImage[] {
    return [...this.images.values()].flatMap(({ image }) => (imageStem(image) === stem ? [image] : []));
  }

  /** Two builds under one name would take turns in being the image of that name. */
  private otherBuilds(image: WorkloadImage): readonly Problem[] {
    if (image.kind === "reference" || this.images.has(JSON.stringify(image))) return [];
    const { kind: _, name, ...build } = image;
    if (!this.imagesNamed(name).some((other) => other.kind === "build")) return [];
    const rule = `must be built one way only, as the image ${name} is already`;
    return [problem("image", rule, build, "give one of two folders another name")];
  }

  /** Each image once, however many workloads use it; pulled only if the daemon does not have it. */
  private image(image: WorkloadImage): docker.RemoteImage {
    const key = JSON.stringify(image);
    const known = this.images.get(key);
    if (known !== undefined) return known.resource;
    const stem = imageStem(image);
    const sameStem = this.imagesNamed(stem);
    const resource = new docker.RemoteImage(
      `${this.args.resourcePrefix}-image-${stem}${sameStem.length === 0 ? "" : `-${sameStem.length + 1}`}`,
      image.kind === "reference" ? { name: image.reference, keepLocally: true } : this.builtImage(image),
      { parent: this.parent, provider: this.provider },
    );
    this.images.set(key, { image, resource });
    return resource;
  }

  /** The tag names the content, so an image that was built for other content is never taken for this one. */
  private builtImage(image: Extract<WorkloadImage, { kind: "build" }>): docker.RemoteImageArgs {
    const hash = contentHash(image.contextPath, image.dockerfile, JSON.stringify(image.buildArgs));
    return {
      name: `${this.args.name}-${image.name}:${hash}`,
      build: { context: image.contextPath, dockerfile: image.dockerfile, buildArgs: { ...image.buildArgs } },
    };
  }
}

interface NamedVolume {
  readonly volume: docker.Volume;
  readonly dataVolume: DataVolume;
}

/** `loki_data` is `loki-data`: Pulumi's names have hyphens, Docker's volumes keep their underscores. */
function dashed(name: string): string {
  return name.replaceAll("_", "-");
}

function imageStem(image: WorkloadImage): string {
  return image.kind === "reference" ? repositoryName(image.reference) : image.name;
}

/** `registry.example.com/grafana/loki:3.7.8` is `grafana-loki`: stable over versions and registries. */
function repositoryName(reference: string): string {
  const repository = reference.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return repository.split("/").slice(-2).join("-");
}

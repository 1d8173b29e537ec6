import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { InstanceFact } from "../../../config/env-value.ts";
import { dashed } from "../../../config/names.ts";
import { problemIf, type Problem } from "../../../config/problem.ts";
import { Claims } from "../claims.ts";
import { publishedAddresses, type Platform, type RunningWorkload, type RunOptions } from "../platform.ts";
import { refuse, workloadProblems } from "../workload-problems.ts";
import type { DataVolume, ImageMount, Workload } from "../workload.ts";
import { checkResult } from "./check-result.ts";
import {
  checkArgs,
  containerArgs,
  copyArgs,
  hardening,
  mostReadySeconds,
  readyArgs,
  stackLabels,
  type ContainerPlace,
} from "./container-args.ts";
import { DockerImages } from "./docker-images.ts";
import { claimedInDocker, dockerNames, hostNameProblems, takenByDocker, type DockerNames } from "./docker-names.ts";

/** What the Docker platform is made from. */
export interface DockerPlatformArgs {
  /** Stem of every Pulumi resource's name: part of its identity, never to change. */
  readonly resourcePrefix: string;
  /** Prefix of every container, volume and network. */
  readonly name: string;
  /** Whose all of them are: the Pulumi project and stack. */
  readonly owner: string;
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
  private readonly claims = new Claims(takenByDocker);
  /** Docker has no attributes that the Collector could look up for a sender. */
  readonly enrichment = {};
  /** No container listens beyond this machine. */
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
      { name: args.name, driver: "bridge", labels: this.labels("network") },
      {
        ...opts,
        provider: this.provider,
        deleteBeforeReplace: true,
        // They would replace it, and what is not of this program may be connected.
        ignoreChanges: ["labels"],
      },
    );
  }

  conflicts(workload: Workload): readonly Problem[] {
    const names = dockerNames(this.args.name, workload);
    return [
      ...this.claims.conflicts(workload, claimedInDocker(names)),
      ...hostNameProblems(names),
      ...[workload.image, ...workload.imageMounts.map(({ image }) => image)].flatMap((image) =>
        this.images.conflicts(image),
      ),
      ...problemIf(
        workload.readsInstances,
        "readsInstances",
        "must be false on Docker, which has no way to ask which container a connection comes from",
        true,
        "leave the enrichment out",
      ),
    ];
  }

  instanceAttributes(): Readonly<Record<string, InstanceFact>> {
    return {};
  }

  /** None of the settings names a workload. */
  leftOverSettings(): readonly Problem[] {
    return [];
  }

  run(workload: Workload, options: RunOptions): RunningWorkload {
    refuse(workload.name, [...workloadProblems(workload), ...this.conflicts(workload)]);
    const names = dockerNames(this.args.name, workload);
    this.claims.take(workload, claimedInDocker(names));
    const volumes = workload.dataVolumes.map((dataVolume) => this.volume(dataVolume, workload, names, options.parent));
    const containers = workload.replicas === 0 ? [] : this.containers(workload, names, volumes, options);
    const [first] = containers;
    return {
      published: publishedAddresses(workload.ports),
      instances: containers.map(({ urn }, index) => ({ name: names.instances[index] ?? "", urn, replicas: 1 })),
      ready: first === undefined ? [] : this.ready(workload, names, first, options.parent),
      volumes: workload.dataVolumes.map(({ name, path }) => ({ name: nameOf(names.volumes, name), path })),
    };
  }

  private containers(
    workload: Workload,
    names: DockerNames,
    volumes: readonly NamedVolume[],
    options: RunOptions,
  ): docker.Container[] {
    const owners = volumes.map((named) => this.owner(named, workload, names, options.parent));
    const mounts = workload.imageMounts.map((mount) => this.mount(mount, workload, names, options.parent));
    const resources = dockerNames(this.args.resourcePrefix, workload);
    const unchecked = {
      stackName: this.args.name,
      names,
      owner: this.args.owner,
      networkName: this.network.name,
      image: this.images.get(workload.image).name,
      volumeNames: Object.fromEntries(volumes.map(({ volume, dataVolume }) => [dataVolume.name, volume.name])),
      mountNames: Object.fromEntries(mounts.map(({ mount, volume }) => [mount.name, volume.name])),
    };
    const place = { ...unchecked, checked: this.checked(workload, unchecked, options.parent) };
    return names.instances.map((_, index) => {
      return new docker.Container(resources.instances[index] ?? "", containerArgs(workload, index + 1, place), {
        parent: options.parent,
        provider: this.provider,
        dependsOn: [...options.dependsOn, ...owners, ...mounts.flatMap(({ copy, copied }) => [copy, copied])],
        deleteBeforeReplace: true,
        // Without these an edit of the health check changes nothing, and a start that failed counts as a success
        // the next time.
        replaceOnChanges: ["networkDatas", "healthcheck"],
        customTimeouts: { delete: `${workload.stopGraceSeconds + 60}s` },
      });
    });
  }

  /** The container that waits for a workload that others wait for, once the workload has answered. */
  private ready(
    workload: Workload,
    names: DockerNames,
    first: docker.Container,
    parent: pulumi.Resource,
  ): pulumi.Output<pulumi.Resource>[] {
    const image = (): pulumi.Output<string> =>
      this.images.get({ kind: "reference", reference: this.args.helperImage }).name;
    const { owner, name: stackName } = this.args;
    const place = { stackName, owner, names, networkName: this.network.name };
    return dockerNames(this.args.resourcePrefix, workload).waiting.map((resource) => {
      const container = new docker.Container(resource, readyArgs(workload, place, first.id, image()), {
        parent,
        provider: this.provider,
        deleteBeforeReplace: true,
      });
      // The provider takes a container that ends with another code than 0 for one that has done its work.
      return container.exitCode.apply((code) => {
        if (code === 0) return container;
        const name = names.instances[0] ?? "";
        const text = `${name}: must answer within ${mostReadySeconds} s of its start, got no answer; see docker logs ${name}`;
        throw new pulumi.ResourceError(text, container, true);
      });
    });
  }

  /** "passed", once the check of a workload's configuration has ended well; `undefined` if there is none. */
  private checked(
    workload: Workload,
    place: Omit<ContainerPlace, "checked">,
    parent: pulumi.Resource,
  ): pulumi.Output<string> | undefined {
    const { check, secretFiles } = workload;
    const [resource] = dockerNames(this.args.resourcePrefix, workload).checks;
    if (check === "none" || resource === undefined) return undefined;
    const container = new docker.Container(resource, checkArgs(workload, check, { ...place, checked: undefined }), {
      parent,
      provider: this.provider,
      deleteBeforeReplace: true,
      // It may repeat what it does not like, be it a secret.
      additionalSecretOutputs: secretFiles.length === 0 ? [] : ["containerLogs"],
    });
    return checkResult(container, check, secretFiles);
  }

  private labels(workloadName: string): docker.types.input.ContainerLabel[] {
    return stackLabels({ owner: this.args.owner, stackName: this.args.name }, workloadName);
  }

  /**
   * The volume of an image mount and what fills it. Another image is another volume, or files of the old one would stay
   * in it. Nothing in it is worth keeping.
   */
  private mount(mount: ImageMount, workload: Workload, names: DockerNames, parent: pulumi.Resource): FilledVolume {
    const resources = dockerNames(this.args.resourcePrefix, workload);
    const image = this.images.get(mount.image).name;
    const opts = { parent, provider: this.provider, deleteBeforeReplace: true };
    const volume = new docker.Volume(
      nameOf(resources.mounts, mount.name),
      {
        name: nameOf(names.mounts, mount.name),
        labels: [...this.labels(workload.name), { label: "observability.image", value: image }],
      },
      opts,
    );
    const name = nameOf(names.copies, mount.name);
    const copy = new docker.Container(
      nameOf(resources.copies, mount.name),
      copyArgs(mount, { name, image, volumeName: volume.name, labels: this.labels(workload.name) }),
      opts,
    );
    // The provider takes a container that ends with another code than 0 for one that has done its work.
    const copied = copy.exitCode.apply((code) => {
      if (code === 0) return copy;
      const text = `${name}: must end with 0, got ${code}; see docker logs ${name}`;
      throw new pulumi.ResourceError(text, copy, true);
    });
    return { mount, volume, copy, copied };
  }

  /** Data is kept: the volume has a fixed name, and deleting it is refused until it is unprotected. */
  private volume(dataVolume: DataVolume, workload: Workload, names: DockerNames, parent: pulumi.Resource): NamedVolume {
    const volume = new docker.Volume(
      `${this.args.resourcePrefix}-${dashed(dataVolume.name)}`,
      {
        name: nameOf(names.volumes, dataVolume.name),
        labels: this.labels(workload.name),
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
    { volume, dataVolume }: NamedVolume,
    workload: Workload,
    names: DockerNames,
    parent: pulumi.Resource,
  ): docker.Container {
    const owner = `${workload.userId}:${workload.groupId}`;
    const mark = `${dataVolume.path}/.volume`;
    // Not by `stat`, which not every image has that has a shell.
    const found = `find ${dataVolume.path} -maxdepth 0 -user ${workload.userId} -group ${workload.groupId}`;
    const isHandedOver = `test -n "$(${found})"`;
    const script = `${isHandedOver} || { : > ${mark} && chown -R ${owner} ${dataVolume.path}; }`;
    return new docker.Container(
      nameOf(dockerNames(this.args.resourcePrefix, workload).owners, dataVolume.name),
      {
        name: nameOf(names.owners, dataVolume.name),
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
        labels: this.labels(workload.name),
        ...hardening,
        capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN"] },
      },
      { parent, provider: this.provider, deleteBeforeReplace: true },
    );
  }
}

/** The name of what belongs to a data volume or an image mount. */
function nameOf(names: Readonly<Record<string, string>>, volume: string): string {
  const name = names[volume];
  if (name === undefined) throw new Error(`${volume}: must be a volume of its workload`);
  return name;
}

interface FilledVolume {
  readonly mount: ImageMount;
  readonly volume: docker.Volume;
  readonly copy: docker.Container;
  /** Fails if the container has failed. */
  readonly copied: pulumi.Output<docker.Container>;
}

interface NamedVolume {
  readonly volume: docker.Volume;
  readonly dataVolume: DataVolume;
}

import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { InstanceFact } from "../../../config/env-value.ts";
import { dashed } from "../../../config/names.ts";
import { problemIf, type Problem } from "../../../config/problem.ts";
import { Reservations } from "../reservations.ts";
import {
  publishedAddresses,
  type Platform,
  type PlatformArgs,
  type RunningWorkload,
  type WorkloadOptions,
} from "../platform.ts";
import { refuse, workloadProblems } from "../workload-rules.ts";
import type { DataVolume, ImageMount, Workload } from "../workload.ts";
import { checkResult } from "./check-result.ts";
import {
  checkArgs,
  containerArgs,
  copyArgs,
  handOverArgs,
  mostReadySeconds,
  readyArgs,
  stackLabels,
  type ContainerContext,
} from "./container-args.ts";
import { DockerImages } from "./docker-images.ts";
import { reservedInDocker, dockerNames, hostNameProblems, takenByDocker, type DockerNames } from "./docker-names.ts";

/** What the Docker platform is made from. */
export interface DockerPlatformArgs extends PlatformArgs {
  /** Address of the daemon. */
  readonly host: pulumi.Input<string>;
  /** Image with a `chown`, for the step that hands a new volume to the user of its workload. */
  readonly helperImage: string;
}

/** Runs workloads as containers on one private network of one Docker daemon. */
export class DockerPlatform implements Platform {
  private readonly args: DockerPlatformArgs;
  private readonly provider: docker.Provider;
  private readonly network: docker.Network;
  private readonly images: DockerImages;
  private readonly reservations = new Reservations(takenByDocker);
  /** Docker has no attributes that the Collector could look up for a sender. */
  readonly enrichment = {};
  /** No container listens beyond this machine. */
  readonly publicUrls = {};

  constructor(args: DockerPlatformArgs, opts: { readonly parent: pulumi.Resource }) {
    this.args = args;
    this.provider = new docker.Provider(`${args.resourcePrefix}-docker`, { host: args.host }, opts);
    const { parent } = opts;
    this.images = new DockerImages({ ...args, builtPrefix: `${args.name}-`, parent, provider: () => this.provider });
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
      ...this.reservations.conflicts(workload, reservedInDocker(names)),
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

  /** No setting of Docker names a workload. */
  leftOverSettings(): readonly Problem[] {
    return [];
  }

  run(workload: Workload, options: WorkloadOptions): RunningWorkload {
    refuse(workload.name, [...workloadProblems(workload), ...this.conflicts(workload)]);
    const names = dockerNames(this.args.name, workload);
    const resources = dockerNames(this.args.resourcePrefix, workload);
    const declared = { workload, names, resources, parent: options.parent };
    this.reservations.take(workload, reservedInDocker(names));
    const volumes = workload.dataVolumes.map((dataVolume) => this.volume(dataVolume, declared));
    const containers = workload.replicas === 0 ? [] : this.containers(declared, volumes, options.dependsOn);
    const [first] = containers;
    return {
      published: publishedAddresses(workload.ports),
      instances: containers.map(({ urn }, index) => ({ name: names.instances[index] ?? "", urn, replicas: 1 })),
      ready: first === undefined ? [] : this.ready(declared, first),
      volumes: workload.dataVolumes.map(({ name, path }) => ({ name: nameOf(names.volumes, name), path })),
    };
  }

  private containers(
    declared: Declared,
    volumes: readonly NamedVolume[],
    dependsOn: WorkloadOptions["dependsOn"],
  ): docker.Container[] {
    const { workload, names, resources, parent } = declared;
    const handOvers = volumes.map((named) => this.handOver(named, declared));
    const mounts = workload.imageMounts.map((mount) => this.mount(mount, declared));
    const unchecked = {
      stackName: this.args.name,
      names,
      owner: this.args.owner,
      networkName: this.network.name,
      image: this.images.get(workload.image).name,
      volumeNames: Object.fromEntries(volumes.map(({ volume, dataVolume }) => [dataVolume.name, volume.name])),
      mountNames: Object.fromEntries(mounts.map(({ mount, volume }) => [mount.name, volume.name])),
      checked: undefined,
    };
    const context = { ...unchecked, checked: this.checked(declared, unchecked) };
    return names.instances.map((_, index) => {
      return new docker.Container(resources.instances[index] ?? "", containerArgs(workload, index + 1, context), {
        parent,
        provider: this.provider,
        dependsOn: [...dependsOn, ...handOvers, ...mounts.flatMap(({ copy, copied }) => [copy, copied])],
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
    { workload, names, resources, parent }: Declared,
    first: docker.Container,
  ): pulumi.Output<docker.Container>[] {
    const { owner, name: stackName } = this.args;
    const context = { stackName, owner, names, networkName: this.network.name };
    const name = names.instances[0] ?? "";
    return resources.waiting.map((resource) => {
      const container = this.container(resource, readyArgs(workload, context, first.id, this.helperImage), parent);
      const rule = `must answer within ${mostReadySeconds} s of its start`;
      return succeeded(container, () => `${name}: ${rule}, got no answer; see docker logs ${name}`);
    });
  }

  /** "passed", once the check of a workload's configuration has ended well; `undefined` if there is none. */
  private checked(
    { workload, resources, parent }: Declared,
    context: ContainerContext,
  ): pulumi.Output<string> | undefined {
    const { check, secretFiles } = workload;
    const [resource] = resources.checks;
    if (check === "none" || resource === undefined) return undefined;
    const container = this.container(resource, checkArgs(workload, check, context), parent, {
      // The check may quote what it refuses, secrets included.
      additionalSecretOutputs: secretFiles.length === 0 ? [] : ["containerLogs"],
    });
    return checkResult(container, check, secretFiles);
  }

  private labels(workloadName: string): docker.types.input.ContainerLabel[] {
    return stackLabels({ owner: this.args.owner, stackName: this.args.name }, workloadName);
  }

  private get helperImage(): pulumi.Output<string> {
    return this.images.get({ kind: "reference", reference: this.args.helperImage }).name;
  }

  /** A container that runs once and ends. */
  private container(
    resource: string,
    args: docker.ContainerArgs,
    parent: pulumi.Resource,
    more: pulumi.CustomResourceOptions = {},
  ): docker.Container {
    return new docker.Container(resource, args, {
      parent,
      provider: this.provider,
      deleteBeforeReplace: true,
      ...more,
    });
  }

  /**
   * The volume of an image mount and what fills it. Another image is another volume, or files of the old one would stay
   * in it. Nothing in it is worth keeping.
   */
  private mount(mount: ImageMount, { workload, names, resources, parent }: Declared): FilledVolume {
    const image = this.images.get(mount.image).name;
    const labels = this.labels(workload.name);
    const volume = new docker.Volume(
      nameOf(resources.mounts, mount.name),
      {
        name: nameOf(names.mounts, mount.name),
        labels: [...labels, { label: "observability.image", value: image }],
      },
      { parent, provider: this.provider, deleteBeforeReplace: true },
    );
    const name = nameOf(names.copies, mount.name);
    const args = copyArgs(mount, { name, image, volumeName: volume.name, labels });
    const copy = this.container(nameOf(resources.copies, mount.name), args, parent);
    const copied = succeeded(copy, (code) => `${name}: must end with 0, got ${code}; see docker logs ${name}`);
    return { mount, volume, copy, copied };
  }

  /** Data is kept: the volume has a fixed name, and deleting it is refused until it is unprotected. */
  private volume(dataVolume: DataVolume, { workload, names, parent }: Declared): NamedVolume {
    const volume = new docker.Volume(
      `${this.args.resourcePrefix}-${dashed(dataVolume.name)}`,
      { name: nameOf(names.volumes, dataVolume.name), labels: this.labels(workload.name) },
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

  private handOver(
    { volume, dataVolume }: NamedVolume,
    { workload, names, resources, parent }: Declared,
  ): docker.Container {
    const args = handOverArgs(workload, dataVolume, {
      name: nameOf(names.owners, dataVolume.name),
      image: this.helperImage,
      volumeName: volume.name,
      labels: this.labels(workload.name),
    });
    return this.container(nameOf(resources.owners, dataVolume.name), args, parent);
  }
}

/**
 * A container once it has ended well: the provider takes one that ends with another code than 0 for one that has done
 * its work.
 *
 * @throws ResourceError with what is said of the code, when the container is asked for.
 */
function succeeded(container: docker.Container, said: (code: number) => string): pulumi.Output<docker.Container> {
  return container.exitCode.apply((code) => {
    if (code === 0) return container;
    throw new pulumi.ResourceError(said(code), container, true);
  });
}

/** The name of what belongs to a data volume or an image mount. */
function nameOf(names: Readonly<Record<string, string>>, volume: string): string {
  const name = names[volume];
  if (name === undefined) throw new Error(`${volume}: must be a volume of its workload`);
  return name;
}

/** A workload that is being declared. */
interface Declared {
  readonly workload: Workload;
  readonly names: DockerNames;
  /** Names of Pulumi's resources, each where {@link names} has that of the object. */
  readonly resources: DockerNames;
  readonly parent: pulumi.Resource;
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

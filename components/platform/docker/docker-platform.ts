import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { InstanceFact } from "../../../config/env-value.ts";
import { problemIf, type Problem } from "../../../config/problem.ts";
import { Reservations, type ReservedName } from "../reservations.ts";
import {
  publishedAddresses,
  type Injection,
  type Platform,
  type PlatformArgs,
  type RunningWorkload,
  type WorkloadOptions,
} from "../platform.ts";
import { elsewhereProblems, refuse, workloadProblems } from "../workload-rules.ts";
import { imagesOf, type Workload } from "../workload.ts";
import { injectedContainer, injectedTypes } from "./inject-container.ts";
import { checkResult, succeeded } from "./check-result.ts";
import {
  checkArgs,
  containerArgs,
  copyArgs,
  handOverArgs,
  mostReadySeconds,
  isAskedFromOutside,
  readyArgs,
  stackLabels,
  sharedFolder,
  startSharedArgs,
  stepArgs,
  type ContainerContext,
  type InstanceContext,
} from "./container-args.ts";
import { builtPrefix, DockerImages } from "./docker-images.ts";
import {
  reservedForWaiting,
  reservedInDocker,
  dockerNames,
  hostNameProblems,
  takenByDocker,
  type DockerNames,
  type ObjectName,
} from "./docker-names.ts";

/** What the Docker platform is made from. */
export interface DockerPlatformArgs extends PlatformArgs {
  /** Leads to the daemon. */
  readonly provider: docker.Provider;
  /** Image with a `chown`, for the step that hands a new volume to the user of its workload. */
  readonly helperImage: string;
}

/** Runs workloads as containers on one private network of one Docker daemon. */
export class DockerPlatform implements Platform {
  private readonly args: DockerPlatformArgs;
  private readonly provider: docker.Provider;
  private readonly networkName: pulumi.Input<string>;
  private readonly images: DockerImages;
  private readonly reservations = new Reservations(takenByDocker);
  /** What holds each shared file that somebody reads, by its name. */
  private readonly sharedVolumes = new Map<string, SharedVolume>();
  /** Docker has no attributes that the Collector could look up for a sender. */
  readonly enrichment = {};
  readonly isOneMachine = true;
  /** No container listens beyond this machine. */
  readonly publicUrls = {};

  constructor(args: DockerPlatformArgs, opts: { readonly parent: pulumi.Resource }) {
    this.args = args;
    this.provider = args.provider;
    const { parent } = opts;
    this.images = new DockerImages({ ...args, builtPrefix: builtPrefix(args), parent, provider: () => this.provider });
    this.networkName = args.isJoined ? args.name : this.newNetwork(opts);
  }

  readonly injectedTypes = injectedTypes;

  inject(args: object, injection: Injection): object {
    return injectedContainer(args, injection, this.networkName);
  }

  conflicts(workload: Workload): readonly Problem[] {
    const names = dockerNames(this.args, workload);
    return [
      ...this.reservations.conflicts(workload, this.reserved(workload, names)),
      ...hostNameProblems(names),
      ...imagesOf(workload).flatMap(([path, image]) => this.images.conflicts(path, image)),
      ...problemIf(
        workload.readsInstances,
        "readsInstances",
        "must be false on Docker, which has no way to ask which container a connection comes from",
        true,
        "leave the enrichment out",
      ),
      ...(typeof workload.replicas === "number" ? [] : [unknownReplicas]),
      ...elsewhereProblems("kubernetes", workload.kubernetes, "Docker"),
      ...networkProblems(workload.docker, this.args.name),
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
    refuse("OBS1002", workload.name, [...workloadProblems(workload), ...this.conflicts(workload)]);
    const names = dockerNames(this.args, workload);
    const labels = stackLabels(this.args, workload.name);
    const declared = { workload, names, labels, parent: options.parent };
    this.reservations.take(workload, this.reserved(workload, names));
    const volumes = names.data.map((data) => ({ data, volumeName: this.volume(data, declared).name }));
    const containers = workload.replicas === 0 ? [] : this.containers(declared, volumes, options.dependsOn);
    const [first] = containers;
    const { gates } = workload.probes;
    let waiting = gates ? this.ready(declared, first) : undefined;
    return {
      published: publishedAddresses(workload.ports),
      instances: containers.map(({ name, container }) => ({ name, urn: container.urn, replicas: 1 })),
      isAwaitable: isAskedFromOutside(workload.probes.readiness),
      ready: () => {
        waiting ??= this.waitingLater(declared, first);
        return waiting;
      },
      volumes: names.data.map(({ volume: { path }, kept }) => ({ name: kept.docker, path })),
    };
  }

  private newNetwork(opts: { readonly parent: pulumi.Resource }): pulumi.Output<string> {
    const network = new docker.Network(
      `${this.args.resourcePrefix}-network`,
      { name: this.args.name, driver: "bridge", labels: stackLabels(this.args, "network") },
      {
        ...opts,
        provider: this.provider,
        deleteBeforeReplace: true,
        // They would replace it, and what is not of this program may be connected.
        ignoreChanges: ["labels"],
      },
    );
    return network.name;
  }

  private containers(
    declared: Declared,
    volumes: readonly KeptData[],
    dependsOn: WorkloadOptions["dependsOn"],
  ): readonly NamedContainer[] {
    const { workload, names, labels, parent } = declared;
    const used = [
      ...volumes.map((volume) => this.handedOver(volume, declared)),
      ...names.shared.map((shared) => this.shared(shared, declared)),
      ...names.mounts.map((mount) => this.mounted(mount, declared)),
    ];
    const common = {
      alias: names.alias,
      labels,
      networkName: this.networkName,
      image: this.images.get(workload.image).name,
      volumes: used.map(({ volume }) => volume),
      checked: this.checked(declared),
    };
    const first = [...dependsOn, ...used.flatMap(({ after }) => after)];
    const before = [...first, ...this.steps(declared, common, first)];
    return names.instances.map(({ docker: name, resource }, index) => {
      const args = containerArgs(workload, { ...common, name, instance: index + 1 });
      const container = new docker.Container(resource, args, {
        parent,
        provider: this.provider,
        dependsOn: before,
        deleteBeforeReplace: true,
        // Without these an edit of the health check or of a scratch directory changes nothing, and a start that failed
        // counts as a success the next time.
        replaceOnChanges: ["networkDatas", "healthcheck", "tmpfs"],
        customTimeouts: { delete: `${workload.stopGraceSeconds + 60}s` },
      });
      return { name, container };
    });
  }

  /** The last of the containers that run once before a workload, one after the other, if there are any. */
  private steps(
    declared: Declared,
    { image, networkName, volumes }: Pick<InstanceContext, "image" | "networkName" | "volumes">,
    dependsOn: WorkloadOptions["dependsOn"],
  ): readonly pulumi.Input<pulumi.Resource>[] {
    return declared.names.steps.reduce<readonly pulumi.Input<pulumi.Resource>[]>((done, { step, container }) => {
      const args = (context: ContainerContext): docker.ContainerArgs =>
        stepArgs(declared.workload, step, { ...context, networkName, volumes, before: image });
      const running = this.once(container, this.images.get(step.image).name, declared, args, {
        dependsOn: [...dependsOn, ...done],
        replaceOnChanges: ["tmpfs"],
      });
      const { docker: name } = container;
      return [running, succeeded(running, (code) => `${name}: must end with 0, got ${code}; see docker logs ${name}`)];
    }, []);
  }

  /** The container that waits for a workload that others wait for, once the workload has answered. */
  private ready(declared: Declared, first: NamedContainer | undefined): readonly pulumi.Output<docker.Container>[] {
    if (first === undefined) return [];
    const { name, container } = first;
    const asking = this.once(declared.names.waiting, this.helperImage, declared, (context) =>
      readyArgs(declared.workload, { ...context, networkName: this.networkName }, container.id),
    );
    const rule = `must answer within ${mostReadySeconds} s of its start`;
    return [succeeded(asking, () => `${name}: ${rule}, got no answer; see docker logs ${name}`)];
  }

  /** The same for a workload of which nobody knew that something would wait for it. */
  private waitingLater(declared: Declared, first: NamedContainer | undefined): ReturnType<DockerPlatform["ready"]> {
    const { workload, names } = declared;
    const waiting = { ...workload, ports: [] };
    const reserved = reservedForWaiting(names);
    refuse("OBS1002", workload.name, this.reservations.conflicts(waiting, reserved));
    this.reservations.take(waiting, reserved);
    return this.ready(declared, first);
  }

  private reserved({ probes }: Workload, names: DockerNames): readonly ReservedName[] {
    return [...reservedInDocker(names), ...(probes.gates ? reservedForWaiting(names) : [])];
  }

  /** "passed", once the check of a workload's configuration has ended well; `undefined` if there is none. */
  private checked(declared: Declared): pulumi.Output<string> | undefined {
    const { workload, names } = declared;
    const { check, secretFiles, image } = workload;
    const [name] = names.checks;
    if (check === "none" || name === undefined) return undefined;
    // The check may quote what it refuses, secrets included.
    const additionalSecretOutputs = secretFiles.length === 0 ? [] : ["containerLogs"];
    const args = (context: ContainerContext): docker.ContainerArgs => checkArgs(workload, check, context);
    const container = this.once(name, this.images.get(image).name, declared, args, { additionalSecretOutputs });
    return checkResult(container, check, secretFiles);
  }

  private get helperImage(): pulumi.Output<string> {
    return this.images.get({ kind: "reference", reference: this.args.helperImage }).name;
  }

  /** A container that runs once and ends. */
  private once(
    { docker: name, resource }: ObjectName,
    image: pulumi.Input<string>,
    { labels, parent }: Declared,
    args: (context: ContainerContext) => docker.ContainerArgs,
    more: pulumi.CustomResourceOptions = {},
  ): docker.Container {
    const opts = { parent, provider: this.provider, deleteBeforeReplace: true, ...more };
    return new docker.Container(resource, args({ name, image, labels }), opts);
  }

  /**
   * The volume of an image mount and what fills it. Another image is another volume, or files of the old one would stay
   * in it. Nothing in it is worth keeping.
   */
  private mounted({ mount, filled, copy }: DockerNames["mounts"][number], declared: Declared): UsedVolume {
    const image = this.images.get(mount.image).name;
    const labels = [...declared.labels, { label: "observability.image", value: image }];
    const opts = { parent: declared.parent, provider: this.provider, deleteBeforeReplace: true };
    const { name: volumeName } = new docker.Volume(filled.resource, { name: filled.docker, labels }, opts);
    const copying = this.once(copy, image, declared, (context) => copyArgs(mount, volumeName, context));
    const { docker: name } = copy;
    const copied = succeeded(copying, (code) => `${name}: must end with 0, got ${code}; see docker logs ${name}`);
    return { volume: { volumeName, containerPath: mount.path, readOnly: true }, after: [copying, copied] };
  }

  /** The volume of a shared file. Whoever reads it makes it; nothing in it is worth keeping. */
  private shared({ file, holder, first }: DockerNames["shared"][number], declared: Declared): UsedVolume {
    const containerPath = sharedFolder(file);
    if (file.access === "changes") {
      const { volumeName = holder.docker, after = [] } = this.sharedVolumes.get(holder.docker) ?? {};
      return { volume: { volumeName, containerPath }, after };
    }
    const { labels, parent } = declared;
    const volumeOpts = { parent, provider: this.provider, deleteBeforeReplace: true, ignoreChanges: ["labels"] };
    const { name: volumeName } = new docker.Volume(holder.resource, { name: holder.docker, labels }, volumeOpts);
    const args = (context: ContainerContext): docker.ContainerArgs => startSharedArgs(file, volumeName, context);
    const putting = this.once(first, this.helperImage, declared, args);
    const put = succeeded(
      putting,
      (code) => `${first.docker}: must end with 0, got ${code}; see docker logs ${first.docker}`,
    );
    const after = [putting, put];
    this.sharedVolumes.set(holder.docker, { volumeName, after });
    return { volume: { volumeName, containerPath, readOnly: true }, after };
  }

  private handedOver({ data, volumeName }: KeptData, declared: Declared): UsedVolume {
    const { volume, owner } = data;
    const args = (context: ContainerContext): docker.ContainerArgs =>
      handOverArgs(declared.workload, volume, volumeName, context);
    const handOver = this.once(owner, this.helperImage, declared, args);
    return { volume: { volumeName, containerPath: volume.path }, after: [handOver] };
  }

  /** Data is kept: the volume has a fixed name, and deleting it is refused until it is unprotected. */
  private volume({ kept }: DockerNames["data"][number], { labels, parent }: Declared): docker.Volume {
    return new docker.Volume(
      kept.resource,
      { name: kept.docker, labels },
      {
        parent,
        provider: this.provider,
        protect: true,
        // Each of them would replace the volume, data and all.
        ignoreChanges: ["labels", "driver", "driverOpts"],
      },
    );
  }
}

const unknownReplicas: Problem = {
  path: "replicas",
  rule: "must be known before the deployment on Docker, where each instance is a container of its own",
  got: "an Output of Pulumi",
  change: "write the number",
};

/** The stack's own network is there anyway, and with a network of the host's there is no other. */
function networkProblems({ networks = [] }: Workload["docker"], own: string): readonly Problem[] {
  return networks.flatMap((name, index) =>
    problemIf(
      [own, "host", "none", "bridge", "default"].includes(name),
      `docker.networks.${index}`,
      "must be a further network that was made for containers",
      name,
      "leave it out",
    ),
  );
}

/** A workload that is being declared. */
interface Declared {
  readonly workload: Workload;
  readonly names: DockerNames;
  readonly labels: docker.types.input.ContainerLabel[];
  readonly parent: pulumi.Resource;
}

interface NamedContainer {
  readonly name: string;
  readonly container: docker.Container;
}

/** A data volume that there is. */
interface KeptData {
  readonly data: DockerNames["data"][number];
  readonly volumeName: pulumi.Input<string>;
}

interface SharedVolume extends Pick<UsedVolume, "after"> {
  readonly volumeName: pulumi.Output<string>;
}

/** A volume as a container uses it. */
interface UsedVolume {
  readonly volume: docker.types.input.ContainerVolume;
  /** What has to have worked on it before. Fails if that has failed. */
  readonly after: readonly pulumi.Input<pulumi.Resource>[];
}

import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { createPlatform } from "../../components/platform/create-platform.ts";
import type { Platform } from "../../components/platform/platform.ts";
import {
  allContainers,
  dockerTypes,
  envOf,
  isCheck,
  isCopy,
  isHelper,
  isSharing,
  isStep,
  isWaiting,
  observedCheck,
  scratchOptions,
  type RecordedContainer,
} from "./docker-view.ts";
import { claims, observeKubernetes } from "./kubernetes-view.ts";
import type { RecordedResource } from "./record-resources.ts";
import { canonicalSeconds, settings } from "./settings.ts";
import { agreed, withoutInstanceName, type Asking, type WorkloadView } from "./workload-view.ts";

/** A platform, and how to read back from its resources what it made of a workload. */
export interface PlatformUnderTest {
  readonly name: string;
  readonly asking: Asking;
  create(opts: { readonly parent: pulumi.Resource }): Platform;
  /** Reads the only workload among the resources; never from what the platform returned. */
  observe(resources: readonly RecordedResource[]): WorkloadView;
  /** Names of the volumes among the resources, as the platform's own tools show them. */
  volumeNames(resources: readonly RecordedResource[]): readonly string[];
}

/** Prefix of the Pulumi names of every resource that a platform under test creates. */
const resourcePrefix = "contract";

const { name: stackName } = settings();

const kubernetes = { context: "kind-contract", namespace: "contract" };

/** Every platform. Another one is another entry here; the contract suite takes them all. */
export const platforms: readonly PlatformUnderTest[] = [
  {
    name: "Docker",
    asking: "from within",
    create: (opts) => createPlatform(resourcePrefix, settings({ target: "docker" }), opts),
    observe: observeDocker,
    volumeNames: (resources) =>
      resources
        .filter(({ type, protect }) => type === dockerTypes.volume && protect)
        .map(({ inputs }) => String(inputs["name"])),
  },
  {
    name: "Kubernetes",
    asking: "over the network",
    create: (opts) => createPlatform(resourcePrefix, settings({ target: "kubernetes", kubernetes }), opts),
    observe: (resources) =>
      observeKubernetes(resources, resourcePrefix, (image) => builtOrNamedImage(resources, image)),
    volumeNames: (resources) => claims(resources).map(({ inputs }) => inputs.metadata.name),
  },
];

function observeDocker(resources: readonly RecordedResource[]): WorkloadView {
  const containers = allContainers(resources);
  const instances = containers.filter((container) => !isHelper(container));
  const checks = containers.filter(isCheck);
  const waiting = containers.filter(isWaiting);
  const copies = containers.filter(isCopy);
  const sharing = containers.filter(isSharing);
  const helpers = containers.filter(
    (container) => isHelper(container) && ![isCheck, isCopy, isSharing, isStep, isWaiting].some((is) => is(container)),
  );
  const each = (read: (instance: RecordedContainer, index: number) => unknown): unknown => agreed(instances.map(read));
  // A check has to see what the instances will: it counts as one of them.
  const eachAndCheck = (read: (container: RecordedContainer) => unknown): unknown =>
    agreed([...instances, ...checks].map(read));
  const uploads = (wanted: (content: unknown) => boolean) => (instance: RecordedContainer) =>
    (instance.inputs.uploads ?? []).filter(({ content }) => wanted(content));
  return {
    host: each(({ inputs }) => inputs.networksAdvanced?.flatMap(({ aliases = [] }) => aliases).join(" ")),
    name: agreed(instances.flatMap(instanceNames)),
    image: eachAndCheck(({ inputs }) => observedImage(resources, inputs.image)),
    args: each(({ inputs }) => inputs.command ?? []),
    env: each((instance) => withoutInstanceName(envOf(instance), instance.inputs.name)),
    configFiles: eachAndCheck((instance) =>
      uploads((content) => typeof content === "string")(instance).map(({ file, content, permissions }) => {
        return { path: file, content, readOnly: permissions === "0444" };
      }),
    ),
    secretFiles: eachAndCheck((instance) =>
      uploads((content) => typeof content !== "string")(instance).map(({ file, content, permissions }) => {
        return { path: file, ...(content as object), readOnly: permissions === "0444" };
      }),
    ),
    check: observedCheck(checks, instances),
    ports: instances.flatMap(({ inputs }) =>
      (inputs.ports ?? []).map(({ internal, external, ip }) => ({ port: internal, at: `${ip}:${external}` })),
    ),
    dataVolumes: each(({ inputs }) =>
      (inputs.volumes ?? [])
        .filter(({ readOnly, volumeName }) => readOnly !== true && isVolume(resources, volumeName))
        .map((mount) => observedVolume(resources, mount)),
    ),
    sharedFiles: each(({ inputs, dependencies }) =>
      (inputs.volumes ?? []).flatMap((mount) => observedShared(resources, sharing, mount, dependencies)),
    ),
    imageMounts: each(({ inputs, dependencies }) =>
      (inputs.volumes ?? [])
        .filter(({ readOnly, volumeName }) => readOnly === true && !isShared(sharing, volumeName))
        .map((mount) => observedMount(resources, copies, mount, dependencies)),
    ),
    initSteps: observedSteps(resources, containers.filter(isStep), instances),
    scratchPaths: eachAndCheck(({ inputs }) =>
      Object.entries(inputs.tmpfs ?? {}).map(([path, options]) => {
        const { size } = scratchOptions.exec(options)?.groups ?? {};
        return { path, sizeMib: size === undefined ? "none" : Number(size) };
      }),
    ),
    probes: { selfCheck: each(observedSelfCheck), waitedFor: waiting.map(observedWait) },
    memoryMib: agreed([...instances, ...checks].flatMap(({ inputs }) => [inputs.memory, inputs.memorySwap])),
    memoryRequestMib: each(({ inputs }) => inputs.memoryReservation ?? inputs.memory),
    // 1024 are a core.
    cpuRequestMillicores: each(({ inputs: { cpuShares } }) =>
      cpuShares === undefined ? "default" : (cpuShares * 1000) / 1024,
    ),
    cpuLimitMillicores: each(({ inputs: { cpus } }) => (cpus === undefined ? "none" : Number(cpus) * 1000)),
    userId: agreed(
      [...[...instances, ...checks].map(({ inputs }) => inputs.user), ...owners(helpers)].map((user) => idOf(user, 0)),
    ),
    groupId: agreed(
      [...[...instances, ...checks].map(({ inputs }) => inputs.user), ...owners(helpers)].map((user) => idOf(user, 1)),
    ),
    stopGraceSeconds: agreed(instances.flatMap(observedStopGrace)),
    replicas: instances.length,
    kubernetes: {},
    docker: each(({ inputs: { restart, networksAdvanced = [] } }) => {
      const networks = networksAdvanced.filter(({ name }) => name !== stackName).map(({ name }) => name);
      return {
        // What every container has that asks for nothing else.
        ...(restart === "unless-stopped" ? {} : { restart }),
        ...(networks.length === 0 ? {} : { networks }),
      };
    }),
    // Docker tells no container of another.
    readsInstances: false,
  };
}

/** The workload's name as a label, and as the container and Pulumi have it, each instance but the first with its number behind. */
function instanceNames({ name, inputs }: RecordedContainer, index: number): unknown[] {
  const suffix = index === 0 ? "" : `-${index + 1}`;
  const label = inputs.labels?.find((each) => each.label === "observability.workload")?.value;
  const names = [
    [`${stackName}-`, inputs.name],
    [`${resourcePrefix}-`, name],
  ].map(([prefix = "", full = ""]) =>
    full.startsWith(prefix) && full.endsWith(suffix) ? full.slice(prefix.length, full.length - suffix.length) : full,
  );
  return [label, ...names];
}

const remoteImage = z.looseObject({
  name: z.string(),
  build: z
    .strictObject({ context: z.string(), dockerfile: z.string(), buildArgs: z.record(z.string(), z.string()) })
    .optional(),
});

function observedImage(resources: readonly RecordedResource[], reference: string): unknown {
  const images = resources
    .filter(({ type }) => type === dockerTypes.image)
    .map(({ inputs }) => remoteImage.parse(inputs))
    .filter(({ name }) => name === reference);
  const [image] = images;
  if (image === undefined || images.length > 1) return `${images.length} images named ${reference}`;
  if (image.build === undefined) return { kind: "reference", reference };
  const { context: contextPath, dockerfile, buildArgs } = image.build;
  const name = reference.startsWith(`${stackName}-`) ? reference.slice(stackName.length + 1) : reference;
  return { kind: "build", name: name.replace(/:[0-9a-f]{12}$/, ""), contextPath, dockerfile, buildArgs };
}

/** The cluster itself pulls an image that is not built here; no resource stands for it. */
function builtOrNamedImage(resources: readonly RecordedResource[], reference: string): unknown {
  const isBuilt = resources.some(({ type, inputs }) => type === dockerTypes.image && inputs["name"] === reference);
  return isBuilt ? observedImage(resources, reference) : { kind: "reference", reference };
}

function observedVolume(
  resources: readonly RecordedResource[],
  { volumeName, containerPath }: { readonly volumeName: string; readonly containerPath: string },
): unknown {
  const volume = resources.find(({ type, inputs }) => type === dockerTypes.volume && inputs["name"] === volumeName);
  const name = volumeName.startsWith(`${stackName}_`) ? volumeName.slice(stackName.length + 1) : volumeName;
  return { name, path: containerPath, keptOnDestroy: volume?.protect };
}

type Mount = NonNullable<RecordedContainer["inputs"]["volumes"]>[number];

function isVolume(resources: readonly RecordedResource[], name: string): boolean {
  return resources.some(({ type, inputs }) => type === dockerTypes.volume && inputs["name"] === name);
}

function isShared(sharing: readonly RecordedContainer[], name: string): boolean {
  return sharing.some(({ inputs }) => inputs.volumes?.some(({ volumeName }) => volumeName === name));
}

/** A file that another workload changes: one that a container has put there before, or one in a volume that somebody else makes. */
function observedShared(
  resources: readonly RecordedResource[],
  sharing: readonly RecordedContainer[],
  { volumeName, containerPath, readOnly }: Mount,
  dependencies: readonly string[],
): readonly object[] {
  const name = volumeName.startsWith(`${stackName}_`) ? volumeName.slice(stackName.length + 1) : volumeName;
  if (readOnly !== true) {
    return isVolume(resources, volumeName) ? [] : [{ name, folder: containerPath, access: "changes" }];
  }
  return sharing
    .filter(({ inputs }) => inputs.volumes?.some((volume) => volume.volumeName === volumeName))
    .map(({ inputs, urn }) => {
      const line = /^test -e (\S+) \|\| \{ printf %s '(.*)' > (\S+) && chmod 0777 (\S+); \}$/s.exec(
        inputs.command?.[0] ?? "",
      );
      const [, asked, content, path, folder] = line ?? [];
      const isPut = asked === path && folder === containerPath && inputs.attach === true && dependencies.includes(urn);
      const access = isPut ? "reads" : "put there while the workload runs";
      return { name, path, content, staysWithChanges: line !== null, access };
    });
}

/** Where the files of a volume come from: one container fills it, and the workload starts after it. */
function observedMount(
  resources: readonly RecordedResource[],
  copies: readonly RecordedContainer[],
  { volumeName, containerPath: path, readOnly }: NonNullable<RecordedContainer["inputs"]["volumes"]>[number],
  dependencies: readonly string[],
): unknown {
  const filling = copies.filter(({ inputs }) => inputs.volumes?.some((volume) => volume.volumeName === volumeName));
  const [copy] = filling;
  if (copy === undefined || filling.length > 1) return `filled by ${filling.length} containers`;
  if (copy.inputs.attach !== true || !dependencies.includes(copy.urn)) return "filled while the workload runs";
  const volume = resources.find(({ type, inputs }) => type === dockerTypes.volume && inputs["name"] === volumeName);
  if (volume?.protect === true) return "a volume that a destroy would leave";
  const [option, from, to] = copy.inputs.command ?? [];
  if (option !== "-r" || copy.inputs.volumes?.[0]?.containerPath !== to) return "copied to somewhere else";
  return { image: observedImage(resources, copy.inputs.image), from, path: agreed([to, path]), readOnly };
}

/** What runs before the instances: in the order in which each waits for those before it, and each instance for the last. */
function observedSteps(
  resources: readonly RecordedResource[],
  steps: readonly RecordedContainer[],
  [instance]: readonly RecordedContainer[],
): unknown {
  const before = (container: RecordedContainer): number =>
    steps.filter(({ urn }) => container.dependencies.includes(urn)).length;
  if (steps.length > 0 && (instance === undefined || before(instance) === 0)) return "an instance that does not wait";
  const inOrder = [...steps].sort((a, b) => before(a) - before(b));
  return inOrder.map((step, index) => {
    const { name, image, command, attach, networksAdvanced, ports, ...own } = step.inputs;
    const same = ["user", "uploads", "volumes", "tmpfs", "memory", "memorySwap"] as const;
    return {
      name: agreed([name, step.name].map((full) => /-init-(.*)$/.exec(full)?.[1])),
      image: observedImage(resources, image),
      args: command ?? [],
      env: withoutInstanceName(envOf(step), name),
      asTheProcess:
        attach === true &&
        ports === undefined &&
        networksAdvanced?.length === 1 &&
        before(step) === index &&
        same.every((field) => JSON.stringify(own[field]) === JSON.stringify(instance?.inputs[field])),
    };
  });
}

function observedSelfCheck({ inputs: { healthcheck } }: RecordedContainer): unknown {
  if (healthcheck === undefined) return "none";
  const [kind, ...command] = healthcheck.tests;
  if (kind !== "CMD") return healthcheck;
  return {
    initialDelaySeconds: canonicalSeconds(healthcheck.startPeriod),
    periodSeconds: canonicalSeconds(healthcheck.interval),
    timeoutSeconds: canonicalSeconds(healthcheck.timeout),
    failureThreshold: healthcheck.retries,
    command,
  };
}

/** What is asked until a workload may be depended on, and whether the provider waits for the answer. */
function observedWait({ inputs }: RecordedContainer): unknown {
  const url = / (http:\/\/\S+) /.exec(inputs.command?.join(" ") ?? "")?.[1];
  return inputs.attach === true ? url : `${url ?? "nothing"}, for which nobody waits`;
}

/** Both ways to stop a container, and the engine's patience with it. */
function observedStopGrace({ inputs, deleteTimeout }: RecordedContainer): unknown[] {
  const grace = inputs.destroyGraceSeconds ?? 0;
  const isPatient = Number.parseInt(deleteTimeout) > grace;
  return [isPatient ? grace : `given up after ${deleteTimeout}`, inputs.stopTimeout];
}

/** Whom the one-shot helpers hand the volumes to. */
function owners(helpers: readonly RecordedContainer[]): (string | undefined)[] {
  return helpers.map(
    ({ inputs }) => /chown -R (\S+) \//.exec([...(inputs.entrypoints ?? []), ...(inputs.command ?? [])].join(" "))?.[1],
  );
}

function idOf(user: string | undefined, part: 0 | 1): unknown {
  const id = user?.split(":")[part];
  return id === undefined ? undefined : Number(id);
}

import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { instanceFact, type InstanceFact } from "../../../config/env-value.ts";
import type { KubernetesSettings } from "../../../config/kubernetes-settings.ts";
import { checkName, fileKey } from "../../../config/names.ts";
import type { Check } from "../../../config/parts/part.ts";
import { factsWhenKnown, filledWhenKnown, whenKnown } from "../later.ts";
import type { KubernetesOptions } from "../../../config/service-platform-args.ts";
import { copyMemoryMib } from "../platform.ts";
import type { Probe, Probes, Question } from "../probes.ts";
import { assertAllFieldsRead, type ImageMount, type InitStep, type Workload } from "../workload.ts";
import { asksApiServer } from "./api-rights.ts";
import { commonLabels, podLabels, roleLabel, roles, selector } from "./labels.ts";
import { processorShare } from "./pod-rules.ts";

type Container = types.input.core.v1.Container;
type EnvVar = types.input.core.v1.EnvVar;
type Volume = types.input.core.v1.Volume;
type VolumeMount = types.input.core.v1.VolumeMount;

/** Plain where Kubernetes' own type may be an Output. */
interface PodTemplate {
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec: types.input.core.v1.PodSpec;
}

/** What a pod is made from beside its workload. */
export interface PodContext {
  readonly stackName: string;
  readonly image: pulumi.Input<string>;
  readonly serviceAccountName: pulumi.Input<string>;
  /** ConfigMap and Secret with the files of the workload under {@link fileKey}; `undefined` if it has none. */
  readonly configMapName: pulumi.Input<string> | undefined;
  readonly secretName: pulumi.Input<string> | undefined;
  /** Volume of each shared file that it reads, its folder, and the ConfigMap. */
  readonly shared: readonly {
    readonly name: string;
    readonly path: string;
    readonly configMapName: pulumi.Input<string>;
  }[];
  /** Volume of each data volume in the pod, and its claim. */
  readonly claims: readonly {
    readonly name: string;
    readonly path: string;
    readonly claimName: pulumi.Input<string>;
  }[];
  /** Volume of each image mount in the pod, named like the container that fills it, and the image with the files. */
  readonly copies: readonly {
    readonly name: string;
    readonly mount: ImageMount;
    readonly image: pulumi.Input<string>;
  }[];
  /** Container in the pod of each step before the workload, and its image. */
  readonly steps: readonly {
    readonly name: string;
    readonly step: InitStep;
    readonly image: pulumi.Input<string>;
  }[];
  readonly settings: Pick<KubernetesSettings, "imagePullSecrets" | "nodeSelector" | "tolerations" | "resources">;
}

/** A variable that Kubernetes fills in for each pod. */
interface PodVariable {
  readonly name: string;
  readonly fieldPath: string;
}

/** The variables by which a pod knows facts of itself. */
const podVariables: Readonly<Record<InstanceFact["fill"], PodVariable>> = {
  instance: { name: "K8S_POD_NAME", fieldPath: "metadata.name" },
  podUid: { name: "K8S_POD_UID", fieldPath: "metadata.uid" },
  node: { name: "K8S_NODE_NAME", fieldPath: "spec.nodeName" },
  namespace: { name: "K8S_NAMESPACE_NAME", fieldPath: "metadata.namespace" },
};

/** OpenTelemetry's attributes of a pod (opentelemetry.io/docs/specs/semconv/registry/attributes/k8s). */
export function podAttributes(namespace: string | InstanceFact): Readonly<Record<string, string | InstanceFact>> {
  return {
    "k8s.namespace.name": namespace,
    "k8s.pod.name": instanceFact,
    "k8s.pod.uid": { fill: "podUid" },
    "k8s.node.name": { fill: "node" },
  };
}

/**
 * How long a pod is left as it is between the decision to stop it and SIGTERM. Only then has every node and every
 * ingress controller heard that its Service leads elsewhere; a process that ended at once would refuse their
 * connections. By the API server's own `sleep`, since images need no shell: Kubernetes 1.30 and newer have it. 0 with
 * data: there is one such pod, no other takes over, and each second would be one more without it.
 */
function farewellSeconds(ports: Workload["ports"], { claims }: PodContext): number {
  return ports.length > 0 && claims.length === 0 ? 5 : 0;
}

/** What every container has, whatever it does: no rights among it. */
const everyContainer: Pick<Container, "imagePullPolicy" | "securityContext" | "terminationMessagePolicy"> = {
  imagePullPolicy: "IfNotPresent",
  securityContext: {
    allowPrivilegeEscalation: false,
    privileged: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
  terminationMessagePolicy: "FallbackToLogsOnError",
};

/**
 * A workload as the template of its pods: the restricted Pod Security profile
 * (kubernetes.io/docs/concepts/security/pod-security-standards), a read-only root, and no token.
 */
export function podTemplate(workload: Workload, context: PodContext): PodTemplate {
  const {
    name,
    args,
    env,
    configFiles,
    secretFiles,
    ports,
    scratchPaths,
    probes: asked,
    memoryMib,
    memoryRequestMib,
    cpuRequestMillicores,
    cpuLimitMillicores,
    userId,
    groupId,
    stopGraceSeconds,
    kubernetes: own,
    readsInstances,
    sharedFiles,
    ...rest
  } = workload;
  assertAllFieldsRead<"image" | "check" | "dataVolumes" | "imageMounts" | "initSteps" | "replicas" | "docker">(rest);
  const files = [
    ...fileVolume("config", context.configMapName, configFiles),
    ...fileVolume("secrets", context.secretName, secretFiles),
  ];
  const data = context.claims.map(({ name: volume, path, claimName }) =>
    mountedAt(path, { name: volume, persistentVolumeClaim: { claimName } }),
  );
  // The folder and not the file: only so it follows what becomes of the ConfigMap.
  const shared = context.shared.map(({ name: volume, path, configMapName }) =>
    mountedAt(path, { name: volume, configMap: { name: configMapName, defaultMode: 0o444 } }, { readOnly: true }),
  );
  const scratch = scratchPaths.map(({ path, sizeMib }, index) =>
    mountedAt(path, {
      name: `scratch-${index}`,
      emptyDir: sizeMib === "none" ? {} : { sizeLimit: `${sizeMib}Mi` },
    }),
  );
  const copied = context.copies.map(({ name: volume, mount }) =>
    mountedAt(mount.path, { name: volume, emptyDir: {} }, { readOnly: true }),
  );
  const mounted = [...files, ...data, ...shared, ...scratch, ...copied];
  const { imagePullSecrets, nodeSelector, tolerations, resources } = context.settings;
  const cpu = processorShare({ name, cpuRequestMillicores, cpuLimitMillicores }, resources);
  const { ephemeralStorageMib, annotations = {} } = own;
  const disk: Readonly<Record<string, string>> =
    ephemeralStorageMib === undefined ? {} : { "ephemeral-storage": `${ephemeralStorageMib}Mi` };
  const room = (limit: number, request = limit): Container["resources"] => ({
    requests: { cpu: `${cpu.request}m`, memory: `${request}Mi`, ...disk },
    limits: { ...(cpu.limit === "none" ? {} : { cpu: `${cpu.limit}m` }), memory: `${limit}Mi`, ...disk },
  });
  const request = memoryRequestMib === "all" ? memoryMib : memoryRequestMib;
  const farewell = own.preStopSeconds ?? farewellSeconds(ports, context);
  return {
    metadata: {
      labels: { ...own.labels, ...podLabels(context.stackName, name) },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations: { ...annotations } }),
    },
    spec: {
      serviceAccountName: own.serviceAccountName ?? context.serviceAccountName,
      // Whoever names an account of its own wants what it may do.
      automountServiceAccountToken:
        asksApiServer({ readsInstances, sharedFiles }) || own.serviceAccountName !== undefined,
      // `LOKI_PORT=tcp://10.0.0.1:3100` and its like, for every Service there is, would be taken for settings.
      enableServiceLinks: false,
      terminationGracePeriodSeconds: stopGraceSeconds + farewell,
      imagePullSecrets: imagePullSecrets.map((secret) => ({ name: secret })),
      nodeSelector: { ...nodeSelector },
      tolerations: tolerations.map((toleration) => ({ ...toleration })),
      ...(own.spread === undefined ? {} : { topologySpreadConstraints: [spread(own.spread, context.stackName, name)] }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: userId,
        runAsGroup: groupId,
        fsGroup: groupId,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      initContainers: [
        ...context.copies.map(({ name: copy, mount, image }) => ({
          name: copy,
          image,
          command: ["cp", "-r", literally(mount.from), literally(mount.path)],
          resources: room(copyMemoryMib),
          volumeMounts: [{ name: copy, mountPath: mount.path }],
          ...everyContainer,
        })),
        ...context.steps.map(({ name: container, step, image }) => ({
          name: container,
          image,
          args: step.args.map((arg) => whenKnown(arg, literally)),
          env: environment(step.env),
          resources: room(memoryMib, request),
          volumeMounts: mounted.flatMap(({ mounts }) => mounts),
          ...everyContainer,
        })),
      ],
      containers: [
        {
          name,
          image: context.image,
          args: args.map((arg) => whenKnown(arg, literally)),
          env: environment(env),
          ports: ports.map((port) => ({ name: port.name, containerPort: port.port, protocol: "TCP" })),
          ...probes(asked),
          ...(farewell === 0 ? {} : { lifecycle: { preStop: { sleep: { seconds: farewell } } } }),
          resources: room(memoryMib, request),
          volumeMounts: mounted.flatMap(({ mounts }) => mounts),
          ...everyContainer,
        },
      ],
      volumes: mounted.map(({ volume }) => volume),
    },
  };
}

/** Each node has at most one pod more than any other. */
function spread(
  how: NonNullable<KubernetesOptions["spread"]>,
  stackName: string,
  name: string,
): types.input.core.v1.TopologySpreadConstraint {
  return {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: how === "required" ? "DoNotSchedule" : "ScheduleAnyway",
    labelSelector: { matchLabels: selector(stackName, name) },
  };
}

/**
 * A pod that checks the workload's files with the workload's image and ends: no Service and no network policy
 * finds it, and it has no data and no token.
 */
export function checkTemplate(workload: Workload, { args }: Check, context: PodContext): PodTemplate {
  const name = checkName(workload.name);
  const nothing = { ...workload.probes, readiness: "none", liveness: "none", startup: "none" } as const;
  const checked = { ...workload, name, args, ports: [], probes: nothing, sharedFiles: [], readsInstances: false };
  const { spec } = podTemplate(checked, { ...context, shared: [], claims: [], steps: [] });
  return {
    metadata: { labels: { ...commonLabels(context.stackName, name), [roleLabel]: roles.check } },
    spec: { ...spec, restartPolicy: "Never" },
  };
}

interface Mounted {
  readonly volume: Volume;
  readonly mounts: VolumeMount[];
}

/** Each file by itself, so that what the image has beside it stays. */
function fileVolume(
  name: "config" | "secrets",
  source: pulumi.Input<string> | undefined,
  files: readonly { readonly path: string }[],
): Mounted[] {
  if (source === undefined) return [];
  const mode = 0o444;
  return [
    {
      volume:
        name === "config"
          ? { name, configMap: { name: source, defaultMode: mode } }
          : { name, secret: { secretName: source, defaultMode: mode } },
      mounts: files.map(({ path }) => ({ name, mountPath: path, subPath: fileKey(path), readOnly: true })),
    },
  ];
}

function mountedAt(mountPath: string, volume: Volume, options: Pick<VolumeMount, "readOnly"> = {}): Mounted {
  return { volume, mounts: [{ name: volume.name, mountPath, ...options }] };
}

/**
 * Variables of a container. Those that Kubernetes fills in come first: only what is above can be named in a value.
 *
 * @param others names of variables that the container has beside these. Default: none
 */
export function environment(env: Workload["env"], others: readonly string[] = []): EnvVar[] {
  const used = Object.values(env).flatMap(factsWhenKnown);
  const filled = Object.entries(podVariables).filter(([fact]) => used.some((each) => each === fact));
  const taken = new Set([...Object.keys(env), ...others]);
  return [
    ...filled.map(([, { name, fieldPath }]) => ({
      name: freeName(name, taken),
      valueFrom: { fieldRef: { fieldPath } },
    })),
    ...Object.entries(env)
      .map(([name, value]) => ({
        name,
        value: filledWhenKnown(value, (fact) => `$(${freeName(podVariables[fact].name, taken)})`, literally),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  ];
}

/** The name of a variable that Kubernetes fills in, another one if the container has a variable of that name itself. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  return taken.has(name) ? freeName(`${name}_`, taken) : name;
}

/** Kubernetes puts a variable's value in the place of `$(NAME)` and one dollar in the place of two, wherever they are. */
function literally(text: string): string {
  return text.replaceAll("$", "$$$$");
}

function probes(all: Probes): Pick<Container, "readinessProbe" | "livenessProbe" | "startupProbe"> {
  return {
    ...(all.readiness === "none" ? {} : { readinessProbe: probe(all.readiness) }),
    ...(all.liveness === "none" ? {} : { livenessProbe: probe(all.liveness) }),
    ...(all.startup === "none" ? {} : { startupProbe: probe(all.startup) }),
  };
}

function probe({ ask, initialDelaySeconds, ...patience }: Probe): types.input.core.v1.Probe {
  return { ...question(ask), ...(initialDelaySeconds === 0 ? {} : { initialDelaySeconds }), ...patience };
}

/** Unlike those of a container, Kubernetes puts nothing in the place of `$( )` in a probe's command. */
function question(ask: Question): Pick<types.input.core.v1.Probe, "httpGet" | "tcpSocket" | "exec"> {
  switch (ask.kind) {
    case "http":
      return { httpGet: { path: ask.path, port: ask.port } };
    case "tcp":
      return { tcpSocket: { port: ask.port } };
    case "command":
      return { exec: { command: [...ask.command] } };
  }
}

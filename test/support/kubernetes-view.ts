import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { RecordedResource } from "./record-resources.ts";
import { agreed, shownFact, type WorkloadView } from "./workload-view.ts";

/** Types of the resources that the Kubernetes platform creates. */
export const kubernetesTypes = {
  claim: "kubernetes:core/v1:PersistentVolumeClaim",
  clusterRole: "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
  configMap: "kubernetes:core/v1:ConfigMap",
  autoscaler: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
  disruptionBudget: "kubernetes:policy/v1:PodDisruptionBudget",
  deployment: "kubernetes:apps/v1:Deployment",
  job: "kubernetes:batch/v1:Job",
  ingress: "kubernetes:networking.k8s.io/v1:Ingress",
  namespace: "kubernetes:core/v1:Namespace",
  networkPolicy: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  role: "kubernetes:rbac.authorization.k8s.io/v1:Role",
  roleBinding: "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
  secret: "kubernetes:core/v1:Secret",
  service: "kubernetes:core/v1:Service",
  statefulSet: "kubernetes:apps/v1:StatefulSet",
} as const;

const metadata = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).optional(),
});

const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string(), port: z.number() }).optional(),
  tcpSocket: z.strictObject({ port: z.number() }).optional(),
  exec: z.strictObject({ command: z.array(z.string()) }).optional(),
  periodSeconds: z.number(),
  timeoutSeconds: z.number(),
  failureThreshold: z.number(),
  initialDelaySeconds: z.number().default(0),
});

const variable = z.union([
  z.strictObject({ name: z.string(), value: z.string() }),
  z.strictObject({
    name: z.string(),
    valueFrom: z.strictObject({ fieldRef: z.strictObject({ fieldPath: z.string() }) }),
  }),
]);

const volumeMount = z.strictObject({
  name: z.string(),
  mountPath: z.string(),
  subPath: z.string().optional(),
  readOnly: z.boolean().optional(),
});

const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).optional(),
  env: z.array(variable),
  ports: z.array(z.looseObject({ name: z.string(), containerPort: z.number() })),
  readinessProbe: probe.optional(),
  lifecycle: z.strictObject({ preStop: z.strictObject({ sleep: z.strictObject({ seconds: z.number() }) }) }).optional(),
  livenessProbe: probe.optional(),
  startupProbe: probe.optional(),
  resources: z.strictObject({
    requests: z.record(z.string(), z.string()),
    limits: z.record(z.string(), z.string()),
  }),
  volumeMounts: z.array(volumeMount),
});

const workloadInputs = z.looseObject({
  metadata,
  spec: z.looseObject({
    // Left to an autoscaler.
    replicas: z.number().optional(),
    selector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.strictObject({
      metadata: z.strictObject({
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()).optional(),
      }),
      spec: z.looseObject({
        topologySpreadConstraints: z.array(z.looseObject({ whenUnsatisfiable: z.string() })).optional(),
        serviceAccountName: z.string(),
        automountServiceAccountToken: z.boolean(),
        terminationGracePeriodSeconds: z.number(),
        securityContext: z.looseObject({ runAsUser: z.number(), runAsGroup: z.number(), fsGroup: z.number() }),
        initContainers: z.array(
          z.looseObject({
            name: z.string(),
            image: z.string(),
            command: z.array(z.string()).optional(),
            args: z.array(z.string()).optional(),
            env: z.array(variable).default([]),
            resources: z.unknown(),
            securityContext: z.unknown(),
            volumeMounts: z.array(volumeMount),
          }),
        ),
        containers: z.tuple([container]),
        volumes: z.array(
          z.looseObject({
            name: z.string(),
            configMap: z.looseObject({ name: z.string(), defaultMode: z.number() }).optional(),
            // Its name is left to Pulumi.
            secret: z
              .strictObject({ secretName: z.strictObject({ unknown: z.literal(true) }), defaultMode: z.number() })
              .optional(),
            persistentVolumeClaim: z.strictObject({ claimName: z.string() }).optional(),
            emptyDir: z.strictObject({ sizeLimit: z.string().optional() }).optional(),
          }),
        ),
      }),
    }),
  }),
});

/** A StatefulSet or Deployment with its inputs typed. */
export type RecordedWorkload = RecordedResource & { readonly inputs: z.output<typeof workloadInputs> };

/** Every StatefulSet and Deployment. */
export function workloads(resources: readonly RecordedResource[]): readonly RecordedWorkload[] {
  return resources
    .filter(({ type }) => type === kubernetesTypes.statefulSet || type === kubernetesTypes.deployment)
    .map((resource) => ({ ...resource, inputs: workloadInputs.parse(resource.inputs) }));
}

/** The only container of a workload's pods. */
export function containerOf({ inputs }: RecordedWorkload): z.output<typeof container> {
  return inputs.spec.template.spec.containers[0];
}

const claimInputs = z.looseObject({
  metadata,
  spec: z.looseObject({ resources: z.strictObject({ requests: z.strictObject({ storage: z.string() }) }) }),
});

/** MiB of a size in MiB or GiB. */
function mib(quantity: string): number {
  const [, count, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity) ?? [];
  return Number(count) * (unit === "Gi" ? 1024 : 1);
}

/** Every PersistentVolumeClaim. */
export function claims(
  resources: readonly RecordedResource[],
): readonly (RecordedResource & { readonly inputs: z.output<typeof claimInputs> })[] {
  return resources
    .filter(({ type }) => type === kubernetesTypes.claim)
    .map((resource) => ({ ...resource, inputs: claimInputs.parse(resource.inputs) }));
}

const serviceInputs = z.looseObject({
  metadata,
  spec: z.looseObject({
    selector: z.record(z.string(), z.string()),
    ports: z.array(z.looseObject({ name: z.string(), port: z.number(), targetPort: z.number() })),
  }),
});

/** Every Service. */
function services(resources: readonly RecordedResource[]): readonly z.output<typeof serviceInputs>[] {
  return resources
    .filter(({ type }) => type === kubernetesTypes.service)
    .map(({ inputs }) => serviceInputs.parse(inputs));
}

const configMapInputs = z.looseObject({ metadata, data: z.record(z.string(), z.string()) });
/** The SDK marks the whole of it. */
const secretInputs = z.looseObject({
  stringData: z.strictObject({ secret: z.record(z.string(), z.unknown()) }),
});

/**
 * What the resources say about the only workload among them.
 *
 * @param imageOf reads an image from the resource that builds it
 */
export function observeKubernetes(
  resources: readonly RecordedResource[],
  resourcePrefix: string,
  imageOf: (reference: string) => unknown,
): WorkloadView {
  const [workload, ...others] = workloads(resources);
  if (workload === undefined || others.length > 0) throw new Error(`${others.length + 1} workloads, must be one`);
  const { spec, metadata: own } = workload.inputs;
  const { template } = spec;
  const container = containerOf(workload);
  const found = services(resources);
  const pods = template.metadata.labels;
  const selects = (labels: Readonly<Record<string, string>>): boolean =>
    Object.entries(labels).every(([key, value]) => pods[key] === value);
  const { securityContext: user } = template.spec;
  return {
    // A workload without ports has nobody who calls it, and its name is in its labels alone.
    host: agreed([
      ...found.map(({ metadata: { name }, spec: { selector } }) => (selects(selector) ? name : "selects nothing")),
      selects(spec.selector.matchLabels) ? pods["app.kubernetes.io/name"] : "has no pods",
    ]),
    name: agreed([own.name, withoutPrefix(workload.name, `${resourcePrefix}-`), container.name]),
    image: imageOf(container.image),
    args: (container.args ?? []).map((text) => expanded(text, allVariables(container.env))),
    env: environment(container.env),
    configFiles: configFiles(workload, resources),
    secretFiles: secretFiles(workload, resources),
    ports: found.flatMap((service) => publishedPorts(service, container)),
    dataVolumes: dataVolumes(workload, resources),
    sharedFiles: [...readFiles(workload, resources), ...changedFiles(workload, resources)],
    imageMounts: mountsOf(workload, ({ name }) => isFilled(workload, name)).map(({ name, mountPath, readOnly }) => {
      const [copy] = template.spec.initContainers.filter(
        ({ command, volumeMounts: [mount] }) => command !== undefined && mount?.name === name,
      );
      const [cp, option, from = "", to = ""] = (copy?.command ?? []).map((text) => expanded(text, {}));
      if (`${cp} ${option}` !== "cp -r" || copy?.volumeMounts[0]?.mountPath !== to) return "copied to somewhere else";
      return { image: imageOf(copy.image), from, path: agreed([to, mountPath]), readOnly };
    }),
    initSteps: template.spec.initContainers
      .filter(({ command }) => command === undefined)
      .map(({ name, image, args = [], env, resources, securityContext, volumeMounts }) => ({
        name: withoutPrefix(name, `${own.name}-init-`),
        image: imageOf(image),
        args: args.map((text) => expanded(text, allVariables(env))),
        env: environment(env),
        asTheProcess: isDeepStrictEqual(
          [resources, securityContext, volumeMounts],
          [container.resources, container["securityContext"], container.volumeMounts],
        ),
      })),
    scratchPaths: mountsOf(workload, ({ name, emptyDir }) => emptyDir !== undefined && !isFilled(workload, name)).map(
      ({ name, mountPath }) => {
        const size = template.spec.volumes.find((volume) => volume.name === name)?.emptyDir?.sizeLimit;
        return { path: mountPath, sizeMib: size === undefined ? "none" : mib(size) };
      },
    ),
    probes: {
      readiness: observedProbe(container.readinessProbe),
      liveness: observedProbe(container.livenessProbe),
      startup: observedProbe(container.startupProbe),
    },
    memoryMib: mib(container.resources.limits["memory"] ?? ""),
    memoryRequestMib: mib(container.resources.requests["memory"] ?? ""),
    // What no workload asked for.
    cpuRequestMillicores:
      container.resources.requests["cpu"] === "20m" ? "default" : millicores(container.resources.requests),
    cpuLimitMillicores: millicores(container.resources.limits),
    userId: user.runAsUser,
    groupId: agreed([user.runAsGroup, user.fsGroup]),
    stopGraceSeconds: stopGrace(workload),
    replicas: spec.replicas ?? observedAutoscaling(resources)?.maxReplicas,
    kubernetes: observedOptions(workload, resources),
    docker: {},
    check: observedCheck(workload, resources),
    readsInstances: readsInstances(workload, resources),
  };
}

function millicores({ cpu }: Readonly<Record<string, string>>): number | "none" {
  return cpu === undefined ? "none" : Number(/^(\d+)m$/.exec(cpu)?.[1]);
}

const autoscalerInputs = z.looseObject({
  spec: z.strictObject({
    scaleTargetRef: z.strictObject({ apiVersion: z.string(), kind: z.literal("Deployment"), name: z.string() }),
    minReplicas: z.number(),
    maxReplicas: z.number(),
    metrics: z.tuple([
      z.strictObject({
        type: z.literal("Resource"),
        resource: z.strictObject({
          name: z.literal("cpu"),
          target: z.strictObject({ type: z.literal("Utilization"), averageUtilization: z.number() }),
        }),
      }),
    ]),
  }),
});

function observedAutoscaling(resources: readonly RecordedResource[]): { maxReplicas: number } | undefined {
  const [spec] = resources
    .filter(({ type }) => type === kubernetesTypes.autoscaler)
    .map(({ inputs }) => autoscalerInputs.parse(inputs).spec);
  if (spec === undefined) return undefined;
  const { minReplicas, maxReplicas, metrics } = spec;
  return Object.assign({ maxReplicas }, { minReplicas, cpuPercent: metrics[0].resource.target.averageUtilization });
}

const budgetInputs = z.looseObject({ spec: z.looseObject({ maxUnavailable: z.number() }) });

const ingressInputs = z.looseObject({
  metadata,
  spec: z.looseObject({
    ingressClassName: z.string().optional(),
    tls: z.array(z.strictObject({ hosts: z.array(z.string()), secretName: z.string() })).optional(),
    rules: z.tuple([
      z.strictObject({
        host: z.string(),
        http: z.strictObject({
          paths: z.tuple([
            z.looseObject({
              path: z.string(),
              backend: z.strictObject({
                service: z.strictObject({ name: z.string(), port: z.strictObject({ name: z.string() }) }),
              }),
            }),
          ]),
        }),
      }),
    ]),
  }),
});

const policyInputs = z.looseObject({
  spec: z.looseObject({
    podSelector: z.looseObject({}),
    ingress: z
      .array(z.looseObject({ from: z.array(z.looseObject({})).optional(), ports: z.array(z.unknown()).optional() }))
      .optional(),
  }),
});

function observedIngress(workload: RecordedWorkload, resources: readonly RecordedResource[]): unknown {
  const { name } = workload.inputs.metadata;
  const own = resources.filter((resource) => resource.name === workload.name);
  const [address] = own
    .filter(({ type }) => type === kubernetesTypes.ingress)
    .map(({ inputs }) => ingressInputs.parse(inputs));
  const [policy] = own
    .filter(({ type }) => type === kubernetesTypes.networkPolicy)
    .map(({ inputs }) => policyInputs.parse(inputs).spec);
  if (address === undefined) return undefined;
  const [{ host, http }] = address.spec.rules;
  const [{ path, backend }] = http.paths;
  const {
    "observability/stack": _owner,
    "pulumi.com/skipAwait": _await,
    ...annotations
  } = address.metadata.annotations ?? {};
  const namespace = JSON.stringify(policy?.ingress ?? []);
  return {
    host,
    path,
    port: backend.service.name === name ? backend.service.port.name : "of somebody else",
    className: address.spec.ingressClassName,
    tlsSecretName: address.spec.tls?.[0]?.secretName,
    annotations,
    controllerNamespace: /"kubernetes.io\/metadata.name":"([^"]+)"/.exec(namespace)?.[1],
  };
}

/** The account that a service names itself, which none of the platform's resources is. */
function ownAccount({ inputs }: RecordedWorkload): string | undefined {
  const { serviceAccountName, automountServiceAccountToken } = inputs.spec.template.spec;
  return automountServiceAccountToken && serviceAccountName !== inputs.metadata.name ? serviceAccountName : undefined;
}

/** Seconds before SIGTERM that a service with ports has in each case. */
const usualFarewell = 5;

/** What a workload asked for on this platform alone. */
function observedOptions(workload: RecordedWorkload, resources: readonly RecordedResource[]): unknown {
  const { metadata: pod, spec } = workload.inputs.spec.template;
  const [container] = spec.containers;
  const farewell = container.lifecycle?.preStop.sleep.seconds ?? 0;
  const constraint = spec.topologySpreadConstraints?.[0]?.whenUnsatisfiable;
  const disk = agreed(
    [container.resources.requests, container.resources.limits].map((each) => each["ephemeral-storage"]),
  );
  const labels = Object.entries(pod.labels).filter(([key]) => !/^(app\.kubernetes\.io|observability)\//.test(key));
  const [budget] = resources
    .filter(({ type }) => type === kubernetesTypes.disruptionBudget)
    .map(({ inputs }) => budgetInputs.parse(inputs).spec.maxUnavailable);
  const isBackend = pod.labels["observability/role"] === "backend";
  const found = {
    ingress: isBackend ? undefined : observedIngress(workload, resources),
    autoscaling: observedAutoscaling(resources),
    disruptionBudget: budget === undefined ? undefined : { maxUnavailable: budget },
    spread: constraint === undefined ? undefined : constraint === "DoNotSchedule" ? "required" : "preferred",
    serviceAccountName: ownAccount(workload),
    ephemeralStorageMib: disk === undefined ? undefined : typeof disk === "string" ? mib(disk) : disk,
    preStopSeconds: farewell === 0 || farewell === usualFarewell ? undefined : farewell,
    annotations: pod.annotations,
    labels: labels.length === 0 ? undefined : Object.fromEntries(labels),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

const jobInputs = z.looseObject({
  metadata,
  spec: z.looseObject({
    backoffLimit: z.literal(0),
    template: z.strictObject({
      metadata: z.strictObject({ labels: z.record(z.string(), z.string()) }),
      spec: z.looseObject({
        restartPolicy: z.literal("Never"),
        securityContext: z.unknown(),
        containers: z.tuple([z.looseObject({ image: z.string(), args: z.array(z.string()) })]),
        volumes: z.array(z.unknown()),
      }),
    }),
  }),
});

/**
 * The job that looks over the workload's files: with its image, its user and its files but not its data, and the
 * workload waits for it. No selector of the workload finds its pod.
 */
function observedCheck(workload: RecordedWorkload, resources: readonly RecordedResource[]): unknown {
  const jobs = resources.filter(({ type }) => type === kubernetesTypes.job);
  const [job] = jobs;
  if (job === undefined || jobs.length > 1) return jobs.length === 0 ? "none" : `${jobs.length} checks`;
  const { labels } = jobInputs.parse(job.inputs).spec.template.metadata;
  const { spec } = jobInputs.parse(job.inputs).spec.template;
  const own = workload.inputs.spec.template.spec;
  const found = Object.entries(workload.inputs.spec.selector.matchLabels);
  if (found.every(([key, value]) => labels[key] === value)) return "a check that the workload's selector finds";
  const isData = ({ persistentVolumeClaim }: Volume): boolean => persistentVolumeClaim !== undefined;
  const same = [
    [spec.containers[0].image, containerOf(workload).image],
    [spec.securityContext, own.securityContext],
    [spec.volumes, own.volumes.filter((volume) => !isData(volume))],
  ];
  if (!same.every(([ofCheck, ofWorkload]) => isDeepStrictEqual(ofCheck, ofWorkload)))
    return "a check of something else";
  return { args: spec.containers[0].args, comesFirst: workload.dependencies.includes(job.urn) };
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

/** Text as the kubelet hands it over (k8s.io/kubernetes/third_party/forked/golang/expansion): `$$` is `$`, `$(NAME)` a value. */
export function expanded(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(\$|\(([^)]*)\))/g, (whole, second: string, name: string) =>
    second === "$" ? "$" : (variables[name] ?? whole),
  );
}

/** What stands for the fields of a pod in a workload's environment. */
const fieldFacts: Readonly<Record<string, string>> = {
  "metadata.name": shownFact("instance"),
  "metadata.uid": shownFact("podUid"),
  "spec.nodeName": shownFact("node"),
};

/** The variables that a process has. Only what is above a variable is known to it. */
function allVariables(env: z.output<typeof container>["env"]): Record<string, string> {
  return env.reduce<Record<string, string>>((above, variable) => {
    const value =
      "valueFrom" in variable
        ? (fieldFacts[variable.valueFrom.fieldRef.fieldPath] ?? variable.valueFrom.fieldRef.fieldPath)
        : expanded(variable.value, above);
    return { ...above, [variable.name]: value };
  }, {});
}

/** The variables that the workload asked for, without those that the pod fills in for their sake. */
function environment(env: z.output<typeof container>["env"]): unknown {
  const own = env.filter((variable) => "value" in variable).map(({ name }) => name);
  return Object.fromEntries(Object.entries(allVariables(env)).filter(([name]) => own.includes(name)));
}

type Volume = RecordedWorkload["inputs"]["spec"]["template"]["spec"]["volumes"][number];

function mountsOf(
  workload: RecordedWorkload,
  wanted: (volume: Volume) => boolean,
): z.output<typeof container>["volumeMounts"] {
  const names = workload.inputs.spec.template.spec.volumes.filter(wanted).map(({ name }) => name);
  return containerOf(workload).volumeMounts.filter(({ name }) => names.includes(name));
}

/** Whether a container that comes before the workload's fills a volume. */
function isFilled({ inputs }: RecordedWorkload, volume: string): boolean {
  return inputs.spec.template.spec.initContainers.some(
    ({ command, volumeMounts: [mount] }) => command !== undefined && mount?.name === volume,
  );
}

const worldReadable = 0o444;

function configFiles(workload: RecordedWorkload, resources: readonly RecordedResource[]): unknown {
  const maps = resources
    .filter(({ type }) => type === kubernetesTypes.configMap)
    .map(({ inputs }) => configMapInputs.parse(inputs));
  return filesOfConfigMaps(workload, true).map(({ name, mountPath, subPath = "", readOnly }) => {
    const volume = workload.inputs.spec.template.spec.volumes.find((each) => each.name === name);
    const map = maps.find((each) => each.metadata.name === volume?.configMap?.name);
    return { path: mountPath, content: map?.data[subPath], readOnly };
  });
}

/** Where ConfigMaps are mounted: files of them, or all of one as a folder, which follows what becomes of it. */
function filesOfConfigMaps(workload: RecordedWorkload, isFile: boolean): ReturnType<typeof mountsOf> {
  return mountsOf(workload, ({ configMap }) => configMap?.defaultMode === worldReadable).filter(
    ({ subPath }) => (subPath !== undefined) === isFile,
  );
}

function readFiles(workload: RecordedWorkload, resources: readonly RecordedResource[]): readonly object[] {
  return filesOfConfigMaps(workload, false).flatMap(({ name, mountPath }) => {
    const volume = workload.inputs.spec.template.spec.volumes.find((each) => each.name === name);
    return resources
      .filter(({ type }) => type === kubernetesTypes.configMap)
      .map((resource) => ({ ...resource, inputs: configMapInputs.parse(resource.inputs) }))
      .filter(({ inputs }) => inputs.metadata.name === volume?.configMap?.name)
      .flatMap(({ inputs, ignoreChanges }) =>
        Object.entries(inputs.data).map(([key, content]) => ({
          name: inputs.metadata.name,
          path: `${mountPath}/${key}`,
          content,
          staysWithChanges: ignoreChanges.join() === "data" && inputs["immutable"] === undefined,
          access: "reads",
        })),
      );
  });
}

const roleInputs = z.looseObject({
  metadata,
  rules: z.array(
    z.strictObject({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      resourceNames: z.array(z.string()).optional(),
      verbs: z.array(z.string()),
    }),
  ),
});

/** What the roles of the workload's account let it do. */
function rulesOf(
  workload: RecordedWorkload,
  resources: readonly RecordedResource[],
): z.output<typeof roleInputs>["rules"] {
  const binding = z.looseObject({
    roleRef: z.looseObject({ kind: z.string(), name: z.string() }),
    subjects: z.array(z.looseObject({ kind: z.string(), name: z.string() })),
  });
  const account = workload.inputs.spec.template.spec.serviceAccountName;
  const bound = resources
    .filter(({ type }) => type === kubernetesTypes.roleBinding)
    .map(({ inputs }) => binding.parse(inputs))
    .filter(({ subjects }) => subjects.some(({ kind, name }) => kind === "ServiceAccount" && name === account));
  return resources
    .filter(({ type }) => type === kubernetesTypes.role)
    .map(({ inputs }) => roleInputs.parse(inputs))
    .filter(({ metadata: { name } }) => bound.some(({ roleRef }) => roleRef.kind === "Role" && roleRef.name === name))
    .flatMap(({ rules }) => rules);
}

function changedFiles(workload: RecordedWorkload, resources: readonly RecordedResource[]): readonly object[] {
  const { automountServiceAccountToken } = workload.inputs.spec.template.spec;
  return rulesOf(workload, resources)
    .filter((rule) => rule.resources.join() === "configmaps")
    .flatMap(({ resourceNames = ["every"], verbs }) =>
      resourceNames.map((name) => {
        const access = automountServiceAccountToken && verbs.join() === "get,patch" ? "changes" : verbs;
        return { name, access };
      }),
    );
}

function secretFiles(workload: RecordedWorkload, resources: readonly RecordedResource[]): unknown {
  const secrets = resources
    .filter(({ type }) => type === kubernetesTypes.secret)
    .map(({ inputs }) => secretInputs.parse(inputs));
  return mountsOf(workload, ({ secret }) => secret?.defaultMode === worldReadable).map(
    ({ mountPath, subPath = "", readOnly }) => {
      const [secret] = secrets.map(({ stringData }) => stringData.secret[subPath]);
      return { path: mountPath, secret, readOnly };
    },
  );
}

/** A port that is no port of the container would work, and nobody who looks at the pod would know of it. */
function publishedPorts(
  { metadata: { annotations }, spec }: z.output<typeof serviceInputs>,
  { ports }: z.output<typeof container>,
): unknown[] {
  const text = annotations?.["observability/local-ports"] ?? "{}";
  const local = z.record(z.string(), z.number()).parse(JSON.parse(text));
  return Object.entries(local).map(([name, hostPort]) => {
    const port = spec.ports.find((each) => each.name === name);
    const own = ports.find((each) => each.name === name)?.containerPort;
    return { port: agreed([port?.port, port?.targetPort, own]), at: `127.0.0.1:${hostPort}` };
  });
}

function dataVolumes(workload: RecordedWorkload, resources: readonly RecordedResource[]): unknown {
  return mountsOf(workload, ({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined).map(
    ({ name, mountPath }) => {
      const volume = workload.inputs.spec.template.spec.volumes.find((each) => each.name === name);
      const claim = claims(resources).find(
        ({ inputs }) => inputs.metadata.name === volume?.persistentVolumeClaim?.claimName,
      );
      return {
        name: claim?.inputs.metadata.name,
        path: mountPath,
        sizeMib: mib(claim?.inputs.spec.resources.requests.storage ?? ""),
        keptOnDestroy: claim?.protect,
      };
    },
  );
}

function observedProbe(given: z.output<typeof probe> | undefined): unknown {
  if (given === undefined) return "none";
  const { httpGet, tcpSocket, exec, ...patience } = given;
  const asked = [
    ...(httpGet === undefined ? [] : [{ kind: "http", ...httpGet }]),
    ...(tcpSocket === undefined ? [] : [{ kind: "tcp", ...tcpSocket }]),
    ...(exec === undefined ? [] : [{ kind: "command", ...exec }]),
  ];
  const [ask] = asked;
  return { ask: asked.length === 1 ? ask : asked, ...patience };
}

/** The pod's time to end, and the engine's patience with it. */
function stopGrace({ inputs, deleteTimeout }: RecordedWorkload): unknown {
  const { terminationGracePeriodSeconds, containers } = inputs.spec.template.spec;
  // What the pod waits before SIGTERM counts as well.
  const waited = containers[0].lifecycle?.preStop.sleep.seconds ?? 0;
  const grace = terminationGracePeriodSeconds - waited;
  return Number.parseInt(deleteTimeout) > grace ? grace : `given up after ${deleteTimeout}`;
}

/** Whether the workload's own account may read pods. */
function mayRead(workload: RecordedWorkload, resources: readonly RecordedResource[]): boolean {
  return rulesOf(workload, resources).some((rule) => rule.resources.join() === "pods");
}

/** Whether it may: a token alone is of no use, nor is a right without one. */
function readsInstances(workload: RecordedWorkload, resources: readonly RecordedResource[]): unknown {
  const { automountServiceAccountToken, serviceAccountName } = workload.inputs.spec.template.spec;
  const hasToken = automountServiceAccountToken && serviceAccountName !== ownAccount(workload);
  return rulesOf(workload, resources).length > 0 === hasToken ? mayRead(workload, resources) : { hasToken };
}

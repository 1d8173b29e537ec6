import { posix } from "node:path";
import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment.js";
import { StatefulSet } from "@pulumi/kubernetes/apps/v1/statefulSet.js";
import { HorizontalPodAutoscaler } from "@pulumi/kubernetes/autoscaling/v2/horizontalPodAutoscaler.js";
import { Job } from "@pulumi/kubernetes/batch/v1/job.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount.js";
import { Ingress } from "@pulumi/kubernetes/networking/v1/ingress.js";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget.js";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy.js";
import type { Provider } from "@pulumi/kubernetes/provider.js";
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole.js";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding.js";
import { Role } from "@pulumi/kubernetes/rbac/v1/role.js";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding.js";
import * as pulumi from "@pulumi/pulumi";
import type { InstanceFact } from "../../../config/env-value.ts";
import { ingressUrl, type KubernetesSettings } from "../../../config/kubernetes-settings.ts";
import { fileKey, ownerAnnotation } from "../../../config/names.ts";
import { isBackend } from "../../../config/parts/parts.ts";
import { nearMatch, pathText, problem, problemIf, type Problem } from "../../../config/problem.ts";
import { registryPrefix } from "../../../config/rules.ts";
import { Reservations } from "../reservations.ts";
import { builtPrefix, dockerBuilder, type DockerImages } from "../docker/docker-images.ts";
import {
  publishedAddresses,
  type Injection,
  type Instance,
  type Platform,
  type PlatformArgs,
  type RunningWorkload,
  type WorkloadOptions,
} from "../platform.ts";
import { elsewhereProblems, refuse, workloadProblems } from "../workload-rules.ts";
import { imagesOf, type Workload, type WorkloadImage } from "../workload.ts";
import { injectedPods, injectedTypes } from "./inject-pod.ts";
import { apiRules, asksApiServer } from "./api-rights.ts";
import { podEnrichment } from "./enrichment.ts";
import {
  reservedInNamespace,
  configMapData,
  kubernetesNames,
  nameLengthProblems,
  takenInNamespace,
  type KubernetesNames,
} from "./kubernetes-names.ts";
import { commonLabels } from "./labels.ts";
import { backendPolicy, controllerPolicy, denyAll, servicesPolicy, type NetworkBorder } from "./network-policies.ts";
import {
  autoscalerSpec,
  claimSpec,
  controllerSpec,
  deploymentSpec,
  disruptionBudgetSpec,
  ingressSpec,
  localPorts,
  restrictedProfile,
  serviceSpec,
  skipAwait,
  statefulSetSpec,
} from "./object-specs.ts";
import { podProblems } from "./pod-rules.ts";
import { checkTemplate, podAttributes, podTemplate, type PodContext } from "./pod-template.ts";

/** What the Kubernetes platform is made from. */
export interface KubernetesPlatformArgs extends PlatformArgs, NetworkBorder {
  readonly settings: KubernetesSettings;
  /** Address for a workload beyond the cluster, by the workload's name. */
  readonly ingress: Readonly<Record<string, KubernetesSettings["ingress"]>>;
  /** Leads to the cluster. */
  readonly provider: Provider;
  /** Leads to the Docker daemon that builds images; asked for only if there is one to build. */
  readonly dockerProvider: Parameters<typeof dockerBuilder>[1];
  /** Brings a built image into the cluster; `undefined` if there is no way. */
  readonly deliver: ((image: string) => Promise<void>) | undefined;
}

/** Runs workloads as StatefulSets and Deployments in one namespace of one cluster. */
export class KubernetesPlatform implements Platform {
  readonly enrichment: Readonly<Record<string, object>>;
  readonly publicUrls: Readonly<Record<string, string>>;
  /** The node of a pod is one of many, and another one tomorrow. */
  readonly isOneMachine = false;
  private readonly args: KubernetesPlatformArgs;
  private readonly parent: pulumi.Resource;
  private readonly provider: Provider;
  private readonly namespace: pulumi.Output<string>;
  private readonly serviceAccountName: pulumi.Input<string>;
  private readonly images: DockerImages;
  private readonly delivered = new Map<string, pulumi.Output<string>>();
  private readonly reservations: Reservations;
  /** Host names of what runs, in the order in which it was declared. */
  private readonly workloads = new Set<string>();

  constructor(args: KubernetesPlatformArgs, opts: { readonly parent: pulumi.Resource }) {
    const { settings, name } = args;
    this.args = args;
    this.reservations = new Reservations(takenInNamespace(settings.namespace, name));
    this.parent = opts.parent;
    this.enrichment = podEnrichment(settings.otlpNamespaces.length === 0 ? settings.namespace : undefined);
    this.publicUrls = Object.fromEntries(
      Object.entries(args.ingress).map(([workload, ingress]) => [workload, ingressUrl(ingress)]),
    );
    this.provider = args.provider;
    const isNew = settings.createNamespace && !args.isJoined;
    this.namespace = isNew ? this.newNamespace() : pulumi.output(settings.namespace);
    this.serviceAccountName = args.isJoined ? name : this.newServiceAccount().metadata.name;
    if (!args.isJoined) this.newPolicies();
    const prefix = `${registryPrefix(settings.registry)}${builtPrefix(args)}`;
    this.images = dockerBuilder({ ...args, builtPrefix: prefix, parent: opts.parent }, args.dockerProvider);
  }

  readonly injectedTypes = injectedTypes;

  inject(args: object, injection: Injection): object {
    return injectedPods(args, injection, this.args.settings);
  }

  conflicts(workload: Workload): readonly Problem[] {
    const names = kubernetesNames(workload);
    return [
      ...this.reservations.conflicts(workload, reservedInNamespace(names)),
      ...nameLengthProblems(names),
      ...imagesOf(workload).flatMap(([path, image]) => [
        ...this.images.conflicts(path, image),
        ...this.deliveryProblems(path, image),
      ]),
      ...workload.ports.flatMap(({ hostPort }, index) =>
        problemIf(
          typeof hostPort === "object",
          `ports.${index}.hostPort`,
          "must be a single one on Kubernetes, where it leads to whichever instance there is",
          hostPort,
          "write one port",
        ),
      ),
      ...elsewhereProblems("docker", workload.docker, "Kubernetes"),
      ...podProblems(workload, this.args.settings.resources),
      ...problemIf(
        workload.dataVolumes.length > 0 && (typeof workload.replicas !== "number" || workload.replicas > 1),
        "replicas",
        "must be 1 at most with data of its own",
        workload.replicas,
        "leave the others out",
      ),
    ];
  }

  instanceAttributes(): Readonly<Record<string, string | InstanceFact>> {
    return podAttributes(this.args.settings.namespace);
  }

  leftOverSettings(): readonly Problem[] {
    const known = [...this.workloads];
    return Object.entries(this.args.settings.resources).flatMap(([name, resources]) => {
      if (this.workloads.has(name)) return [];
      const near = nearMatch(name, known);
      const change = near === undefined ? `write one of ${known.join(", ")}` : `did you mean ${near}?`;
      const path = `kubernetes.resources.${pathText([name])}`;
      return [problem(path, "must be for a workload of the program, by its host name", resources, change)];
    });
  }

  run(workload: Workload, options: WorkloadOptions): RunningWorkload {
    refuse("OBS1002", workload.name, [...workloadProblems(workload), ...this.conflicts(workload)]);
    const { name } = workload;
    const names = kubernetesNames(workload);
    const declared: Declared = {
      workload,
      names,
      resource: this.resourceName(name),
      metadata: this.metadata(name, name),
      opts: this.child(options.parent),
    };
    this.reservations.take(workload, reservedInNamespace(names));
    this.workloads.add(name);
    const claims = names.claims.map((claim) => this.claim(claim, declared));
    return {
      published: publishedAddresses(workload.ports),
      instances: workload.replicas === 0 ? [] : [this.pods(declared, claims, options.dependsOn)],
      isAwaitable: workload.probes.readiness !== "none",
      // The provider waits for every pod's readiness.
      ready: () => [],
      volumes: names.claims.map(({ volume: { path }, name }) => ({ name, path })),
    };
  }

  private pods(declared: Declared, claims: PodContext["claims"], dependsOn: WorkloadOptions["dependsOn"]): Instance {
    const { workload, names, resource, metadata } = declared;
    const { name, replicas } = workload;
    const identity = this.identity(declared);
    const context: PodContext = {
      stackName: this.args.name,
      image: this.image(workload.image),
      serviceAccountName: identity.account,
      configMapName: this.configMap(declared)?.metadata.name,
      secretName: this.secret(declared)?.metadata.name,
      shared: this.shared(declared),
      claims,
      copies: names.copies.map((copy) => ({ ...copy, image: this.image(copy.mount.image) })),
      steps: names.steps.map((named) => ({ ...named, image: this.image(named.step.image) })),
      settings: this.args.settings,
    };
    const template = podTemplate(workload, context);
    this.network(declared);
    const opts: pulumi.CustomResourceOptions = {
      ...declared.opts,
      dependsOn: [...dependsOn, ...identity.rights, ...this.checks(declared, context)],
      customTimeouts: { create: "10m", update: "10m", delete: `${workload.stopGraceSeconds + 60}s` },
    };
    const controller = controllerSpec(workload, this.args.name, template);
    this.scaling(declared);
    if (claims.length === 0) {
      const { urn } = new Deployment(resource, { metadata, spec: deploymentSpec(controller) }, opts);
      return { name: `deployment/${name}`, urn, replicas };
    }
    const { urn } = new StatefulSet(resource, { metadata, spec: statefulSetSpec(controller, name) }, opts);
    return { name: `statefulset/${name}`, urn, replicas };
  }

  /** Who decides how many pods there are, and how many may be away. */
  private scaling({ workload, resource, metadata, opts }: Declared): void {
    const { autoscaling } = workload.kubernetes;
    if (autoscaling !== undefined) {
      new HorizontalPodAutoscaler(resource, { metadata, spec: autoscalerSpec(workload, autoscaling) }, opts);
    }
    const spec = disruptionBudgetSpec(workload, this.args.name);
    if (spec !== undefined) new PodDisruptionBudget(resource, { metadata, spec }, opts);
  }

  /** The ServiceAccount of a workload's pods, and its rights: the stack's, which has none, unless they query the API server. */
  private identity({ workload, resource, metadata, opts }: Declared): {
    readonly account: pulumi.Input<string>;
    readonly rights: readonly pulumi.Resource[];
  } {
    const { name, readsInstances } = workload;
    const allowed = apiRules(workload);
    if (allowed.length === 0) return { account: this.serviceAccountName, rights: [] };
    const account = new ServiceAccount(resource, { metadata, automountServiceAccountToken: false }, opts);
    const subjects = [{ kind: "ServiceAccount", name, namespace: this.namespace }];
    const isWide = readsInstances && this.args.settings.otlpNamespaces.length > 0;
    const { namespace: _, ...common } = metadata;
    const held = isWide ? { ...common, name: `${this.args.settings.namespace}-${name}` } : metadata;
    const [Rules, Binding] = isWide ? [ClusterRole, ClusterRoleBinding] : [Role, RoleBinding];
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: isWide ? "ClusterRole" : "Role", name: held.name };
    const rules = new Rules(resource, { metadata: held, rules: allowed }, opts);
    return {
      account: account.metadata.name,
      rights: [rules, new Binding(resource, { metadata: held, subjects, roleRef }, opts)],
    };
  }

  /** The Job that checks a workload's configuration before its pods are started or replaced; another configuration is another Job. */
  private checks({ workload, names, opts }: Declared, context: PodContext): readonly pulumi.Resource[] {
    const { check } = workload;
    const [name] = names.checks;
    if (check === "none" || name === undefined) return [];
    const spec = { backoffLimit: 0, template: checkTemplate(workload, check, context) };
    const customTimeouts = { create: "5m", delete: "60s" };
    const jobOpts = { ...opts, deleteBeforeReplace: true, customTimeouts };
    return [new Job(this.resourceName(name), { metadata: this.metadata(name, name), spec }, jobOpts)];
  }

  /** Named by its content: another content is another ConfigMap, and its pods are started anew. */
  private configMap({ workload, names, resource, opts }: Declared): ConfigMap | undefined {
    const [name] = names.configMaps;
    if (name === undefined) return undefined;
    const metadata = this.metadata(name, workload.name);
    return new ConfigMap(`${resource}-config`, { metadata, data: configMapData(workload), immutable: true }, opts);
  }

  /** The ConfigMaps of shared files that a workload reads. What is in them later belongs to whoever changes them. */
  private shared({ workload, names, opts }: Declared): PodContext["shared"] {
    return names.shared.flatMap(({ file, name }) => {
      if (file.access === "changes") return [];
      const data = { [posix.basename(file.path)]: file.content };
      const own = { ...opts, ignoreChanges: ["data"] };
      const map = new ConfigMap(this.resourceName(name), { metadata: this.metadata(name, workload.name), data }, own);
      return [{ name, path: posix.dirname(file.path), configMapName: map.metadata.name }];
    });
  }

  /** Named by Pulumi, anew for another content: a hash of a secret in its name could be guessed at. */
  private secret({ workload: { secretFiles }, resource, metadata, opts }: Declared): Secret | undefined {
    if (secretFiles.length === 0) return undefined;
    const { name: _, ...unnamed } = metadata;
    const stringData = Object.fromEntries(secretFiles.map(({ path, content }) => [fileKey(path), content]));
    return new Secret(`${resource}-secrets`, { metadata: unnamed, type: "Opaque", stringData, immutable: true }, opts);
  }

  /** Data is kept: deleting it is refused until it is unprotected. */
  private claim(
    { volume, name }: KubernetesNames["claims"][number],
    { workload, opts }: Declared,
  ): PodContext["claims"][number] {
    const metadata = this.metadata(name, workload.name);
    const claim = new PersistentVolumeClaim(
      this.resourceName(name),
      {
        // Many classes bind it only to a pod, which comes after it.
        metadata: { ...metadata, annotations: { ...metadata.annotations, ...skipAwait } },
        spec: claimSpec(this.args.settings.storageClass, volume.sizeMib),
      },
      { ...opts, protect: true, customTimeouts: { delete: "60s" } },
    );
    return { name, path: volume.path, claimName: claim.metadata.name };
  }

  /** The workload's host name, the connections that are let through, and its address beyond the cluster. */
  private network({ workload, resource, metadata, opts }: Declared): void {
    const { name, ports } = workload;
    if (ports.length > 0) {
      // A Service is of use before a pod is ready behind it.
      const annotations = { ...metadata.annotations, ...skipAwait, ...localPorts(workload) };
      const spec = serviceSpec(workload, this.args.name);
      new Service(resource, { metadata: { ...metadata, annotations }, spec }, opts);
    }
    if (isBackend(name)) {
      new NetworkPolicy(resource, { metadata, spec: backendPolicy(name, this.args, asksApiServer(workload)) }, opts);
    }
    const { ingress: own } = workload.kubernetes;
    const ingress = this.args.ingress[name] ?? own;
    const first = ports.find((port) => own?.port === undefined || port.name === own.port);
    if (ingress === undefined || first === undefined) return;
    if (own !== undefined) {
      const letIn = controllerPolicy(name, this.args.name, first.port, own.controllerNamespace);
      new NetworkPolicy(resource, { metadata, spec: letIn }, opts);
    }
    // Not every controller reports an address, for which Pulumi would wait.
    const annotations = { ...skipAwait, ...ingress.annotations, ...metadata.annotations };
    const spec = ingressSpec(name, first.name, ingress);
    new Ingress(resource, { metadata: { ...metadata, annotations }, spec }, opts);
  }

  private image(image: WorkloadImage): pulumi.Input<string> {
    if (image.kind !== "build") return image.reference;
    const key = JSON.stringify(image);
    const known = this.delivered.get(key);
    if (known !== undefined) return known;
    const { deliver } = this.args;
    const reference =
      deliver === undefined || pulumi.runtime.isDryRun()
        ? this.images.get(image).name
        : this.images.built(image).apply(async (built) => {
            await deliver(built);
            return built;
          });
    this.delivered.set(key, reference);
    return reference;
  }

  private deliveryProblems(path: string, image: WorkloadImage): readonly Problem[] {
    if (image.kind !== "build") return [];
    const rule = "must have a way into the cluster, since it is built here";
    const change = "set kubernetes.registry or kubernetes.loadCommand";
    return problemIf(this.args.deliver === undefined, path, rule, image.name, change);
  }

  private newServiceAccount(): ServiceAccount {
    const { name, resourcePrefix } = this.args;
    const metadata = this.metadata(name, "stack");
    return new ServiceAccount(resourcePrefix, { metadata, automountServiceAccountToken: false }, this.child());
  }

  private newPolicies(): void {
    const { name } = this.args;
    for (const [policy, spec] of Object.entries({ "deny-all": denyAll(name), services: servicesPolicy(name) })) {
      const metadata = this.metadata(policy, "stack");
      new NetworkPolicy(this.resourceName(policy), { metadata, spec }, this.child());
    }
  }

  /** Kept like the data in it. The restricted profile refuses every pod that asks for more. */
  private newNamespace(): pulumi.Output<string> {
    const { name, settings, resourcePrefix } = this.args;
    const namespace = new Namespace(
      resourcePrefix,
      {
        metadata: {
          name: settings.namespace,
          annotations: this.ownerAnnotations,
          labels: { ...commonLabels(name, "stack"), ...restrictedProfile },
        },
      },
      { parent: this.parent, provider: this.provider, protect: true },
    );
    return namespace.metadata.name;
  }

  private metadata(name: string, workloadName: string): Metadata {
    return {
      name,
      namespace: this.namespace,
      labels: commonLabels(this.args.name, workloadName),
      annotations: this.ownerAnnotations,
    };
  }

  private get ownerAnnotations(): Record<string, string> {
    return { [ownerAnnotation]: this.args.owner };
  }

  private child(parent: pulumi.Resource = this.parent): pulumi.CustomResourceOptions {
    // The API server removes such an object at once. Providers before 4.23 may miss that it is gone and wait for as long
    // as they are given, by default ten minutes, before they look again (pulumi-kubernetes#3317).
    return { parent, provider: this.provider, customTimeouts: { delete: "15s" } };
  }

  private resourceName(name: string): string {
    return `${this.args.resourcePrefix}-${name}`;
  }
}

interface Metadata {
  readonly name: string;
  readonly namespace: pulumi.Output<string>;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

/** A workload that is being declared, and what most of its objects have in common. */
interface Declared {
  readonly workload: Workload;
  readonly names: KubernetesNames;
  /** Name of its resources: of each kind there is one. */
  readonly resource: string;
  readonly metadata: Metadata;
  readonly opts: pulumi.CustomResourceOptions;
}

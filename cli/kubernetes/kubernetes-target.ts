import type { ProgramSettings } from "../../config/program-settings.ts";
import { ingressUrl } from "../../config/kubernetes.ts";
import type { InstanceOutput, InstanceState } from "../instances.ts";
import type { StackOutputs } from "../outputs.ts";
import { Ownership } from "../ownership.ts";
import type { KnownState } from "../state.ts";
import type { Plan } from "../preview/planned-program.ts";
import type { Opened, Say, Target } from "../target.ts";
import { UserError } from "../user-error.ts";
import { Docker } from "../docker/docker.ts";
import { checkBuildPlatform } from "./build-platform.ts";
import { Cluster, Forbidden } from "./cluster.ts";
import { prepareDelivery } from "./delivery.ts";
import { instanceStates } from "./diagnosis.ts";
import { failFast, logLines } from "./fail-fast.ts";
import { checkLocalPorts, forward, localPortsOf, type Forward } from "./forward.ts";
import { checkIdentity, removeLeftOvers, removeObjects, stackObjects } from "./left-overs.ts";
import { runInPod } from "./pod-command.ts";
import { checkRoom } from "./room.ts";
import { isPodReady, podsOf, snapshotOf } from "./workloads.ts";

/** The oldest with `sleep` as a step before the end of a pod (kubernetes.io/docs/concepts/containers/container-lifecycle-hooks). */
const leastVersion = { major: 1, minor: 30 };

/** A stack in a namespace of a Kubernetes cluster. */
export class KubernetesTarget implements Target {
  readonly instanceWord = "workload";
  readonly startMillis = 300_000;
  readonly foreignTypes = /^docker:index\/container:Container$/;
  readonly needsOpen = true;
  readonly furtherUrls: Target["furtherUrls"];
  private readonly settings: ProgramSettings;
  private readonly stackName: string;
  private readonly plan: Plan;
  private readonly env: NodeJS.ProcessEnv;
  private found: Cluster | undefined;

  /**
   * @param stackName name of the Pulumi stack
   * @param env where KUBECONFIG is looked up
   */
  constructor(settings: ProgramSettings, stackName: string, plan: Plan, env: NodeJS.ProcessEnv = process.env) {
    this.settings = settings;
    this.plan = plan;
    this.stackName = stackName;
    this.env = env;
    const { ingress } = settings.stack.kubernetes;
    this.furtherUrls = ingress.host === "" ? [] : [["", ingressUrl(ingress), "the same by the ingress"]];
  }

  /** Read at the first use, so that its errors come where a command asks for it. */
  private get cluster(): Cluster {
    this.found ??= Cluster.of(this.settings.stack, this.env);
    return this.found;
  }

  private ownership(state: KnownState): Ownership {
    return new Ownership(this.stackName, this.settings.stack.name, state);
  }

  async describe(): Promise<string> {
    const version = await this.cluster.version();
    const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part));
    if (major * 1000 + minor < leastVersion.major * 1000 + leastVersion.minor) {
      throw new UserError(
        `Kubernetes: must be ${leastVersion.major}.${leastVersion.minor} or newer, which lets a pod wait before it stops, got ${version}\n` +
          "  next: update the cluster, or use another one: npm run up -- --target kubernetes --context NAME",
      );
    }
    return `Kubernetes ${version} (context ${this.cluster.context}, namespace ${this.cluster.namespace})`;
  }

  async recover(state: KnownState, say: Say): Promise<readonly string[]> {
    try {
      await checkIdentity(state, this.cluster, this.stackName);
      return await removeLeftOvers(state, this.cluster, this.ownership(state), say);
    } catch (error) {
      // One permission is seldom the only one that is missing.
      if (error instanceof Forbidden) await this.checkRoom(state, say);
      throw error;
    }
  }

  takeOver(leftData: readonly string[]): void {
    if (leftData.length === 0) return;
    const { namespace, context } = this.cluster;
    throw new UserError(
      `${leftData.join(", ")}: must be in the state of ${this.stackName}, got the stack's labels without it ` +
        `(context ${context}, namespace ${namespace}): its data is there and its state is lost; nothing was changed\n` +
        "  next: put the state back (.pulumi-state, or where PULUMI_BACKEND_URL says)\n" +
        "  next: or remove the data for good: npm run down -- --destroy-data",
    );
  }

  /** The API server gives no object to a second stack: it says that there is one of this name. */
  async checkSoleOwner(): Promise<void> {
    return Promise.resolve();
  }

  async removeLeftData(state: KnownState): Promise<void> {
    await removeObjects(this.cluster, await stackObjects(this.cluster, this.ownership(state)));
  }

  async checkRoom(state: KnownState, say: Say): Promise<void> {
    await checkRoom(this.cluster, this.settings.stack, this.plan, this.ownership(state), say);
  }

  /** The cluster pulls what it runs; what is built here needs more. */
  async prepareImages(say: Say): Promise<void> {
    const docker = new Docker(this.settings.stack.docker.host, this.env);
    await checkBuildPlatform(this.cluster, this.settings, docker, say);
    await prepareDelivery(this.settings, say, docker, this.env);
  }

  /** A job of the deployment does it, in the cluster and with its rights. */
  async checkConfiguration(): Promise<void> {
    return Promise.resolve();
  }

  async instanceStates(instances: readonly InstanceOutput[]): Promise<ReadonlyMap<string, InstanceState>> {
    return instanceStates(await snapshotOf(this.cluster), instances, Date.now());
  }

  /** A controller goes on with a pod that fails only after a pause that gets longer each time, up to five minutes. */
  isBroken(state: InstanceState): boolean {
    return !["healthy", "starting", "missing"].includes(state);
  }

  async lastLines(instance: string, lines: number): Promise<string> {
    const { workload } = partsOf(instance);
    const pods = await podsOf(this.cluster, workload);
    const pod = pods.find((candidate) => !isPodReady(candidate)) ?? pods[0];
    const status = pod?.status?.containerStatuses?.[0];
    if (pod === undefined || status?.state?.waiting !== undefined) return "";
    const log = { pod: pod.metadata?.name ?? "", container: status?.name ?? workload, previous: false };
    return logLines(this.cluster, log, lines);
  }

  logCommand(instance: string, lines?: number): string {
    const { context, namespace } = this.cluster;
    const tail = lines === undefined ? "" : ` --tail ${lines}`;
    return `kubectl --context ${context} --namespace ${namespace} logs${tail} ${instance}`;
  }

  async failFast<Result>(action: (signal: AbortSignal) => Promise<Result>, say: Say): Promise<Result> {
    const logCommand = (instance: string): string => this.logCommand(instance);
    const secrets = Object.values(this.settings.stack.secrets);
    return failFast({ cluster: this.cluster, secrets, logCommand, say }, action);
  }

  async reach<Result>(
    outputs: StackOutputs,
    action: (reached: StackOutputs) => Promise<Result>,
    say: Say,
  ): Promise<Result> {
    const ports = await localPortsOf(this.cluster);
    const forwards = await Promise.all(
      ports.map(async (port) => ({
        port,
        opened: await forward(this.cluster, port, 0, say),
      })),
    );
    const reachable = new Map(forwards.map(({ port, opened }) => [port.localPort, opened.localPort]));
    try {
      return await action({ ...outputs, urls: withPorts(outputs.urls, reachable) });
    } finally {
      await closeAll(forwards.map(({ opened }) => opened));
    }
  }

  async runIn(instance: string, command: readonly string[], line: string): Promise<void> {
    const { workload } = partsOf(instance);
    const pod = (await podsOf(this.cluster, workload)).find(isPodReady);
    if (pod === undefined) {
      throw new UserError(`${instance}: must have a pod that is ready, got none\n  next: npm run up`);
    }
    const container = pod.spec?.containers[0]?.name ?? workload;
    await runInPod(this.cluster, { pod: pod.metadata?.name ?? "", container, command, line });
  }

  async open(say: Say): Promise<Opened> {
    const ports = await localPortsOf(this.cluster);
    if (ports.length === 0) throw new UserError("the stack is not running\n  next: npm run up");
    await checkLocalPorts(ports);
    const forwards = await Promise.all(ports.map((port) => forward(this.cluster, port, port.localPort, say)));
    return { close: () => closeAll(forwards) };
  }
}

async function closeAll(forwards: readonly Forward[]): Promise<void> {
  await Promise.all(forwards.map(({ close }) => close()));
}

/** `statefulset/loki` in two. */
function partsOf(instance: string): { readonly kind: string; readonly workload: string } {
  const [kind = "", workload = ""] = instance.split("/");
  return { kind, workload };
}

/** Addresses with the ports that lead to the same. */
function withPorts(urls: StackOutputs["urls"], reachable: ReadonlyMap<number, number>): StackOutputs["urls"] {
  return Object.fromEntries(
    Object.entries(urls).map(([name, text]) => {
      const url = new URL(text);
      url.port = String(reachable.get(Number(url.port)) ?? url.port);
      return [name, url.href.replace(/\/$/, "")];
    }),
  );
}

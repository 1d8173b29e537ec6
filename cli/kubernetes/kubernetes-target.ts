import { ingressUrl } from "../../config/kubernetes-settings.ts";
import { stackOwner } from "../../config/names.ts";
import type { ProgramSettings } from "../../config/program-settings.ts";
import { Docker } from "../docker/docker.ts";
import { atLeast } from "../machine.ts";
import type { StackOutputs } from "../outputs.ts";
import { Ownership } from "../ownership.ts";
import { podImages } from "../preview/planned-images.ts";
import type { Plan } from "../preview/planned-program.ts";
import { projectName } from "../project.ts";
import type { KnownState } from "../state.ts";
import type { Target } from "../target.ts";
import { UserError } from "../user-error.ts";
import { Cluster, Forbidden } from "./cluster.ts";
import { failFast } from "./fail-fast.ts";
import { checkForwardedPorts, forward, forwardedPorts, type Forward } from "./forward.ts";
import { deliverImages, prepareImages } from "./images.ts";
import { instanceStates } from "./instances.ts";
import { checkIdentity, removeLeftOvers, removeObjects } from "./left-overs.ts";
import { runInPod } from "./pod-command.ts";
import { logCommand, logLines } from "./pod-log.ts";
import { checkRoom } from "./room.ts";
import { servicePods } from "./service-pods.ts";
import { stackObjects } from "./stack-objects.ts";
import { startAllStopped, StoppedStores } from "./stopped-stores.ts";
import { isPodReady, podsOf, snapshotOf } from "./workloads.ts";

/** The oldest with `sleep` as a step before the end of a pod (kubernetes.io/docs/concepts/containers/container-lifecycle-hooks). */
const oldestVersion = [1, 30] as const;

/** A stack in a namespace of a Kubernetes cluster. @param env where KUBECONFIG is looked up */
export function kubernetesTarget(settings: ProgramSettings, stackName: string, plan: Plan, env = process.env): Target {
  const { stack } = settings;
  const { ingress, context, namespace } = stack.kubernetes;
  let found: Cluster | undefined;
  // Read at the first use, so that its errors come where a command asks for it.
  const cluster = (): Cluster => (found ??= Cluster.of(stack, env));
  let stopped: StoppedStores | undefined;
  const stoppedStores = (): StoppedStores =>
    (stopped ??= new StoppedStores(cluster(), {
      stackName: stack.name,
      owner: stackOwner(projectName, stackName),
      image: stack.images.victoriaMetrics,
    }));
  const ownership = (state: KnownState): Ownership => new Ownership(stackName, stack.name, state);
  const target: Target = {
    instanceWord: "workload",
    startMillis: 300_000,
    foreignTypes: /^docker:index\/container:Container$/,
    needsOpen: true,
    furtherUrls: ingress.host === "" ? [] : [["", ingressUrl(ingress), "Grafana through the ingress"]],
    describe: async () => {
      const version = await cluster().version();
      if (atLeast(version, oldestVersion)) return `Kubernetes ${version} (context ${context}, namespace ${namespace})`;
      throw new UserError(
        "OBS1305",
        `Kubernetes: must be ${oldestVersion.join(".")} or newer, which lets a pod wait before it stops, got ${version}\n` +
          "  next: update the cluster, or use another one: npm run up -- --target kubernetes --context NAME",
      );
    },
    recover: async (state, say) => {
      try {
        await checkIdentity(state, cluster(), stackName);
        const leftData = await removeLeftOvers(state, cluster(), ownership(state), say);
        await startAllStopped(cluster(), ownership(state), say);
        return leftData;
      } catch (error) {
        // One permission is seldom the only one that is missing.
        if (error instanceof Forbidden) await target.checkRoom(state, say);
        throw error;
      }
    },
    takeOver: (leftData) => {
      if (leftData.length === 0) return;
      throw new UserError(
        "OBS1504",
        `${leftData.join(", ")}: must be in the state of ${stackName}, and is only in the cluster, with the stack's labels ` +
          `(context ${context}, namespace ${namespace}): the data is there and its state is lost; nothing was changed\n` +
          "  next: put the state back (.pulumi-state, or where PULUMI_BACKEND_URL says)\n" +
          "  next: or remove the data for good: npm run down -- --destroy-data",
      );
    },
    // The API server gives no object to a second stack: it says that there is one of this name.
    checkSoleOwner: () => Promise.resolve(),
    removeLeftData: async (state) => removeObjects(cluster(), await stackObjects(cluster(), ownership(state))),
    checkRoom: (state, say) => checkRoom(cluster(), stack, plan, ownership(state), say),
    // The cluster pulls what it runs; what is built here needs more.
    deliverImages: async (say) => {
      const { resources } = await plan();
      await deliverImages(podImages(resources), stack, say, env);
    },
    prepareImages: (say) => prepareImages(cluster(), settings, new Docker(stack.docker.host, env), say, env),
    // A job of the deployment does it, in the cluster and with its rights.
    checkConfiguration: () => Promise.resolve(),
    // A cluster changes its objects all the time: which of it matters, the provider knows best.
    observed: () => Promise.resolve(undefined),
    instanceStates: async (instances) => instanceStates(await snapshotOf(cluster()), instances, Date.now()),
    serviceProcesses: () => servicePods(cluster(), stack.kubernetes.otlpNamespaces),
    // A controller goes on with a pod that fails only after a pause that gets longer each time, up to five minutes.
    isBroken: (state) => !["healthy", "starting", "missing"].includes(state),
    // The cluster and the provider run again what has failed.
    failedRuns: () => [],
    lastLines: async (instance, lines) => {
      const pods = await podsOf(cluster(), workloadOf(instance));
      const pod = pods.find((candidate) => !isPodReady(candidate)) ?? pods[0];
      const status = pod?.status?.containerStatuses?.[0];
      if (pod === undefined || status?.state?.waiting !== undefined) return "";
      const log = { pod: pod.metadata?.name ?? "", container: status?.name ?? workloadOf(instance), previous: false };
      return logLines(cluster(), log, lines);
    },
    logCommand: (instance, lines) => logCommand({ context, namespace }, instance, lines),
    failFast: (action, say) => {
      const secrets = Object.values(stack.secrets);
      const logOf = (instance: string): string => target.logCommand(instance);
      return failFast({ cluster: cluster(), secrets, logCommand: logOf, say }, action);
    },
    reach: async (outputs, action, say) => {
      const ports = await forwardedPorts(cluster());
      const forwards = await Promise.all(ports.map((port) => forward(cluster(), { ...port, hostPort: 0 }, say)));
      const reachable = new Map(ports.map(({ hostPort }, index) => [hostPort, forwards[index]?.hostPort]));
      try {
        return await action({ ...outputs, urls: withPorts(outputs.urls, reachable) });
      } finally {
        await closeAll(forwards);
      }
    },
    runIn: async (instance, command, line) => {
      const pod = (await podsOf(cluster(), workloadOf(instance))).find(isPodReady);
      if (pod === undefined) {
        throw new UserError("OBS1309", `${instance}: must have a pod that is ready, got none\n  next: npm run up`);
      }
      const container = pod.spec?.containers[0]?.name ?? workloadOf(instance);
      await runInPod(cluster(), { pod: pod.metadata?.name ?? "", container }, command, line);
    },
    stop: (store) => stoppedStores().stop(store),
    start: (store) => stoppedStores().start(store),
    inData: (store, script, streams) => stoppedStores().inData(store, script, streams),
    open: async (say) => {
      const ports = await forwardedPorts(cluster());
      if (ports.length === 0) throw new UserError("OBS1501", "the stack is not running\n  next: npm run up");
      await checkForwardedPorts(ports);
      const forwards = await Promise.all(ports.map((port) => forward(cluster(), port, say)));
      return () => closeAll(forwards);
    },
  };
  return target;
}

async function closeAll(forwards: readonly Forward[]): Promise<void> {
  await Promise.all(forwards.map(({ close }) => close()));
}

/** `statefulset/loki` runs the workload `loki`. */
function workloadOf(instance: string): string {
  return instance.replace(/^[^/]*\//, "");
}

/** Addresses with the ports that lead to the same. */
function withPorts(
  urls: StackOutputs["urls"],
  reachable: ReadonlyMap<number, number | undefined>,
): StackOutputs["urls"] {
  return Object.fromEntries(
    Object.entries(urls).map(([name, text]) => {
      const url = new URL(text);
      url.port = String(reachable.get(Number(url.port)) ?? url.port);
      return [name, url.href.replace(/\/$/, "")];
    }),
  );
}

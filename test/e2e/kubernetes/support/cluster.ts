import { z } from "zod";
import { run, succeed } from "../../support/run.ts";

/*
 * The cluster that the tests work on: the context E2E_KUBERNETES_CONTEXT of the kubeconfig. A cluster whose context says
 * nothing of how images get into it needs a command, E2E_KUBERNETES_LOAD_COMMAND.
 */

/** @throws Error if nobody has named a cluster: the tests never take the current one. */
function context(): string {
  const name = process.env["E2E_KUBERNETES_CONTEXT"];
  if (name === undefined || name === "") {
    throw new Error("E2E_KUBERNETES_CONTEXT: must name a context of the kubeconfig, for example kind-kind");
  }
  return name;
}

/** Options of the first `npm run up` on the cluster. */
export function clusterOptions(namespace: string): readonly string[] {
  const command = process.env["E2E_KUBERNETES_LOAD_COMMAND"];
  return [
    ...["--target", "kubernetes", "--context", context(), "--namespace", namespace],
    ...(command === undefined ? [] : ["--load-command", command]),
  ];
}

/** Runs `kubectl` on the cluster, which has to succeed; returns what it prints. */
export async function kubectl(args: readonly string[], input?: string): Promise<string> {
  return succeed("kubectl", ["--context", context(), ...args], input === undefined ? {} : { input });
}

/** The same if the answer may be that there is nothing. */
export async function kubectlFails(args: readonly string[], input?: string): Promise<string> {
  const ended = await run("kubectl", ["--context", context(), ...args], input === undefined ? {} : { input });
  return ended.code === 0 ? "" : ended.output;
}

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        uid: z.string(),
        labels: z.record(z.string(), z.string()),
        deletionTimestamp: z.string().optional(),
      }),
      spec: z.object({ containers: z.array(z.object({ image: z.string() })) }),
    }),
  ),
});

/** A pod that is not about to end. */
export interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly workload: string;
  readonly image: string;
}

/** The pods of a stack, by name. */
export async function podsOf(namespace: string): Promise<readonly Pod[]> {
  const selector = "app.kubernetes.io/part-of=observability";
  const text = await kubectl(["get", "pods", "--namespace", namespace, "--selector", selector, "--output", "json"]);
  return podList
    .parse(JSON.parse(text))
    .items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata, spec }) => ({
      name: metadata.name,
      uid: metadata.uid,
      workload: metadata.labels["app.kubernetes.io/name"] ?? "",
      image: spec.containers[0]?.image ?? "",
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names of the workloads of which `action` replaced, added or removed a pod. */
export async function rolledBy(namespace: string, action: () => Promise<unknown>): Promise<readonly string[]> {
  const before = await podsOf(namespace);
  await action();
  const after = await podsOf(namespace);
  const isIn = (pods: readonly Pod[], { uid }: Pod): boolean => pods.some((pod) => pod.uid === uid);
  const changed = [...before.filter((pod) => !isIn(after, pod)), ...after.filter((pod) => !isIn(before, pod))];
  return [...new Set(changed.map(({ workload }) => workload))].sort();
}

/** Removes a namespace with all that is in it, if it is there. */
export async function removeNamespace(namespace: string): Promise<void> {
  await kubectl(["delete", "namespace", namespace, "--ignore-not-found", "--wait"]);
}

const kubeconfig = z.looseObject({
  clusters: z.tuple([z.looseObject({ cluster: z.looseObject({ server: z.string() }) })]),
  users: z.tuple([z.looseObject({ name: z.string() })]),
});

async function ownKubeconfig(): Promise<z.output<typeof kubeconfig>> {
  return kubeconfig.parse(JSON.parse(await kubectl(["config", "view", "--minify", "--raw", "--output", "json"])));
}

/** The kubeconfig of the cluster with an address that nothing listens on. */
export async function unreachableKubeconfig(): Promise<string> {
  const { clusters, ...config } = await ownKubeconfig();
  const [{ cluster, ...named }] = clusters;
  return JSON.stringify({
    ...config,
    clusters: [{ ...named, cluster: { ...cluster, server: "https://127.0.0.1:1" } }],
  });
}

/** The kubeconfig of the cluster with a user who may look at a namespace and create pods there, and nothing else. */
export async function limitedKubeconfig(namespace: string): Promise<string> {
  await kubectl(["create", "serviceaccount", "limited", "--namespace", namespace]);
  const role = ["limited", "--namespace", namespace];
  await kubectl([
    "create",
    "role",
    ...role,
    "--verb=get,list,watch,create",
    "--resource=pods,events,configmaps,services",
  ]);
  await kubectl(["create", "rolebinding", ...role, "--role=limited", `--serviceaccount=${namespace}:limited`]);
  const token = (await kubectl(["create", "token", "limited", "--namespace", namespace])).trim();
  const { users, ...config } = await ownKubeconfig();
  return JSON.stringify({ ...config, users: [{ name: users[0].name, user: { token } }] });
}

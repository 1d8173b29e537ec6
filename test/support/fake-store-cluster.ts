import { z } from "zod";
import type { Cluster } from "../../cli/kubernetes/cluster.ts";
import { FakeApiServer, type Answer, type Stream } from "./fake-api-server.ts";
import { fakeCommand } from "./fake-command.ts";
import { recordStack } from "./kubernetes-stack.ts";
import { workloads } from "./kubernetes-view.ts";
import { localCommand, podOf } from "./pod-streams.ts";

/** This machine's own commands by the name of what images have. */
const busybox = fakeCommand("busybox", 'exec "$@"');

const patch = z.tuple([
  z.object({ op: z.literal("replace"), path: z.literal("/spec/replicas"), value: z.number() }),
  z.object({ op: z.literal("add"), path: z.literal("/metadata/annotations"), value: z.record(z.string(), z.string()) }),
]);
const createdPod = z.looseObject({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
});

const apps = "/apis/apps/v1/namespaces/shop/statefulsets";
const pods = "/api/v1/namespaces/shop/pods";

/** A cluster that runs Loki as the program has it, and in which scripts run in a folder of this machine. */
export class FakeStoreCluster {
  /** What was done, in order: `loki has 0 pods`, `pod loki-data is created`, `script`, `pod loki-data is removed`. */
  readonly done: string[] = [];
  /** The pods that were created, as they were asked for. */
  readonly created: z.output<typeof createdPod>[] = [];
  /** Of Loki's StatefulSet. */
  annotations: Readonly<Record<string, string>> = { "observability/stack": "observability/dev" };
  replicas = 1;
  /** Of each pod that is created. */
  podStatus: object = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
  private readonly dataFolder: string;
  private readonly spec: object;
  private readonly answers: Record<string, Answer>;
  private readonly streams: Record<string, Stream> = {};
  private server: FakeApiServer | undefined;

  private constructor(dataFolder: string, spec: object, answers: Readonly<Record<string, Answer>>) {
    this.dataFolder = dataFolder;
    this.spec = spec;
    this.answers = {
      [`GET ${apps}`]: () => ({ items: [this.statefulSet()] }),
      [`GET ${apps}/loki`]: () => this.statefulSet(),
      [`PATCH ${apps}/loki`]: (body) => this.scale(body),
      [`GET ${pods}`]: () => ({ items: this.replicas === 0 ? [] : [podOf("loki", "loki-0", { isReady: true })] }),
      [`POST ${pods}`]: (body) => this.create(body),
      ...answers,
    };
  }

  /**
   * @param dataFolder with Loki's data
   * @param answers instead of its own
   */
  static async start(dataFolder: string, answers: Readonly<Record<string, Answer>> = {}): Promise<FakeStoreCluster> {
    const loki = workloads(await recordStack({ name: "shop-dev" }, {})).find(({ name }) => name.endsWith("loki"));
    if (loki === undefined) throw new Error("the program must have Loki");
    const fake = new FakeStoreCluster(dataFolder, loki.inputs.spec, answers);
    fake.server = await FakeApiServer.start(fake.answers, fake.streams);
    return fake;
  }

  cluster(): Cluster {
    if (this.server === undefined) throw new Error("must be started first");
    return this.server.cluster();
  }

  async stop(): Promise<void> {
    await this.server?.stop();
  }

  private statefulSet(): object {
    const labels = { "app.kubernetes.io/name": "loki", "app.kubernetes.io/instance": "shop-dev" };
    const partOf = { "app.kubernetes.io/part-of": "observability" };
    return {
      metadata: { name: "loki", namespace: "shop", labels: { ...labels, ...partOf }, annotations: this.annotations },
      spec: { ...this.spec, replicas: this.replicas },
    };
  }

  private scale(body: unknown): object {
    const [{ value: replicas }, { value: annotations }] = patch.parse(body);
    [this.replicas, this.annotations] = [replicas, annotations];
    this.done.push(`loki has ${replicas} pods`);
    return this.statefulSet();
  }

  private create(body: unknown): object {
    const pod = createdPod.parse(body);
    const { name, labels } = pod.metadata;
    const workload = labels["app.kubernetes.io/name"] ?? "";
    this.created.push(pod);
    this.done.push(`pod ${workload} is created`);
    const path = `${pods}/${name}`;
    this.answers[`GET ${path}`] = () => ({ ...pod, status: this.podStatus });
    this.answers[`DELETE ${path}`] = () => {
      this.done.push(`pod ${workload} is removed`);
      this.answers[`GET ${path}`] = 404;
      return { kind: "Status", status: "Success" };
    };
    this.streams[`${path}/exec`] = (socket, parameters) => {
      this.done.push("script");
      localCommand(() => this.dataFolder, busybox.env)(socket, parameters);
    };
    return { ...pod, status: {} };
  }
}

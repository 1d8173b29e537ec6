import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { matched } from "../../../cli/backup/read-backup.ts";
import { restoreBackup } from "../../../cli/backup/restore-backup.ts";
import { writeBackup } from "../../../cli/backup/write-backup.ts";
import type { StopContext } from "../../../cli/backup/while-stopped.ts";
import { instanceStates } from "../../../cli/kubernetes/instances.ts";
import { insistently, startAllStopped, StoppedStores } from "../../../cli/kubernetes/stopped-stores.ts";
import { snapshotOf } from "../../../cli/kubernetes/workloads.ts";
import { Ownership } from "../../../cli/ownership.ts";
import { UserError } from "../../../cli/user-error.ts";
import { FakeStoreCluster } from "../../support/fake-store-cluster.ts";
import { backupContent, FakeStores } from "../../support/fake-stores.ts";
import { knownState } from "../../support/known-state.ts";

const owner = { stackName: "shop-dev", owner: "observability/dev", image: "victoria-metrics:1" };
const own = { "observability/stack": "observability/dev" };

describe("a store that a command stops in a cluster", () => {
  let here: FakeStores;
  let fake: FakeStoreCluster;
  let stores: StoppedStores;

  async function start(answers: Parameters<typeof FakeStoreCluster.start>[1] = {}): Promise<void> {
    fake = await FakeStoreCluster.start(here.dataOf("loki"), answers);
    stores = new StoppedStores(fake.cluster(), owner);
  }
  const loki = (): ReturnType<FakeStores["store"]> => here.store("loki");
  /** What copies the data of a store, by the cluster. */
  const context = (): StopContext => ({
    ...here.context,
    target: {
      ...here.context.target,
      stop: (store) => stores.stop(store),
      start: (store) => stores.start(store),
      inData: (store, script, streams) => stores.inData(store, script, streams),
    },
  });

  beforeEach(() => {
    here = new FakeStores();
    here.write("loki", { "chunks/one": "a line", ".volume": "x" });
  });
  afterEach(async () => {
    await fake.stop();
    here.remove();
  });

  it("has no pods until it is started, then as many as before, and nothing tells of it any more", async () => {
    await start();
    fake.replicas = 2;
    await stores.stop(loki());
    assert.deepEqual(fake.annotations, { ...own, "observability/stopped-replicas": "2" });
    await stores.start(loki());
    assert.deepEqual([fake.replicas, fake.annotations], [2, own]);
    // What was not stopped goes on.
    await stores.start(loki());
    assert.deepEqual(fake.done, ["loki has 0 pods", "loki has 2 pods"]);
  });

  it("is not stopped where the user may not create the pod that reads its data", async () => {
    await start({
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": (body) => ({
        status: { allowed: !/"resource":"pods".*"verb":"create"/.test(JSON.stringify(body)) },
      }),
    });
    await assert.rejects(stores.stop(loki()), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(error.errorCodes, ["OBS1304"]);
      assert.match(error.message, /^permission on pods in the namespace shop: .* must be allowed to create, got no;/);
      return true;
    });
    assert.deepEqual(fake.done, []);
  });

  it("is read and written by one pod with its own volume, user and rights, that is removed when it starts", async () => {
    await start();
    await stores.stop(loki());
    const output = new PassThrough();
    const taken = text(output);
    await stores.inData(loki(), "cat chunks/one; cat", { input: Readable.from([Buffer.from(", more")]), output });
    assert.equal(await taken, "a line, more");
    await stores.inData(loki(), "rm .volume", {});
    await stores.start(loki());
    const done = ["pod loki-data is created", "script", "script", "loki has 1 pods", "pod loki-data is removed"];
    assert.deepEqual(fake.done, ["loki has 0 pods", ...done]);
    const [pod] = fake.created;
    assert.deepEqual(pod?.metadata.labels, {
      "app.kubernetes.io/name": "loki-data",
      "app.kubernetes.io/instance": "shop-dev",
      "app.kubernetes.io/part-of": "observability",
    });
    assert.deepEqual(pod["spec"], {
      ...{ serviceAccountName: "shop-dev", automountServiceAccountToken: false, enableServiceLinks: false },
      ...{ restartPolicy: "Never", terminationGracePeriodSeconds: 60 },
      ...{ imagePullSecrets: [], nodeSelector: {}, tolerations: [], initContainers: [] },
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001 },
        ...{ fsGroup: 10001, fsGroupChangePolicy: "OnRootMismatch", seccompProfile: { type: "RuntimeDefault" } },
      },
      containers: [
        {
          ...{ name: "loki-data", image: "victoria-metrics:1", imagePullPolicy: "IfNotPresent", workingDir: "/loki" },
          command: ["busybox", "sh", "-c", "trap 'exit 0' TERM; sleep 86400 & wait"],
          resources: { requests: { cpu: "20m", memory: "256Mi" }, limits: { memory: "256Mi" } },
          securityContext: {
            ...{ allowPrivilegeEscalation: false, privileged: false, readOnlyRootFilesystem: true },
            capabilities: { drop: ["ALL"] },
          },
          volumeMounts: [
            { name: "loki-data", mountPath: "/loki" },
            { name: "scripts", mountPath: "/tmp" },
          ],
        },
      ],
      volumes: [
        { name: "loki-data", persistentVolumeClaim: { claimName: "loki-data" } },
        { name: "scripts", emptyDir: {} },
      ],
    });
  });

  it("keeps nothing of a script that has failed or was given up: its pod is gone before that is told", async () => {
    await start();
    await stores.stop(loki());
    await assert.rejects(stores.inData(loki(), "echo no room >&2; exit 1", {}), { message: "no room" });
    assert.equal(fake.done.at(-1), "pod loki-data is removed");
    const interruption = new AbortController();
    const output = new PassThrough().on("data", () => {
      interruption.abort();
    });
    output.on("error", () => undefined);
    const { signal } = interruption;
    await assert.rejects(stores.inData(loki(), "echo begun; sleep 10", { output, signal }), { name: "AbortError" });
    assert.equal(fake.done.at(-1), "pod loki-data is removed");
    assert.equal(fake.created.length, 2);
  });

  it("is told why the pod that reads its data does not run, which is removed", async () => {
    await start();
    const waiting = { reason: "ImagePullBackOff", message: "no such image" };
    fake.podStatus = { phase: "Pending", containerStatuses: [{ name: "loki-data", state: { waiting } }] };
    await assert.rejects(stores.inData(loki(), "true", {}), {
      message: /^pod loki-data-[0-9a-f]+ must run, got ImagePullBackOff no such image$/,
    });
    assert.deepEqual(fake.done, ["pod loki-data is created", "pod loki-data is removed"]);
  });

  it("is started by the next up or down if the command was killed, and is no healthy store until then", async () => {
    await start();
    await stores.stop(loki());
    const stateOf = async (): Promise<string | undefined> => {
      const [name, snapshot] = ["statefulset/loki", await snapshotOf(fake.cluster())];
      return instanceStates(snapshot, [{ name, urn: "", replicas: 1 }], Date.now()).get(name);
    };
    assert.equal(await stateOf(), "stopped");
    const said: string[] = [];
    const startAll = (stack: string): Promise<void> =>
      startAllStopped(fake.cluster(), new Ownership(stack, "shop-dev", knownState()), (line) => said.push(line));
    await startAll("other");
    assert.equal(fake.replicas, 0);
    await startAll("dev");
    await startAll("dev");
    assert.deepEqual([fake.replicas, fake.annotations], [1, own]);
    assert.deepEqual(said, ["starting loki, which a backup or a restore that was cut off has stopped"]);
    assert.notEqual(await stateOf(), "stopped");
  });

  it("is started as soon as the API server can be reached, and not tried again if it refuses", async () => {
    await start();
    await stores.stop(loki());
    let attempts = 0;
    await insistently(async () => {
      attempts += 1;
      if (attempts === 1) throw new UserError("OBS1303", "the API server must be reachable");
      await stores.start(loki());
    });
    assert.deepEqual([attempts, fake.replicas], [2, 1]);
    const refusing = (): Promise<void> => {
      attempts += 1;
      throw new UserError("OBS1314", "the API server answered 422");
    };
    await assert.rejects(insistently(refusing), { message: "the API server answered 422" });
    assert.equal(attempts, 3);
  });

  it("gives a backup that is restored into a store elsewhere, and takes one from there", async () => {
    await start();
    const parent = mkdtempSync(join(tmpdir(), "backup-"));
    const there = new FakeStores();
    const filesOf = (all: FakeStores): readonly string[] =>
      readdirSync(all.dataOf("loki"), { recursive: true, encoding: "utf8" }).sort();
    try {
      const content = { ...backupContent, stores: [{ ...loki(), secrets: {} }] };
      const folder = join(parent, "one");
      const manifest = await writeBackup(folder, content, context());
      there.write("loki", { "wal/1": "old" });
      const restored = (all: FakeStores): Parameters<typeof restoreBackup>[1] =>
        matched(manifest, [all.store("loki")]).map((one) => ({ ...one, secrets: {} }));
      await restoreBackup(folder, restored(there), there.context, () => undefined);
      assert.deepEqual(filesOf(there), [".volume", "chunks", "chunks/one"]);
      there.write("loki", { "chunks/two": "another line" });
      const back = join(parent, "two");
      await writeBackup(back, { ...content, stores: [{ ...there.store("loki"), secrets: {} }] }, there.context);
      await restoreBackup(back, restored(here), context(), () => undefined);
      assert.deepEqual(filesOf(here), [".volume", "chunks", "chunks/one", "chunks/two"]);
      assert.equal(readFileSync(join(here.dataOf("loki"), "chunks/two"), "utf8"), "another line");
    } finally {
      there.remove();
      rmSync(parent, { recursive: true });
    }
  });
});

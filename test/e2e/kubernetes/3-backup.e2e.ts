import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { StackOutputs } from "../../../cli/outputs.ts";
import { eventuallyStored, sendNumbered, stored, trickle } from "../support/numbered-telemetry.ts";
import type { Workspace } from "../support/workspace.ts";
import { kubectl, podsOf } from "./support/cluster.ts";
import { clusterWorkspace } from "./support/cluster-workspace.ts";
import { Open } from "./support/open.ts";

const target = ["--target", "kubernetes"] as const;
const [quiet, busy, later, count] = ["backup-quiet", "backup-busy", "backup-later", 20] as const;

describe("npm run backup and npm run restore on Kubernetes", () => {
  let workspace: Workspace;
  let open: Open;
  let outputs: StackOutputs;
  let folder: string;
  let sent: number;

  before(async () => {
    workspace = await clusterWorkspace();
    outputs = await workspace.outputs();
    folder = join(workspace.folder, "backups", "one");
    open = await Open.start(workspace);
    await sendNumbered(outputs, quiet, count);
    assert.deepEqual(await eventuallyStored(outputs, quiet, count), { lines: count, spans: count, points: count });
    const stop = trickle(outputs, busy);
    try {
      const ended = await workspace.npm("run", "backup", "--", folder, ...target);
      assert.equal(ended.code, 0, ended.output);
    } finally {
      sent = await stop();
    }
  });
  after(() => open.stop());

  it("lose and double nothing that arrives meanwhile", async () => {
    assert.ok(sent > 10, `only ${sent} were sent`);
    assert.deepEqual(await eventuallyStored(outputs, busy, sent), { lines: sent, spans: sent, points: sent });
  });

  it("start the store and leave nothing at Ctrl-C", async () => {
    const interruption = { when: /copying Loki/, signal: "SIGINT", times: 2 } as const;
    const other = join(workspace.folder, "backups", "two");
    const ended = await workspace.interrupted("backup", interruption, [other, ...target]);
    assert.match(ended.output, /interrupted; nothing is left of the backup, and every store runs\n/);
    assert.deepEqual(readdirSync(join(workspace.folder, "backups")), ["one"]);
  });

  it("give the stack what it had and nothing else, and are no change to it", async () => {
    await sendNumbered(outputs, later, count);
    assert.deepEqual(await eventuallyStored(outputs, later, count), { lines: count, spans: count, points: count });
    const ended = await workspace.npm("run", "restore", "--", folder, ...target, "--yes");
    assert.equal(ended.code, 0, ended.output);
    assert.deepEqual(await stored(outputs, quiet), { lines: count, spans: count, points: count });
    assert.deepEqual(await stored(outputs, later), { lines: 0, spans: 0, points: 0 });
    const pods = await podsOf(workspace.name);
    assert.deepEqual(
      pods.filter(({ workload }) => workload.endsWith("-data")),
      [],
    );
    const sets = ["get", "statefulsets", "--namespace", workspace.name];
    const replicas = await kubectl([...sets, "--output", "jsonpath={.items[*].spec.replicas}"]);
    assert.equal(replicas, "1 1 1 1 1");
    const preview = await workspace.pulumi("preview", "--expect-no-changes", "--stack", "kubernetes");
    assert.equal(preview.code, 0, preview.output);
  });
});

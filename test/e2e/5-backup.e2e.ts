import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { deployedOutputs, type StackOutputs } from "../../cli/outputs.ts";
import { grafanaOf } from "../../cli/grafana-client.ts";
import { freePorts } from "../support/free-ports.ts";
import { imageOverrides } from "./support/images.ts";
import { eventuallyStored, sendNumbered, stored, trickle } from "./support/numbered-telemetry.ts";
import { removeStack, sharedWorkspace, type Workspace } from "./support/workspace.ts";

const [quiet, busy, count] = ["backup-quiet", "backup-busy", 40] as const;

describe("npm run backup and npm run restore", function () {
  this.timeout(180_000);
  let workspace: Workspace;
  let outputs: StackOutputs;
  let folder: string;
  let restoredName: string;
  let containers: ReadonlyMap<string, string>;
  let sent: number;

  before(async () => {
    workspace = await sharedWorkspace();
    outputs = await workspace.outputs();
    folder = join(workspace.folder, "backups", "one");
    restoredName = `${workspace.name}-restored`;
    containers = await workspace.containerIds();
    await grafanaOf(outputs).post("/api/dashboards/db", { dashboard: { title: "Of a user", uid: "of-a-user" } });
    await sendNumbered(outputs, quiet, count);
    assert.deepEqual(await eventuallyStored(outputs, quiet, count), { lines: count, spans: count, points: count });
    const stop = trickle(outputs, busy);
    try {
      const ended = await workspace.npm("run", "backup", "--", folder);
      assert.equal(ended.code, 0, ended.output);
    } finally {
      sent = await stop();
    }
  });
  after(() => removeStack(restoredName));

  it("lose and double nothing that arrives meanwhile, and replace nothing", async () => {
    assert.ok(sent > 10, `only ${sent} were sent`);
    assert.deepEqual(await eventuallyStored(outputs, busy, sent), { lines: sent, spans: sent, points: sent });
    assert.deepEqual(await workspace.containerIds(), containers);
  });

  it("start the store and leave nothing at Ctrl-C", async () => {
    const interruption = { when: /stopping Loki/, signal: "SIGINT", times: 2 } as const;
    const other = join(workspace.folder, "backups", "two");
    const ended = await workspace.interrupted("backup", interruption, [other]);
    assert.match(ended.output, /interrupted; nothing is left of the backup, and every store runs\n/);
    assert.deepEqual(readdirSync(join(workspace.folder, "backups")), ["one"]);
    assert.deepEqual(await workspace.containerIds(), containers);
    assert.deepEqual(await eventuallyStored(outputs, quiet, count), { lines: count, spans: count, points: count });
  });

  it("give another stack all that was stored, its own password, and what Grafana's users have made", async () => {
    const port = await freePorts(6);
    const ports = ["grafana", "loki", "otlpGrpc", "otlpHttp", "jaeger", "victoriaMetrics"];
    const settings = {
      "observability:name": restoredName,
      "observability:images": imageOverrides,
      "observability:exampleServices": false,
      "observability:ports": Object.fromEntries(ports.map((name, index) => [name, port[index]])),
    };
    writeFileSync(join(workspace.folder, "Pulumi.restored.yaml"), stringify({ config: settings }));
    const stack = ["--stack", "restored"];
    await workspace.up(...stack);
    const refused = await workspace.npm("run", "restore", "--", folder, ...stack);
    assert.match(
      refused.output,
      /must be confirmed, and there is no terminal to ask\n {2}next: add --yes\n {2}code: OBS1008/,
    );
    const ended = await workspace.npm("run", "restore", "--", folder, ...stack, "--yes");
    assert.equal(ended.code, 0, ended.output);
    const { stdout } = await workspace.pulumi("stack", "output", "--json", "--show-secrets", ...stack);
    const values = Object.entries(JSON.parse(stdout) as Record<string, unknown>);
    const restored = deployedOutputs(Object.fromEntries(values.map(([key, value]) => [key, { value, secret: false }])));
    assert.notEqual(restored.grafanaPassword, outputs.grafanaPassword);
    assert.deepEqual(await stored(restored, quiet), { lines: count, spans: count, points: count });
    assert.equal((await grafanaOf(restored).dashboard("of-a-user")).title, "Of a user");
    const down = await workspace.npm("run", "down", "--", ...stack, "--destroy-data", "--yes");
    assert.equal(down.code, 0, down.output);
    assert.ok(existsSync(folder));
  });
});

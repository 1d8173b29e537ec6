import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import pWaitFor from "p-wait-for";
import { eventuallyLogs } from "./support/loki.ts";
import { succeed, type Interruption } from "./support/run.ts";
import { sharedWorkspace, type Workspace } from "./support/workspace.ts";

const sampleTrace = "0af7651916cd43dd8448eb211c80319c";

// Each test begins and ends with a verified stack: `Workspace.up` fails if a check does.
describe("an interruption is repaired by one more npm run up", () => {
  let workspace: Workspace;

  before(async () => {
    workspace = await sharedWorkspace();
  });

  const interruptions: Readonly<Record<string, Pick<Interruption, "signal" | "times">>> = {
    "Ctrl-C": { signal: "SIGINT", times: 1 },
    "Ctrl-C twice": { signal: "SIGINT", times: 2 },
    SIGKILL: { signal: "SIGKILL", times: 1 },
  };
  for (const [name, interruption] of Object.entries(interruptions)) {
    it(`${name} in the middle of down`, async () => {
      const ended = await workspace.interrupted("down", { ...interruption, when: /deleting .*\(container\)/ });
      assert.notEqual(ended.code, 0, ended.output);
      if (interruption.signal === "SIGINT") assert.match(ended.output, /next: npm run up/);
      await workspace.up();
    });

    it(`${name} in the middle of up`, async () => {
      const down = await workspace.npm("run", "down");
      assert.equal(down.code, 0, down.output);
      const ended = await workspace.interrupted("up", {
        ...interruption,
        when: /creating .*network \(network\): done/,
      });
      assert.notEqual(ended.code, 0, ended.output);
      if (interruption.signal === "SIGINT") assert.match(ended.output, /next: npm run up/);
      const up = await workspace.up();
      if (interruption.signal === "SIGKILL") assert.match(up.stdout, /the last run was killed .*; releasing its lock/);
    });
  }

  it("a container, the network and a volume removed by hand", async () => {
    const { name } = workspace;
    const containers = [...(await workspace.containerIds()).keys()];
    const removed = [`${name}-grafana`, `${name}-jaeger`, `${name}-jaeger-data-owner`];
    // With the anonymous volumes that images declare, which nobody would find again.
    await succeed("docker", ["rm", "--force", "--volumes", ...removed]);
    await succeed("docker", ["volume", "rm", `${name}_jaeger_data`]);
    const connected = containers.filter((container) => !/-owner$|-grafana$|-jaeger$/.test(container));
    for (const container of connected) await succeed("docker", ["network", "disconnect", "--force", name, container]);
    await succeed("docker", ["network", "rm", name]);
    await workspace.up();
  });

  it("a state that is lost: the data is taken over, and the login works", async () => {
    rmSync(join(workspace.folder, ".pulumi-state"), { recursive: true });
    const up = await workspace.up();
    assert.match(up.stdout, /the volume \S+_loki_data is not in the state: taking it over with its data/);
    assert.match(up.stdout, /setting the password of this stack/);
    const grafana = await workspace.grafana();
    await eventuallyLogs(grafana, `{service_namespace="integr8scode"} | trace_id="${sampleTrace}"`);
  });

  it("two at once: the second says so and changes nothing, the first ends verified", async () => {
    await workspace.configure((config) => {
      config["load"] = { requestsPerSecond: 1 };
    });
    const first = workspace.up();
    const isAtIt = (): boolean => existsSync(join(workspace.folder, ".pulumi-state", "dev.lock"));
    await pWaitFor(isAtIt, { interval: 50, timeout: 30_000 });
    const second = await workspace.npm("run", "up");
    assert.equal(second.code, 1);
    assert.match(
      second.output,
      /the stack dev is being changed by process \d+, since .*\n {2}next: wait until it has ended/,
    );
    await first;
  });
});

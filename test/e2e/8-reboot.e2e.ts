import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import pWaitFor from "p-wait-for";
import { z } from "zod";
import { testedImages } from "./support/images.ts";
import { PrivateDaemon } from "./support/private-daemon.ts";
import { run, succeed, type Ended } from "./support/run.ts";
import { sharedWorkspace, type Workspace } from "./support/workspace.ts";

// A second stack of the same clone, on a daemon of its own: the machine's daemon is not a test's to restart.
describe("a Docker daemon that restarts", () => {
  let workspace: Workspace;
  let daemon: PrivateDaemon;

  before(async function () {
    this.timeout(300_000);
    workspace = await sharedWorkspace();
    copyFileSync(join(workspace.folder, "Pulumi.dev.yaml"), join(workspace.folder, "Pulumi.reboot.yaml"));
    daemon = await PrivateDaemon.start([...new Set(Object.values(testedImages))]);
  });

  after(async () => {
    await daemon.remove();
    rmSync(join(workspace.folder, "Pulumi.reboot.yaml"));
  });

  function npm(...args: readonly string[]): Promise<Ended> {
    const [command = "", ...rest] = [...daemon.prefix, "npm", ...args];
    const env = { ...workspace.env, DOCKER_HOST: daemon.host };
    return run(command, rest, { cwd: workspace.folder, env });
  }

  const docker = (...args: readonly string[]): Promise<string> => succeed("docker", ["--host", daemon.host, ...args]);
  const upArgs = ["run", "up", "--", "--stack", "reboot"];

  it("in the middle of up: one explained error, and one more up ends verified", async () => {
    const upToRestart = npm(...upArgs);
    await pWaitFor(async () => (await docker("ps", "--quiet")) !== "", { interval: 200, timeout: 60_000 });
    await daemon.stop();
    const up = await upToRestart;
    assert.notEqual(up.code, 0);
    const told = up.stderr
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("npm "));
    assert.ok(told.length <= 10, up.stderr);
    assert.match(up.stderr, /next: start Docker, then npm run up/);
    await daemon.start();
    const again = await npm(...upArgs);
    assert.equal(again.code, 0, again.output);
  });

  /** Sends ten lines, spans and points a second until the result is called, which says how many were sent and are stored. */
  async function sender(): Promise<() => Promise<unknown>> {
    const { stdout: urls } = await workspace.pulumi("stack", "output", "urls", "--json", "--stack", "reboot");
    const script = join(import.meta.dirname, "support", "send-numbered.ts");
    const [command, ...args] = [...daemon.prefix, process.execPath, script, urls, "reboot"];
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    const printed = text(child.stdout);
    return async () => {
      child.stdin.end();
      return JSON.parse(await printed) as unknown;
    };
  }

  it("brings the whole stack back by itself, nothing that was acknowledged is lost or doubled, and verify passes", async () => {
    const names = await docker("ps", "--format", "{{.Names}}");
    const stop = await sender();
    await sleep(2000);
    await daemon.stop();
    await daemon.start();
    const expected = names.split("\n").sort();
    await pWaitFor(
      async () => {
        const back = (await docker("ps", "--format", "{{.Names}} {{.Status}}")).split("\n");
        const isSettled = back.every((line) => !/starting|unhealthy/.test(line));
        return isSettled && JSON.stringify(back.map((line) => line.split(" ")[0]).sort()) === JSON.stringify(expected);
      },
      { interval: 1000, timeout: { milliseconds: 120_000, message: "not every container came back" } },
    );
    const outcome = z.object({ sent: z.number().min(100), stored: z.unknown() }).parse(await stop());
    const { sent } = outcome;
    assert.deepEqual(outcome.stored, { lines: sent, spans: sent, points: sent });
    const verified = await npm("run", "verify", "--", "--stack", "reboot");
    assert.equal(verified.code, 0, verified.output);
  });

  it("leaves nothing on it after down -- --destroy-data", async () => {
    const down = await npm("run", "down", "--", "--stack", "reboot", "--destroy-data", "--yes");
    assert.equal(down.code, 0, down.output);
    assert.equal(await docker("ps", "--all", "--quiet"), "");
    assert.equal(await docker("volume", "ls", "--quiet"), "");
  });
});

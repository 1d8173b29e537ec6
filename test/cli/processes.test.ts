import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning } from "../../cli/processes.ts";
import { fakeCommand } from "../support/fake-command.ts";

describe("whether a process still runs", () => {
  it("is so for one that began before what it has written, whoever it belongs to", () => {
    assert.equal(isRunning(process.pid, Date.now()), true);
    assert.equal(isRunning(1, Date.now()), true);
  });

  it("is not so once it has ended, even if its parent has not noticed", async () => {
    assert.equal(isRunning(spawnSync("true").pid, Date.now()), false);
    const parent = spawn("sh", ["-c", "true & echo $!; exec sleep 5"], { stdio: ["ignore", "pipe", "ignore"] });
    const [printed] = (await once(parent.stdout, "data")) as [Buffer];
    await sleep(100);
    assert.equal(isRunning(Number(printed.toString()), Date.now()), false);
    parent.kill();
  });

  it("is not so for another process that has got the same id since", () => {
    const dayMillis = 86_400_000;
    assert.equal(isRunning(process.pid, Date.now() - dayMillis), false);
  });

  it("is so for any process of this id where ps does not tell when it began", () => {
    const { PATH } = process.env;
    const ps = fakeCommand("ps", "echo 'ps: unrecognized option: p' >&2; exit 1");
    try {
      process.env["PATH"] = ps.env["PATH"];
      assert.deepEqual([isRunning(process.pid, 0), isRunning(spawnSync("true").pid, 0)], [true, false]);
      process.env["PATH"] = "/nowhere";
      assert.equal(isRunning(process.pid, 0), true);
    } finally {
      process.env["PATH"] = PATH;
      ps.remove();
    }
  });
});

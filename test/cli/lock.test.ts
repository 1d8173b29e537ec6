import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../cli/lock.ts";

describe("the lock of a stack", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lock-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const left = (pid: number): void => {
    writeFileSync(join(folder, "dev.lock"), JSON.stringify({ pid, since: "2026-01-02T03:04:05.000Z" }));
  };

  it("lets one command at a time change a stack, and says who is at it", async () => {
    await withLock(folder, "dev", async () => {
      await assert.rejects(
        withLock(folder, "dev", () => Promise.resolve()),
        (error) => {
          assert.ok(error instanceof Error);
          assert.match(error.message, new RegExp(`^the stack dev is being changed by process ${process.pid}, since 2`));
          assert.match(error.message, /\n {2}next: wait until it has ended/);
          return true;
        },
      );
      assert.equal(await withLock(folder, "other", () => Promise.resolve("free")), "free");
    });
  });

  it("is released when the command ends, well or not", async () => {
    await assert.rejects(
      withLock(folder, "dev", () => Promise.reject(new Error("no"))),
      /no/,
    );
    assert.equal(existsSync(join(folder, "dev.lock")), false);
  });

  it("is taken over from a command that was killed", async () => {
    const { pid } = spawnSync("true");
    left(pid);
    assert.equal(await withLock(folder, "dev", () => Promise.resolve("mine")), "mine");
    // Its parent, a shell that has become `sleep`, does not notice that it has ended.
    const parent = spawn("sh", ["-c", "true & echo $!; exec sleep 5"], { stdio: ["ignore", "pipe", "ignore"] });
    const [printed] = (await once(parent.stdout, "data")) as [Buffer];
    await sleep(100);
    left(Number(printed.toString()));
    assert.equal(await withLock(folder, "dev", () => Promise.resolve("mine")), "mine");
    parent.kill();
    left(process.ppid);
    await assert.rejects(
      withLock(folder, "dev", () => Promise.resolve()),
      /is being changed/,
    );
  });
});

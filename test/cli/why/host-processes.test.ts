import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canSeeProcesses, hostProcesses } from "../../../cli/why/host-processes.ts";

const published = { grpc: "http://127.0.0.1:4317", http: "http://127.0.0.1:4318" };

describe("the processes of this machine", () => {
  it("are those with a variable of OpenTelemetry's or a known runtime, without containers, the asking ones and other variables, and looked into for Go", async () => {
    const folder = mkdtempSync(join(tmpdir(), "proc-"));
    const add = (
      pid: string,
      parent: string,
      namespace: string,
      command: readonly string[],
      env: readonly string[],
    ): void => {
      const at = join(folder, pid);
      mkdirSync(join(at, "ns"), { recursive: true });
      symlinkSync(`pid:[${namespace}]`, join(at, "ns", "pid"));
      symlinkSync("/srv/shop", join(at, "cwd"));
      writeFileSync(join(at, "cmdline"), command.map((part) => `${part}\0`).join(""));
      writeFileSync(join(at, "environ"), env.map((part) => `${part}\0`).join(""));
      writeFileSync(join(at, "status"), `Name:\tx\nPid:\t${pid}\nPPid:\t${parent}\n`);
    };
    try {
      add("10", "0", "1", ["npm run why shop"], ["OTEL_SERVICE_NAME=asking"]);
      add("11", "10", "1", ["node", "why.ts", "shop"], []);
      symlinkSync("11", join(folder, "self"));
      add("12", "0", "1", ["./server", "--quiet"], ["OTEL_SERVICE_NAME=shop=a", "PASSWORD=hunter2"]);
      add("13", "0", "1", ["/usr/bin/node", "/srv/main.js"], ["HOME=/root"]);
      add("14", "0", "1", ["sleep", "9"], ["HOME=/root"]);
      add("15", "0", "2", ["node", "in-a-container.js"], ["OTEL_SERVICE_NAME=inner"]);
      mkdirSync(join(folder, "16"));
      writeFileSync(join(folder, "12", "exe"), Buffer.from("ELF\xff Go buildinf:", "latin1"));
      const seen = hostProcesses(published, folder);
      assert.deepEqual(await Promise.all(seen.map((one) => one.languageInside())), ["go", undefined]);
      const found = seen.map(({ name, aliases, env }) => [name, aliases, env]);
      assert.deepEqual(found, [
        ["process 12", ["shop", "server"], { OTEL_SERVICE_NAME: "shop=a" }],
        ["process 13", ["shop", "node", "main.js"], {}],
      ]);
      assert.deepEqual(hostProcesses(published, join(folder, "none")), []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are seen as they are, on Linux", async function () {
    if (!canSeeProcesses()) {
      assert.deepEqual(hostProcesses(published), []);
      return;
    }
    const env = { ...process.env, OTEL_SERVICE_NAME: "seen-by-the-test" };
    const child = spawn(process.execPath, ["-e", "console.log(); setTimeout(() => {}, 60_000)"], { env });
    try {
      await once(child.stdout, "data");
      const found = hostProcesses(published).find(({ name }) => name === `process ${child.pid ?? 0}`);
      assert.equal(found?.env["OTEL_SERVICE_NAME"], "seen-by-the-test");
      assert.ok(Math.abs((found.startedMillis ?? 0) - Date.now()) < 60_000);
    } finally {
      child.kill("SIGKILL");
      await once(child, "close");
    }
  });
});

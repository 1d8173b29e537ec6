import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { dockerTarget } from "../../cli/docker/docker-target.ts";
import { Docker } from "../../cli/docker/docker.ts";
import { stateFolder } from "../../cli/state.ts";
import { recover, type RecoveredStack } from "../../cli/recovery.ts";
import { UserError } from "../../cli/user-error.ts";
import { programSettings } from "../../config/program-settings.ts";
import { fakeCommand } from "../support/fake-command.ts";
import { noPlan } from "../../cli/preview/planned-program.ts";

const stackName = `recovery-${process.pid}`;
const locks = join(stateFolder, ".pulumi", "locks", "organization", "observability", stackName);

describe("the recovery of a stack", () => {
  const done: string[] = [];
  const said: string[] = [];
  beforeEach(() => {
    done.length = 0;
    said.length = 0;
  });
  afterEach(() => {
    rmSync(locks, { recursive: true, force: true });
  });

  /** For the target `docker`, on a daemon that has nothing. */
  async function recovered(deployment: object): Promise<readonly string[]> {
    const stack: RecoveredStack = {
      name: stackName,
      cancel: () => {
        done.push("cancel");
        return Promise.resolve();
      },
      workspace: {
        listStacks: () => Promise.reject(new Error("nothing is to be asked of other stacks")),
        exportStack: () => Promise.reject(new Error("nothing is to be asked of other stacks")),
      },
      exportStack: () => Promise.resolve({ version: 3, deployment }),
      importStack: (state) => {
        done.push(`import ${JSON.stringify(state.deployment)}`);
        return Promise.resolve();
      },
    };
    const docker = fakeCommand("docker", "exit 0");
    const target = dockerTarget(
      programSettings({}, { project: "observability", stack: "dev" }),
      stackName,
      noPlan,
      new Docker(undefined, docker.env),
    );
    try {
      return (await recover(stack, target, (line) => said.push(line))).leftData;
    } finally {
      docker.remove();
    }
  }

  const timestamp = new Date().toISOString();

  function lock(content: object): void {
    mkdirSync(locks, { recursive: true });
    writeFileSync(join(locks, "a.json"), JSON.stringify({ timestamp, ...content }));
    writeFileSync(join(locks, "a.json.attrs"), "");
  }

  async function refused(deployment: object, code: string, message: string): Promise<void> {
    await assert.rejects(recovered(deployment), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual([error.errorCodes, error.message], [[code], message]);
      return true;
    });
    assert.deepEqual(done, []);
  }

  it("does nothing where nothing was cut off", async () => {
    assert.deepEqual(await recovered({}), []);
    assert.deepEqual([done, said], [[], []]);
  });

  it("refuses a state of another target, and says how to have both", async () => {
    const type = "kubernetes:apps/v1:StatefulSet";
    await refused(
      { resources: [{ type, urn: "urn:pulumi:x::observability::kubernetes::loki" }] },
      "OBS1010",
      `the stack ${stackName} runs on another target than observability:target says (it has ${type}); a stack keeps its target\n` +
        `  next: put observability:target back in Pulumi.${stackName}.yaml, and use another stack for the other target: npm run up -- --stack NAME`,
    );
  });

  it("has the state forget what was cut off once the target was looked at, and says what that was", async () => {
    const resource = { type: "docker:index/container:Container", urn: "urn:pulumi:x::observability::docker::loki" };
    await recovered({ resources: [], pending_operations: [{ type: "creating", resource }] });
    assert.deepEqual(said, ["loki was cut off while creating; looking at what is there"]);
    assert.deepEqual(done, ['import {"resources":[],"pending_operations":[]}']);
  });

  it("leaves everything else in the state as it is, what it does not know included", async () => {
    const resources = [
      { type: "x:index:Y", urn: "urn:pulumi:x::observability::y", inputs: { metadata: "text" }, z: 1 },
    ];
    const cut = { type: "docker:index/volume:Volume", urn: "urn:pulumi:x::observability::docker::loki-data" };
    await recovered({ resources, pending_operations: [{ type: "deleting", resource: cut }] });
    assert.deepEqual(done, [`import ${JSON.stringify({ resources, pending_operations: [] })}`]);
  });

  it("releases the lock of a run that was killed, and no other", async () => {
    const { pid } = spawnSync("true");
    lock({ pid, hostname: hostname() });
    await recovered({});
    assert.deepEqual([done, said], [["cancel"], [`the last run was killed (process ${pid}); releasing its lock`]]);
    done.length = 0;
    lock({ pid: process.pid, hostname: hostname(), timestamp: "2026-01-02T03:04:05Z" });
    await recovered({});
    assert.deepEqual(done, ["cancel"], "the id belongs to another process by now");
    done.length = 0;
    lock({ pid: process.pid, hostname: hostname() });
    await refused(
      {},
      "OBS1401",
      `the stack ${stackName} is being changed by process ${process.pid} on ${hostname()}, since ${timestamp}\n` +
        "  next: wait until it has ended, then npm run up",
    );
    lock({ pid, hostname: "elsewhere" });
    await refused(
      {},
      "OBS1402",
      `the stack ${stackName} is locked by process ${pid} on elsewhere, since ${timestamp}\n` +
        `  next: if nothing runs there, npm run pulumi -- cancel --stack ${stackName}`,
    );
    writeFileSync(join(locks, "a.json"), "");
    await refused(
      {},
      "OBS1402",
      `${join(locks, "a.json")}: must be a lock of Pulumi's, got something else, so it is not known which process holds the stack ${stackName}\n` +
        `  next: if no pulumi runs, npm run pulumi -- cancel --stack ${stackName}; or remove the file`,
    );
  });
});

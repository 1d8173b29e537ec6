import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { succeed } from "./support/run.ts";
import { sharedWorkspace, type Workspace } from "./support/workspace.ts";

const container = z.object({
  Name: z.string(),
  Config: z.object({ Env: z.array(z.string()).nullable() }),
  HostConfig: z.object({
    Memory: z.number(),
    MemorySwap: z.number(),
    CapDrop: z.array(z.string()).nullable(),
    CapAdd: z.array(z.string()).nullable(),
    SecurityOpt: z.array(z.string()).nullable(),
    Privileged: z.boolean(),
    PortBindings: z.record(z.string(), z.array(z.object({ HostIp: z.string() }))).nullable(),
  }),
});

describe("the deployed containers", () => {
  let workspace: Workspace;
  let containers: z.output<typeof container>[];

  before(async () => {
    workspace = await sharedWorkspace();
    const ids = [...(await workspace.containerIds()).values()];
    containers = z.array(container).parse(JSON.parse(await succeed("docker", ["inspect", ...ids])));
    // Five backends, seven services with one of them twice, the load generator, and five helpers that have ended.
    assert.equal(containers.length, 5 + 8 + 1 + 5);
  });

  it("publish ports on loopback only (S27)", () => {
    const addresses = containers.flatMap(({ HostConfig }) => Object.values(HostConfig.PortBindings ?? {}).flat());
    assert.equal(addresses.length, 7);
    assert.deepEqual([...new Set(addresses.map(({ HostIp }) => HostIp))], ["127.0.0.1"]);
  });

  it("each have a memory limit and no swap (S25)", () => {
    const wrong = containers.filter(({ HostConfig: { Memory, MemorySwap } }) => Memory === 0 || Memory !== MemorySwap);
    assert.deepEqual(
      wrong.map(({ Name }) => Name),
      [],
    );
    const loki = containers.find(({ Name }) => Name === `/${workspace.name}-loki`);
    assert.equal(loki?.HostConfig.Memory, 256 * 1024 * 1024);
  });

  it("drop every capability; only the helpers that hand over a new volume add CHOWN", () => {
    const adding = containers.filter(({ HostConfig }) => (HostConfig.CapAdd ?? []).length > 0);
    assert.deepEqual([...new Set(containers.map(({ HostConfig }) => HostConfig.CapDrop?.join(" ")))], ["ALL"]);
    assert.deepEqual([...new Set(adding.map(({ HostConfig }) => HostConfig.CapAdd?.join(" ")))], ["CAP_CHOWN"]);
    assert.ok(adding.every(({ Name }) => Name.endsWith("-owner")));
  });

  it("cannot gain privileges", () => {
    assert.deepEqual(
      [
        ...new Set(
          containers.map(({ HostConfig }) => `${HostConfig.SecurityOpt?.join(" ") ?? ""} ${HostConfig.Privileged}`),
        ),
      ],
      ["no-new-privileges:true false"],
    );
  });
});

const exportedState = z.object({
  deployment: z.object({ resources: z.array(z.object({ type: z.string(), outputs: z.unknown().optional() })) }),
});
const generatedPassword = z.object({ result: z.object({ plaintext: z.string() }) });

describe("the generated secrets", () => {
  let workspace: Workspace;
  let secrets: readonly string[];

  before(async () => {
    workspace = await sharedWorkspace();
    const exported = await workspace.pulumi("stack", "export", "--show-secrets", "--stack", "dev");
    secrets = exportedState
      .parse(JSON.parse(exported.stdout))
      .deployment.resources.filter(({ type }) => type === "random:index/randomPassword:RandomPassword")
      .map(({ outputs }) => JSON.parse(generatedPassword.parse(outputs).result.plaintext) as string);
    assert.equal(secrets.length, 2, "the password and the secret key");
    for (const secret of secrets) assert.match(secret, /^[A-Za-z0-9]{32}$/);
  });

  it("are in no file of the state", () => {
    const files = readdirSync(join(workspace.folder, ".pulumi-state"), { recursive: true, withFileTypes: true });
    const texts = files
      .filter((file) => file.isFile())
      .map((file) => readFileSync(join(file.parentPath, file.name), "utf8"));
    assert.ok(
      texts.some((text) => text.includes("RandomPassword")),
      "the state was not read",
    );
    for (const secret of secrets) assert.ok(!texts.some((text) => text.includes(secret)));
  });

  it("are in no container's environment or labels, and in no log", async () => {
    const ids = await workspace.containerIds();
    const inspected = await succeed("docker", ["inspect", ...ids.values()]);
    for (const secret of secrets) assert.ok(!inspected.includes(secret));
    for (const name of ids.keys()) {
      const printed = await succeed("sh", ["-c", 'docker logs "$0" 2>&1', name]);
      for (const secret of secrets) assert.ok(!printed.includes(secret), `${name} prints a secret`);
    }
  });

  it("are in no preview", async () => {
    const previewed = await workspace.pulumi("preview", "--diff", "--show-sames", "--stack", "dev");
    assert.equal(previewed.code, 0, previewed.output);
    for (const secret of secrets) assert.ok(!previewed.output.includes(secret));
  });
});

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import pWaitFor from "p-wait-for";
import { exampleServiceNames } from "../../config/example-services.ts";
import { partList } from "../../config/parts/parts.ts";
import { runningHostsOf } from "../../config/parts/processes.ts";
import { keyFile } from "../../config/parts/victoria-metrics.ts";
import type { StackOutputs } from "../../cli/outputs.ts";
import {
  addressesInNetwork,
  addressesOnHost,
  destructiveRequests,
  grafanaApiOf,
  isLokiReady,
  openPorts,
  send,
  type Answer,
  type DestructiveRequest,
} from "./support/destructive-requests.ts";
import { settings } from "../support/settings.ts";
import { openRequests } from "./support/readme.ts";
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

const runningHosts = runningHostsOf(settings());

/** The parts that run without a setting of them. */
const running = partList.filter(({ host }) => runningHosts.includes(host));

describe("the deployed containers", () => {
  let workspace: Workspace;
  let containers: z.output<typeof container>[];

  before(async () => {
    workspace = await sharedWorkspace();
    const ids = [...(await workspace.containerIds()).values()];
    containers = z.array(container).parse(JSON.parse(await succeed("docker", ["inspect", ...ids])));
    // The parts, the example services with one of them twice, the load generator, and six helpers that have ended.
    assert.equal(containers.length, running.length + exampleServiceNames.length + 1 + 1 + 6);
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
    assert.equal(secrets.length, 3, "Grafana's password and secret key, and VictoriaMetrics' key");
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

describe("a request that destroys something", () => {
  let workspace: Workspace;
  let outputs: StackOutputs;

  before(async () => {
    workspace = await sharedWorkspace();
    outputs = await workspace.outputs();
  });

  /** Loki's shutdown is among them: it is back before anything else is asked. */
  afterEach(async () => {
    await pWaitFor(() => isLokiReady(outputs), { interval: 500, timeout: 60_000 });
  });

  async function requests(): Promise<readonly DestructiveRequest[]> {
    return destructiveRequests(`${workspace.name}-loki`, await grafanaApiOf(`${workspace.name}-grafana`));
  }

  function assertRefusedOrNamed(answers: readonly Answer[]): void {
    const accepted = answers.filter(({ isRefused }) => !isRefused).map(({ request }) => request);
    const texts = answers.filter(({ isRefused }) => !isRefused).map(({ text }) => text);
    const paths = accepted.map(({ part, path }) => `${part} ${path.split("?")[0] ?? ""}`);
    assert.deepEqual([...new Set(paths)].sort(), openRequests.map((path) => `loki ${path}`).sort(), texts.join("\n"));
  }

  it("is refused or named in docs/guarantees.md, when a web page on this machine sends it", async () => {
    assertRefusedOrNamed(await send(await requests(), addressesOnHost(outputs), [process.execPath]));
  });

  it("is refused or named in docs/guarantees.md, when a service sends it", async () => {
    const node = ["docker", "exec", `${workspace.name}-backend`, "node"];
    assertRefusedOrNamed(await send(await requests(), addressesInNetwork, node));
  });

  it("has no port to be sent to but those that the parts are described with, by any container beside them", async () => {
    const image = await succeed("docker", ["inspect", "--format", "{{.Config.Image}}", `${workspace.name}-backend`]);
    const found = await Promise.all(
      running.map(async ({ host }) => [host, await openPorts(`${workspace.name}-${host}`, image.trim())]),
    );
    const described = running.map(({ host, ports }) => [
      host,
      Object.values(ports)
        .map(({ port }) => port)
        .sort((one, other) => one - other),
    ]);
    assert.deepEqual(Object.fromEntries(found), Object.fromEntries(described));
  });

  it("is refused by Grafana even with a login, when a web page sends it", async () => {
    const { grafana = "" } = outputs.urls;
    const login = await fetch(`${grafana}/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user: outputs.grafanaUser, password: outputs.grafanaPassword }),
    });
    const cookie = login.headers.getSetCookie().map((text) => text.split(";")[0] ?? "");
    assert.match(login.headers.getSetCookie().join("\n"), /^grafana_session=.*SameSite=Strict/m);
    const answer = await fetch(`${grafana}/api/folders`, {
      method: "POST",
      headers: { cookie: cookie.join("; "), origin: "http://page.example.com", "content-type": "application/json" },
      body: JSON.stringify({ title: "Foreign" }),
    });
    assert.equal(answer.status, 403, await answer.text());
  });

  it("is taken by VictoriaMetrics with the key that is a file in its container", async () => {
    const key = await succeed("docker", ["exec", `${workspace.name}-victoria-metrics`, "cat", keyFile]);
    const flush = `${outputs.urls.victoriaMetrics ?? ""}/internal/force_flush?authKey=`;
    assert.equal((await fetch(`${flush}${key}`)).status, 200);
    assert.equal((await fetch(`${flush}${key}x`)).status, 401);
  });

  it("stops Loki for seconds, or with terminate=false until it is started again, and loses no line", async () => {
    const loki = outputs.urls.loki ?? "";
    const stopped = await fetch(`${loki}/ingester/shutdown?terminate=false`, { method: "POST" });
    assert.equal(stopped.status, 204);
    assert.equal(await isLokiReady(outputs), false);
    await succeed("docker", ["restart", "--time", "60", `${workspace.name}-loki`]);
    await pWaitFor(() => isLokiReady(outputs), { interval: 500, timeout: 60_000 });
    const verified = await workspace.npm("run", "verify");
    assert.equal(verified.code, 0, verified.output);
  });
});

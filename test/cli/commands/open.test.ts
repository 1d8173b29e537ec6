import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import pWaitFor from "p-wait-for";
import { fakeCommand, type FakeCommand } from "../../support/fake-command.ts";
import { freePort } from "../../support/free-ports.ts";
import { FakeApiServer } from "../../support/fake-api-server.ts";
import { listeningPort, podOf, serviceOf } from "../../support/pod-streams.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const base = "/api/v1/namespaces/shop";

describe("npm run open", function () {
  // Each is a process that loads Pulumi and the cluster's client, on a machine that may have other work.
  this.timeout(60_000);

  let server: FakeApiServer;
  let pulumi: FakeCommand | undefined;
  let child: ChildProcess;
  let printed: string;
  /** Where Grafana is once it is open. */
  let url: string;

  beforeEach(async () => {
    const port = await freePort();
    const stream = `${base}/pods/grafana-0/portforward`;
    const items = [podOf("grafana", "grafana-0", { isReady: true })];
    server = await FakeApiServer.start(
      {
        [`${base}/services`]: { items: [serviceOf("grafana", 3000, { http: port })] },
        [`${base}/pods`]: { items },
      },
      { [stream]: listeningPort(() => "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello") },
    );
    url = `http://127.0.0.1:${port}`;
  });
  afterEach(async () => {
    child.kill("SIGKILL");
    pulumi?.remove();
    await server.stop();
  });

  /** Starts the command with a `pulumi` that has a stack for the prepared API server, deployed with these outputs. */
  function start(outputs: object, ...args: readonly string[]): void {
    const cluster = { context: "fake", kubeconfig: server.kubeconfig(), namespace: "shop", loadCommand: "true" };
    const config = {
      "observability:target": { value: "kubernetes", secret: false },
      "observability:kubernetes": { value: JSON.stringify(cluster), secret: false },
    };
    pulumi = fakeCommand(
      "pulumi",
      `case "$*" in
         version*) echo v3.270.0;;
         "config "*) echo '${JSON.stringify(config)}';;
         "stack output"*) echo '${JSON.stringify(outputs)}';;
       esac`,
    );
    printed = "";
    const env = { ...pulumi.env, PULUMI_CONFIG_PASSPHRASE: "x" };
    child = spawn(process.execPath, ["cli/commands/open.ts", ...args], {
      cwd: root,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        printed += chunk.toString();
      });
    }
  }

  async function ended(): Promise<unknown> {
    const [code] = (await once(child, "close")) as [number | null];
    return code;
  }

  async function until(text: string): Promise<void> {
    await pWaitFor(() => printed.includes(text) || child.exitCode !== null);
    assert.ok(printed.includes(text), printed);
  }

  const deployed = (): object => ({
    urls: { grafana: url },
    grafanaUser: "admin",
    grafanaPassword: "hunter2",
    serviceNames: [],
    instances: [{ name: "statefulset/grafana", urn: "x", replicas: 1 }],
  });

  it("opens the addresses, prints them without the password, and closes them at Ctrl-C", async () => {
    start(deployed(), "--stack", "shop");
    await until("open until Ctrl-C");
    assert.deepEqual(printed.trim().split("\n"), [
      `Grafana          ${url.padEnd(24)} user admin, password: npm run password -- --stack shop`,
      "",
      "open until Ctrl-C",
    ]);
    assert.equal(await (await fetch(url, { headers: { connection: "close" } })).text(), "hello");
    child.kill("SIGINT");
    assert.equal(await ended(), 0);
    await assert.rejects(fetch(url), TypeError);
  });

  it("tells that a stack is not deployed, or what has the port, with the command for that stack", async () => {
    start({}, "--stack", "shop");
    assert.equal(await ended(), 1);
    assert.equal(
      printed,
      "\nthe stack is not deployed\n  next: npm run up -- --stack shop\n  code: OBS1501, docs/errors/OBS1501.md\n",
    );
    pulumi?.remove();
    const taken = createServer().listen(Number(new URL(url).port), "127.0.0.1");
    await once(taken, "listening");
    start(deployed(), "--stack", "shop");
    assert.equal(await ended(), 1);
    taken.close();
    assert.match(
      printed,
      /^\nport \d+ \(grafana\): must be free, but [^\n]+\n {2}next: solve this, then npm run open -- --stack shop\n {2}code: OBS1104, docs\/errors\/OBS1104\.md\n$/,
    );
  });

  it("tells its usage, and takes no option that is not its own", async () => {
    const usage = "npm run open [-- --target docker|kubernetes] [--stack NAME]\n";
    start({}, "--help");
    assert.deepEqual([await ended(), printed], [0, usage]);
    pulumi?.remove();
    start({}, "--destroy-data");
    assert.equal(await ended(), 1);
    assert.match(printed, /^\nUnknown option '--destroy-data'[^\n]*\n {2}usage: /);
    assert.ok(printed.endsWith(`${usage}  code: OBS1008, docs/errors/OBS1008.md\n`));
  });
});

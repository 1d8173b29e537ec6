import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import pWaitFor from "p-wait-for";
import { defaultImages } from "../../config/images.ts";
import { isRecord } from "../../config/parse.ts";
import { mergedSettings, ownCodeExamples } from "../../docs/own-code-examples.ts";
import { testedImages } from "./support/images.ts";
import { eventuallyLogs } from "./support/loki.ts";
import { succeed, type Ended } from "./support/run.ts";
import { sharedWorkspace, type Workspace } from "./support/workspace.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "own-code.md"), "utf8");
const examples = ownCodeExamples(page);
const fixture = join(import.meta.dirname, "fixtures", "own-service");
const secrets: Readonly<Record<string, string>> = { TOKEN: "token-of-the-test", PASSWORD: "password-of-the-test" };

/** Every example of docs/own-code.md on the stack that runs, its backends all the service of the page itself. */
describe("own code, as docs/own-code.md has it", () => {
  let workspace: Workspace;
  let otherRepository: string;
  let restore: () => void;
  let up: Ended;
  let idsAfter: ReadonlyMap<string, string>;

  before(async () => {
    workspace = await sharedWorkspace();
    const { folder } = workspace;
    const files = ["Pulumi.dev.yaml", "index.ts"].map((name) => join(folder, name));
    const before = files.map((file) => [file, readFileSync(file)] as const);
    restore = () => {
      for (const [file, content] of before) writeFileSync(file, content);
      rmSync(join(folder, "dashboards"), { recursive: true, force: true });
      rmSync(otherRepository, { recursive: true, force: true });
    };
    otherRepository = mkdtempSync(join(tmpdir(), "observability-own-"));
    cpSync(fixture, join(otherRepository, "checkout"), { recursive: true });
    const dockerfile = join(otherRepository, "checkout", "Dockerfile");
    writeFileSync(dockerfile, readFileSync(dockerfile, "utf8").replace(defaultImages.node, testedImages.node));
    appendFileSync(join(folder, "index.ts"), here(examples.buildStatement));
    mkdirSync(join(folder, "dashboards", "Shop"), { recursive: true });
    writeFileSync(join(folder, "dashboards", "Shop", "orders.json"), examples.dashboard);
    await workspace.configure((config) => {
      const own = mergedSettings([config, ...examples.settings]);
      Object.assign(config, JSON.parse(here(JSON.stringify(own))));
    });
    for (const args of examples.secretCommands) {
      const ended = await workspace.npm(...args.map((arg) => secrets[arg] ?? arg));
      assert.equal(ended.code, 0, ended.output);
    }
    // Pulumi's command repeats what npm was asked; the rest must not.
    workspace.printed = "";
    up = await workspace.up();
    idsAfter = await workspace.containerIds();
  });

  after(() => {
    restore();
  });

  /** An example with the folder and the addresses of this test. */
  function here(example: string): string {
    return example
      .replaceAll("../checkout", join(otherRepository, "checkout"))
      .replaceAll(/, hostPort: \d+/g, "")
      .replaceAll(/https?:\/\/(?:tempo|prometheus)\.example\.com(?::\d+)?/g, "http://checkout:8080");
  }

  async function saidByService(pattern: RegExp): Promise<void> {
    let said = "";
    await pWaitFor(
      async () => {
        said = await succeed("docker", ["logs", `${workspace.name}-checkout`]);
        return pattern.test(said);
      },
      { interval: 500, timeout: 30_000 },
    ).catch(() => undefined);
    assert.match(said, pattern);
  }

  async function askGrafana(path: string): Promise<unknown> {
    const { urls, grafanaUser, grafanaPassword } = await workspace.outputs();
    const login = Buffer.from(`${grafanaUser}:${grafanaPassword}`).toString("base64");
    const answer = await fetch(`${urls.grafana ?? ""}${path}`, { headers: { authorization: `Basic ${login}` } });
    assert.equal(answer.status, 200, path);
    return answer.json();
  }

  it("ends verified", () => {
    assert.doesNotMatch(up.stdout, /FAILED/);
  });

  it("runs a service that is built from another folder, and has its lines in Loki", async () => {
    const [log] = await eventuallyLogs(await workspace.grafana(), `{service_name="integr8scode-checkout"}`);
    assert.equal(log?.line, "hello from another repository");
  });

  it("sends a copy of the traces to a backend of one's own, with the secret as its login", async () => {
    await saidByService(/POST \/v1\/traces Bearer token-of-the-test .*integr8scode-saga-orchestrator/);
  });

  it("has the dashboard in a folder of its own", async () => {
    const found = z
      .array(z.looseObject({ uid: z.string(), title: z.string(), folderTitle: z.string() }))
      .parse(await askGrafana("/api/search?query=Orders&type=dash-db"))
      .map(({ uid, title, folderTitle }) => ({ uid, title, folderTitle }));
    assert.deepEqual(found, [{ uid: "shop-orders", title: "Orders", folderTitle: "Shop" }]);
  });

  it("has the data source, which logs in with the secret", async () => {
    const datasource = await askGrafana("/api/datasources/uid/orders");
    assert.ok(isRecord(datasource));
    assert.deepEqual(datasource["secureJsonFields"], { basicAuthPassword: true });
    await askGrafana("/api/datasources/proxy/uid/orders/api/v1/labels");
    const login = Buffer.from(`grafana:${secrets["PASSWORD"] ?? ""}`).toString("base64");
    await saidByService(new RegExp(`GET /api/v1/labels Basic ${login}`));
  });

  it("keeps the secrets out of the state, of previews and of everything that is printed", async () => {
    const preview = await workspace.npm("run", "--silent", "preview", "--", "--json");
    const outputs = await workspace.pulumi("stack", "output", "--json", "--stack", "dev");
    assert.deepEqual([preview.code, outputs.code], [0, 0]);
    const state = await succeed("grep", ["--recursive", "--count", "observability", ".pulumi-state"], {
      cwd: workspace.folder,
    });
    assert.match(state, /stacks\/observability\/dev\.json:[1-9]/);
    for (const secret of Object.values(secrets)) {
      assert.ok(![workspace.printed, preview.output, outputs.output].join("\n").includes(secret));
      // 1: there is no such line.
      await assert.rejects(succeed("grep", ["--recursive", secret, ".pulumi-state"], { cwd: workspace.folder }), {
        message: /ended with 1:\n$/,
      });
    }
  });

  it("is not changed by a second up, which asks Docker how everything is", async () => {
    const again = await workspace.pulumi(
      ...["up", "--refresh", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "dev"],
    );
    assert.equal(again.code, 0, again.output);
    assert.deepEqual(await workspace.containerIds(), idsAfter);
  });

  it("tells of a wrong fragment in the Collector's own words, and changes nothing", async () => {
    const file = join(workspace.folder, "Pulumi.dev.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("error_mode:", "eror_mode:"));
    const ended = await workspace.npm("run", "up");
    assert.notEqual(ended.code, 0);
    const said = ended.stderr.trim().split("\n");
    assert.ok(said.length <= 10, ended.stderr);
    assert.match(ended.stderr, /^otelCollector\.config: .*\n(?:.*\n)*.*has invalid keys: eror_mode$/m);
    assert.match(ended.stderr, /\nnothing was changed\n {2}next: /);
    assert.deepEqual(await workspace.containerIds(), idsAfter);
  });

  it("stops plain pulumi before it replaces the Collector that runs", async () => {
    const ended = await workspace.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
    assert.notEqual(ended.code, 0);
    assert.match(ended.output, /otelCollector\.config: [\s\S]*has invalid keys: eror_mode/);
    const ids = await workspace.containerIds();
    const changed = [...idsAfter.keys()].filter((name) => ids.get(name) !== idsAfter.get(name));
    assert.deepEqual(changed, [`${workspace.name}-otel-collector-check`]);
  });
});

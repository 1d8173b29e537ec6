import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { defaultImages } from "../../config/resolve-images.ts";
import { run, succeed, type Ended } from "./support/run.ts";
import { sharedWorkspace, type Workspace } from "./support/workspace.ts";

/** The rules of every message about the machine: short, no stack trace, with the next command and its code, and soon. */
function assertTold(ended: Ended, expected: RegExp): void {
  assert.notEqual(ended.code, 0, ended.output);
  const told = ended.stderr.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("npm "));
  assert.match(told.join("\n"), expected);
  assert.ok(told.length <= 10, ended.stderr);
  assert.match(told.at(-2) ?? "", /^ {2}next: /);
  assert.match(told.at(-1) ?? "", /^ {2}code: OBS\d{4}, docs\/errors\/OBS\d{4}\.md/);
  assert.doesNotMatch(ended.output, /^\s+at /m);
}

describe("a machine that lacks something", () => {
  let workspace: Workspace;
  let folder: string;

  before(async () => {
    workspace = await sharedWorkspace();
    folder = mkdtempSync(join(tmpdir(), "lacking-machine-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const npm = (env: NodeJS.ProcessEnv, script = "up"): Promise<Ended> =>
    run("npm", ["run", script], { cwd: workspace.folder, env: { ...workspace.env, ...env } });

  /** A PATH with nothing but these commands and the shell's. */
  async function pathWith(...commands: readonly string[]): Promise<string> {
    const only = mkdtempSync(join(folder, "path-"));
    for (const command of ["node", "npm", "sh", ...commands]) {
      symlinkSync(
        (await succeed("sh", ["-c", `command -v ${command}`], { env: workspace.env })).trim(),
        join(only, command),
      );
    }
    return only;
  }

  for (const script of ["up", "down", "verify", "password"]) {
    it(`without the Pulumi CLI: npm run ${script}`, async () => {
      const lacking = {
        PATH: await pathWith("docker"),
        PULUMI_HOME: "/dev/null",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "",
      };
      assertTold(
        await npm(lacking, script),
        /^pulumi: must be on the PATH, 3\.208 or newer, or be downloaded from \S+, got none on the PATH, and: \S+/,
      );
    });
  }

  it("has none on the PATH, but one where npx pulumi keeps it: doctor finds nothing that keeps up from working, and verify works", async () => {
    const home = join(folder, "pulumi-home");
    const { version } = z.object({ version: z.string() }).parse(createRequire(import.meta.url)("pulumi/package.json"));
    const cli = realpathSync((await succeed("sh", ["-c", "command -v pulumi"], { env: workspace.env })).trim());
    mkdirSync(join(home, "versions", version), { recursive: true });
    symlinkSync(dirname(cli), join(home, "versions", version, "bin"));
    symlinkSync(join(workspace.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), "plugins"), join(home, "plugins"));
    const bare = { PATH: await pathWith("docker"), PULUMI_HOME: home };
    const doctor = await npm(bare, "doctor");
    assert.equal(doctor.code, 0, doctor.output);
    assert.match(doctor.stdout, /^ {2}Pulumi CLI +\d+\.\d+\.\d+ +3\.208 or newer +ok$/m);
    assert.match(doctor.stdout, /^ {2}port \d+ \(grafana\) +this stack's +free, or this stack's +ok$/m);
    const verified = await npm(bare, "verify");
    assert.equal(verified.code, 0, verified.output);
  });

  it("with a Pulumi CLI that is too old", async () => {
    const only = await pathWith("docker");
    writeFileSync(join(only, "pulumi"), "#!/bin/sh\necho v3.100.0\n");
    chmodSync(join(only, "pulumi"), 0o755);
    assertTold(
      await npm({ PATH: only, PULUMI_HOME: "/dev/null", PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "" }),
      /^pulumi: must be on the PATH, .*, got 3\.100\.0 on the PATH, and: \S+/,
    );
  });

  for (const script of ["up", "down", "verify"]) {
    it(`without the docker command: npm run ${script}`, async () => {
      const pulumi = await pathWith("pulumi");
      for (const file of ["pulumi-language-nodejs"]) {
        symlinkSync(
          (await succeed("sh", ["-c", `command -v ${file}`], { env: workspace.env })).trim(),
          join(pulumi, file),
        );
      }
      assertTold(await npm({ PATH: pulumi }, script), /^docker: must be on the PATH, found none/);
    });
  }

  const hosts: Readonly<Record<string, string>> = {
    "with a Docker that is stopped": "unix:///nowhere/docker.sock",
    "with a DOCKER_HOST that nothing listens on": "tcp://127.0.0.1:1",
    "with a DOCKER_HOST that is none": "nonsense",
  };
  for (const [name, host] of Object.entries(hosts)) {
    it(name, async () => {
      assertTold(await npm({ DOCKER_HOST: host }), /^docker: the daemon at DOCKER_HOST=\S+ must be reachable, got: /);
    });
  }

  it("with a daemon that does not answer", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const host = `tcp://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    try {
      assertTold(
        await npm({ DOCKER_HOST: host }),
        /^docker: the daemon at DOCKER_HOST=\S+ must answer within 8 s, got nothing/,
      );
    } finally {
      silent.close();
    }
  });

  it("with a user who may not use Docker", async () => {
    chmodSync(workspace.folder, 0o755);
    const script = `import { Docker } from ${JSON.stringify(join(workspace.folder, "cli/docker/docker.ts"))};
      await new Docker(undefined).serverVersion().catch((error) => console.log(error.message));`;
    const node = join(workspace.folder, "node_modules/node/bin/node");
    const told = await succeed("setpriv", [
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      node,
      "--input-type=module",
      "-e",
      script,
    ]);
    assert.match(told, /^docker: this user must be allowed to use the daemon, got permission denied\n {2}next: /);
  });
});

// A second stack of the same clone, refused before it creates anything.
describe("a place that is taken", () => {
  let workspace: Workspace;
  let server: Server;
  let port: number;
  const name = `o11y-e2e-taken-${process.pid}`;

  before(async () => {
    workspace = await sharedWorkspace();
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  });
  after(async () => {
    server.close();
    await workspace.pulumi("stack", "rm", "taken", "--yes", "--force");
    rmSync(join(workspace.folder, "Pulumi.taken.yaml"), { force: true });
  });

  function settingsOf(changes: Readonly<Record<string, unknown>>): void {
    const dev = parse(readFileSync(join(workspace.folder, "Pulumi.dev.yaml"), "utf8")) as { config: object };
    const own = Object.fromEntries(
      Object.entries({ name, ...changes }).map(([key, value]) => [`observability:${key}`, value]),
    );
    writeFileSync(join(workspace.folder, "Pulumi.taken.yaml"), stringify({ config: { ...dev.config, ...own } }));
  }

  async function up(changes: Readonly<Record<string, unknown>>): Promise<Ended> {
    settingsOf(changes);
    const ended = await workspace.npm("run", "up", "--", "--stack", "taken");
    const made = await succeed("docker", ["ps", "--all", "--quiet", "--filter", `label=observability.name=${name}`]);
    assert.equal(made, "", "something was created");
    return ended;
  }

  it("by the ports of the other stack and of a process: each is named", async () => {
    const ended = await up({ apiPort: port });
    assertTold(
      ended,
      new RegExp(`port ${port} \\(backend\\): must be free, but node \\(process ${process.pid}\\) uses it`),
    );
    assert.match(
      ended.stderr,
      new RegExp(`port \\d+ \\(grafana\\): must be free, but the container ${workspace.name}-grafana uses it`),
    );
  });

  const freePorts = {
    ports: { grafana: 43000, loki: 43100, otlpGrpc: 44317, otlpHttp: 44318, jaeger: 46686, victoriaMetrics: 48428 },
    apiPort: 48080,
  };

  it("by a stranger's container, network and volume: each is named, and left alone", async () => {
    await succeed("docker", ["create", "--name", `${name}-loki`, defaultImages.victoriaMetrics]);
    await succeed("docker", ["network", "create", name]);
    await succeed("docker", ["volume", "create", `${name}_loki_data`]);
    try {
      const ended = await up(freePorts);
      assertTold(
        ended,
        new RegExp(
          `^container ${name}-loki: the name must be free, but an object that does not belong to this project has it`,
        ),
      );
      assert.match(ended.stderr, new RegExp(`^network ${name}: the name must be free`, "m"));
      assert.match(ended.stderr, new RegExp(`^volume ${name}_loki_data: the name must be free`, "m"));
    } finally {
      await succeed("docker", ["rm", `${name}-loki`]);
      await succeed("docker", ["network", "rm", name]);
      await succeed("docker", ["volume", "rm", `${name}_loki_data`]);
    }
  });

  const volumesOf = (prefix: string): Promise<string> =>
    succeed("docker", ["volume", "ls", "--quiet", "--filter", `name=^${prefix}_`]);

  it("by another Pulumi stack of the same name, which is named and left as it is", async () => {
    const before = await workspace.containerIds();
    assertTold(
      await up({ ...freePorts, name: workspace.name }),
      new RegExp(
        `^observability:name: must be of one Pulumi stack alone, got ${workspace.name}, which the stack observability/dev has \\(container ${workspace.name}-\\S+ and \\d+ more\\); set another for observability/taken\n`,
      ),
    );
    assert.deepEqual(await workspace.containerIds(), before);
  });

  it("by nobody once it has a name of its own; its end leaves the other stack's containers and data", async () => {
    const before = [await workspace.containerIds(), await volumesOf(workspace.name)];
    settingsOf({ ...freePorts, exampleServices: false });
    const deployed = await workspace.npm("run", "up", "--", "--stack", "taken");
    assert.equal(deployed.code, 0, deployed.output);
    assert.equal((await volumesOf(name)).trim().split("\n").length, 5);
    const down = await workspace.npm("run", "down", "--", "--stack", "taken", "--destroy-data", "--yes");
    assert.equal(down.code, 0, down.output);
    assert.equal(await volumesOf(name), "");
    assert.deepEqual([await workspace.containerIds(), await volumesOf(workspace.name)], before);
  });

  it("by an image that cannot be had", async () => {
    const dev = parse(readFileSync(join(workspace.folder, "Pulumi.dev.yaml"), "utf8")) as {
      config: Record<string, object>;
    };
    const images = { ...dev.config["observability:images"], loki: "registry.invalid/loki:1" };
    assertTold(
      await up({ ...freePorts, images }),
      /^image registry\.invalid\/loki:1: must be on this machine or in its registry, got: /,
    );
  });

  it("by settings that are wrong: every problem at once", async () => {
    const ended = await up({ retentionHours: 1, serviceNamespace: "Shop" });
    assertTold(ended, /^the configuration has 2 problem\(s\), nothing was changed \(OBS1001\):\n/);
  });
});

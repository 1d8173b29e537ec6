import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { deployedOutputs, type StackOutputs } from "../../../cli/outputs.ts";
import { grafanaOf, type GrafanaClient } from "../../../cli/grafana-client.ts";
import { alertsTo, bridgeAddress, type ReceiverPorts } from "./alert-receivers.ts";
import { freePorts } from "../../support/free-ports.ts";
import { imageOverrides } from "./images.ts";
import { run, succeed, type Ended, type Interruption } from "./run.ts";

const repository = dirname(dirname(dirname(import.meta.dirname)));

/** A fresh clone of this repository with a stack of its own: its own names, ports and state. */
export class Workspace {
  readonly folder: string;
  /** The Pulumi stack that is worked on. */
  readonly stack: string;
  /** Prefix of its containers, volumes and network; its namespace on Kubernetes. */
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where its alerts go on Docker, as soon as somebody listens there. On Kubernetes they reach nobody. */
  readonly receiverPorts: ReceiverPorts;
  /** Everything that the commands of `npm` printed so far, but for those that are asked for secrets. */
  printed = "";

  private constructor(
    folder: string,
    stack: string,
    name: string,
    env: NodeJS.ProcessEnv,
    receiverPorts: ReceiverPorts,
  ) {
    this.folder = folder;
    this.stack = stack;
    this.name = name;
    this.env = env;
    this.receiverPorts = receiverPorts;
  }

  /** Clones the repository and commits settings that keep the stack out of everything else's way. */
  static async create(stack: string): Promise<Workspace> {
    const folder = mkdtempSync(join(tmpdir(), "observability-e2e-"));
    const name = `o11y-e2e-${process.pid}`;
    await succeed("git", ["clone", "--quiet", repository, folder]);
    const {
      PULUMI_BACKEND_URL: _backend,
      PULUMI_CONFIG_PASSPHRASE: _text,
      PULUMI_CONFIG_PASSPHRASE_FILE: _file,
      ...env
    } = process.env;
    // npm hands its own settings and this clone's binaries down; a user's terminal has neither.
    const clean = Object.fromEntries(Object.entries(env).filter(([key]) => !key.startsWith("npm_")));
    const path = (env["PATH"] ?? "").split(":").filter((entry) => !entry.startsWith(repository));
    const [smtp = 0, http = 0, ...port] = await freePorts(9);
    const workspace = new Workspace(folder, stack, name, { ...clean, PATH: path.join(":") }, { smtp, http });
    const alerts = stack === "kubernetes" ? {} : alertsTo(await bridgeAddress(), workspace.receiverPorts);
    await workspace.configure((config) => {
      if (stack === "kubernetes") config["target"] = "kubernetes";
      Object.assign(config, alerts);
      config["name"] = name;
      config["ports"] = {
        grafana: port[0],
        loki: port[1],
        otlpGrpc: port[2],
        otlpHttp: port[3],
        jaeger: port[4],
        victoriaMetrics: port[5],
      };
      config["apiPort"] = port[6];
      config["serviceNamespace"] = "integr8scode";
      // Two processes of one service.
      config["services"] = { "k8s-worker": { replicas: 2 } };
      config["images"] = imageOverrides;
    });
    return workspace;
  }

  /**
   * Edits the settings of the stack, keys without the project's name in front, and commits them, so that a clean
   * work tree is a statement about the commands.
   */
  async configure(edit: (config: Record<string, unknown>) => void): Promise<void> {
    const file = join(this.folder, `Pulumi.${this.stack}.yaml`);
    const text = existsSync(file) ? readFileSync(file, "utf8") : "config: {}";
    const settings = parse(text) as { config: Record<string, unknown> };
    const prefix = "observability:";
    const config = Object.fromEntries(
      Object.entries(settings.config).map(([key, value]) => [key.slice(prefix.length), value]),
    );
    edit(config);
    writeFileSync(
      file,
      stringify({ config: Object.fromEntries(Object.entries(config).map(([key, value]) => [prefix + key, value])) }),
    );
    const author = ["-c", "user.name=e2e", "-c", "user.email=e2e@example.com"];
    // The settings of any other stack than `dev` are ignored.
    await succeed("git", ["add", "--force", file], { cwd: this.folder });
    await succeed(
      "git",
      [...author, "commit", "--quiet", "--allow-empty", "--all", "--message", "settings of the test"],
      {
        cwd: this.folder,
      },
    );
  }

  /** Runs an npm command as a user would in the clone. */
  async npm(...args: readonly string[]): Promise<Ended> {
    const ended = await run("npm", args, { cwd: this.folder, env: this.env });
    if (!args.includes("password")) this.printed += ended.output;
    return ended;
  }

  /** Runs an npm script and interrupts it. */
  async interrupted(script: string, interruption: Interruption, args: readonly string[] = []): Promise<Ended> {
    const ended = await run("npm", ["run", script, ...(args.length === 0 ? [] : ["--", ...args])], {
      cwd: this.folder,
      env: this.env,
      interruption,
    });
    this.printed += ended.output;
    return ended;
  }

  /** `npm run up`, which has to succeed. */
  async up(...args: readonly string[]): Promise<Ended> {
    const ended = await this.npm("run", "up", ...(args.length === 0 ? [] : ["--", ...args]));
    if (ended.code !== 0) throw new Error(`npm run up ended with ${ended.code}:\n${ended.output}`);
    return ended;
  }

  /** What `npm run preview -- --diff` has as changes of the stack. */
  async plannedChanges(): Promise<unknown> {
    const stack = ["--stack", this.stack];
    const { stdout } = await this.npm("run", "--silent", "preview", "--", ...stack, "--diff", "--json");
    return (JSON.parse(stdout) as { difference: { changes: unknown } }).difference.changes;
  }

  /** Runs `pulumi` itself, with the environment that the README documents. */
  async pulumi(...args: readonly string[]): Promise<Ended> {
    // Not `.bin`, where `pulumi` is that of the npm package.
    const nodeFolder = join(this.folder, "node_modules", "node", "bin");
    return run("pulumi", args, {
      cwd: this.folder,
      env: {
        ...this.env,
        // A machine with Node.js 22; on older ones `npm run pulumi` does this.
        PATH: `${nodeFolder}:${this.env["PATH"] ?? ""}`,
        PULUMI_CONFIG_PASSPHRASE_FILE: join(this.folder, ".pulumi-state", "passphrase"),
      },
    });
  }

  async outputs(): Promise<StackOutputs> {
    const { stdout } = await this.pulumi("stack", "output", "--json", "--show-secrets", "--stack", this.stack);
    const values = JSON.parse(stdout) as Record<string, unknown>;
    return deployedOutputs(
      Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value, secret: false }])),
    );
  }

  async grafana(): Promise<GrafanaClient> {
    return grafanaOf(await this.outputs());
  }

  /** Names and ids of the stack's containers, helpers that have ended included. */
  async containerIds(): Promise<ReadonlyMap<string, string>> {
    const lines = await succeed("docker", [
      "ps",
      "--all",
      "--no-trunc",
      "--filter",
      `label=observability.name=${this.name}`,
      "--format",
      "{{.Names}} {{.ID}}",
    ]);
    return new Map(
      lines
        .trim()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split(" ") as [string, string])
        .sort(),
    );
  }

  /** Removes everything that carries this workspace's name, whatever state a failed test left it in. */
  async remove(): Promise<void> {
    await removeStack(this.name);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Removes everything on Docker that carries the name of a stack, data included. */
export async function removeStack(name: string): Promise<void> {
  const stack = `label=observability.name=${name}`;
  const containers = await succeed("docker", ["ps", "--all", "--quiet", "--filter", stack]);
  await removeAll(["rm", "--force", "--volumes"], containers);
  const named = ["--filter", `name=^${name}`, "--quiet"];
  await removeAll(["volume", "rm"], await succeed("docker", ["volume", "ls", ...named]));
  await removeAll(["network", "rm"], await succeed("docker", ["network", "ls", ...named]));
  await removeAll(
    ["rmi", "--force"],
    await succeed("docker", ["images", "--quiet", "--filter", `reference=${name}-*`]),
  );
}

async function removeAll(command: readonly string[], names: string): Promise<void> {
  const list = [...new Set(names.split("\n").filter((name) => name !== ""))];
  if (list.length > 0) await succeed("docker", [...command, ...list]);
}

let shared: Promise<Workspace> | undefined;

/** The workspace of this run: the files of the suite work on one stack, in order. */
export async function sharedWorkspace(): Promise<Workspace> {
  shared ??= Workspace.create("dev");
  return shared;
}

/** Removes the workspace of this run, if there is one. */
export async function removeSharedWorkspace(): Promise<void> {
  if (shared === undefined) return;
  await (await shared).remove();
  shared = undefined;
}

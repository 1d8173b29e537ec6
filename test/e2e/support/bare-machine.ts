import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, openSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import pWaitFor from "p-wait-for";
import { testedImages } from "./images.ts";
import { run, succeed, type Ended } from "./run.ts";

/** Only root makes network namespaces and starts a daemon; a public CI lets its user become root. */
const asRoot: readonly [string, ...string[]] =
  process.getuid?.() === 0 ? ["env"] : ["sudo", "--non-interactive", "--preserve-env"];

async function root(...command: readonly string[]): Promise<string> {
  const [program, ...args] = [...asRoot, ...command] as const;
  return succeed(program, args);
}

/** What a script inside the machine sees beside its files. It keeps what it mounts to itself. */
const enter =
  'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && in=$(command -v chroot) && exec env -i "$@" "$in" "$0"';

/**
 * A machine with Node.js, npm and Docker and nothing else: a root filesystem of its own (that of Node.js's image, which has
 * a shell and little more) in a network of its own that leads nowhere, with a Docker daemon that has no image.
 */
export class BareMachine {
  /** Its root filesystem, as this machine sees it. */
  readonly root: string;
  private readonly folder: string;
  private readonly name: string;
  private daemon: ChildProcess | undefined;

  private constructor(folder: string) {
    this.folder = folder;
    this.root = join(folder, "root");
    this.name = basename(folder);
  }

  static async create(): Promise<BareMachine> {
    const machine = new BareMachine(mkdtempSync(join(tmpdir(), "bare-")));
    try {
      await machine.fill();
      await machine.start();
      return machine;
    } catch (error) {
      await machine.remove();
      throw error;
    }
  }

  private async fill(): Promise<void> {
    mkdirSync(this.root);
    const container = (await succeed("docker", ["create", testedImages.node])).trim();
    const archive = join(this.folder, "root.tar");
    await succeed("docker", ["export", "--output", archive, container]);
    await succeed("docker", ["rm", container]);
    await root("tar", "-xf", archive, "-C", this.root);
    rmSync(archive);
    const programs = join(this.root, "usr", "local", "bin");
    const [npm = "", docker = ""] = await Promise.all(
      ["npm", "docker"].map(async (command) => (await succeed("sh", ["-c", `command -v ${command}`])).trim()),
    );
    // …/npm/bin/npm-cli.js
    const ofNpm = dirname(dirname(realpathSync(npm)));
    for (const folder of ["dev", "proc", "tmp", "run", "root"]) mkdirSync(join(this.root, folder), { recursive: true });
    cpSync(ofNpm, join(this.root, "opt", "npm"), { recursive: true });
    cpSync(realpathSync(docker), join(programs, "docker"));
    writeFileSync(join(programs, "npm"), '#!/bin/sh\nexec node /opt/npm/bin/npm-cli.js "$@"\n', { mode: 0o755 });
  }

  private async start(): Promise<void> {
    await root("ip", "netns", "add", this.name);
    await root("ip", "-netns", this.name, "link", "set", "lo", "up");
    const log = openSync(join(this.folder, "daemon.log"), "w");
    const folders = { "data-root": "docker", "exec-root": "exec", pidfile: "docker.pid" };
    const options = Object.entries(folders).map(([option, name]) => `--${option}=${join(this.folder, name)}`);
    const socket = join(this.root, "run", "docker.sock");
    const [program, ...args] = [...this.inNetwork(), "dockerd", ...options];
    this.daemon = spawn(program, [...args, `--host=unix://${socket}`], { stdio: ["ignore", log, log] });
    await pWaitFor(async () => (await this.run("docker version")).code === 0, { interval: 250, timeout: 60_000 });
  }

  /** Runs a shell script in it, in the home of its user. */
  async run(script: string): Promise<Ended> {
    const variables = ["HOME=/root", "PATH=/usr/local/bin:/usr/bin:/bin", "DOCKER_HOST=unix:///run/docker.sock"];
    const [program, ...args] = [...this.inNetwork(), "unshare", "--mount", "sh", "-c"];
    return run(program, [...args, `${enter} sh -c "$SCRIPT"`, this.root, ...variables], {
      env: { ...process.env, SCRIPT: `cd && ${script}` },
    });
  }

  /** Not by `ip netns exec`, which hides the control groups that a daemon needs. */
  private inNetwork(): readonly [string, ...string[]] {
    return [...asRoot, "nsenter", `--net=/run/netns/${this.name}`];
  }

  async remove(): Promise<void> {
    const { daemon } = this;
    if (daemon?.exitCode === null) {
      const ended = once(daemon, "exit");
      await root("kill", String(daemon.pid));
      await ended;
    }
    const namespaces = await root("ip", "netns", "list");
    if (namespaces.includes(this.name)) await root("ip", "netns", "delete", this.name);
    await root("rm", "-rf", this.folder);
  }
}

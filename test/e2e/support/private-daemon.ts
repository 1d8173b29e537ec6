import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pWaitFor from "p-wait-for";
import { run, succeed } from "./run.ts";

/**
 * A Docker daemon that a test may stop and start: with its own data, and in a network namespace of its own, so that
 * neither its bridges nor its ports touch those of the machine's daemon. Needs root and iproute2.
 */
export class PrivateDaemon {
  /** Address for DOCKER_HOST. */
  readonly host: string;
  /** What a command has to begin with to reach the daemon's published ports. */
  readonly prefix: readonly string[];
  private readonly folder: string;
  private readonly namespace: string;
  private process: ChildProcess | undefined;

  private constructor() {
    this.namespace = `o11y-e2e-${process.pid}`;
    this.folder = mkdtempSync(join(tmpdir(), "private-docker-"));
    this.host = `unix://${this.folder}/docker.sock`;
    // Not `ip netns exec`, which hides the cgroups as well.
    this.prefix = ["nsenter", `--net=/run/netns/${this.namespace}`];
  }

  /** @param images copied from the machine's own daemon: nothing can be pulled in the namespace */
  static async start(images: readonly string[]): Promise<PrivateDaemon> {
    const daemon = new PrivateDaemon();
    await succeed("ip", ["netns", "add", daemon.namespace]);
    try {
      await succeed("ip", ["-n", daemon.namespace, "link", "set", "lo", "up"]);
      await daemon.start();
      const copy = 'docker save "$@" | docker --host "$0" load';
      await succeed("sh", ["-c", copy, daemon.host, ...images]);
      return daemon;
    } catch (error) {
      await daemon.remove();
      throw error;
    }
  }

  async start(): Promise<void> {
    const { folder } = this;
    mkdirSync(folder, { recursive: true });
    const log = openSync(join(folder, "log"), "a");
    const args = [
      ...["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec")],
      ...["--pidfile", join(folder, "pid"), "--host", this.host],
    ];
    const [command = "", ...rest] = [...this.prefix, "dockerd", ...args];
    this.process = spawn(command, rest, { stdio: ["ignore", log, log] });
    await pWaitFor(async () => (await run("docker", ["--host", this.host, "version"])).code === 0, {
      interval: 200,
      timeout: { milliseconds: 30_000, message: `the private daemon does not start; see ${folder}/log` },
    });
  }

  /** As at a shutdown of the machine: the daemon stops its containers and ends. */
  async stop(): Promise<void> {
    const { process: daemon } = this;
    if (daemon === undefined) return;
    this.process = undefined;
    daemon.kill("SIGTERM");
    await once(daemon, "exit");
  }

  async remove(): Promise<void> {
    await this.stop();
    await succeed("ip", ["netns", "delete", this.namespace]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

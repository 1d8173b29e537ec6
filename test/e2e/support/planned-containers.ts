import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { plannedContainer, runArguments, type PlannedContainer } from "../../../bench/planned-container.ts";
import { previewStack, type PreviewResource } from "../../../components/testing.ts";
import { parts, type PartName } from "../../../config/parts/parts.ts";
import type { Addresses } from "./numbered-telemetry.ts";
import { succeed } from "./run.ts";
import { freePorts } from "../../support/free-ports.ts";

/** What the way of telemetry needs. */
const ran = ["loki", "victoriaMetrics", "jaeger", "otelCollector"] as const satisfies readonly PartName[];

/** A part that is among {@link PlannedContainers}. */
export type PlannedPart = (typeof ran)[number];

/** The port of each that a test speaks to. */
const spokenTo = {
  loki: parts.loki.ports.http.port,
  victoriaMetrics: parts.victoriaMetrics.ports.http.port,
  jaeger: parts.jaeger.ports.query.port,
  otelCollector: parts.otelCollector.ports["otlp-http"].port,
} as const satisfies Record<PlannedPart, number>;

/**
 * The Collector and the stores as the stack plans them, started without Pulumi, for faults that a test cannot have in the stack
 * of all tests: the data folder of each is a file system of its own, of a few megabytes of memory.
 */
export class PlannedContainers {
  /** Where they are reached. */
  readonly addresses: Addresses;
  private readonly name: string;
  private readonly folder: string;
  private readonly ports: Readonly<Record<PlannedPart, number>>;
  private readonly resources: readonly PreviewResource[];

  private constructor(resources: readonly PreviewResource[], ports: Readonly<Record<PlannedPart, number>>) {
    this.name = `o11y-planned-${randomBytes(4).toString("hex")}`;
    this.folder = mkdtempSync(join(tmpdir(), `${this.name}-`));
    this.resources = resources;
    this.ports = ports;
    const url = (part: PlannedPart): string => `http://127.0.0.1:${ports[part]}`;
    const [loki, jaeger, victoriaMetrics] = [url("loki"), url("jaeger"), url("victoriaMetrics")];
    this.addresses = { urls: { otlpHttp: url("otelCollector"), loki, jaeger, victoriaMetrics } };
  }

  /** @param dataMib size of each data folder */
  static async start(dataMib: Readonly<Record<PlannedPart, number>>): Promise<PlannedContainers> {
    const { resources } = await previewStack();
    const [loki = 0, victoriaMetrics = 0, jaeger = 0, otelCollector = 0] = await freePorts(ran.length);
    const started = new PlannedContainers(resources, { loki, victoriaMetrics, jaeger, otelCollector });
    try {
      await succeed("docker", ["network", "create", started.name]);
      await Promise.all(ran.map((part) => started.createData(part, dataMib[part])));
      await Promise.all(ran.map((part) => started.run(part)));
      return started;
    } catch (error) {
      await started.remove();
      throw error;
    }
  }

  /** Runs a command of Docker on the containers of some parts. */
  async docker(command: "pause" | "start" | "stop" | "unpause", ...of: readonly PlannedPart[]): Promise<void> {
    await succeed("docker", [command, ...of.map((part) => this.of(part))]);
  }

  /** Cuts parts from the network of the others. */
  async disconnect(...of: readonly PlannedPart[]): Promise<void> {
    for (const part of of) await succeed("docker", ["network", "disconnect", this.name, this.of(part)]);
  }

  async connect(...of: readonly PlannedPart[]): Promise<void> {
    for (const part of of) {
      await succeed("docker", ["network", "connect", "--alias", parts[part].host, this.name, this.of(part)]);
    }
  }

  /** Stops and removes the container of a part, and makes another one of the same plan and with the same data. */
  async replace(part: PlannedPart): Promise<void> {
    await this.docker("stop", part);
    await succeed("docker", ["rm", "--volumes", this.of(part)]);
    await this.run(part);
  }

  /** How often Docker has started a part again after it had ended. */
  async restarts(part: PlannedPart): Promise<number> {
    return Number(await succeed("docker", ["inspect", "--format", "{{.RestartCount}}", this.of(part)]));
  }

  /** Fills the data folder of a part with a file of its own. @param leftMib what is left free */
  async fill(part: PlannedPart, leftMib = 0): Promise<void> {
    const kib = `set -- $(df -k /data | tail -1); echo $(($4 - ${leftMib * 1024}))`;
    // Without a limit it ends with an error when there is no room for more, which is what is wanted.
    const zeros = leftMib === 0 ? "cat /dev/zero" : `head -c "$(${kib})k" /dev/zero`;
    await this.inData(part, `${zeros} > /data/.filler 2> /dev/null || true`);
  }

  async free(part: PlannedPart): Promise<void> {
    await this.inData(part, "rm /data/.filler");
  }

  /** Runs a line of shell as root beside a part, whose data folder is `/data`. */
  inData(part: PlannedPart, line: string): Promise<string> {
    return succeed("docker", ["exec", this.beside(part), "/bin/sh", "-c", line]);
  }

  /** What a part has said so far. */
  async log(part: PlannedPart): Promise<string> {
    return succeed("sh", ["-c", 'docker logs "$0" 2>&1', this.of(part)]);
  }

  async remove(): Promise<void> {
    const names = ran.flatMap((part) => [this.of(part), this.beside(part)]);
    await succeed("docker", ["rm", "--force", "--volumes", ...names]);
    await succeed("docker", ["volume", "rm", "--force", ...ran.map((part) => this.of(part))]);
    await succeed("docker", ["network", "rm", this.name]);
    rmSync(this.folder, { recursive: true });
  }

  private of(part: PlannedPart): string {
    return `${this.name}-${parts[part].host}`;
  }

  private beside(part: PlannedPart): string {
    return `${this.of(part)}-beside`;
  }

  private plan(part: PlannedPart): PlannedContainer {
    return plannedContainer(this.resources, parts[part].host);
  }

  private async createData(part: PlannedPart, mib: number): Promise<void> {
    const [uid = "", gid = ""] = this.plan(part).user?.split(":") ?? [];
    const inMemory = ["--driver", "local", "--opt", "type=tmpfs", "--opt", "device=tmpfs"];
    const size = `o=size=${mib}m,uid=${uid},gid=${gid},mode=0700`;
    await succeed("docker", ["volume", "create", ...inMemory, "--opt", size, this.of(part)]);
    // What is in memory goes with the last container that has it, so one has it all the time.
    const asRoot = ["--network", "none", "--user", "0", "--entrypoint", "/bin/sh"];
    const { image } = this.plan("victoriaMetrics");
    await succeed("docker", [
      ...["run", "--detach", "--init", "--name", this.beside(part), ...asRoot],
      ...["--volume", `${this.of(part)}:/data`, image, "-c", "sleep 100000"],
    ]);
  }

  private async run(part: PlannedPart): Promise<void> {
    const container = this.plan(part);
    await succeed("docker", [
      ...["run", "--detach", "--name", this.of(part), "--restart", container.restart ?? "no"],
      ...["--network", this.name, "--network-alias", parts[part].host],
      ...["--publish", `127.0.0.1:${this.ports[part]}:${spokenTo[part]}`],
      ...runArguments(container, this.folder, () => this.of(part)),
    ]);
  }
}

import { execFile, spawn, type ChildProcessWithoutNullStreams, type ExecFileOptions } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { z } from "zod";
import type { ErrorCode } from "../../config/error-codes.ts";
import { dockerLabels } from "../../config/names.ts";
import type { MarkedObject } from "../ownership.ts";
import { firstLine } from "../text.ts";
import { UserError } from "../user-error.ts";
import { installCommand, thisMachine } from "./install-command.ts";

const execute = promisify(execFile);

/** How long a command may take before Docker counts as not answering, in milliseconds. */
const patienceMillis = 8_000;

/** The kinds of objects that the stack creates in Docker. */
export type ObjectKind = "container" | "network" | "volume";

/** Type of each kind of object in Pulumi's state. */
export const dockerTypes: Readonly<Record<ObjectKind, string>> = {
  container: "docker:index/container:Container",
  network: "docker:index/network:Network",
  volume: "docker:index/volume:Volume",
};

/** The kinds of objects that the stack has in Docker: those that it creates, and the images of its containers. */
export type InspectedKind = ObjectKind | "image";

/** An object in Docker. A volume's id is its name. */
export interface DockerObject extends MarkedObject {
  readonly name: string;
}

const labels = z.record(z.string(), z.string()).nullish();
const inspectedObject = z.looseObject({
  Id: z.string().optional(),
  Name: z.string(),
  Labels: labels,
  Config: z.looseObject({ Labels: labels }).optional(),
});

/** As much of `docker info` as is looked at. Sizes are in bytes. */
const dockerInfo = z.object({
  ServerVersion: z.string().default(""),
  OSType: z.string().default(""),
  Architecture: z.string().default(""),
  Driver: z.string().default(""),
  MemTotal: z.number().default(0),
  MemoryLimit: z.boolean().default(false),
  CgroupVersion: z.string().default(""),
  SystemTime: z.string().default(""),
  DockerRootDir: z.string().default(""),
  ServerErrors: z.array(z.string()).nullish(),
});

/** What {@link Docker.info} returns. */
export type DockerInfo = Omit<z.output<typeof dockerInfo>, "ServerErrors">;

/** How a command of Docker is run; without a limit of time unless one is given. */
type CommandOptions = Pick<ExecFileOptions, "timeout" | "signal"> & {
  /** What it reads from standard input. @default nothing */
  readonly input?: string | Buffer;
};

/** The `docker` command, on the daemon that the stack runs on. */
export class Docker {
  private readonly env: NodeJS.ProcessEnv;

  /**
   * @param host address of the daemon; `undefined` for the one that the command chooses itself
   * @param env environment of the command
   */
  constructor(host: string | undefined, env: NodeJS.ProcessEnv = process.env) {
    this.env = host === undefined ? env : { ...env, DOCKER_HOST: host };
  }

  /**
   * Runs `docker` and returns what it prints.
   *
   * @throws DockerProblem if there is no `docker`, or the daemon cannot be reached, does not answer or refuses the user.
   * @throws CommandFailed for everything else.
   */
  async run(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return (await this.execute(args, options)).stdout;
  }

  private async execute(
    args: readonly string[],
    { input, ...limits }: CommandOptions,
  ): Promise<{ readonly stdout: string; readonly stderr: string }> {
    try {
      const running = execute("docker", args, { env: this.env, maxBuffer: 64 * 1024 * 1024, ...limits });
      // A command that ends before it has read its input says by its exit code what is wrong.
      running.child.stdin?.on("error", () => undefined).end(input);
      return await running;
    } catch (error) {
      throw dockerProblem(args, error, this.env);
    }
  }

  /** All that a command has printed, on standard output and on standard error. @throws as {@link run} does. */
  async output(args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await this.execute(args, {});
    return `${stdout}${stderr}`.trim();
  }

  /**
   * Starts `docker`, for what is to be talked to while it runs.
   *
   * @param isApart whether a Ctrl-C at the terminal does not reach it
   */
  start(args: readonly string[], isApart = false): ChildProcessWithoutNullStreams {
    return spawn("docker", args, { env: this.env, detached: isApart });
  }

  /**
   * Does as {@link run} does, and goes on at a Ctrl-C at the terminal: for what must not be left half done, and does no harm a
   * second time.
   */
  async runApart(args: readonly string[]): Promise<void> {
    const child = this.start(args, true);
    child.stdin.end();
    const [stdout, stderr, [code, endedBy]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>,
    ]);
    // It has come in the moment before the command was apart.
    if (endedBy === "SIGINT") return this.runApart(args);
    if (code !== 0) throw dockerProblem(args, { code, stdout, stderr }, this.env);
  }

  /** Version of the daemon. Asked first: its errors say what is wrong with Docker. */
  serverVersion(): Promise<string> {
    return this.server("{{.Server.Version}}");
  }

  /** What the daemon says of itself and of the machine that it runs on. @throws DockerProblem as {@link run} does. */
  async info(): Promise<DockerInfo> {
    const args = ["info", "--format", "{{json .}}"];
    const stdout = await this.run(args, { timeout: patienceMillis });
    const { ServerErrors: errors, ...info } = dockerInfo.parse(JSON.parse(stdout));
    // Some versions of the command end well although there is no daemon.
    const stderr = (errors ?? []).join("\n");
    if (stderr !== "") throw dockerProblem(args, { stdout, stderr }, this.env);
    return info;
  }

  /** Platform that the daemon runs and builds for: `linux/amd64`. */
  serverPlatform(): Promise<string> {
    return this.server("{{.Server.Os}}/{{.Server.Arch}}");
  }

  private async server(format: string): Promise<string> {
    return (await this.run(["version", "--format", format], { timeout: patienceMillis })).trim();
  }

  /** Objects of a kind, stopped containers among them. @param filters as `--filter` takes them; all have to fit */
  async find(kind: ObjectKind, ...filters: readonly string[]): Promise<readonly DockerObject[]> {
    const all = kind === "container" ? ["--all"] : [];
    const listed = await this.run([kind, "ls", ...all, "--quiet", ...filters.flatMap((one) => ["--filter", one])]);
    return this.objects(kind, listed.match(/\S+/g) ?? []);
  }

  /** Objects of a kind by name or id; one that is not there is left out. */
  async objects(kind: ObjectKind, names: readonly string[]): Promise<readonly DockerObject[]> {
    return z
      .array(inspectedObject)
      .parse(await this.inspect(kind, names))
      .map(({ Id, Name, Labels, Config }) => ({
        type: dockerTypes[kind],
        id: Id ?? Name,
        name: Name.replace(/^\//, ""),
        mark: (Labels ?? Config?.Labels)?.[dockerLabels.owner],
        nameLabel: (Labels ?? Config?.Labels)?.[dockerLabels.name],
      }));
  }

  /** What `docker inspect` says of those objects that are there. */
  async inspect(kind: InspectedKind, names: readonly string[]): Promise<unknown> {
    if (names.length === 0) return [];
    try {
      return JSON.parse(await this.run([kind, "inspect", ...names])) as unknown;
    } catch (error) {
      // The command prints the objects that are there, and fails for the others.
      if (error instanceof CommandFailed && error.stdout.startsWith("[")) return JSON.parse(error.stdout) as unknown;
      throw error;
    }
  }
}

/** A command that ran and failed. */
export class CommandFailed extends UserError {
  /** First two words of the command line: `docker start`. */
  readonly command: string;
  readonly stdout: string;
  readonly stderr: string;

  constructor(args: readonly string[], stdout: string, stderr: string) {
    super(
      "OBS1206",
      `docker ${args.slice(0, 2).join(" ")}: ${stderr.trim()}\n  next: see what is wrong with Docker, then npm run up`,
    );
    this.command = `docker ${args[0] ?? ""}`;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** Words of the command when it cannot reach the daemon. */
const unreachable =
  /cannot connect to the docker daemon|failed to connect to the docker api|error during connect|failed to initialize|unable to resolve docker endpoint/i;

const failure = z.object({
  code: z.union([z.string(), z.number()]).nullish(),
  killed: z.boolean().optional(),
  stdout: z.string().default(""),
  stderr: z.string().default(""),
});

/** What keeps everything from being done with Docker. */
export type DockerProblemKind =
  /** There is no `docker` command. */
  | "missing"
  /** The daemon of this machine does not run. */
  | "stopped"
  /** The user may not use it. */
  | "denied"
  /** A daemon that the user has named, or the one of this machine, does not answer. */
  | "unreachable";

const problemCodes: Readonly<Record<DockerProblemKind, ErrorCode>> = {
  missing: "OBS1201",
  stopped: "OBS1202",
  denied: "OBS1203",
  unreachable: "OBS1204",
};

/** Docker cannot be used at all. */
export class DockerProblem extends UserError {
  readonly kind: DockerProblemKind;

  constructor(kind: DockerProblemKind, message: string, next: string) {
    super(problemCodes[kind], `docker: ${message}\n  next: ${next}`);
    this.kind = kind;
  }
}

/** How Docker is started by hand. */
const starts: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: "start Docker Desktop (open -a Docker), or colima (colima start), then npm run up",
  win32: "start Docker Desktop, then npm run up",
  linux: "start it (sudo systemctl start docker, or sudo service docker start), then npm run up",
};

/** How Docker is installed by hand, where `npm run up` cannot do it. */
const gets: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin:
    "install and start Docker Desktop (https://docs.docker.com/get-docker/), or colima (brew install colima docker, then colima start); then npm run up",
};

function toInstall(): string {
  const machine = thisMachine();
  const command = installCommand(machine);
  if (command !== undefined) return `npm run up -- --yes, which installs it (${command})`;
  return gets[machine.platform] ?? "install Docker (https://docs.docker.com/get-docker/), then npm run up";
}

function dockerProblem(args: readonly string[], error: unknown, env: NodeJS.ProcessEnv): Error {
  const { code, killed, stdout, stderr } = failure.parse(error);
  const { DOCKER_HOST: host = "", DOCKER_CONTEXT: context = "" } = env;
  // DOCKER_HOST wins over a context.
  const named = host !== "" ? ` at DOCKER_HOST=${host}` : context === "" ? "" : ` of DOCKER_CONTEXT=${context}`;
  if (code === "ENOENT") return new DockerProblem("missing", "must be on the PATH, found none", toInstall());
  if (killed === true) {
    const message = `the daemon${named} must answer within ${patienceMillis / 1000} s, got nothing`;
    return new DockerProblem("unreachable", message, "see whether it runs: docker info");
  }
  if (/permission denied/i.test(stderr)) {
    return new DockerProblem(
      "denied",
      `this user must be allowed to use the daemon${named}, got permission denied`,
      "sudo usermod --append --groups docker $USER, then newgrp docker (or log in again) and npm run up; or use another daemon by DOCKER_HOST",
    );
  }
  if (unreachable.test(stderr)) {
    // The socket of this machine's own daemon, unless the user's current context is another one.
    const isOwn = named === "" && /unix:\/\/\/var\/run\/docker\.sock/.test(stderr);
    const start = starts[process.platform] ?? "start Docker, then npm run up";
    return new DockerProblem(
      isOwn ? "stopped" : "unreachable",
      `the daemon${named} must be reachable, got: ${firstLine(stderr)}`,
      isOwn ? start : "start that daemon, or set DOCKER_HOST or `docker context use` to one that runs; then npm run up",
    );
  }
  return new CommandFailed(args, stdout, stderr);
}

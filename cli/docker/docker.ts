import { execFile, spawn, type ChildProcessWithoutNullStreams, type ExecFileOptions } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { dockerLabels } from "../../config/names.ts";
import type { MarkedObject } from "../ownership.ts";
import { firstLine } from "../text.ts";
import { UserError } from "../user-error.ts";

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
   * @throws UserError if there is no `docker`, or the daemon cannot be reached, does not answer or refuses the user.
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
      throw dockerProblem(args, error, this.env["DOCKER_HOST"]);
    }
  }

  /** All that a command has printed, on standard output and on standard error. @throws as {@link run} does. */
  async output(args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await this.execute(args, {});
    return `${stdout}${stderr}`.trim();
  }

  /** Starts `docker`, for what is to be talked to while it runs. */
  start(args: readonly string[]): ChildProcessWithoutNullStreams {
    return spawn("docker", args, { env: this.env });
  }

  /** Version of the daemon. Asked first: its errors say what is wrong with Docker. */
  serverVersion(): Promise<string> {
    return this.server("{{.Server.Version}}");
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
      `docker ${args.slice(0, 2).join(" ")}: ${stderr.trim()}\n  next: see what is wrong with Docker, then npm run up`,
    );
    this.command = `docker ${args[0] ?? ""}`;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** Words of the command when it cannot reach the daemon. */
const unreachable =
  /cannot connect to the docker daemon|error during connect|failed to initialize|unable to resolve docker endpoint/i;

const failure = z.object({
  code: z.union([z.string(), z.number()]).nullish(),
  killed: z.boolean().optional(),
  stdout: z.string().default(""),
  stderr: z.string().default(""),
});

function dockerProblem(args: readonly string[], error: unknown, host: string | undefined): Error {
  const { code, killed, stdout, stderr } = failure.parse(error);
  const at = host === undefined || host === "" ? "" : ` at DOCKER_HOST=${host}`;
  if (code === "ENOENT") {
    return new UserError(
      "docker: must be on the PATH, found none\n  next: install Docker (https://docs.docker.com/get-docker/), then npm run up",
    );
  }
  if (killed === true) {
    return new UserError(
      `docker: the daemon${at} must answer within ${patienceMillis / 1000} s, got nothing\n  next: see whether it runs: docker info`,
    );
  }
  if (/permission denied/i.test(stderr)) {
    return new UserError(
      `docker: this user must be allowed to use the daemon${at}, got permission denied\n` +
        "  next: add the user to the group docker and log in again, or use another daemon by DOCKER_HOST",
    );
  }
  if (unreachable.test(stderr)) {
    return new UserError(
      `docker: the daemon${at} must be reachable, got: ${firstLine(stderr)}\n` +
        "  next: start Docker, or set DOCKER_HOST or `docker context use` to a daemon that runs; then npm run up",
    );
  }
  return new CommandFailed(args, stdout, stderr);
}

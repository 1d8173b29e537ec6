import { once } from "node:events";
import { posix } from "node:path";
import { z } from "zod";
import { dockerLabels } from "../../config/names.ts";
import { otlpUrls, partList, parts } from "../../config/parts/parts.ts";
import { programLanguage } from "../why/program.ts";
import type { Language } from "../why/sdks.ts";
import type { Connect } from "../why/exchange.ts";
import { pairOf, telemetryVariables, type NotTried, type ServiceProcess } from "../why/service-process.ts";
import type { Docker } from "./docker.ts";
import { connectFrom } from "./container-connection.ts";

const texts = z.array(z.string()).nullable();
const inspected = z.object({
  Name: z.string(),
  Path: z.string(),
  Config: z.object({
    Image: z.string(),
    WorkingDir: z.string(),
    Env: texts,
    Entrypoint: texts,
    Cmd: texts,
    Labels: z.record(z.string(), z.string()).nullable(),
  }),
  HostConfig: z.object({ NetworkMode: z.string() }),
  State: z.object({ Status: z.string(), ExitCode: z.number(), OOMKilled: z.boolean(), StartedAt: z.string() }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()) }),
});

type Inspected = z.output<typeof inspected>;

/** Where containers are looked at, and what they can be connected from. */
export interface Daemon {
  readonly docker: Docker;
  /** The stack's network, and the value of the label that its containers have. */
  readonly network: string;
  /** Addresses of the Collector on this machine. */
  readonly published: { readonly grpc: string; readonly http: string };
}

/** Every container of the daemon, whoever has started it, but those of other stacks and the parts of this one. */
export async function serviceContainers(daemon: Daemon): Promise<readonly ServiceProcess[]> {
  const listed = await daemon.docker.run(["container", "ls", "--all", "--quiet"]);
  const ids = listed.split("\n").filter((id) => id !== "");
  const containers = z.array(inspected).parse(await daemon.docker.inspect("container", ids));
  const helperImage = containers.find((container) => isHelper(container, daemon.network))?.Config.Image;
  return containers
    .filter((container) => isService(container, daemon.network))
    .map((container) => serviceProcess(daemon, helperImage, container));
}

/** Whether it runs the image that connections are tried with: one of the stack's that has busybox. */
function isHelper({ Config }: Inspected, stackName: string): boolean {
  const { [dockerLabels.workload]: workload, [dockerLabels.name]: name } = Config.Labels ?? {};
  return name === stackName && workload === parts.victoriaMetrics.host;
}

function isService({ Config }: Inspected, stackName: string): boolean {
  const { [dockerLabels.workload]: workload, [dockerLabels.name]: name } = Config.Labels ?? {};
  if (workload === undefined) return true;
  return name === stackName && !partList.some(({ host }) => workload === host || workload.startsWith(`${host}-`));
}

/** Labels by which Compose and this program name what a container runs. */
const nameLabels = [dockerLabels.workload, "com.docker.compose.service"] as const;

function serviceProcess(
  { docker, network, published }: Daemon,
  helperImage: string | undefined,
  { Name, Path, Config, HostConfig, State, NetworkSettings }: Inspected,
): ServiceProcess {
  const container = Name.replace(/^\//, "");
  const variables = (Config.Env ?? []).map(pairOf);
  const isOnHost = HostConfig.NetworkMode === "host";
  const isOnNetwork = network in NetworkSettings.Networks;
  const isRunning = State.Status === "running";
  const connection = (): Connect | NotTried => {
    if (!isRunning) return { notTried: "it does not run" };
    if (helperImage === undefined) return { notTried: `there is no container of ${parts.victoriaMetrics.title}` };
    return (host, port) => Promise.resolve(connectFrom(docker, container, helperImage, host, port));
  };
  return {
    name: `container ${container}`,
    aliases: [container, ...nameLabels.flatMap((label) => Config.Labels?.[label] ?? [])],
    state: stateText(State),
    isRunning,
    startedMillis: isRunning ? Date.parse(State.StartedAt) : undefined,
    env: telemetryVariables(variables),
    hiddenEnv: {},
    command: [...(Config.Entrypoint ?? []), ...(Config.Cmd ?? [])],
    languageInside: async () => {
      for (const file of programFiles(Path, Config.WorkingDir, Object.fromEntries(variables)["PATH"])) {
        const found = await languageOfFile(docker, container, file);
        if (found !== "missing") return found;
      }
      return undefined;
    },
    hasOwnLocalhost: !isOnHost,
    apart:
      isOnHost || isOnNetwork
        ? undefined
        : {
            cause: `the container ${container} is not on the network ${network}, where the Collector has its name`,
            next: `docker network connect ${network} ${container}`,
          },
    collector: isOnHost ? published : otlpUrls,
    connection: () => Promise.resolve(connection()),
    lastLines: () => docker.output(["logs", "--tail", "5", container]),
  };
}

/** Where the program of a container may be. @param path the directories that it is looked for in if it is named without one */
function programFiles(program: string, workingDirectory: string, path = ""): readonly string[] {
  return program.includes("/")
    ? [posix.resolve("/", workingDirectory, program)]
    : path.split(":").map((directory) => posix.join("/", directory, program));
}

/** Reads a file of a container, which need not run, for its language. */
async function languageOfFile(
  docker: Docker,
  container: string,
  file: string,
): Promise<Language | "missing" | undefined> {
  const child = docker.start(["cp", "--follow-link", `${container}:${file}`, "-"]);
  const ended = once(child, "close").then(([code]) => code === 0);
  child.stderr.resume();
  try {
    const language = await programLanguage(child.stdout);
    if (language !== undefined) return language;
    return (await ended) ? undefined : "missing";
  } finally {
    child.kill();
  }
}

function stateText({ Status, ExitCode, OOMKilled }: Inspected["State"]): string {
  if (Status !== "exited" && Status !== "restarting") return Status;
  return `${Status}, its last run ended with ${ExitCode}${OOMKilled ? ", killed for its memory" : ""}`;
}

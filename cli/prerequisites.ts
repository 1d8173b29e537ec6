import { existsSync } from "node:fs";
import { apiServiceName } from "../config/example-services.ts";
import type { ProgramSettings } from "../config/program-settings.ts";
import { flatMap } from "./async.ts";
import type { Docker, DockerInfo } from "./docker/docker.ts";
import { diskRooms, filledFolders, leastFreeMib, otherHolderOf } from "./docker/room.ts";
import { createTarget } from "./load-target.ts";
import { atLeast, checkNode, wantedNode } from "./machine.ts";
import { Ownership } from "./ownership.ts";
import { isFound, needsDocker, neededPlugins } from "./plugins.ts";
import { noPlan } from "./preview/planned-program.ts";
import { portProblem, portUses } from "./ports.ts";
import { projectFolder } from "./project.ts";
import { findPulumi, pinnedPulumi, versionOf, wantedPulumi } from "./pulumi-cli.ts";
import { stateFolder } from "./state.ts";
import { codeLine, refused, UserError, type UserProblem } from "./user-error.ts";

/** What a machine has of something that the stack needs. */
export interface Finding {
  readonly what: string;
  readonly found: string;
  readonly wanted: string;
  /** What keeps `npm run up` from working, with what to do; `undefined` if nothing does. */
  readonly problem?: UserProblem | undefined;
  /** What to do about something that it works in spite of. */
  readonly advice?: string | undefined;
}

/** What is to run where. */
export interface Plan {
  readonly settings: ProgramSettings;
  readonly stackName: string;
  /** The daemon of the settings; asked only if something needs it. */
  readonly docker: Docker;
}

/** The same with what the daemon has answered. */
interface Asked extends Plan {
  /** What it says of itself, or why it cannot be used; `undefined` if nothing needs it. */
  readonly engine: DockerInfo | UserError | undefined;
}

/**
 * Everything that a machine has to have. `npm run doctor` shows it, and `npm run up` refuses to begin while one of them has a
 * problem: what is in this list, both look at.
 */
const checks: readonly ((plan: Asked) => Promise<readonly Finding[]>)[] = [
  nodeJs,
  pulumi,
  plugins,
  dockerEngine,
  kubernetes,
  ports,
  disks,
];

/** What the machine has of everything that a stack needs. Nothing is changed, and nothing is downloaded. */
export async function prerequisites(plan: Plan): Promise<readonly Finding[]> {
  // Once, since a daemon that does not answer takes its time each time.
  const engine = needsDocker(plan.settings) ? await infoOf(plan.docker) : undefined;
  return flatMap(checks, (check) => check({ ...plan, engine }));
}

async function infoOf(docker: Docker): Promise<DockerInfo | UserError> {
  try {
    return await docker.info();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

/** @throws UserError with every problem at once. */
export async function checkPrerequisites(plan: Plan): Promise<void> {
  const problems = (await prerequisites(plan)).flatMap(({ problem }) => problem ?? []);
  const [only] = problems;
  if (only === undefined) return;
  if (problems.length === 1 && only.text.includes(nextLine)) throw new UserError(only.code, only.text);
  throw refused(
    problems.map(({ code, text }) => ({ code, text: text.replaceAll(nextLine, "; ") })),
    "solve this, then npm run up; npm run doctor shows everything that is needed",
  );
}

const nextLine = "\n  next: ";

/** Looks at something; what its user has to solve is a problem of it. */
async function found(
  of: Pick<Finding, "what" | "wanted">,
  look: () => Promise<Omit<Finding, "what" | "wanted">>,
): Promise<readonly Finding[]> {
  try {
    return [{ ...of, ...(await look()) }];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [{ ...of, found: "not usable", problem: problemOf(error) }];
  }
}

function problemOf({ errorCodes: [code], message: text }: UserError): UserProblem {
  return { code, text };
}

function nodeJs(): Promise<readonly Finding[]> {
  return found({ what: "Node.js", wanted: wantedNode }, () => Promise.resolve({ found: checkNode() }));
}

function pulumi(): Promise<readonly Finding[]> {
  return found({ what: "Pulumi CLI", wanted: wantedPulumi }, async () => {
    const { command, onPath } = await findPulumi();
    if (command !== undefined) return { found: versionOf(command) };
    return { found: onPath, advice: `npm run up downloads ${pinnedPulumi}, or install it yourself` };
  });
}

function plugins({ settings }: Asked): Promise<readonly Finding[]> {
  return flatMap(neededPlugins(settings), (plugin) => {
    const { name, version } = plugin;
    const finding = { what: `Pulumi plugin ${name}`, wanted: version };
    if (isFound(plugin)) return Promise.resolve([{ ...finding, found: "here" }]);
    const { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: isOff = "" } = process.env;
    if (!["true", "1"].includes(isOff)) {
      return Promise.resolve([{ ...finding, found: "none", advice: "Pulumi downloads it with npm run up" }]);
    }
    const text =
      `Pulumi plugin ${name}: must be ${version}, got none, and PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION keeps Pulumi from downloading it` +
      `${nextLine}npm run pulumi -- plugin install resource ${name} ${version}`;
    return Promise.resolve([{ ...finding, found: "none", problem: { code: "OBS1103", text } }]);
  });
}

/** The oldest that the end-to-end tests have run on. */
const oldestDocker = [20, 10] as const;

function dockerEngine({ settings, engine }: Asked): Promise<readonly Finding[]> {
  if (engine === undefined) return Promise.resolve([]);
  const of = { what: "Docker", wanted: `${oldestDocker.join(".")} or newer` };
  if (engine instanceof UserError) return Promise.resolve([{ ...of, found: "not usable", problem: problemOf(engine) }]);
  const { ServerVersion: version, OSType: system, Architecture: processor, Driver: storage } = engine;
  const advice = atLeast(version, oldestDocker) ? undefined : "an older one was never tried: update it";
  const row = { ...of, found: `${version}, ${system}/${processor}, ${storage}`, advice };
  return Promise.resolve([row, ...ofItsMachine(engine, settings)]);
}

/** A clock that differs by more than this, in seconds, puts what is sent where nobody looks for it. */
const mostClockSeconds = 5;

/** What Docker says of the machine that it runs on, which may be a virtual one. */
function ofItsMachine(info: DockerInfo, { stack }: ProgramSettings): readonly Finding[] {
  const mib = Math.floor(info.MemTotal / 1024 / 1024);
  const limits = Object.values(stack.memoryMib).reduce((sum, limit) => sum + limit, 0);
  const offset = Math.round((Date.parse(info.SystemTime) - Date.now()) / 1000);
  const isRight = Number.isNaN(offset) || Math.abs(offset) <= mostClockSeconds;
  return [
    {
      what: "memory limits",
      found: `${info.MemoryLimit ? "yes" : "no"}, cgroup ${info.CgroupVersion === "" ? "unknown" : `v${info.CgroupVersion}`}`,
      wanted: "yes",
      advice: info.MemoryLimit
        ? undefined
        : "containers may take all memory: start the kernel with cgroup_enable=memory",
    },
    {
      what: "memory",
      found: `${mib} MiB`,
      wanted: `${limits} MiB, the sum of the parts' limits`,
      advice: mib >= limits ? undefined : "give Docker more, or lower observability:memoryMib",
    },
    {
      what: "clock",
      found: Number.isNaN(offset) ? "not told" : isRight ? "the same" : `${offset} s beside this machine's`,
      wanted: `within ${mostClockSeconds} s of this machine's`,
      advice: isRight ? undefined : "set it, or restart Docker's virtual machine: what is sent gets wrong times",
    },
  ];
}

async function kubernetes({ settings, stackName }: Asked): Promise<readonly Finding[]> {
  if (settings.stack.target !== "kubernetes") return [];
  const { context } = settings.stack.kubernetes;
  const target = await createTarget(settings, stackName, noPlan);
  return found({ what: "Kubernetes", wanted: `an answer of the context ${context}` }, async () => ({
    found: await target.describe(),
  }));
}

/** The ports of the settings. What else a program publishes is looked at once it is known. */
async function ports({ settings: { stack, example }, stackName, docker, engine }: Asked): Promise<readonly Finding[]> {
  // On Kubernetes they are opened by `npm run open` alone, which looks at them itself.
  if (stack.target !== "docker") return [];
  const wanted = [
    ...(stack.observability ? Object.entries(stack.ports) : []),
    ...(example.exampleServices ? [[apiServiceName, example.apiPort] as const] : []),
  ].map(([workload, hostPort]) => ({ workload, hostPort }));
  const state = { resources: [], cutOff: [], others: () => Promise.resolve([]) };
  const ownership = new Ownership(stackName, stack.name, state);
  const isUnknown = engine instanceof UserError;
  const uses = await portUses(wanted, async (port) => (isUnknown ? undefined : otherHolderOf(port, ownership, docker)));
  return uses.map((use) => {
    const row = { what: `port ${use.hostPort} (${use.workload})`, wanted: "free, or this stack's" };
    if (!use.isFree && isUnknown) return { ...row, found: "taken", advice: "whose it is, Docker has to tell" };
    const got = use.isFree ? "free" : (use.holder ?? "this stack's");
    const text = portProblem(use);
    return { ...row, found: got, problem: text === undefined ? undefined : { code: "OBS1104", text } };
  });
}

async function disks({ engine }: Asked): Promise<readonly Finding[]> {
  const own = existsSync(stateFolder) ? stateFolder : projectFolder;
  const isKnown = engine !== undefined && !(engine instanceof UserError);
  const rooms = await diskRooms(isKnown ? await filledFolders(own, engine) : [own]);
  return rooms.map(({ folder, freeMib, problem }) => ({
    what: `disk of ${folder}`,
    found: `${freeMib} MiB free`,
    wanted: `${leastFreeMib} MiB free`,
    problem: problem === undefined ? undefined : { code: "OBS1105", text: problem },
  }));
}

/** The findings as a table, below each what there is to do. */
export function findingsTable(findings: readonly Finding[]): string {
  const width = (column: "what" | "found" | "wanted"): number =>
    Math.max(column.length, ...findings.map((finding) => finding[column].length));
  const row = (what: string, got: string, wanted: string, verdict: string): string =>
    `  ${what.padEnd(width("what"))}  ${got.padEnd(width("found"))}  ${wanted.padEnd(width("wanted"))}  ${verdict}`;
  const indented = (text: string): string => text.replaceAll(/^ */gm, "      ");
  return [
    row("what", "found", "wanted", "").trimEnd(),
    ...findings.flatMap(({ what, found: got, wanted, problem, advice }) => [
      row(what, got, wanted, problem !== undefined ? "PROBLEM" : advice !== undefined ? "see below" : "ok"),
      ...(problem !== undefined
        ? [indented([problem.text, codeLine([problem.code])].join("\n"))]
        : advice !== undefined
          ? [indented(advice)]
          : []),
    ]),
  ].join("\n");
}

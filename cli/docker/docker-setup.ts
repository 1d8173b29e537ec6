import { spawn } from "node:child_process";
import { once } from "node:events";
import pWaitFor from "p-wait-for";
import type { Say } from "../target.ts";
import { UserError } from "../user-error.ts";
import { DockerProblem, type Docker } from "./docker.ts";
import { installCommand, installs, thisMachine, typed, type Command, type Machine } from "./install-command.ts";

function startOf(machine: Machine): Command {
  return typed(machine, machine.hasSystemd ? ["systemctl", "start", "docker"] : ["service", "docker", "start"]);
}

/**
 * Installs Docker by the system's package manager where there is none and the user agrees, and starts a daemon of this machine
 * that is stopped. What it cannot mend, the next command that asks Docker tells.
 *
 * @param isAgreed whether these commands may be run to install it; `undefined` if there is nobody to ask
 * @throws UserError if a command fails.
 */
export async function setUpDocker(
  docker: Pick<Docker, "info">,
  isAgreed: (commands: string) => Promise<boolean | undefined>,
  say: Say,
  machine = thisMachine(),
): Promise<void> {
  let problem = await problemOf(docker);
  const install = installCommand(machine);
  if (problem?.kind === "missing" && install !== undefined && (await isAgreed(install)) === true) {
    say(`installing Docker: ${install}`);
    for (const command of installs) await run(typed(machine, command), machine);
    problem = await problemOf(docker);
  }
  if (problem?.kind !== "stopped" || machine.platform !== "linux") return;
  const start = startOf(machine);
  say(`Docker is stopped, starting it: ${start.join(" ")}`);
  await run(start, machine);
  const milliseconds = machine.startMillis;
  await pWaitFor(async () => (await problemOf(docker))?.kind !== "stopped", {
    interval: 250,
    // The next question to Docker tells what is wrong.
    timeout: { milliseconds, fallback: () => undefined },
  });
}

async function problemOf(docker: Pick<Docker, "info">): Promise<DockerProblem | undefined> {
  try {
    await docker.info();
    return undefined;
  } catch (error) {
    if (error instanceof DockerProblem) return error;
    throw error;
  }
}

/** Runs a command that may ask for a password, on the user's terminal. */
async function run(command: Command, { env }: Machine): Promise<void> {
  const [program, ...args] = command;
  const next = "  next: solve what it says, then npm run up";
  // What a command prints for other programs is not mixed with what this one prints.
  const child = spawn(program, args, { env: { DEBIAN_FRONTEND: "noninteractive", ...env }, stdio: ["inherit", 2, 2] });
  const code = await new Promise<unknown>((resolve) => {
    child.once("error", ({ message }) => {
      resolve(message);
    });
    void once(child, "exit").then(([ended]) => {
      resolve(ended);
    }, resolve);
  });
  if (code !== 0) throw new UserError("OBS1205", `${command.join(" ")}: must succeed, got ${String(code)}\n${next}`);
}

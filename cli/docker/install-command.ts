import { existsSync, readFileSync } from "node:fs";

/** What of a machine decides how Docker is installed and started there. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** Content of /etc/os-release (freedesktop.org/software/systemd/man/latest/os-release.html); empty if there is none. */
  readonly release: string;
  readonly isRoot: boolean;
  /** Whether systemd runs, as it says itself (sd_booted(3)). */
  readonly hasSystemd: boolean;
  /** How long a daemon that was started may take to answer, in milliseconds. */
  readonly startMillis: number;
  /** Environment of the commands that install and start. */
  readonly env: NodeJS.ProcessEnv;
}

/** The machine that this runs on. */
export function thisMachine(): Machine {
  const release = "/etc/os-release";
  return {
    platform: process.platform,
    release: existsSync(release) ? readFileSync(release, "utf8") : "",
    isRoot: process.getuid?.() === 0,
    hasSystemd: existsSync("/run/systemd/system"),
    startMillis: 30_000,
    env: process.env,
  };
}

/** A program with its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** The package of Debian and Ubuntu, which brings the command as well, if only among what it recommends. */
export const installs: readonly Command[] = [
  ["apt-get", "update"],
  ["apt-get", "install", "--yes", "docker.io"],
];

/** A command that only root may run: with `sudo` in front for everybody but root. */
export function typed({ isRoot }: Pick<Machine, "isRoot">, command: Command): Command {
  return isRoot ? command : ["sudo", ...command];
}

/** The commands that install Docker; `undefined` where this does not know any. */
export function installCommand(machine: Pick<Machine, "platform" | "release" | "isRoot">): string | undefined {
  if (machine.platform !== "linux") return undefined;
  const ids = [...machine.release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap(([, names = ""]) =>
    names.split(" "),
  );
  if (!ids.some((id) => id === "debian" || id === "ubuntu")) return undefined;
  return installs.map((command) => typed(machine, command).join(" ")).join(" && ");
}

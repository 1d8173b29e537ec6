import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** How a command ended and everything it said. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output and error as they came. */
  readonly output: string;
  /** Longest silence on standard output, in milliseconds. */
  readonly longestSilenceMillis: number;
  readonly tookMillis: number;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly interruption?: Interruption;
}

/** A signal to the command and everything that it started, as a terminal sends Ctrl-C. */
export interface Interruption {
  /** Sent as soon as the command has printed this. */
  readonly when: RegExp;
  readonly signal: "SIGINT" | "SIGKILL";
  /** How often, with half a second in between. */
  readonly times: number;
}

/** Runs a command to its end, whatever its exit code. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const startedMillis = Date.now();
  const { interruption } = options;
  const child = spawn(command, args, {
    cwd: options.cwd,
    // A process group of its own, to be signalled as a whole.
    detached: interruption !== undefined,
    env: options.env ?? process.env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A command that ends before it has read its input says by its exit code what is wrong.
  child.stdin.on("error", () => undefined).end(options.input);
  let stdout = "";
  let stderr = "";
  let output = "";
  let lastMillis = startedMillis;
  let longestSilenceMillis = 0;
  let interrupted = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    longestSilenceMillis = Math.max(longestSilenceMillis, Date.now() - lastMillis);
    lastMillis = Date.now();
    stdout += text;
    output += text;
    if (interruption !== undefined && !interrupted && interruption.when.test(stdout)) {
      interrupted = true;
      void interrupt(child.pid ?? 0, interruption);
    }
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    output += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? -1, stdout, stderr, output, longestSilenceMillis, tookMillis: Date.now() - startedMillis };
}

async function interrupt(group: number, { signal, times }: Interruption): Promise<void> {
  for (let sent = 0; sent < times; sent += 1) {
    process.kill(-group, signal);
    await sleep(500);
  }
}

/**
 * Runs a command that has to succeed and returns its standard output.
 *
 * @throws Error with everything it said, if it does not.
 */
export async function succeed(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const ended = await run(command, args, options);
  if (ended.code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${ended.code}:\n${ended.output}`);
  return ended.stdout;
}

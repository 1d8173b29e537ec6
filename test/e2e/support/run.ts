import { spawn } from "node:child_process";
import { once } from "node:events";

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
}

/** Runs a command to its end, whatever its exit code. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const startedMillis = Date.now();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(options.input ?? "");
  let stdout = "";
  let stderr = "";
  let output = "";
  let lastMillis = startedMillis;
  let longestSilenceMillis = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    longestSilenceMillis = Math.max(longestSilenceMillis, Date.now() - lastMillis);
    lastMillis = Date.now();
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    output += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? -1, stdout, stderr, output, longestSilenceMillis, tookMillis: Date.now() - startedMillis };
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

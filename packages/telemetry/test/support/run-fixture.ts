import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** What a fixture did. */
export interface FixtureRun {
  readonly exitCode: number | null;
  /** The signal that ended it, if one did. */
  readonly diesOf: NodeJS.Signals | null;
  /** Lines of stdout. */
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** How a fixture is run. */
export interface FixtureOptions {
  /** Sent as soon as the fixture has written its first line. */
  readonly signal?: NodeJS.Signals;
  /** Arguments of Node.js itself. */
  readonly nodeArgs?: readonly string[];
  /** Arguments of the fixture. */
  readonly args?: readonly string[];
}

/**
 * Runs a file of `fixtures/` as a process with exactly this environment.
 *
 */
export async function runFixture(
  name: string,
  env: Readonly<Record<string, string>>,
  { signal, nodeArgs = [], args = [] }: FixtureOptions = {},
): Promise<FixtureRun> {
  const child = spawn(process.execPath, [...nodeArgs, join(import.meta.dirname, "../fixtures", name), ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    // A fixture that hangs fails its test by what it did not do, instead of holding up the run.
    timeout: 50_000,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    if (stdout === "" && signal !== undefined) child.kill(signal);
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [exitCode, diesOf] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { exitCode, diesOf, lines: stdout.split("\n").filter((line) => line !== ""), stderr };
}

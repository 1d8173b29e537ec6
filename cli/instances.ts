import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);

const inspected = z.array(
  z.object({
    Name: z.string(),
    RestartCount: z.number(),
    State: z.object({ Status: z.string(), Health: z.object({ Status: z.string() }).optional() }),
  }),
);

/** `missing`, `unhealthy`, `starting`, `healthy`, or Docker's word for the state: `running`, `exited`, … */
export type InstanceState = string;

/** The state of each instance. An instance with a health check is judged by it as soon as it runs. */
export async function instanceStates(names: readonly string[]): Promise<ReadonlyMap<string, InstanceState>> {
  const found = new Map<string, InstanceState>(names.map((name) => [name, "missing"]));
  if (names.length === 0) return found;
  // Ends with an error if one of them is missing, and still prints the others.
  const { stdout } = await run("docker", ["container", "inspect", ...names], { maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: unknown) => {
      if (
        error instanceof Error &&
        "stdout" in error &&
        typeof error.stdout === "string" &&
        error.stdout.startsWith("[")
      ) {
        return { stdout: error.stdout };
      }
      throw error;
    },
  );
  for (const { Name, State } of inspected.parse(JSON.parse(stdout))) {
    found.set(Name.replace(/^\//, ""), State.Status === "running" ? (State.Health?.Status ?? "running") : State.Status);
  }
  return found;
}

/** Whether an instance does its work. */
export function isUp(state: InstanceState): boolean {
  return state === "running" || state === "healthy";
}

/** Waits until every instance is up or one has failed for good, at most `timeoutMillis`; returns the last states. */
export async function waitUntilUp(
  names: readonly string[],
  timeoutMillis: number,
): Promise<ReadonlyMap<string, InstanceState>> {
  const deadline = Date.now() + timeoutMillis;
  for (;;) {
    const states = await instanceStates(names);
    const waiting = [...states.values()].filter((state) => state === "starting" || state === "restarting");
    if (waiting.length === 0 || Date.now() > deadline) return states;
    await sleep(500);
  }
}

/** The last lines an instance printed. */
export async function lastLines(name: string, count: number): Promise<string> {
  const { stdout, stderr } = await run("docker", ["logs", "--tail", String(count), name], {
    maxBuffer: 16 * 1024 * 1024,
  });
  return `${stdout}${stderr}`.trim();
}

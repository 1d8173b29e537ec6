import { execFile } from "node:child_process";
import { request } from "node:http";
import { json } from "node:stream/consumers";
import { promisify } from "node:util";
import { z } from "zod";

const execute = promisify(execFile);

/** Runs Docker's command; returns what it has printed. @throws Error if it fails. */
export async function docker(...args: readonly string[]): Promise<string> {
  return (await execute("docker", args, { maxBuffer: 64 * 1024 * 1024 })).stdout.trim();
}

/** The Docker daemon's answer about a container (API 1.24 and newer). A container that does not run has no memory. */
const stats = z.object({
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
  memory_stats: z.object({ usage: z.number().optional(), stats: z.record(z.string(), z.number()).optional() }),
});

let socketPath: string | undefined;

async function statsOf(container: string): Promise<z.output<typeof stats>> {
  socketPath ??= (await docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")).replace(
    /^unix:\/\//,
    "",
  );
  const answer = await new Promise<unknown>((resolve, reject) => {
    request({ socketPath, path: `/containers/${container}/stats?stream=false&one-shot=true` }, (response) => {
      json(response).then(resolve, reject);
    })
      .on("error", reject)
      .end();
  });
  return stats.parse(answer);
}

/** Nanoseconds of processor time that a container has used since its start. */
export async function usedNanos(container: string): Promise<number> {
  return (await statsOf(container)).cpu_stats.cpu_usage.total_usage;
}

/** Memory of a container in MiB. */
export interface Memory {
  /** What only the process can give back: `anon` of cgroup v2, `total_rss` of v1. */
  readonly own: number;
  /** What counts against the limit, page cache among it, which the kernel takes back. */
  readonly counted: number;
}

/** Memory that a container has now. */
export async function memoryOf(container: string): Promise<Memory> {
  const { usage = 0, stats: { anon, total_rss: rss } = {} } = (await statsOf(container)).memory_stats;
  return { own: (anon ?? rss ?? 0) / 1024 ** 2, counted: usage / 1024 ** 2 };
}

/** The port of 127.0.0.1 that Docker has chosen for a container's. */
export async function hostPort(container: string, port: number): Promise<number> {
  return Number((await docker("port", container, `${port}/tcp`)).split(":").at(-1));
}

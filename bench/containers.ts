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

/** The Docker daemon's answer about a container: nanoseconds of processor time since its start (API 1.24 and newer). */
const stats = z.object({ cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }) });

let socketPath: string | undefined;

/** Nanoseconds of processor time that a container has used since its start. */
export async function usedNanos(container: string): Promise<number> {
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
  return stats.parse(answer).cpu_stats.cpu_usage.total_usage;
}

/** The port of 127.0.0.1 that Docker has chosen for a container's. */
export async function hostPort(container: string, port: number): Promise<number> {
  return Number((await docker("port", container, `${port}/tcp`)).split(":").at(-1));
}

/**
 * What the parts take of the processor while no service sends them anything, health checks, alert rules and the canary
 * included: five minutes of
 * what Docker counts for each container.
 * Needs a deployed stack without the example (`exampleServices: false`): `npm run up`, then `npm run bench:idle`
 * (`-- --minutes 1` for a short look).
 */
import { execFile } from "node:child_process";
import { request } from "node:http";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { z } from "zod";
import { deployedOutputs } from "../cli/outputs.ts";
import { withStack } from "../cli/pulumi-stack.ts";

const run = promisify(execFile);
const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, stack: { type: "string", default: "dev" } },
});
const minutes = Number(values.minutes);

/** The Docker daemon's answer about a container: nanoseconds of processor time since its start (API 1.24 and newer). */
const stats = z.object({ cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }) });

const socketPath = (await run("docker", ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"])).stdout
  .trim()
  .replace(/^unix:\/\//, "");

async function usedNanos(container: string): Promise<number> {
  const answer = await new Promise<unknown>((resolve, reject) => {
    request({ socketPath, path: `/containers/${container}/stats?stream=false&one-shot=true` }, (response) => {
      json(response).then(resolve, reject);
    })
      .on("error", reject)
      .end();
  });
  return stats.parse(answer).cpu_stats.cpu_usage.total_usage;
}

const outputs = deployedOutputs(await withStack(values.stack, (stack) => stack.outputs()));
const names = outputs.instances.map(({ name }) => name);
const before = await Promise.all(names.map(usedNanos));
const startedMillis = performance.now();
await sleep(minutes * 60_000);
const after = await Promise.all(names.map(usedNanos));
const elapsedNanos = (performance.now() - startedMillis) * 1e6;

const shares = after.map((nanos, index) => ((nanos - (before[index] ?? 0)) / elapsedNanos) * 100);
process.stdout.write("| container | % of one core |\n|---|---|\n");
for (const [index, name] of names.entries()) {
  process.stdout.write(`| ${name} | ${(shares[index] ?? Number.NaN).toFixed(2)} |\n`);
}
process.stdout.write(`| together | ${shares.reduce((sum, share) => sum + share, 0).toFixed(2)} |\n`);

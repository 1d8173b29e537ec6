/**
 * Ten minutes of load at 20 requests a second and then a query over seven days: is any container killed for memory or
 * restarted, and how close does each come to its limit?
 * Needs a deployed stack: `npm run up`, then `npm run bench:load` (`-- --minutes 1` for a short look).
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { z } from "zod";
import { datasourceUid } from "../config/parts/part.ts";
import { parts } from "../config/parts/parts.ts";
import { deployedOutputs, urlOf } from "../cli/outputs.ts";
import { projectFolder } from "../cli/project.ts";
import { withStack } from "../cli/pulumi-stack.ts";
import { grafanaOf } from "../cli/grafana-client.ts";

const run = promisify(execFile);
const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, stack: { type: "string", default: "dev" } },
});
const minutes = Number(values.minutes);

const stats = z.object({ Name: z.string(), MemUsage: z.string() });
const state = z.array(
  z.object({
    Name: z.string(),
    RestartCount: z.number(),
    State: z.object({ OOMKilled: z.boolean() }),
    HostConfig: z.object({ Memory: z.number() }),
  }),
);

const outputs = deployedOutputs(await withStack(values.stack, (stack) => stack.outputs()));
const names = outputs.instances.map(({ name }) => name);
const peakMib = new Map<string, number>();

/** Docker prints `12.3MiB / 256MiB`. */
async function sample(): Promise<void> {
  const { stdout } = await run("docker", ["stats", "--no-stream", "--format", "{{json .}}", ...names]);
  for (const line of stdout.trim().split("\n")) {
    const { Name, MemUsage } = stats.parse(JSON.parse(line));
    const [, amount = "0", unit = "MiB"] = /^([\d.]+)(KiB|MiB|GiB)/.exec(MemUsage) ?? [];
    const mib = Number(amount) * ({ KiB: 1 / 1024, MiB: 1, GiB: 1024 }[unit] ?? 1);
    peakMib.set(Name, Math.max(peakMib.get(Name) ?? 0, mib));
  }
}

const generator = spawn("node", [join(projectFolder, "services", "main.ts"), "load-generator"], {
  env: {
    ...process.env,
    REQUESTS_PER_SECOND: "20",
    TARGET_URL: urlOf(outputs, "api"),
    OTEL_EXPORTER_OTLP_ENDPOINT: "",
  },
  stdio: "ignore",
});
const end = Date.now() + minutes * 60_000;
while (Date.now() < end) {
  await sample();
  await sleep(1000);
}
generator.kill("SIGTERM");
await once(generator, "exit");

const grafana = grafanaOf(outputs);
const started = performance.now();
const week = 7 * 24 * 3_600_000;
const lines = await grafana.logs(
  datasourceUid(parts.loki),
  `{service_namespace=~".+"} | json | level="error"`,
  Date.now() - week,
  Date.now(),
  5000,
);
const errors = await grafana.metric(
  datasourceUid(parts.victoriaMetrics),
  `sum(increase(http_server_request_duration_seconds_count[7d]))`,
);
process.stdout.write(
  `7-day queries: ${lines.length} error lines, ${Math.round(errors ?? 0)} requests, ${Math.round(performance.now() - started)} ms\n`,
);
await sample();

const inspected = state.parse(
  JSON.parse((await run("docker", ["inspect", ...names], { maxBuffer: 64 * 1024 * 1024 })).stdout),
);
process.stdout.write("| container | peak MiB | limit MiB | killed for memory | restarts |\n|---|---|---|---|---|\n");
for (const { Name, RestartCount, State, HostConfig } of inspected) {
  const name = Name.slice(1);
  const limit = HostConfig.Memory / 1024 / 1024;
  process.stdout.write(
    `| ${name} | ${(peakMib.get(name) ?? 0).toFixed(0)} | ${limit} | ${State.OOMKilled ? "yes" : "no"} | ${RestartCount} |\n`,
  );
}
process.exitCode = inspected.some(({ RestartCount, State }) => RestartCount > 0 || State.OOMKilled) ? 1 : 0;

import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { instanceStates, isUp, lastLines, waitUntilUp } from "./instances.ts";
import { checkMachine } from "./machine.ts";
import { commandOptions } from "./options.ts";
import { deployedOutputs, stackOutputs, type StackOutputs } from "./outputs.ts";
import { Progress } from "./progress.ts";
import { withStack } from "./pulumi-stack.ts";
import { runCommand, UserError } from "./user-error.ts";
import { table, verify } from "./verification/verify.ts";

/** Deploys, waits until everything is healthy, verifies, and says where to find what. */
async function up(): Promise<number> {
  const { stack: stackName } = commandOptions("npm run up [-- --stack NAME]", []);
  const progress = new Progress((text) => process.stdout.write(`${text}\n`));
  progress.phase("checking the machine");
  try {
    progress.line((await checkMachine()).join(", "));
    progress.phase(`deploying the stack ${stackName}`);
    const outputs = await withStack(stackName, async (stack) => deploy(stack, progress));
    progress.phase("waiting for every container to be healthy");
    await health(outputs);
    progress.phase("verifying: one request, found again as log, trace and metric");
    const results = await verify(outputs, (text) => {
      progress.line(text);
    });
    process.stdout.write(`\n${table(results)}\n\n${summary(outputs, stackName)}\n`);
    return results.every((result) => result.passed) ? 0 : 1;
  } finally {
    progress.stop();
  }
}

async function deploy(stack: Stack, progress: Progress): Promise<StackOutputs> {
  const unhealthy = await unhealthyInstances(stack);
  for (const { name } of unhealthy) progress.line(`${name} is unhealthy and will be replaced`);
  try {
    const result = await stack.up({
      refresh: true,
      replace: unhealthy.map(({ urn }) => urn),
      onEvent: progress.onEvent,
      suppressOutputs: true,
      color: "never",
    });
    return deployedOutputs(result.outputs);
  } catch (error) {
    throw new UserError(
      `the deployment failed; what was done so far is kept\n  next: solve what the lines above say, then npm run up`,
      {
        cause: error,
      },
    );
  }
}

/** Instances that run and fail their health check: a deployment alone would leave them as they are. */
async function unhealthyInstances(stack: Stack): Promise<StackOutputs["instances"]> {
  const instances = stackOutputs(await stack.outputs())?.instances ?? [];
  const states = await instanceStates(instances.map(({ name }) => name));
  return instances.filter(({ name }) => states.get(name) === "unhealthy");
}

async function health(outputs: StackOutputs): Promise<void> {
  const states = await waitUntilUp(
    outputs.instances.map(({ name }) => name),
    90_000,
  );
  const down = [...states].filter(([, state]) => !isUp(state));
  if (down.length === 0) return;
  const reports = await Promise.all(
    down.map(async ([name, state]) => `${name} is ${state}; its last lines:\n${await lastLines(name, 10)}`),
  );
  throw new UserError(`${reports.join("\n\n")}\n  next: npm run up`);
}

function summary({ urls, grafanaUser }: StackOutputs, stackName: string): string {
  const option = stackName === "dev" ? "" : ` -- --stack ${stackName}`;
  const entries = [
    ["Grafana", urls.grafana, `user ${grafanaUser}, password: npm run password${option}`],
    ["Jaeger", urls.jaeger, "traces"],
    ["Loki", urls.loki, "logs, API only"],
    ["VictoriaMetrics", urls.victoriaMetrics, "metrics, /vmui for queries"],
    ["OTLP gRPC", urls.otlpGrpc, "for your own services: OTEL_EXPORTER_OTLP_ENDPOINT"],
    ["OTLP HTTP", urls.otlpHttp, "the same with OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"],
    ["Example API", urls.api, "the seven example services"],
  ].flatMap(([name = "", url, what = ""]) =>
    url === undefined ? [] : [`  ${name.padEnd(16)} ${url.padEnd(24)} ${what}`],
  );
  return [...entries, "", ...nextSteps(urls.api, option)].join("\n");
}

function nextSteps(api: string | undefined, option: string): string[] {
  const tryIt = `curl -s ${api ?? ""}/api/v1/executions -H 'content-type: application/json' -d '{"script":"print(42)","simulate":"error"}'`;
  return [
    "Next:",
    ...(api === undefined ? [] : [`  ${tryIt}`, "    and look for its trace_id in Grafana's Explore"]),
    `  npm run verify${option}   proves it again`,
    `  npm run down${option}     stops everything, keeps data and credentials`,
  ];
}

await runCommand(up);

import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { checkCollector } from "./collector-check.ts";
import { deploymentOf, type Deployment } from "./deployment.ts";
import { explain } from "./explain.ts";
import { ensureLogin } from "./grafana-login.ts";
import { neededImages, pullMissing } from "./images.ts";
import { instanceStates, isUp, waitUntilUp } from "./instances.ts";
import { throughInterrupts } from "./interrupt.ts";
import { commandOptions } from "./options.ts";
import { deployedOutputs, stackOutputs, type StackOutputs } from "./outputs.ts";
import { checkPlace, filledFolders, plannedPlace } from "./place.ts";
import { Progress } from "./progress.ts";
import { stateFolder } from "./project.ts";
import { withLockedStack } from "./pulumi-stack.ts";
import { recover } from "./recovery.ts";
import { runCommand, UserError } from "./user-error.ts";
import { table, verify } from "./verification/verify.ts";

/** Deploys, waits until everything is healthy, verifies, and says where to find what. */
async function up(): Promise<number> {
  const { stack: stackName } = commandOptions("npm run up [-- --stack NAME]", []);
  const progress = new Progress((text) => process.stdout.write(`${text}\n`));
  const say = progress.line;
  progress.phase("checking the machine");
  try {
    return await withLockedStack(stackName, async (stack, machine) => {
      const deployment = await deploymentOf(stack);
      const { docker, settings } = deployment;
      say([...machine, `Docker ${await docker.serverVersion()}`].join(", "));
      const taken = await recover(stack, docker, settings.stack.name, say);
      for (const volume of taken) say(`the volume ${volume} is not in the state: taking it over with its data`);
      await checkPlace(plannedPlace(settings), docker, await filledFolders(stateFolder, docker));
      await pullMissing(neededImages(settings), docker, say);
      await checkCollector(settings.stack, docker);
      progress.phase(`deploying the stack ${stackName}`);
      const outputs = await deploy(stack, deployment, progress);
      progress.phase("waiting for every container to be healthy");
      await health(outputs, deployment);
      await ensureLogin(outputs, docker, say);
      progress.phase("verifying: one request, found again as log, trace and metric");
      const results = await verify(outputs, deployment, say);
      process.stdout.write(`\n${table(results)}\n\n${summary(outputs, stackName)}\n`);
      return results.every((result) => result.passed) ? 0 : 1;
    });
  } finally {
    progress.stop();
  }
}

async function deploy(stack: Stack, deployment: Deployment, progress: Progress): Promise<StackOutputs> {
  const broken = await brokenInstances(stack, deployment);
  for (const { name, state } of broken) progress.line(`${name} is ${state} and will be replaced`);
  try {
    const result = await throughInterrupts(progress.line, () =>
      stack.up({
        refresh: true,
        replace: broken.map(({ urn }) => urn),
        onEvent: progress.onEvent,
        suppressOutputs: true,
        color: "never",
      }),
    );
    return deployedOutputs(result.outputs);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { cause, next } = explain(progress.problems, String(error));
    throw new UserError(`the deployment failed: ${cause}\nwhat was done so far is kept\n  next: ${next}`, {
      cause: error,
    });
  }
}

/** Instances that a deployment alone would leave as they are although they do not work. */
async function brokenInstances(
  stack: Stack,
  deployment: Deployment,
): Promise<readonly { readonly name: string; readonly urn: string; readonly state: string }[]> {
  const instances = stackOutputs(await stack.outputs())?.instances ?? [];
  const states = await statesOf(instances, deployment);
  return instances.flatMap(({ name, urn }) => {
    const state = states.get(name) ?? "missing";
    return state === "unhealthy" || state === "cut off" ? [{ name, urn, state }] : [];
  });
}

function statesOf(
  instances: StackOutputs["instances"],
  { docker, settings }: Deployment,
): ReturnType<typeof instanceStates> {
  const names = instances.map(({ name }) => name);
  return instanceStates(docker, names, settings.stack.name);
}

/** How many of its last lines a container that is down is shown with. */
const shownLines = 5;

async function health(outputs: StackOutputs, deployment: Deployment): Promise<void> {
  const states = await waitUntilUp(() => statesOf(outputs.instances, deployment), 90_000);
  const [first, ...others] = [...states].filter(([, state]) => !isUp(state));
  if (first === undefined) return;
  const [name, state] = first;
  const more = others.map((other) => `${other[0]} is ${other[1]}`).join(", ");
  const said = (await deployment.docker.run(["logs", "--tail", String(shownLines), name])).trim();
  throw new UserError(
    [
      `${name} is ${state}${more === "" ? "" : `; ${more}`}`,
      ...(said === "" ? [] : [`its last lines:\n${said}`]),
      `  next: npm run up; or see more: docker logs ${name}`,
    ].join("\n"),
  );
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

import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { loadTarget, validSettings } from "../load-target.ts";
import { answerTo } from "../ask.ts";
import { Bundle } from "../bundle/use-bundle.ts";
import { Docker } from "../docker/docker.ts";
import { setUpDocker } from "../docker/docker-setup.ts";
import { markDeployments } from "../deployment-marks.ts";
import { grafanaOf } from "../grafana-client.ts";
import { ensureLogin } from "../grafana-login.ts";
import { checkUp } from "../health.ts";
import { runEngine } from "../engine.ts";
import type { CommandOptions } from "../options.ts";
import { forgetLeft, lastLeft, rememberLeft, type Left } from "../last-deployment.ts";
import { deployedInstances, deployedOutputs, outputsIn, type StackOutputs } from "../outputs.ts";
import { needsDocker } from "../plugins.ts";
import { checkPrerequisites } from "../prerequisites.ts";
import { plannedImages, podImages } from "../preview/planned-images.ts";
import { decisionBasis } from "../preview/planned-program.ts";
import type { StackSettings } from "../../config/settings-and-defaults.ts";
import { Progress } from "../progress.ts";
import { withLockedStack } from "../pulumi-stack.ts";
import { recover, resourcesOf } from "../recovery.ts";
import { runOnStack } from "../run-command.ts";
import {
  changedStackFile,
  configInFiles,
  settingOptions,
  writeStackFile,
  type SettingOption,
} from "../setting-options.ts";
import { environmentsOf, readSettingsFile, stackFileName } from "../settings-file.ts";
import type { KnownState } from "../state.ts";
import type { Say, Target } from "../target.ts";
import { urlLines } from "../urls.ts";
import { print } from "../text.ts";
import { table, verify } from "../verification/verify.ts";

const ofKubernetes = settingOptions.map((name) => ` [--${name} …]`).join("");
const usage = `npm run up [-- --target docker|kubernetes] [--stack NAME] [--yes] [--bundle FILE]${ofKubernetes}`;

type UpOptions = CommandOptions<"yes", SettingOption | "bundle">;

/** Deploys, waits until everything is healthy, verifies, and says where to find what. */
async function up(options: UpOptions, tell: Say): Promise<number> {
  const { stack: stackName } = options;
  const progress = new Progress(print);
  const say = progress.line;
  const sayPhase = (activity: string): void => {
    progress.phase(activity);
  };
  progress.phase("checking the machine");
  try {
    const { bundle: file } = options.values;
    const bundle = file === undefined ? undefined : await Bundle.open(file);
    await bundle?.bringPrograms(sayPhase);
    await readyMachine(options, progress);
    keepOptions(options, say);
    return await withLockedStack(
      stackName,
      async (stack, machine) => {
        const { target, plan, settings } = await loadTarget(stack, options.target);
        // Finds the problems of the program's services as well, which a deployment would find half-way.
        const planned = await plan();
        say([...machine, await target.describe()].join(", "));
        const { state, leftData } = await recover(stack, target, say);
        const leftNow = async (known: KnownState["resources"]): Promise<Left | undefined> => {
          const observed = await target.observed(known);
          return observed === undefined ? undefined : { observed, basis: decisionBasis(planned, known, machine) };
        };
        const left = await leftNow(state.resources);
        const last = lastLeft(stackName);
        const isAsLeft = left !== undefined && left.observed === last?.observed;
        const toReplace = await brokenResources(target, state, say);
        // A bundle may have other images by the same names.
        const isDone = isAsLeft && left.basis === last.basis && toReplace.length === 0 && bundle === undefined;
        if (isDone) {
          say(`nothing to deploy: all is as the last deployment of the stack ${stackName} has left it`);
        } else {
          await target.checkRoom(state, say);
          target.takeOver(leftData, say);
          if (bundle !== undefined) {
            const needed = [...plannedImages(planned.resources), ...podImages(planned.resources)];
            const { imageRegistry, docker } = settings.stack;
            await bundle.bringImages(new Docker(docker.host), needed, imageRegistry, sayPhase);
          }
          await target.prepareImages(say);
          if (bundle !== undefined) await target.deliverImages(say);
          await target.checkConfiguration();
          progress.phase(`deploying the stack ${stackName}`);
          forgetLeft(stackName);
        }
        const outputs = await target.failFast(async (signal) => {
          const deployed = isDone
            ? outputsIn(state.resources)
            : await deploy(stack, { progress, signal, toReplace, isAsLeft });
          progress.phase(`waiting for every ${target.instanceWord} to be healthy`);
          await checkUp(deployed.instances, target, signal);
          return deployed;
        }, say);
        if (!isDone) {
          const now = await leftNow(await resourcesOf(stack));
          if (now !== undefined) rememberLeft(stackName, now);
        }
        const results = await target.reach(
          outputs,
          async (reached) => {
            await ensureLogin(reached, target, say);
            progress.phase("verifying: one request, found again as log, trace and metric");
            const [results, mark] = await Promise.all([
              verify(reached, target, say),
              markDeployments(
                stack,
                reached.urls.grafana === undefined ? undefined : grafanaOf(reached),
                progress.changed,
              ),
            ]);
            return mark === undefined ? results : [...results, mark];
          },
          say,
        );
        tell(`\n${table(results)}\n\n${summary(outputs, target)}${alertNotice(settings.stack)}`);
        return results.every((result) => result.passed) ? 0 : 1;
      },
      progress,
    );
  } finally {
    progress.stop();
  }
}

/** Installs and starts Docker where that is needed and agreed to, and makes sure that the machine has all that is needed. */
async function readyMachine(options: UpOptions, progress: Progress): Promise<void> {
  const { stack: stackName, flags } = options;
  const stackFile = readSettingsFile(stackFileName(stackName));
  // Without what only Pulumi knows of them, the settings may be of another place than the stack's.
  if (stackFile !== undefined && environmentsOf(stackFile) !== undefined) return;
  const settings = validSettings(configInFiles(options), stackName);
  const docker = new Docker(settings.stack.docker.host);
  const isAgreed = async (commands: string): Promise<boolean> => {
    if (flags.has("yes") || !process.stdin.isTTY) return flags.has("yes");
    // Its lines would stand in the question.
    progress.stop();
    return (
      (await answerTo(`There is no Docker on this machine. Install it by\n  ${commands}\n? Type yes to go on: `)) ===
      "yes"
    );
  };
  if (needsDocker(settings)) await setUpDocker(docker, isAgreed, progress.line);
  await checkPrerequisites({ settings, stackName, docker });
}

/** Writes the options to the stack's settings once the target that they name has answered. */
function keepOptions(options: UpOptions, say: Say): void {
  const changed = changedStackFile(options);
  if (changed === undefined) return;
  writeStackFile(changed);
  say(`wrote to ${changed.name}, for the next command and for plain pulumi up: ${changed.changes.join(", ")}`);
}

/** URNs of what a deployment alone would leave as it is although it does not work. */
async function brokenResources(target: Target, state: KnownState, say: Say): Promise<readonly string[]> {
  const instances = deployedInstances(state.resources);
  const states = await target.instanceStates(instances);
  const broken = instances.filter(({ name }) => target.isBroken(states.get(name) ?? "missing"));
  for (const { name } of broken) say(`${name} is ${states.get(name) ?? "missing"} and will be replaced`);
  return [...broken.map(({ urn }) => urn), ...target.failedRuns(state.resources)];
}

/** A deployment, and what it begins with. */
interface Deployment {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** URNs of what does not work. */
  readonly toReplace: readonly string[];
  /** Whether the target has everything as the last deployment has left it. */
  readonly isAsLeft: boolean;
}

async function deploy(stack: Stack, { progress, signal, toReplace, isAsLeft }: Deployment): Promise<StackOutputs> {
  const { outputs } = await runEngine(
    progress,
    (options) => stack.up({ ...options, refresh: !isAsLeft, replace: [...toReplace], signal }),
    ({ cause, next }) => `the deployment failed: ${cause}\nwhat was done so far is kept\n  next: ${next}`,
  );
  return deployedOutputs(outputs);
}

function summary({ urls, grafanaUser }: StackOutputs, target: Target): string {
  const { api } = urls;
  const tryIt = `curl -s ${api ?? ""}/api/v1/executions -H 'content-type: application/json' -d '{"script":"print(42)","simulate":"error"}'`;
  return [
    ...urlLines(urls, grafanaUser, target),
    "",
    "Next:",
    ...(target.needsOpen ? ["  npm run open     makes the addresses of this machine reachable, until Ctrl-C"] : []),
    ...(api === undefined ? [] : [`  ${tryIt}`, "    and look for its trace_id in Grafana's Explore"]),
    `  npm run verify   repeats the verification`,
    `  npm run down     stops everything, keeps data and credentials`,
  ].join("\n");
}

/** Said where alerts reach nobody: a rule that fires in silence is the worst of all. */
function alertNotice({ alerts, observability }: StackSettings): string {
  if (!observability || alerts.contactPoints.length > 0) return "";
  return "\n\nAlerts reach nobody: set alerts.contactPoints, see docs/alerts.md, then npm run alert:test";
}

await runOnStack(usage, ["yes"], up, [...settingOptions, "bundle"]);

import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { programFiles } from "../config/program-files.ts";
import { programSettings, type ProgramFiles, type ProgramSettings } from "../config/program-settings.ts";
import type { TargetName } from "./options.ts";
import { once } from "./async.ts";
import { deployedOutputs, type StackOutputs } from "./outputs.ts";
import { plannedProgram, type Plan } from "./preview/planned-program.ts";
import { projectName } from "./project.ts";
import { refusedProgram } from "./refused-program.ts";
import { stackFileName } from "./settings-file.ts";
import type { Target } from "./target.ts";
import { UserError } from "./user-error.ts";

/**
 * Reads a stack's settings, and chooses the target that it runs on.
 *
 * @param wanted the target that the command names, if it names one
 * @returns the target, what finds out what the program would deploy, and the settings.
 * @throws UserError with every problem of the settings, or if the stack is for another target.
 */
export async function loadTarget(
  stack: Stack,
  wanted: TargetName | undefined,
): Promise<{ target: Target; plan: Plan; settings: ProgramSettings }> {
  const all = await stack.getAllConfig();
  const config = Object.fromEntries(Object.entries(all).map(([key, { value }]) => [key, value]));
  const settings = validSettings(config, stack.name);
  refuseOtherTarget(settings.stack.target, wanted, stack.name);
  const plan = once(() => plannedProgram(stack.name, config, "npm run up"));
  return { target: await createTarget(settings, stack.name, plan), plan, settings };
}

/** The target of a deployed stack, once it has answered, its outputs and its settings. @throws UserError if one is not there. */
export async function loadDeployed(
  stack: Stack,
  wanted: TargetName | undefined,
): Promise<{ target: Target; outputs: StackOutputs; settings: ProgramSettings }> {
  const { target, settings } = await loadTarget(stack, wanted);
  await target.describe();
  return { target, outputs: deployedOutputs(await stack.outputs()), settings };
}

/** The target that the settings ask for: the only place that knows which targets there are. */
export async function createTarget(settings: ProgramSettings, stackName: string, plan: Plan): Promise<Target> {
  switch (settings.stack.target) {
    case "docker": {
      const { dockerTarget } = await import("./docker/docker-target.ts");
      return dockerTarget(settings, stackName, plan);
    }
    case "kubernetes": {
      // The client library that it needs takes most of a second to load.
      const { kubernetesTarget } = await import("./kubernetes/kubernetes-target.ts");
      return kubernetesTarget(settings, stackName, plan);
    }
  }
}

/** @throws UserError if a command names another target than the stack has. */
export function refuseOtherTarget(target: TargetName, wanted: TargetName | undefined, stackName: string): void {
  if (wanted === undefined || wanted === target) return;
  throw new UserError(
    "OBS1010",
    `--target: must be the one of the stack ${stackName}, which never changes, got ${wanted} instead of ${target}\n` +
      `  next: leave --stack out, or name another stack: npm run up -- --target ${wanted} --stack NAME`,
  );
}

/**
 * @param next what to do about a problem
 * @param files what the program reads beside its configuration
 * @throws UserError with every problem of the settings.
 */
export function validSettings(
  config: Readonly<Record<string, string>>,
  stackName: string,
  next = `correct ${stackFileName(stackName)}, then npm run up`,
  files = validFiles(),
): ProgramSettings {
  try {
    return programSettings(config, { project: projectName, stack: stackName }, files);
  } catch (error) {
    throw refusedProgram(error, next);
  }
}

/** What the program reads beside its configuration. @throws UserError if the lock of images cannot be used. */
export function validFiles(): ProgramFiles {
  try {
    return programFiles();
  } catch (error) {
    throw refusedProgram(error, "correct it, then npm run up");
  }
}

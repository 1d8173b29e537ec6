import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { programSettings, type ProgramSettings } from "../config/example-services.ts";
import { readDashboardFolder } from "../config/files/dashboard-folder.ts";
import { Docker } from "./docker.ts";
import { projectName } from "./project.ts";
import { UserError } from "./user-error.ts";

/** A stack's settings and the Docker that it runs on. */
export interface Deployment {
  readonly settings: ProgramSettings;
  readonly docker: Docker;
}

/** @throws UserError with every problem of the settings. */
export async function deploymentOf(stack: Stack): Promise<Deployment> {
  const config = Object.entries(await stack.getAllConfig()).map(([key, { value }]) => [key, value]);
  const settings = validSettings(Object.fromEntries(config) as Record<string, string>, stack.name);
  return { settings, docker: new Docker(settings.stack.docker.host) };
}

function validSettings(config: Readonly<Record<string, string>>, stackName: string): ProgramSettings {
  try {
    return programSettings(config, { project: projectName, stack: stackName }, readDashboardFolder);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UserError(`${error.message}\n  next: correct Pulumi.${stackName}.yaml, then npm run up`);
  }
}

import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { z } from "zod";
import type { ProgramSettings } from "../config/program-settings.ts";

/** A plugin of Pulumi that a program needs. */
export interface Plugin {
  readonly name: string;
  readonly version: string;
}

/** Whether a command needs Docker at all: on Kubernetes it builds the example's image, and nothing else. */
export function needsDocker({ stack, example }: ProgramSettings): boolean {
  return stack.target === "docker" || example.exampleServices;
}

const packaged = createRequire(import.meta.url);
const withVersion = z.object({ version: z.string() });

/** The plugins that a program needs, in the version of their npm packages. */
export function neededPlugins(settings: ProgramSettings): readonly Plugin[] {
  const names = ["random", settings.stack.target, ...(needsDocker(settings) ? ["docker"] : [])];
  return [...new Set(names)].sort().map((name) => ({
    name,
    version: withVersion.parse(packaged(`@pulumi/${name}/package.json`)).version,
  }));
}

/** Where Pulumi has its plugins, and the npm package `pulumi` its CLI. */
export function pulumiHome(): string {
  return process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi");
}

/** The folder of a plugin below `PULUMI_HOME`. */
export function pluginPlace({ name, version }: Plugin): string {
  return `plugins/resource-${name}-v${version}`;
}

/** Whether Pulumi has downloaded a plugin. */
export function isInstalled(plugin: Plugin): boolean {
  return hasProgram(join(pulumiHome(), pluginPlace(plugin)), plugin);
}

/** Whether Pulumi finds a plugin: on the PATH, or among those that it has downloaded. */
export function isFound(plugin: Plugin): boolean {
  const { PATH: path = "" } = process.env;
  return isInstalled(plugin) || path.split(delimiter).some((folder) => hasProgram(folder, plugin));
}

function hasProgram(folder: string, { name }: Plugin): boolean {
  return statSync(join(folder, `pulumi-resource-${name}`), { throwIfNoEntry: false })?.isFile() === true;
}

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { imagesToBundle } from "../bundle/images.ts";
import { thisPlatform } from "../bundle/format.ts";
import { cliFolder, programSources } from "../bundle/programs.ts";
import { projectFiles } from "../bundle/project.ts";
import { billOfMaterials } from "../bundle/sbom.ts";
import { writeBundle } from "../bundle/write-bundle.ts";
import { Docker } from "../docker/docker.ts";
import { mib } from "../download.ts";
import { codeOf, messageOf } from "../errors.ts";
import { untilInterrupted } from "../interrupt.ts";
import { validFiles, validSettings } from "../load-target.ts";
import type { CommandOptions } from "../options.ts";
import { isInstalled, neededPlugins, type Plugin, pluginPlace, pulumiHome } from "../plugins.ts";
import { plannedImages, podImages } from "../preview/planned-images.ts";
import { plannedProgram } from "../preview/planned-program.ts";
import { Progress } from "../progress.ts";
import { projectFolder } from "../project.ts";
import { pulumiCli, versionOf } from "../pulumi-cli.ts";
import { runOnStack } from "../run-command.ts";
import { knownConfig } from "../setting-options.ts";
import { stackFileName } from "../settings-file.ts";
import type { Say } from "../target.ts";
import { oneLine, print } from "../text.ts";
import { UserError } from "../user-error.ts";

const execute = promisify(execFile);

const usage = "npm run bundle [-- FILE] [--target docker|kubernetes] [--stack NAME]";

/** Writes everything that `npm run up` needs to a file, for a machine without a network. */
async function bundle(options: CommandOptions, tell: Say): Promise<number> {
  const { stack, argument: file = `observability-${thisPlatform}.tar` } = options;
  if (existsSync(file))
    throw new UserError(
      "OBS1603",
      `${file}: must not be there yet\n  next: remove it, or name another file: npm run bundle -- FILE`,
    );
  const progress = new Progress(print);
  try {
    progress.phase("finding out what is needed");
    const config = knownConfig(options);
    const files = validFiles();
    const settings = validSettings(config, stack, undefined, files);
    const { resources } = await plannedProgram(stack, config, "npm run bundle");
    const docker = new Docker(settings.stack.docker.host);
    const references = [...new Set([...plannedImages(resources), ...podImages(resources)])].sort();
    const { buildPlatform } = settings.stack.docker;
    const { imageLock = new Map<string, string>() } = files;
    const images = await imagesToBundle(references, imageLock, docker, progress.line, buildPlatform);
    const pulumi = await pulumiCli(progress);
    const plugins = neededPlugins(settings);
    for (const { name, version } of plugins.filter((plugin) => !isInstalled(plugin))) {
      progress.phase(`downloading Pulumi's plugin ${name} ${version}`);
      await install(pulumi.command, { name, version });
    }
    const folders = plugins.map((plugin) => ({
      folder: join(pulumiHome(), pluginPlace(plugin)),
      place: pluginPlace(plugin),
    }));
    const programs = await programSources([cliFolder(versionOf(pulumi)), ...folders]);
    const sbom = await billOfMaterials({ images, cli: versionOf(pulumi), plugins });
    const project = { folder: projectFolder, files: await projectFiles(projectFolder, stackFileName(stack)) };
    const content = { platform: thisPlatform, images, programs, sbom, project };
    const written = await untilInterrupted(
      (signal) => writeBundle(file, content, docker, progress, signal),
      "npm run bundle",
    );
    tell(`
${file}: ${mib(written.bytes)}
SHA-256: ${written.sha256}

On a machine without a network, which needs Docker and Node.js alone:
  tar -xf ${file} observability && cd observability
  npm run up -- --bundle ${isAbsolute(file) ? file : join("..", file)}`);
    return 0;
  } catch (error) {
    if (codeOf(error) !== "ENOSPC") throw error;
    const next = "make room, or name a file on another disk: npm run bundle -- FILE";
    throw new UserError(
      "OBS1105",
      `${file}: there must be room for it, got a full disk\nnothing is left of it\n  next: ${next}`,
      {
        cause: error,
      },
    );
  } finally {
    progress.stop();
  }
}

/** @throws UserError with what Pulumi says of it */
async function install(pulumi: string, { name, version }: Plugin): Promise<void> {
  try {
    await execute(pulumi, ["plugin", "install", "resource", name, version], { cwd: projectFolder });
  } catch (error) {
    const command = `npm run pulumi -- plugin install resource ${name} ${version}`;
    throw new UserError(
      "OBS1103",
      `${command}: must succeed, got: ${oneLine(messageOf(error))}\n  next: solve what it says, then npm run bundle`,
      { cause: error },
    );
  }
}

await runOnStack(usage, [], bundle, [], "FILE");

import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { imageLockFile, imagesToLock, imageLockText, type ImageLock } from "../../config/image-lock.ts";
import { leaveOutImageLock } from "../../config/program-files.ts";
import { Docker } from "../docker/docker.ts";
import { registryDigests } from "../docker/images.ts";
import { validFiles, validSettings } from "../load-target.ts";
import type { CommandOptions } from "../options.ts";
import { plannedImages, podImages } from "../preview/planned-images.ts";
import { plannedProgram } from "../preview/planned-program.ts";
import { Progress } from "../progress.ts";
import { projectFolder } from "../project.ts";
import { runOnStack } from "../run-command.ts";
import { knownConfig } from "../setting-options.ts";
import type { Say } from "../target.ts";
import { print } from "../text.ts";

const usage = "npm run images:lock [-- [--target docker|kubernetes] [--stack NAME]]";

/** Writes down which image each reference of the stack's table is now, so that it is the same one everywhere from then on. */
async function imagesLock(options: CommandOptions, tell: Say): Promise<number> {
  const progress = new Progress(print);
  try {
    const { imageLock = new Map<string, string>(), ...files } = validFiles();
    const config = knownConfig(options);
    const { stack } = validSettings(config, options.stack, undefined, files);
    progress.phase("finding out what is copied from");
    leaveOutImageLock();
    const { resources } = await plannedProgram(options.stack, config, "npm run images:lock");
    const references = imagesToLock(stack.images, [...plannedImages(resources), ...podImages(resources)]);
    const { host, buildPlatform } = stack.docker;
    progress.phase("asking the registries which images these are");
    const digests = await registryDigests(references, new Docker(host), progress.line, buildPlatform);
    // Those of other stacks stay as they are.
    const lock: ImageLock = new Map([...imageLock, ...digests]);
    writeWhole(join(projectFolder, imageLockFile), imageLockText(lock));
    const changed = [...digests].filter(([reference, digest]) => imageLock.get(reference) !== digest);
    const lines = changed.map(([reference, digest]) => `  ${reference} is ${digest}`).sort();
    tell(`
${imageLockFile}: ${digests.size} image(s) of this stack, ${changed.length} of them new or another one than before
${[...lines, "commit it; from now on npm run up, and plain pulumi up, take exactly these"].join("\n")}`);
    return 0;
  } finally {
    progress.stop();
  }
}

/** Writes a file that is there whole or as it was. */
function writeWhole(file: string, content: string): void {
  const part = `${file}.${process.pid}`;
  try {
    writeFileSync(part, content);
    renameSync(part, file);
  } finally {
    rmSync(part, { force: true });
  }
}

await runOnStack(usage, [], imagesLock);

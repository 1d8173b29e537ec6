import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { ProgramSettings } from "../../config/program-settings.ts";
import { imageDelivery } from "../../config/image-delivery.ts";
import type { Docker } from "../docker/docker.ts";
import { pullMissing } from "../docker/images.ts";
import type { Say } from "../target.ts";
import { UserError } from "../user-error.ts";

const run = promisify(execFile);

/**
 * Makes sure that the services' image can be built and brought into the cluster, if it has to be: Docker, the image that
 * it is built upon, and the program that delivers it.
 *
 * @throws UserError with what is missing.
 */
export async function prepareDelivery(
  { stack, example }: ProgramSettings,
  say: Say,
  docker: Docker,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  if (!example.exampleServices) return;
  await docker.serverVersion();
  const program = programOf(imageDelivery(stack.kubernetes) ?? "");
  if (program !== undefined && !(await isThere(program, env))) {
    throw new UserError(
      `${program}: must be on the PATH, since it brings the services' image into the cluster, found none\n` +
        "  next: install it, or say how by npm run up -- --target kubernetes --registry REGISTRY or --load-command COMMAND",
    );
  }
  await pullMissing([stack.images.node], docker, say, stack.docker.buildPlatform);
}

/** The first program of a shell command, behind variables that are set for it. */
export function programOf(command: string): string | undefined {
  return /^\s*(?:\w+=\S*\s+)*(?!\w+=)([^\s"'$`|&;()<>]+)(?=\s|$)/.exec(command)?.[1];
}

async function isThere(program: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    await run("sh", ["-c", 'command -v "$0"', program], { env });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "number") return false;
    throw error;
  }
}

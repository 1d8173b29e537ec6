import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { codedError } from "../../../config/coded-error.ts";

const run = promisify(execFile);

/** Longest a delivery may take, in milliseconds: a slow line to a registry, and no more. */
const timeoutMillis = 10 * 60_000;

/**
 * Brings an image from the local Docker into the cluster.
 *
 * @param command shell command that finds the image's reference in `$IMAGE`
 * @param dockerHost address of the daemon that has it
 * @throws Error with the last lines of the command, if it fails.
 */
export async function deliverImage(command: string, image: string, dockerHost: string): Promise<void> {
  try {
    await run("sh", ["-c", command], {
      env: { ...process.env, DOCKER_HOST: dockerHost, IMAGE: image },
      timeout: timeoutMillis,
    });
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    const lines = (said === "" ? String(error).trim() : said).split("\n").slice(-5).join("\n");
    const message =
      `image ${image}: must get into the cluster by \`${command}\`, got: ${lines}; ` +
      "look at kubernetes.registry and kubernetes.loadCommand";
    throw codedError("OBS1311", message);
  }
}

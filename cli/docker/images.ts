import { flatMap } from "../async.ts";
import type { Say } from "../target.ts";
import { oneLine } from "../text.ts";
import { coded, refused } from "../user-error.ts";
import { CommandFailed, type Docker } from "./docker.ts";

/**
 * Pulls the images that Docker does not have. Those that it has are left as they are, so that a deployment needs no
 * network.
 *
 * @param platform for which they have to be, for instance `linux/arm64`; `undefined` for the daemon's own
 * @throws UserError with every image that cannot be had.
 */
export async function pullMissing(
  references: readonly string[],
  docker: Docker,
  say: Say,
  platform?: string,
): Promise<void> {
  const missing = await flatMap([...new Set(references)], async (reference) =>
    (await has(reference, docker, platform)) ? [] : [reference],
  );
  const problems = await flatMap(missing, (reference) => {
    say(`pulling ${reference}`);
    return pull(reference, docker, platform);
  });
  const next =
    "look at observability:images and observability:imageRegistry in the settings, at the network, and at docker login";
  if (problems.length > 0) throw refused(coded("OBS1209", problems), next);
}

async function has(reference: string, docker: Docker, platform: string | undefined): Promise<boolean> {
  try {
    const found = await docker.run(["image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", reference]);
    // Not every image says the variant of its processor, as in `linux/arm/v7`.
    return platform === undefined || platform.split("/").slice(0, 2).join("/") === found.trim();
  } catch (error) {
    if (error instanceof CommandFailed && /no such image/i.test(error.stderr)) return false;
    throw error;
  }
}

async function pull(reference: string, docker: Docker, platform: string | undefined): Promise<string[]> {
  try {
    await docker.run(["pull", "--quiet", ...(platform === undefined ? [] : ["--platform", platform]), reference]);
    return [];
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    const why = oneLine(error.stderr).replace(/^Error response from daemon: /, "");
    return [`image ${reference}: must be on this machine or in its registry, got: ${why}`];
  }
}

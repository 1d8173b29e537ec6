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

/**
 * The digest that its registry gives of each image now, of its index if it is for several platforms. Docker asks a registry
 * as it is logged in there by pulling, so the images are here by their tags afterwards.
 *
 * @param platform as in {@link pullMissing}
 * @throws UserError with every image of which no registry gives one.
 */
export async function registryDigests(
  references: readonly string[],
  docker: Docker,
  say: Say,
  platform?: string,
): Promise<ReadonlyMap<string, string>> {
  const asked = await flatMap([...new Set(references)], async (reference) => {
    say(`asking the registry of ${reference}`);
    return [{ reference, ...(await pulled(reference, docker, platform)) }];
  });
  const problems = asked.flatMap(({ reference, digest, why = "no digest" }) =>
    digest === undefined ? [`image ${reference}: must be in its registry, which says its digest, got: ${why}`] : [],
  );
  const next =
    "look at the network and at docker login; push an image that was built or loaded here to a registry and name that in observability:images";
  if (problems.length > 0) throw refused(coded("OBS1211", problems), next);
  return new Map(asked.map(({ reference, digest = "" }) => [reference, digest]));
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
  const { why } = await pulled(reference, docker, platform);
  return why === undefined ? [] : [`image ${reference}: must be on this machine or in its registry, got: ${why}`];
}

/** The digest of an image that was pulled, or why it could not be. */
async function pulled(
  reference: string,
  docker: Docker,
  platform: string | undefined,
): Promise<{ readonly digest?: string | undefined; readonly why?: string }> {
  try {
    const said = await docker.run(["pull", ...(platform === undefined ? [] : ["--platform", platform]), reference]);
    return { digest: /^Digest: (sha256:[0-9a-f]{64})$/m.exec(said)?.[1] };
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return { why: oneLine(error.stderr).replace(/^Error response from daemon: /, "") };
  }
}

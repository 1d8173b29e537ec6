import { z } from "zod";
import type { PreviewResource } from "../../components/preview/record-program.ts";

/** An image of Docker's provider: one that is pulled, or one that is built. */
const remoteImage = z.object({
  name: z.string(),
  build: z.object({ buildArgs: z.record(z.string(), z.string()).default({}) }).optional(),
});

/** Build argument of this repository's own images that names the one they are built upon. */
const baseArgument = "NODE_IMAGE";

/**
 * References of the images that a program has Docker pull, those that services have files of included, and of those that
 * this repository's own images are built upon. What a user's own Dockerfile is built upon is the builder's business.
 */
export function plannedImages(resources: readonly Pick<PreviewResource, "type" | "inputs">[]): readonly string[] {
  const images = resources
    .filter(({ type }) => type === "docker:index/remoteImage:RemoteImage")
    .map(({ inputs }) => remoteImage.parse(inputs));
  const needed = images.flatMap(({ name, build }) =>
    build === undefined ? name : (build.buildArgs[baseArgument] ?? []),
  );
  return [...new Set(needed)].sort();
}

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
  const needed = remoteImages(resources).flatMap(({ name, build }) =>
    build === undefined ? name : (build.buildArgs[baseArgument] ?? []),
  );
  return [...new Set(needed)].sort();
}

function remoteImages(
  resources: readonly Pick<PreviewResource, "type" | "inputs">[],
): readonly z.output<typeof remoteImage>[] {
  return resources
    .filter(({ type }) => type === "docker:index/remoteImage:RemoteImage")
    .map(({ inputs }) => remoteImage.parse(inputs));
}

const container = z.object({ image: z.string() });

/** Whatever of Kubernetes runs pods by a template. */
const withPods = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({ containers: z.array(container), initContainers: z.array(container).nullish() }),
    }),
  }),
});

/** References of the images that the pods of a program run, but for those that are built on this machine. */
export function podImages(resources: readonly Pick<PreviewResource, "type" | "inputs">[]): readonly string[] {
  const built = remoteImages(resources).flatMap(({ name, build }) => (build === undefined ? [] : [name]));
  const run = resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .flatMap(({ inputs }) => withPods.safeParse(inputs).data?.spec.template.spec ?? [])
    .flatMap(({ containers, initContainers }) => [...containers, ...(initContainers ?? [])]);
  return [...new Set(run.map(({ image }) => image))].filter((image) => !built.includes(image)).sort();
}

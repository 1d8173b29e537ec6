import { z } from "zod";
import { hasDigest, pinned, type ImageLock } from "../../config/image-lock.ts";
import { registryPrefix } from "../../config/rules.ts";
import type { Docker } from "../docker/docker.ts";
import { pullMissing } from "../docker/images.ts";
import type { Say } from "../target.ts";
import { coded, refused } from "../user-error.ts";
import type { BundledImage } from "./format.ts";

const inspected = z.array(z.looseObject({ Id: z.string() }));

/** The images that Docker has, of those asked for. */
async function imagesIn(
  docker: Pick<Docker, "inspect">,
  references: readonly string[],
): Promise<readonly BundledImage[]> {
  const found = await Promise.all(
    references.map(async (reference) => ({
      reference,
      found: inspected.parse(await docker.inspect("image", [reference])),
    })),
  );
  return found.flatMap(({ reference, found: [first] }) => (first === undefined ? [] : [{ reference, id: first.Id }]));
}

/**
 * The images that a bundle is to have, which Docker has then. It forgets digests of what it loads from a file: an image that the
 * lock gives a digest to is pulled by that, and goes by its tag from then on.
 *
 * @param references of the program
 * @param platform as in {@link pullMissing}
 * @throws UserError with every other reference that has a digest, or with every image that cannot be had.
 */
export async function imagesToBundle(
  references: readonly string[],
  lock: ImageLock,
  docker: Docker,
  say: Say,
  platform?: string,
): Promise<readonly BundledImage[]> {
  const tags = new Map([...lock.keys()].map((tag) => [pinned(tag, lock), tag]));
  refuseDigests(references.filter((reference) => !tags.has(reference)));
  await pullMissing(references, docker, say, platform);
  const byTag = await Promise.all(
    references.map(async (reference) => {
      const tag = tags.get(reference);
      if (tag !== undefined) await docker.run(["image", "tag", reference, tag]);
      return tag ?? reference;
    }),
  );
  return imagesIn(docker, byTag);
}

function refuseDigests(references: readonly string[]): void {
  const rule = "must be named by a tag in a bundle, got a digest, which Docker forgets of an image that it loads";
  const problems = references.filter(hasDigest).map((each) => `image ${each}: ${rule}`);
  if (problems.length === 0) return;
  const next = "name it by its tag: the bundle has the digest of each image, and compares it";
  throw refused(coded("OBS1603", problems), next);
}

/** The images of a bundle that Docker does not have, or has another one of by their names. */
export async function missingImages(
  docker: Pick<Docker, "inspect">,
  bundled: readonly BundledImage[],
): Promise<readonly BundledImage[]> {
  const here = await imagesIn(
    docker,
    bundled.map(({ reference }) => reference),
  );
  const ids = new Map(here.map(({ reference, id }) => [reference, id]));
  return bundled.filter(({ reference, id }) => ids.get(reference) !== id);
}

/**
 * The references that the images of a bundle are needed by as well: a machine without a way out may have them in a registry
 * of its own (`imageRegistry`, which stands in place of an image's own), of which the machine that has made the bundle knows
 * nothing.
 */
export function furtherReferences(
  bundled: readonly BundledImage[],
  needed: readonly string[],
  imageRegistry: string,
): readonly { readonly from: string; readonly to: string }[] {
  const prefix = registryPrefix(imageRegistry);
  const names = bundled.map(({ reference }) => reference);
  return needed
    .filter((to) => prefix !== "" && !names.includes(to) && to.startsWith(prefix))
    .flatMap((to) => {
      const path = to.slice(prefix.length);
      const from = names.find((name) => name === path || withoutRegistry(name) === path);
      return from === undefined ? [] : [{ from, to }];
    });
}

/** A reference without the host in front, which has a dot or a port, or is `localhost` (github.com/distribution/reference). */
function withoutRegistry(reference: string): string {
  const [host = "", ...path] = reference.split("/");
  return path.length > 0 && (/[.:]/.test(host) || host === "localhost") ? path.join("/") : reference;
}

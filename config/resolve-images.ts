import { instrumentationImage, type instrumentImageNames } from "./instrumentation.ts";
import { nodeImage } from "./parts/part.ts";
import { forEachPart, type PartName } from "./parts/parts.ts";
import { registryPrefix } from "./rules.ts";

/**
 * The image of each part, without a digest, which only a registry can tell; the setting `images` takes them. The end-to-end
 * tests run these versions, but for Grafana's and Node.js's (see docs/measured.md, "Tested with").
 */
export const defaultImages: Images = resolveImages("", {});

/** Names of the images in the table. */
export type ImageName = PartName | "node";

/** A complete reference for every image. */
export type Images = Readonly<Record<ImageName, string>>;

/**
 * The table with the user's choices applied: an override is taken as it stands, everything else gets the registry
 * prefix in front (`registry.example.com/mirror` + `grafana/loki:3.7.8`). A part that runs in Node.js' image follows `node`.
 */
export function resolveImages(registry: string, overrides: Partial<Record<ImageName, string>>): Images {
  const prefix = registryPrefix(registry);
  const node = overrides.node ?? `${prefix}${nodeImage}`;
  return {
    ...forEachPart(({ image }, name) => overrides[name] ?? (image === nodeImage ? node : `${prefix}${image}`)),
    node,
  };
}

/** Names of the images that services copy from. */
type InstrumentImageName = (typeof instrumentImageNames)[keyof typeof instrumentImageNames];

/** A complete reference for each image that services copy from, but for one that a lock would have to name and does not. */
export type InstrumentImages = Readonly<Partial<Record<InstrumentImageName, string>>>;

/** The same as {@link resolveImages} for what services copy from with `instrument`. */
export function resolveInstrumentImages(
  registry: string,
  { instrumentPython, instrumentJava }: Partial<Record<InstrumentImageName, string | undefined>>,
): Readonly<Record<InstrumentImageName, string>> {
  return {
    instrumentPython: instrumentPython ?? instrumentationImage("python", registry),
    instrumentJava: instrumentJava ?? instrumentationImage("java", registry),
  };
}

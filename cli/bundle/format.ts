import { z } from "zod";
import { sha256Schema } from "../sha256.ts";

/** Where what is in a bundle, a tar archive: what is brought in by `npm run up -- --bundle` comes first, in this order. */
export const members = {
  manifest: "bundle/manifest.json",
  sbom: "bundle/sbom.cdx.json",
  /** The Pulumi CLI and its plugins, as they lie in `PULUMI_HOME`. */
  programs: "bundle/pulumi/",
  /** What `docker save` writes. */
  images: "bundle/images.tar",
  /** This project with its npm packages, which the user unpacks. */
  project: "observability/",
} as const;

/** An image by its reference, and by the digest of its configuration, which names its layers and which Docker goes by. */
const image = z.strictObject({ reference: z.string(), id: z.string().regex(/^sha256:[0-9a-f]{64}$/) });

/** A file of the Pulumi CLI or of a plugin, by its path below `PULUMI_HOME`. */
const programFile = z.strictObject({
  // Of a version each: `versions/3.265.0/…` or `plugins/resource-docker-v5.2.0/…`, and never out of it.
  path: z.string().regex(/^(versions|plugins)(\/(?!\.\.?(\/|$))[\w.+@-]+){2,}$/),
  sha256: sha256Schema,
  mode: z.int().min(0).max(0o777),
});

/** What a bundle says of itself. */
export const manifestSchema = z.strictObject({
  format: z.literal(1),
  /** System and processor that its programs and npm packages run on: `linux-x64`. */
  platform: z.string(),
  images: z.array(image),
  programs: z.array(programFile),
});

/** What a bundle says of itself. */
export type BundleManifest = z.output<typeof manifestSchema>;

/** An image in a bundle. */
export type BundledImage = z.output<typeof image>;

/** A file of the Pulumi CLI or of a plugin in a bundle. */
export type BundledProgramFile = z.output<typeof programFile>;

/** System and processor of this machine. */
export const thisPlatform = `${process.platform}-${process.arch}`;

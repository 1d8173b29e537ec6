import { z } from "zod";
import { sha256Schema } from "../sha256.ts";

/** Name of the file of a backup that says what is in it. It is written last. */
export const manifestName = "manifest.json";

/** The newest format of a backup that is known here, and the one that is written. */
export const formatVersion = 1;

/** What a backup of any format says first. */
export const anyManifest = z.looseObject({ format: z.int().min(1), version: z.string() });

/** A store in a backup. */
const store = z.strictObject({
  /** Its name in the settings. */
  part: z.string(),
  /** Reference of the image that has written the data. */
  image: z.string(),
  /** A compressed tar archive of its data. Nothing but a name, and none that begins with a dot. */
  file: z.string().regex(/^[a-z0-9][\w.-]*$/),
  bytes: z.int().min(1),
  sha256: sha256Schema,
  /** Size of the archive once it is uncompressed. */
  archiveBytes: z.int().min(1),
  /** SHA-256 of each secret without which something in the data cannot be read, by its name. */
  secrets: z.record(z.string(), sha256Schema),
});

/** What a backup says of itself. */
export const manifestSchema = z.strictObject({
  format: z.literal(formatVersion),
  /** Version of this program. */
  version: z.string(),
  /** The Pulumi stack, its setting `name`, and what it ran on. */
  stack: z.string(),
  name: z.string(),
  target: z.enum(["docker", "kubernetes"]),
  /** When it was begun. */
  createdAt: z.iso.datetime(),
  stores: z.array(store).min(1),
});

/** What a backup says of itself. */
export type BackupManifest = z.output<typeof manifestSchema>;

/** A store in a backup. */
export type BackedUpStore = z.output<typeof store>;
